"""What is one record for certain: everything that is known of both is the same, and with it what only one can have.

The sums of `weighing.py` never come to that of ordinary records. They take what two records have in common as so many
chances that have nothing to do with one another, and each of a family or a firm may have each of those: of two that
share a name, a mailbox, a telephone and a company they say 15 bits, however equal the rest is, since the family may
share all but the given name, and one in two hundred that as well. But nobody shares the whole name and a mailbox of
one's own too: who is called the same gets another one, because that is what tells the two apart. Of companies that is
the name with its domain. What is left are mistakes in the records, and those show where something differs.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING

from crmcli.domain.address import is_office
from crmcli.domain.dedupe import likeness
from crmcli.domain.dedupe.likeness import DIFFERENT, NEAR, SAME
from crmcli.domain.dedupe.names import one_called_both
from crmcli.domain.dedupe.reading import words_of
from crmcli.domain.dedupe.tally import NAMESAKES

if TYPE_CHECKING:
    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read
    from crmcli.domain.dedupe.tally import Tally

#: Bits of such a pair: those of the score from which records may be merged unasked.
CERTAIN_BITS = 20.0
#: The most bits of a pair that may be two of one family: such are listed, and never merged unasked.
FAMILY_BITS = 19.0
#: What is compared as it is; telephones and extra values are compared one by one.
_KNOWN = attrgetter(
    "email", "birthday", "street", "place", "postal", "region", "country", "company", "domain", "job",
    "subject", "parent",
)  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]+")
_HOUSEHOLD_TEXT = """
    family familie fam familia famiglia famille familj home house haus heim casa maison hogar the die les los
"""
#: What stands in the mailbox of a household beside its name, or instead of it.
_HOUSEHOLD = frozenset(_HOUSEHOLD_TEXT.split())


def one_person(counts: Counts, a: Read, b: Read) -> bool:
    """Whether two people have one whole name and a mailbox of their own, and nothing that is known of both differs."""
    return bool(
        a.email
        and a.email == b.email
        and a.words == b.words
        and _whole(a.words)
        and counts.bits("email", a.email)
        and _own_mailbox(a.email, a.words[-1])
        and _nothing_differs(a, b)
    )


def one_firm(counts: Counts, a: Read, b: Read) -> bool:
    """Whether two companies have one name, in no two legal forms, that is no chain's, and one domain of their own, and
    nothing that is known of both differs."""
    return bool(
        a.domain
        and a.domain == b.domain
        and a.name
        and a.name == b.name
        and counts.bits("domain", a.domain)
        and counts.named(a.name) <= NAMESAKES
        and _one_form(a.shown_name, b.shown_name)
        and _nothing_differs(a, b)
    )


def two_of_a_family(counts: Counts, a: Read, b: Read, tally: Tally) -> bool:
    """Whether two people may be twins, a couple, or father and son, however much they have in common: their birthdays
    differ, or their given names are not the same, nor known forms of each other, nor an initial and its name.

    What a family shares is no proof among its members: twins have the birthday, the address, the telephone and often
    nearly the name, as Julia and Julian, a couple or father and son all but one of these. Whether a given name is a
    slip of the other or another one nothing in the records shows. A mailbox of one's own settles that, if no telephone
    differs beside it, but nothing makes one of two whose names or birthdays are plainly others: couples have one
    mailbox. A telephone settles nothing, for the mobile of one is written down for the others too.
    """
    if DIFFERENT in (tally.given, tally.birthday):
        return True
    if _called_the_same(counts, a.words, b.words):
        return False
    own = a.email and a.email == b.email and counts.bits("email", a.email)
    return not (own and all(_own_mailbox(a.email, words[-1]) for words in (a.words, b.words) if words)) or (
        _no_telephone_shared(a, b)
    )


def _called_the_same(counts: Counts, ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether the words of two names are the same or known forms of each other, but for words that one has not, and a
    slip in the last one, unless both are known or such as brothers and sisters have: names may stand surname first."""
    if ours == theirs:
        return True
    pairs, left_a, left_b = likeness.matched(ours, theirs)
    return (
        len(pairs) > 1
        and not (left_a and left_b)
        and all(
            grade == SAME
            or _known_form(ours[i], theirs[j])
            or (grade == NEAR and i == len(ours) - 1 and j == len(theirs) - 1 and _slip(counts, ours[i], theirs[j]))
            for i, j, grade in pairs
        )
    )


def _slip(counts: Counts, one: str, other: str) -> bool:
    """Whether one of two words that are alike is no other name, as far as the book and their endings show."""
    known = max(counts.bits("word", one), counts.bits("word", other)) < counts.rare_word
    longer = one.startswith(other) or other.startswith(one)  # Julia and Julian
    return not (known or longer or likeness.siblings(one, other))


def _known_form(one: str, other: str) -> bool:
    if 1 in (len(one), len(other)):
        return one[0] == other[0]
    return one_called_both(one, other) or _one_spelling(one) == _one_spelling(other)


def _whole(words: tuple[str, ...]) -> bool:
    """Whether a name has two words or more that are no initials."""
    return sum(len(word) > 1 or not word.isascii() for word in words) > 1


def _own_mailbox(email: str, surname: str) -> bool:
    """Whether a mailbox may be one person's: not an office's or a household's, as theirs that has the surname alone."""
    said = _LETTERS.findall(email.partition("@")[0])
    if not said or any(word in _HOUSEHOLD or is_office(word) for word in said):
        return False
    before, family, after = _one_spelling("".join(said)).partition(_one_spelling(surname))
    left = before + after
    return not (family and (left in ("", "s") or left in _HOUSEHOLD or left.removesuffix("s") in _HOUSEHOLD))


def _one_spelling(text: str) -> str:
    """Müller's mailbox is mueller@, and muller@ elsewhere."""
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _one_form(name: str, other: str) -> bool:
    """Whether two names that are the same but for legal forms have no two of those: of one group, Siemens AG and
    Siemens Ltd are two."""
    ours, theirs = set(words_of(name)), set(words_of(other))
    return ours <= theirs or theirs <= ours


def _nothing_differs(a: Read, b: Read) -> bool:
    if any(one and other and one != other for one, other in zip(_KNOWN(a), _KNOWN(b), strict=True)):
        return False
    if a.generation != b.generation:
        return False
    if _no_telephone_shared(a, b):
        return False
    theirs = b.extra or {}
    return all(theirs.get(name, value) == value for name, value in (a.extra or {}).items())


def _no_telephone_shared(a: Read, b: Read) -> bool:
    """Whether telephones of both are known, and none is that of both."""
    return bool(a.phones and b.phones) and set(a.phones).isdisjoint(b.phones)
