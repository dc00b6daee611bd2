"""What goes into the search for duplicates and what comes out, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.struct import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

KINDS = ("contact", "company", "lead", "deal")
PEOPLE = ("contact", "lead")


class Entry(Struct):
    """One record. Everything but its id may be missing, and what is missing speaks neither for nor against.

    `name` is the person's, the company's or the deal's; of a lead the person's, its subject is `subject`. `email` and
    `phones` are keys (`address.email_key`, `address.phone_key`: E.164). `domain` is that of a website; the domain of
    an e-mail address need not be given. `birthday` and `close_on` are ISO days or dates, `value` an amount with its
    currency ("12,000.00 EUR") or any text that is equal when the value is, as a reason shows it. `parent` is the id of
    the company above a company. `tree` is whatever stands for the company tree of a record's customer (the id of the
    topmost). `extra` has whatever else identifies a record: custom fields, numbers in other systems, by the words that
    a reason may call them. The id and the external id of the record are no evidence and do not belong into it.
    """

    id: int
    name: str | None = None
    email: str | None = None
    phones: tuple[str, ...] = ()
    company: str | None = None
    domain: str | None = None
    birthday: str | date | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None
    job_title: str | None = None
    subject: str | None = None
    value: str | None = None
    close_on: str | date | None = None
    parent: int | None = None
    tree: int | None = None
    extra: Mapping[str, str] | None = None


class Pair(Struct):
    """Two records that are probably one: the lower id first, a score from 0 to 100, the reasons in words."""

    a: int
    b: int
    score: int
    reasons: tuple[str, ...]


class Group(Struct):
    """Records that are probably one: ids in rising order, the score of the two that are least alike, the reasons in
    words. `rivals` are records outside that may be one with a record of the group, and not with all of them."""

    ids: tuple[int, ...]
    score: int
    reasons: tuple[str, ...]
    rivals: tuple[int, ...] = ()
