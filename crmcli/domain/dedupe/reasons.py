"""The reasons for a pair, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.domain.dedupe.tally import Mark

#: code -> words. {a} and {b} are the values of both sides; a reason against begins with 'but'.
_WORDS = {
    "email": "same e-mail {a}",
    "role": "same office e-mail {a}",
    "email-near": "e-mail nearly the same: {a} / {b}",
    "phone": "same telephone {a}",
    "phone-near": "telephone nearly the same: {a} / {b}",
    "name": "same name: {a}",
    "name-short": "name fits: {a} / {b}",
    "name-near": "name nearly the same: {a} / {b}",
    "name-swapped": "same name, given and family name swapped: {a} / {b}",
    "names-differ": "but the names differ: {a} / {b}",
    "given-differs": "same surname, but the given names differ: {a} / {b}",
    "surname-differs": "same name but for its last word: {a} / {b}",
    "generation": "but one is {a}, the other {b}",
    "birthday": "same birthday {a}",
    "birthday-near": "birthday nearly the same: {a} / {b}",
    "birthday-swapped": "birthday with day and month swapped: {a} / {b}",
    "birthday-differs": "but the birthdays differ: {a} / {b}",
    "street": "same street: {a}",
    "street-near": "street nearly the same: {a} / {b}",
    "road": "same street, another number: {a} / {b}",
    "city": "same city {a}",
    "city-near": "city nearly the same: {a} / {b}",
    "postal": "same postal code {a}",
    "company": "same company: {a}",
    "company-near": "company nearly the same: {a} / {b}",
    "tree": "customers in one company tree",
    "domain": "same domain {a}",
    "firm": "same name: {a}",
    "firm-near": "name nearly the same: {a} / {b}",
    "firm-part": "one name is part of the other: {a} / {b}",
    "firms-differ": "but the names differ: {a} / {b}",
    "firm-domain": "same domain {a}",
    "parent": "but one is the parent company of the other",
    "job": "same job title: {a}",
    "subject": "same subject: {a}",
    "deal": "same name: {a}",
    "deal-near": "name nearly the same: {a} / {b}",
    "value": "same value {a}",
    "close": "same close date {a}",
    "extra": "same {a} {b}",
    "extra-near": "{a} nearly the same: {b}",
}
_DAYS = frozenset(("birthday", "birthday-near", "birthday-swapped", "birthday-differs", "close"))


def told(marks: Sequence[Mark]) -> tuple[str, ...]:
    """The reasons of these marks in words: what speaks for it first, in the order in which it was found."""
    said = [
        _WORDS[code].format(a=_day(a), b=_day(b)) if code in _DAYS else _WORDS[code].format(a=a, b=b)
        for code, a, b in marks
    ]
    return tuple(sorted(said, key=against))


def against(reason: str) -> bool:
    """Whether a reason speaks against."""
    return reason.startswith("but ")


def _day(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
