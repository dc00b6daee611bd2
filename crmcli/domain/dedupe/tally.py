"""The running bits of one pair of records, and what was found."""

from __future__ import annotations

from crmcli.domain.dedupe.likeness import UNKNOWN

#: Bits of a pair that has one e-mail address, or of two companies with one domain, and little else: just enough.
KEY_BITS = 4.5
#: More companies of one name are a chain or have a name that says little.
NAMESAKES = 4
#: A father is between so many years older; a birthday of another year is not his.
FATHERS = range(15, 51)

#: What is graded of both records: see `likeness.py`.
GRADED = ("given", "surname", "birthday", "street")

#: What was found: code, and the values of both sides for the words of it.
Mark = tuple[str, str, str]


class Tally:
    """The running bits of one pair, against strangers, relatives and colleagues, and what was found."""

    __slots__ = (
        "birthday", "colleagues", "given", "household", "key", "marks", "relatives", "strangers", "street", "surname",
        "twins",
    )  # fmt: skip

    def __init__(self, strangers: float, relatives: float, colleagues: float) -> None:
        self.strangers, self.relatives, self.colleagues = strangers, relatives, colleagues
        self.marks: list[Mark] = []
        self.given = self.surname = self.birthday = self.street = UNKNOWN
        self.key = False
        #: Bits that strangers have against them for a second line of their addresses, which a household has in common.
        self.household = 0.0
        #: Whether the names are such as twins may have.
        self.twins = False

    def add(self, same: float, strangers: float, relatives: float, colleagues: float) -> None:
        """The chances of what was found, as log2: if it is the same one, strangers, relatives, colleagues."""
        self.strangers += same - strangers
        self.relatives += same - relatives
        self.colleagues += same - colleagues

    def at_least(self, bits: float) -> None:
        """Whatever the sums are, it is so many bits."""
        self.strangers = max(self.strangers, bits)
        self.relatives = max(self.relatives, bits)
        self.colleagues = max(self.colleagues, bits)

    def at_most(self, bits: float) -> None:
        """Whatever the sums are, it is no more than so many bits."""
        self.strangers = min(self.strangers, bits)

    def mark(self, code: str, a: str = "", b: str = "") -> None:
        self.marks.append((code, a, b))

    def bits(self) -> float:
        return min(self.strangers, self.relatives, self.colleagues)
