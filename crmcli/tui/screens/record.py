"""One record: its fields on the left, what hangs on it (tasks, people, timeline) on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Horizontal

from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import visible, width
from crmcli.services import records, values
from crmcli.tui import lines
from crmcli.tui.actions import bindings_for
from crmcli.tui.screens.place import Place, Subject
from crmcli.tui.shape import Pieces, fit, value
from crmcli.tui.widgets.bars import TitleBar
from crmcli.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crmcli.results import Column, Record, Section

#: Fields that are always shown, so that they can be filled in where they stand.
WANTED = frozenset(["stage", "owner", "value", "close_on", "email", "phone", "company", "contact", "tags", "due_on"])
#: Fields that say nothing to a reader.
HIDDEN = frozenset(["uid", "position", "probability_manual", "removed_at", "id", "next_due_on", "next_due_at"])
KIND_OF = {"tasks": "task", "deals": "deal", "leads": "lead", "people": "contact", "companies": "company"}


class RecordPlace(Place):
    """A page; it stays on its record whatever happens to it."""

    where = "record"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("record")

    def __init__(self, kind: str, number: int) -> None:
        super().__init__()
        self.kind = ENTITIES[kind]
        self.number = number
        self.row: dict[str, Any] = {}

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield RowsView(id="body")
            yield RowsView(id="sections", empty="nothing has happened yet")

    def load(self) -> None:
        self.ask_rows(records.show, self.kind, self.number, then=self.show)

    def show(self, found: Record) -> None:
        self.row = found.values
        look = self.dashboard.look
        shown: list[Row] = []
        for column in found.columns:
            text, _ = value(column, self.row, look)
            if column.name not in HIDDEN and (
                text or (column.name in WANTED and self.kind.by_name[column.name].settable)
            ):
                shown.append(Row(column.name, (column, text)))
        self.query_one("#body", RowsView).show(shown, self._paint_field)
        rows: list[Row] = []
        for section in found.sections:
            lines_of = list(section.rows.rows)
            rows.append(Row(None, f"{section.title} ({len(lines_of)})"))
            rows += [Row((section.key, line.get("id"), i), (section, line)) for i, line in enumerate(lines_of)]
        self.query_one("#sections", RowsView).show(rows, self._paint_line)
        state = str(self.row.get("status") or ("done" if self.row.get("done_at") else ""))
        if self.row.get("removed_at"):
            state = "removed"
        self.query_one(TitleBar).tell(
            [(f"{self.kind.name} {self.number}", False), (self.row.get("name") or "", True)], state
        )

    def _paint_field(self, data: tuple[Column, str], columns: int) -> Pieces:
        column, text = data
        label = min(15, columns // 2)
        if not text:
            return [(fit(column.label, label), "dim"), (fit("–", columns - label), "dim")]
        return [(fit(column.label, label), "dim"), (fit(text, columns - label), "name")]

    def _paint_line(self, data: Any, columns: int) -> Pieces:
        if isinstance(data, str):
            return [(fit(data, columns), "heading")]
        section, line = data
        look = self.dashboard.look
        cells = {c.name: visible(value(c, line, look)[0]) for c in section.rows.columns}
        if section.key == "timeline":
            kind = cells["kind"]
            who = cells.get("author", "") if columns > 60 else ""
            rest = columns - 17 - 10 - (width(who) + 1 if who else 0)
            pieces = [(fit(cells["at"], 17), "dim"), (fit(kind, 10), "good"), (fit(cells["body"], rest), "name")]
            return pieces + ([(" " + who, "dim")] if who else [])
        return self._paint_cells(section, cells, columns)

    def _paint_cells(self, section: Section, cells: dict[str, str], columns: int) -> Pieces:
        """The name, and what else is known, as far as it goes."""
        extra = [
            cells[c.name]
            for c in section.rows.columns
            if c.name not in ("id", "name", "currency") and cells.get(c.name)
        ]
        if cells.get("due_at") and cells.get("due_on") in extra:
            extra.remove(cells["due_on"])
        tail = "  ".join(extra)
        room = min(width(tail), columns * 3 // 5)
        name = columns - room - (2 if room else 0)
        return [(fit(cells.get("name", ""), name), "name"), ("  " if room else "", "dim"), (fit(tail, room), "dim")]

    # --- the two panes ---

    @property
    def pane(self) -> RowsView:
        sections = self.query_one("#sections", RowsView)
        return sections if sections.has_focus else self.query_one("#body", RowsView)

    def action_left(self) -> None:
        self.query_one("#body").focus()

    def action_right(self) -> None:
        self.query_one("#sections").focus()

    def step(self, down: int) -> None:
        self.pane.step(down)

    def _line_subject(self) -> Subject | None:
        """The task, deal or person under the cursor on the right."""
        pane = self.pane
        if pane.id != "sections" or pane.key is None:
            return None
        section, line = pane.rows[pane.at].data
        kind = KIND_OF.get(section.key)
        return Subject(kind, line["id"], line.get("name") or "") if kind else None

    def subject(self) -> Subject | None:
        if not self.row:
            return None
        return Subject(self.kind.name, self.number, self.row.get("name") or "")

    def _of(self, *kinds: str) -> Subject | None:
        """What a key is about: the line on the right if it is of such a kind, else this record."""
        line = self._line_subject()
        return line if line and line.kind in kinds else super()._of(*kinds)

    def action_open(self) -> None:
        line = self._line_subject()
        if line:
            self.dashboard.open_record(line.kind, line.id)
        elif self.pane.id == "body":
            self._follow_link()

    def _follow_link(self) -> None:
        """Open what the field under the cursor links to; a field that links to nothing is edited."""
        name = self.pane.key
        number = self.row.get(f"{name}_id")
        kind = {
            "company": "company",
            "parent": "company",
            "contact": "contact",
            "opportunity": self.row.get("opportunity_kind"),
        }.get(name)
        if number and kind:
            self.dashboard.open_record(kind, number)
        else:
            self.action_edit()

    def action_edit(self) -> None:
        subject = self._line_subject() or self.subject()
        if subject is None:
            return
        name = self.pane.key if self.pane.id == "body" else None
        field = self.kind.by_name.get(name) if isinstance(name, str) else None
        if field is None or not field.settable:
            self.edit(subject, "")
        else:
            look = self.dashboard.look
            text = values.offered(field, self.row, look.now, look.calendar)
            self.edit(subject, lines.assignment(field.name, text), {field.name: text})

    def on_rows_view_opened(self) -> None:
        self.action_open()
