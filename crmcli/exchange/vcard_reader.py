"""A file of vCards as a table: one row a card, one column a field."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from crmcli.errors import ReadError
from crmcli.exchange import sniff
from crmcli.exchange.shape import Row
from crmcli.exchange.vcard import read_cards
from crmcli.exchange.vcard_fields import FIRM, MAX_KEPT, PERSON, kind_of, read_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.exchange.vcard import Card

_FIRM_LINE = re.compile(r"(?:[\w-]+\.)?(?:KIND|X-KIND|X-ABSHOWAS)(?:;[^:]*)?:\s*(?:org|company)", re.IGNORECASE)
_LINE_PIECE = 64 * 1024


class CardReader:
    """The cards of one file. `which` says whose are taken: "individual" or "org"; the others and groups are counted.

    Where nothing is asked for, people are, unless all cards are of organisations; where organisations are and no card
    says that it is of one, all are taken. `notes` are complete after the last row.
    """

    def __init__(self, path: str, encoding: sniff.Encoding | None, which: str) -> None:
        self.path = path
        self.blank_rows = 0
        self.notes: list[str] = list(encoding.notes) if encoding else []
        self.encoding = encoding.name if encoding else "utf-8"
        # A fold may cut a character, so lines are put together as bytes, which is what latin-1 reads.
        wide = self.encoding.startswith(("utf-16", "utf-32"))
        self._codec = "" if wide else self.encoding.removesuffix("-sig")
        binary = open(path, "rb")  # noqa: SIM115 - closed by close()
        binary.seek(encoding.bom if encoding else 0)
        self._file = io.TextIOWrapper(binary, encoding=self.encoding if wide else "latin-1", newline=None)
        start = self._file.tell()
        cards, firms = self._count()
        self._file.seek(start)
        self.which = which or ("org" if firms and firms == cards else "individual")
        self._all = self.which == "org" and not firms
        self.header = list(FIRM if self.which == "org" else PERSON)

    def close(self) -> None:
        """Close the file; no more rows come."""
        self._file.close()

    def rows(self, width: int, after: int) -> Iterator[Row]:  # noqa: ARG002 - as the other readers have it
        """All cards as rows; those that cannot be used with a problem, and what was read of them in the last cell."""
        left = {"individual": 0, "org": 0, "group": 0}
        further = dropped = 0
        firm = self.which == "org"
        for card in self._cards():
            if card.problem:
                yield Row(card.line, [*[""] * (width - 1), "\n".join(card.raw)], card.problem)
                continue
            kind = kind_of(card)
            if kind == "group" or (kind != self.which and not self._all):
                left[kind] += 1
                continue
            found = read_fields(card, firm=firm)
            further += bool(found.further)
            dropped += found.dropped
            yield Row(card.line, [found.values.get(name, "") for name in self.header], None)
        self._tell(left, further, dropped)

    def _cards(self) -> Iterator[Card]:
        try:
            yield from read_cards(self._file, self._codec)
        except UnicodeDecodeError:
            raise ReadError(
                f"{self.path!r} is not {self.encoding}.", "Give the right encoding with --encoding, or mend the file."
            ) from None

    def _count(self) -> tuple[int, int]:
        """How many cards there are, and how many say that they are of organisations."""
        cards = firms = 0
        said = False
        try:
            while line := self._file.readline(_LINE_PIECE):
                if line[:1] in "BbKkXxi" and len(line) < 200:
                    if line[:11].upper() == "BEGIN:VCARD":
                        cards, said = cards + 1, False
                    elif not said and _FIRM_LINE.match(line):
                        firms, said = firms + 1, True
        except UnicodeDecodeError:
            pass  # the rows say so
        return cards, firms

    def _tell(self, left: dict[str, int], further: int, dropped: int) -> None:
        if left["org"]:
            self.notes.append(f"{_cards(left['org'])} of organisations and left out: --as company takes those")
        if left["individual"]:
            self.notes.append(f"{_cards(left['individual'])} of people and left out: --as contact takes those")
        if left["group"]:
            self.notes.append(f"{_cards(left['group'])} of groups of people and left out")
        if further:
            which = "1 card has" if further == 1 else f"{further:,} cards have"
            self.notes.append(f"{which} further e-mail addresses or telephones: they stay with it (column vcard)")
        if dropped:
            what = (
                "1 picture (or sound, or key) is" if dropped == 1 else f"{dropped:,} pictures (or sounds, or keys) are"
            )
            self.notes.append(f"{what} longer than {MAX_KEPT // 1024} KiB and left out")


def _cards(count: int) -> str:
    return "1 card is" if count == 1 else f"{count:,} cards are"
