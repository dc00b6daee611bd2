"""What two records say for and against being one, in bits.

After Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969): each field adds the logarithm of the ratio
between how often its agreement, near agreement or disagreement is seen among records of one person and among others,
with weights by the frequency of the value after Newcombe (1959) and Winkler (1988): agreement on a rare value says more
than on a common one. What is missing on either side adds nothing.

Others are of three sorts, and a pair has to be told from the likeliest: strangers, who share a value by chance only;
relatives, who share a surname, an address, a telephone, and twins a birthday; and colleagues, who share a company, its
address, domain and switchboard. So what a family or a firm has in common does not make its people one.

The chances, as log2, are round figures of how such books look, by judgement; they were checked on the FEBRL sets and on
made-up people, families and firms, and are not the result of a fit.
"""

from __future__ import annotations

from math import inf, log2
from typing import TYPE_CHECKING

from crmcli.domain.dedupe import certain, firms, persons, places, ties
from crmcli.domain.dedupe.entry import PEOPLE
from crmcli.domain.dedupe.likeness import DIFFERENT, FITS, NEAR
from crmcli.domain.dedupe.tally import KEY_BITS, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read

    Bound = Callable[[Counts, Read, Read], float]

#: How many other records of the same one a record has on average, how many relatives, how many colleagues when its
#: company does not say and all the book works for one, how many other deals a customer has.
TWICE, _RELATIVES, _COLLEAGUES, _OTHER_DEALS = 0.1, 0.2, 1.0, 0.6
#: What a name or birthday that differs speaks less against one person where such mistakes are the habit of the book.
_HABIT = 2.0
#: More than the last places of a sum of floats can differ by.
_ROUNDING = 1e-6
#: What the habits of a book may add to a pair at the most: where every record stands there twice, and both habits.
MOST_GAINED = -log2(TWICE) + 2 * _HABIT + _ROUNDING

_ADDRESS = places.address, ties.email, ties.phone
_PERSON = persons.person_name, persons.birthday, *_ADDRESS, ties.company, ties.job
FIELDS: dict[str, tuple[Callable[[Counts, Read, Read, Tally], None], ...]] = {
    "contact": (*_PERSON, ties.extra),
    "lead": (*_PERSON, ties.subject, ties.extra),
    "company": (firms.firm_name, firms.firm_domain, *_ADDRESS, ties.extra),
    "deal": (firms.deal_name, firms.customer, firms.terms, ties.extra),
}
#: What the names of a kind can add at the most, in bits against strangers: at a glance, and when they are compared; and
#: what each of the other fields can add, in their order. All of it takes a fraction of the time of the fields.
_PERSON_NAMES = persons.words_at_most, persons.person_name_at_most
NAMES_AT_MOST: dict[str, tuple[Bound, Bound]] = {
    "contact": _PERSON_NAMES,
    "lead": _PERSON_NAMES,
    "company": (firms.firm_words_at_most, firms.firm_name_at_most),
    "deal": (firms.words_at_most, firms.deal_name_at_most),
}
_ADDRESS_AT_MOST = places.address_at_most, ties.email_at_most, ties.phone_at_most
_PERSON_AT_MOST = persons.birthday_at_most, *_ADDRESS_AT_MOST, ties.company_at_most, ties.job_at_most
AT_MOST: dict[str, tuple[Bound, ...]] = {
    "contact": (*_PERSON_AT_MOST, ties.extra_at_most),
    "lead": (*_PERSON_AT_MOST, ties.subject_at_most, ties.extra_at_most),
    "company": (firms.firm_domain_at_most, *_ADDRESS_AT_MOST, ties.extra_at_most),
    "deal": (firms.customer_at_most, firms.terms_at_most, ties.extra_at_most),
}


class Weigher:
    """Weighs pairs of records of one kind; a book's values are the measure of what is common."""

    def __init__(self, kind: str, counts: Counts) -> None:
        self.kind, self.counts = kind, counts
        self.fields, self.at_most, self.names_at_most = FIELDS[kind], AT_MOST[kind], NAMES_AT_MOST[kind]
        self.people = kind in PEOPLE
        self.learn(False, False, 0.0)

    def learn(self, loose_names: bool, loose_birthdays: bool, more: float) -> tuple[float, bool]:
        """Take the habits of the book (`habits.py`) into account from now on: whether given names or birthdays that
        differ are mistakes here, and how many bits more likely a duplicate is than in other books.

        Returns how many bits a pair can gain by that at the most, and whether relatives may no longer be held against
        it: what was weighed before and stays below need not be weighed again.
        """
        self.loose_names, self.loose_birthdays = loose_names, loose_birthdays
        self.rate = log2(TWICE) + more
        self.strangers = self.rate - log2(self.counts.total)
        self.relatives = self.rate - log2(_RELATIVES) if self.kind != "deal" else inf
        if self.kind == "company":
            self.colleagues = inf
        else:
            others = _OTHER_DEALS if self.kind == "deal" else _COLLEAGUES * self.counts.employed
            self.colleagues = self.rate - log2(others)
        return more + _HABIT * (loose_names + loose_birthdays) + _ROUNDING, loose_names or loose_birthdays

    def may_reach(self, a: Read, b: Read, floor: float) -> bool:
        """Whether `weigh` can find so many bits against strangers, before the habits of the book: no more than a sum of
        what each field says at the most. Most pairs that share a key are two records whatever else is said."""
        counts = self.counts
        most = self.strangers + _ROUNDING
        for at_most in self.at_most:
            most += at_most(counts, a, b)
        glance, compared = self.names_at_most
        return most + glance(counts, a, b) >= floor and most + compared(counts, a, b) >= floor

    def weigh(self, a: Read, b: Read) -> Tally:
        """The bits for `a` and `b` being one."""
        colleagues = self.colleagues
        if a.company and a.company == b.company and self.people:
            colleagues = self.rate - log2(self.counts.fellows(a.company) - 1.0)
        tally = Tally(self.strangers, self.relatives, colleagues)
        for field in self.fields:
            field(self.counts, a, b, tally)
        self._exceptions(a, b, tally)
        return tally

    def _exceptions(self, a: Read, b: Read, tally: Tally) -> None:
        """Rules that no product of chances would give."""
        if self.loose_names and DIFFERENT in (tally.given, tally.surname) and tally.street >= FITS:
            tally.add(_HABIT, 0.0, 0.0, 0.0)
        if self.loose_names:
            shared = tally.household if tally.given == DIFFERENT else 0.0  # which a couple has in common
            tally.relatives = max(tally.relatives, tally.strangers - shared)
        if self.loose_birthdays and tally.birthday == DIFFERENT:
            tally.add(_HABIT, 0.0, 0.0, 0.0)
            if tally.given >= FITS and tally.surname >= FITS:
                tally.relatives = max(tally.relatives, tally.strangers)
        if self.kind == "company" and (a.parent == b.id or b.parent == a.id):
            tally.add(-25.0, 0.0, 0.0, 0.0)
            tally.mark("parent")
        elif tally.key and self._key_holds(tally):
            tally.at_least(certain.CERTAIN_BITS if self._certain(a, b) else KEY_BITS)
        if self.people and tally.bits() > certain.FAMILY_BITS and certain.two_of_a_family(self.counts, a, b, tally):
            tally.at_most(certain.FAMILY_BITS)

    def _certain(self, a: Read, b: Read) -> bool:
        """Whether the key is one that only this record can have, and nothing differs: see `certain.py`. Leads and deals
        are never certain: one person may ask twice."""
        if self.kind == "contact":
            return certain.one_person(self.counts, a, b)
        return self.kind == "company" and certain.one_firm(self.counts, a, b)

    def _key_holds(self, tally: Tally) -> bool:
        """Whether the key alone is enough: not a mailbox that two people of one family have."""
        if self.kind in ("lead", "company"):
            return True
        return (
            self.kind == "contact"
            and tally.birthday != DIFFERENT
            and not (tally.given == DIFFERENT and tally.surname >= NEAR)
        )
