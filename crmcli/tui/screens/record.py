"""One record: its fields on the left, what hangs on it (tasks, people, timeline) on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Horizontal

from crmcli.domain.entities import DEAL, ENTITIES, LEAD, TASK, UNSEEN
from crmcli.domain.text import visible, width
from crmcli.errors import CrmError, NotFoundError
from crmcli.services import records, values
from crmcli.tui import lines
from crmcli.tui.actions import bindings_for
from crmcli.tui.screens.acting import Subject, linked
from crmcli.tui.screens.place import Place
from crmcli.tui.shape import Pieces, fit, value
from crmcli.tui.widgets.bars import TitleBar
from crmcli.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Column, Record, Section
    from crmcli.tui.screens.sheet import Sheet

#: Fields that are always shown, so that they can be filled in where they stand.
WANTED = frozenset(["stage", "owner", "value", "close_on", "email", "phone", "company", "contact", "tags", "due_on"])
#: Fields that say nothing to a reader, or what the title says.
HIDDEN = UNSEEN | {"removed_at", "id"}
#: From so many columns on a line of the timeline has room for the time of day, and for who wrote it.
TIMED, SIGNED = 52, 61
KIND_OF = {"tasks": "task", "deals": "deal", "leads": "lead", "people": "contact", "companies": "company"}


def page(ctx: Context, kind: Entity, number: int) -> tuple[Entity, Record]:
    """A record's kind and its page; a lead that was converted is a deal by the same number, until that is undone."""
    try:
        return kind, records.show(ctx, kind, number)
    except NotFoundError:
        other = {"lead": DEAL, "deal": LEAD}.get(kind.name)
        if other is None:
            raise
        return other, records.show(ctx, other, number)


def label_width(columns: int) -> int:
    """How many of so many columns the names of the fields take."""
    return min(15, columns // 2)


class RecordPlace(Place):
    """A page; it stays on its record whatever happens to it."""

    where = "record"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("record")

    def __init__(self, kind: str, number: int) -> None:
        super().__init__()
        self.kind = ENTITIES[kind]
        self.number = number
        self.row: dict[str, Any] = {}
        #: What was opened to be read in full.
        self.sheet: Sheet | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield RowsView(id="body")
            yield RowsView(id="sections")

    def load(self) -> None:
        self.ask_rows(page, self.kind, self.number, then=lambda found: self.show(*found))

    def refused(self, error: CrmError) -> bool:
        """The record was purged, or its making was taken back: nothing of it stays on the screen."""
        if not isinstance(error, NotFoundError):
            return False
        self.row = {}
        if self.sheet and self.sheet.is_current:
            self.sheet.dismiss()
        self.sheet = None
        for view in self.query(RowsView):
            view.empty = f"{self.kind.name} {self.number} is gone; esc leads back" if view.id == "body" else ""
            view.show([], self._paint_field)
        self.query_one(TitleBar).tell([(f"{self.kind.name} {self.number}", True)], "gone")
        return True

    def show(self, kind: Entity, found: Record) -> None:
        self.kind, self.row = kind, found.values
        look = self.dashboard.look
        shown: list[Row] = []
        for column in found.columns:
            text, _ = value(column, self.row, look)
            field = self.kind.by_name[column.name]
            if column.name not in HIDDEN and (text or field.own or (column.name in WANTED and field.settable)):
                shown.append(Row(column.name, (column, text)))
        self.query_one("#body", RowsView).show(shown, self._paint_field)
        rows: list[Row] = []
        for section in found.sections:
            lines_of = list(section.rows.rows)
            rows.append(Row(None, f"{section.title} ({len(lines_of)})"))
            rows += [Row((section.key, line.get("id"), i), (section, line)) for i, line in enumerate(lines_of)]
        sections = self.query_one("#sections", RowsView)
        sections.empty = "nothing has happened yet"
        sections.show(rows, self._paint_line)
        state = str(self.row.get("status") or ("done" if self.row.get("done_at") else ""))
        if self.row.get("removed_at"):
            state = "merged" if self.row.get("merged_into_id") else "removed"
        self.query_one(TitleBar).tell(
            [(f"{self.kind.name} {self.number}", False), (self.row.get("name") or "", True)], state
        )

    def _paint_field(self, data: tuple[Column, str], columns: int) -> Pieces:
        column, text = data
        label = label_width(columns)
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
            at = cells["at"] if columns >= TIMED else cells["at"].partition(" ")[0]
            who = cells.get("author", "") if columns >= SIGNED else ""
            kind = 1 + max(width(visible(str(row["kind"]))) for row in section.rows.rows)
            rest = columns - width(at) - 1 - kind - (width(who) + 1 if who else 0)
            pieces = [(at + " ", "dim"), (fit(cells["kind"], kind), "good"), (fit(cells["body"], rest), "name")]
            return pieces + ([(" " + who, "dim")] if who else [])
        return self._paint_cells(section, cells, columns)

    def _paint_cells(self, section: Section, cells: dict[str, str], columns: int) -> Pieces:
        """The name, or where there is none the first column, and what else is known, as far as it goes."""
        names = [c.name for c in section.rows.columns if c.name not in ("id", "currency")]
        title = "name" if "name" in names else names[0]
        extra = [cells[name] for name in names if name != title and cells.get(name)]
        if cells.get("due_at") and cells.get("due_on") in extra:
            extra.remove(cells["due_on"])
        tail = "  ".join(extra)
        room = min(width(tail), columns * 3 // 5)
        name = columns - room - (2 if room else 0)
        return [(fit(cells.get(title, ""), name), "name"), ("  " if room else "", "dim"), (fit(tail, room), "dim")]

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

    def suspects(self) -> tuple[str, str]:
        return self.kind.name, f"id:{self.number}"

    def about(self) -> Subject | None:
        return linked(self.row) if self.kind is TASK else None

    def _of(self, *kinds: str) -> Subject | None:
        """What a key is about: the line on the right if it is of such a kind, else this record."""
        line = self._line_subject()
        return line if line and line.kind in kinds else super()._of(*kinds)

    def action_open(self) -> None:
        line, pane = self._line_subject(), self.pane
        if line:
            self.dashboard.open_record(line.kind, line.id)
        elif pane.key is not None and pane.id == "body":
            self._open_field(pane)
        elif pane.key is not None:
            section, told = pane.rows[pane.at].data
            look = self.dashboard.look
            cells = {c.name: value(c, told, look)[0] for c in section.rows.columns}
            about = (cells.get(name) for name in ("kind", "at", "on", "author"))
            minutes = f"{cells['minutes']} min" if cells.get("minutes") else ""
            self._read_in_full("  ".join(filter(None, (*about, minutes))), cells.get("body", ""))

    def _read_in_full(self, title: str, text: str) -> None:
        from crmcli.tui.screens.sheet import Sheet

        self.sheet = Sheet(title, text)
        self.app.push_screen(self.sheet)

    def _open_field(self, pane: RowsView) -> None:
        """Open what the field under the cursor links to, or all of its text where it is cut; any other is edited."""
        name = pane.key
        number = self.row.get(f"{name}_id")
        kind = {
            "company": "company",
            "parent": "company",
            "contact": "contact",
            "opportunity": self.row.get("opportunity_kind"),
        }.get(name)
        if number and kind:
            self.dashboard.open_record(kind, number)
            return
        column, text = pane.rows[pane.at].data
        columns = pane.size.width - 2
        if "\n" in text or width(visible(text)) > columns - label_width(columns):
            self._read_in_full(column.label, text)
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
