"""Which addresses and telephones of a row are the record's own: the first that are filled; the others are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.entities import COMPANY
from crmcli.domain.text import fold
from crmcli.services.imports import columns as reading
from crmcli.services.imports import parts, roles, titles
from crmcli.services.imports.facts import LABELLED
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.mapping import Mapped


class Number(NamedTuple):
    """A telephone of a row. `want` is whose it is: "phone", "mobile", "fax" or the "company"; `at_home` says that its
    column is the field's own."""

    column: Mapped
    cell: str
    label: str
    want: str
    at_home: bool

    @property
    def line(self) -> str:
        label = self.label.strip("* ")
        return f"{self.column.header}{f' ({label})' if label else ''}: {' '.join(self.cell.split())}"


class Reach:
    """Moves the addresses and telephones of a block's rows to the columns of the fields that they are. `by` is the
    columns of the file by field and role."""

    def __init__(self, kind: Entity, by: Mapping[str, Sequence[Mapped]], env: Env, *, own: bool) -> None:
        self.kind, self._by, self._env, self._own = kind, by, env, own
        self._emails, self._phones = by.get(roles.MORE_EMAIL, ()), by.get(roles.MORE_PHONE, ())
        self._slots = {to: by[to][0] if to in by else None for to in ("phone", "mobile") if to in kind.by_name}
        numbered = {squeeze(c.header): c.place for some in by.values() for c in some}
        #: place of a column of numbers -> place of the column of their labels
        self._labels: dict[int, int] = {}
        for column in by.get(roles.PHONE_LABEL, ()) if "mobile" in kind.by_name else ():
            begins = titles.label_of(column.header)
            number = numbered.get(f"{begins}value", numbered.get(begins))
            if number is not None:
                self._labels[number] = column.place
        #: places of the columns whose cells say which telephone each of their numbers is
        self._parted = {c.place for some in by.values() for c in some if c.unit == LABELLED}
        if self._slots.get("mobile") is None and not self._labels and not self._parted:
            self._slots.pop("mobile", None)
        mobile = self._slots.get("mobile")
        #: whether the mobile's column is called the second telephone, and is the first where that is empty
        self._second = mobile is not None and squeeze(mobile.header) in ("phone2", "phone2value")

    @property
    def fills(self) -> set[str]:
        """The fields that get a value without a column of their own."""
        return {"mobile"} if "mobile" in self._slots else set()

    @property
    def tells(self) -> bool:
        """Whether rows may have more than their fields hold."""
        return bool(self._emails or self._phones or self._labels or self._parted)

    def settle(self, turned: list[list[str]]) -> tuple[list[dict[int, str]], list[str] | None]:
        """Change the cells of a block, column by column; what its rows have besides, as lines by row, and the mobile
        numbers where no column is theirs."""
        lines = [self._settle_emails(column, turned) for column in self._emails]
        if not (self._phones or self._labels or self._parted or self._second):
            return lines, None
        told: dict[int, str] = {}
        mobiles = [""] * len(turned[0])
        for row in range(len(mobiles)):
            taken, left = self._sorted(self._numbers(turned, row))
            for to, column in self._slots.items():
                if column is not None:
                    turned[column.place][row] = taken.get(to, "")
            mobiles[row] = taken.get("mobile", "")
            if left:
                told[row] = "\n".join(left)
        missing = "mobile" in self._slots and self._slots["mobile"] is None
        return [*lines, told], mobiles if missing else None

    def _settle_emails(self, column: Mapped, turned: list[list[str]]) -> dict[int, str]:
        """Addresses of a further column where the field's own has none; lines of the others."""
        lines: dict[int, str] = {}
        own = turned[self._by["email"][0].place] if "email" in self._by else None
        for row, cell in enumerate(turned[column.place]):
            if not cell.strip():
                continue
            if own is not None and fold(own[row]).strip() == fold(cell).strip():
                continue
            lines[row] = f"{column.header}: {' '.join(cell.split())}"
            if own is None or own[row].strip():
                continue
            (first,), others = parts.several([cell], column.header, telephones=False)
            if self._reads("email", first):
                own[row] = first
                lines.pop(row)
                if others:
                    lines[row] = others[0]
        return lines

    def _numbers(self, turned: list[list[str]], row: int) -> list[Number]:
        """The telephones of a row, those in columns of their own first."""
        found = []
        for to, column in [*self._slots.items(), *(("", column) for column in self._phones)]:
            if column is None or not (cell := turned[column.place][row]).strip():
                continue
            label = turned[self._labels[column.place]][row] if column.place in self._labels else ""
            some = parts.labelled(cell) if column.place in self._parted else []
            for own, number in some or [(label, cell)]:
                want = parts.label_of(own) or to or self._whose(column.header)
                found.append(Number(column, number, own, want, bool(to) and want == to))
        return sorted(found, key=lambda number: not number.at_home)

    def _whose(self, title: str) -> str:
        if self.kind is not COMPANY and titles.about_company(title):
            return "company"
        return "mobile" if titles.about_mobile(title) else "phone"

    def _sorted(self, numbers: list[Number]) -> tuple[dict[str, str], list[str]]:
        """The numbers of a row by field, and lines of those that are none."""
        taken: dict[str, str] = {}
        lines: list[str] = []
        waiting: list[Number] = []
        for number in numbers:
            if not self._takes(taken, number.want, number, lines):
                waiting.append(number)
        if self._second and "phone" not in taken and any(n.at_home and not n.label for n in numbers):
            taken["phone"] = taken.pop("mobile")
        for number in waiting:
            if number.want in ("phone", "mobile") and squeeze(number.cell) in map(squeeze, taken.values()):
                continue
            if number.want in ("fax", "company") or not self._takes(taken, "phone", number, lines):
                lines.append(number.line)
        return taken, lines

    def _takes(self, taken: dict[str, str], to: str, number: Number, lines: list[str]) -> bool:
        """Whether a field takes a number: it is free, and the number is one; those behind it in its cell are told."""
        if to not in self._slots or to in taken or (to == "phone" and self._slots["phone"] is None):
            return False
        if number.at_home:
            taken[to] = number.cell
            return True
        (first,), others = parts.several([number.cell], number.column.header, telephones=True)
        if not self._reads(to, first):
            return False
        taken[to] = first
        lines += others.values()
        return True

    def _reads(self, to: str, cell: str) -> bool:
        problems: Problems = {}
        reading.reader(self.kind.field(to), self._env, own=self._own)([cell], "", problems)
        return not problems
