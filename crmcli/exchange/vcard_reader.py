"""A file of vCards as a table: one row a card, one column a field."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import TYPE_CHECKING

from crmcli.errors import ReadError
from crmcli.exchange import sniff
from crmcli.exchange.shape import Row
from crmcli.exchange.vcard import read_cards
from crmcli.exchange.vcard_fields import FIRM, MAX_KEPT, PERSON, Fields, kind_of, read_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmcli.exchange.vcard import Card

_FIRM_LINE = re.compile(r"(?:[\w-]+\.)?(?:KIND|X-KIND|X-ABSHOWAS)(?:;[^:]*)?:\s*(?:org|company)", re.IGNORECASE)
_NOTHING = Fields({}, 0, 0)[1:]
_LINE_PIECE = 64 * 1024
#: Property -> what one and several of them are called.
_UNREAD = {
    "EMAIL": ("e-mail address", "e-mail addresses"),
    "TEL": ("telephone number", "telephone numbers"),
    "URL": ("web address", "web addresses"),
    "BDAY": ("birthday", "birthdays"),
}


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
        """All cards as rows; those that cannot be used with a problem and what could be read of them."""
        left = {"individual": 0, "org": 0, "group": 0}
        counts: Counter[str] = Counter()
        firm = self.which == "org"
        for card in self._cards():
            if card.problem:
                values = read_fields(card, firm=firm).values
                values["vcard"] = "\n".join(text for text in (values["vcard"], *card.raw) if text)
                yield Row(card.line, [values.get(name, "") for name in self.header], card.problem)
                continue
            kind = kind_of(card)
            if kind == "group" or (kind != self.which and not self._all):
                left[kind] += 1
                continue
            found = read_fields(card, firm=firm)
            if found[1:] != _NOTHING:
                counts["further"] += bool(found.further)
                counts["dropped"] += found.dropped
                counts["parted"] += found.parted
                counts["stripped"] += found.stripped
                counts.update(found.unread)
            yield Row(card.line, [found.values.get(name, "") for name in self.header], None)
        self._tell(left, counts)

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

    def _tell(self, left: dict[str, int], counts: Counter[str]) -> None:
        if left["org"]:
            self.notes.append(f"{_cards(left['org'])} of organisations and left out: --as company takes those")
        if left["individual"]:
            self.notes.append(f"{_cards(left['individual'])} of people and left out: --as contact takes those")
        if left["group"]:
            self.notes.append(f"{_cards(left['group'])} of groups of people and left out")
        if further := counts["further"]:
            which = "1 card has" if further == 1 else f"{further:,} cards have"
            self.notes.append(f"{which} further e-mail addresses or telephones: they stay with it (column vcard)")
        unread = {name: count for name in _UNREAD if (count := counts[name])}
        if unread:
            what = ", ".join(f"{count:,} {_UNREAD[name][count > 1]}" for name, count in unread.items())
            stays = "it stays with its card" if sum(unread.values()) == 1 else "they stay with their cards"
            self.notes.append(f"{what} cannot be read: {stays} (column vcard)")
        if parted := counts["parted"]:
            what = "1 tag has" if parted == 1 else f"{parted:,} tags have"
            self.notes.append(f"{what} a comma or another sign that parts tags: a blank stands in its place")
        if stripped := counts["stripped"]:
            what = "1 line that is" if stripped == 1 else f"{stripped:,} lines that are"
            self.notes.append(f"control characters are taken out of {what} kept with a card (column vcard)")
        if dropped := counts["dropped"]:
            what = (
                "1 picture (or sound, or key) is" if dropped == 1 else f"{dropped:,} pictures (or sounds, or keys) are"
            )
            self.notes.append(f"{what} longer than {MAX_KEPT // 1024} KiB and left out")


def _cards(count: int) -> str:
    return "1 card is" if count == 1 else f"{count:,} cards are"
