"""Whether differing given names or birthdays are mistakes in a book: pairs that can be nothing else say so.

Two records of one surname, address and birthday with different given names are twins, or one person whose name was
written over; those of one name and address with birthdays a generation apart are father and son, or one person whose
birthday is wrong. No pair shows which. The book does: where both parts of names are written over, the first and the
last, or birthdays differ by less or more than a generation, that can only be mistakes, and where there are as many of
those, the others are mistakes too, unless the book is full of families: of people of one surname and address whose
given names and birthdays both differ. Without such pairs, people are not taken for one.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from crmcli.domain.dedupe.counts import UNSEEN
from crmcli.domain.dedupe.likeness import DIFFERENT, FITS, NEAR
from crmcli.domain.dedupe.tally import FATHERS
from crmcli.domain.dedupe.weighing import TWICE

if TYPE_CHECKING:
    from crmcli.domain.dedupe.reading import Read
    from crmcli.domain.dedupe.tally import Tally

#: So many mistakes of the undoubted sort make a habit, and at least so large a part of the doubtful ones.
_ENOUGH, _PART = 5, 0.4


class Habits:
    """Counts of doubtful pairs, and of pairs that can only be mistakes or only be relatives, gathered as they pass."""

    def __init__(self) -> None:
        self.certain = 0
        self.given = self.surnames = self.relatives = self.inside = self.outside = 0

    def note(self, a: Read, b: Read, tally: Tally) -> None:
        """Count a pair at one address."""
        if tally.street < FITS:
            return
        if tally.given == DIFFERENT and tally.surname >= NEAR:
            self.given += tally.birthday >= FITS
            self.relatives += tally.birthday == DIFFERENT
        elif tally.surname == DIFFERENT and tally.given >= FITS:
            self.surnames += tally.birthday >= FITS
            self.relatives += tally.birthday == DIFFERENT
        elif tally.birthday == DIFFERENT and tally.given >= FITS and tally.surname >= NEAR:
            if abs(int(a.birthday[:4]) - int(b.birthday[:4])) in FATHERS:
                self.inside += 1
            else:
                self.outside += 1

    @property
    def loose_names(self) -> bool:
        """Whether whole names are written over here. Where only one part of them is, it is given names: those of twins,
        which may stand first or last."""
        fewer, more = sorted((self.given, self.surnames))
        return fewer >= _ENOUGH and fewer >= _PART * more and self.relatives <= _PART * self.given

    def more(self, size: int) -> float:
        """How many bits more likely duplicates are among so many records than is taken for granted."""
        rate = min((2 * self.certain + TWICE * UNSEEN) / (size + UNSEEN), 1.0)
        return max(0.0, log2(rate / TWICE))

    @property
    def loose_birthdays(self) -> bool:
        return self.outside >= _ENOUGH and self.outside >= _PART * self.inside
