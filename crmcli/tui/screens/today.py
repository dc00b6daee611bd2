"""The day: what is overdue, due, coming, forgotten, closing and new, each a key away from being dealt with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from crmcli.services import today
from crmcli.tui.actions import bindings_for
from crmcli.tui.screens.acting import Subject
from crmcli.tui.screens.place import Place
from crmcli.tui.shape import Pieces, fit
from crmcli.tui.widgets.bars import TitleBar
from crmcli.tui.widgets.rows import Row, RowsView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crmcli.context import Context
    from crmcli.results import Page
    from crmcli.services.pulse import Pulse

#: How a section says how many there are, of which it may show the first ones.
TOTAL = re.compile(r".*\((\d+)")
#: How a task says what it is about: `deal:31 Big deal`.
ABOUT = re.compile(r"(lead|deal|contact|company):(\d+) ?(.*)")
TONES = {
    "overdue": "bad", "today": "warn", "no_next_task": "warn", "silent": "warn", "rotting": "warn", "owed": "warn",
    "touch": "warn",
}  # fmt: skip


def page(ctx: Context, words: list[str]) -> Page:
    """The day's page, narrowed to the records that fit a filter."""
    return today.today(ctx, words=words)


class TodayPlace(Place):
    """Sections of tasks, deals and leads."""

    where = "today"
    adds = "task"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("today")

    def body(self) -> ComposeResult:
        yield RowsView(id="body", empty="nothing needs you today")

    @property
    def view(self) -> RowsView:
        return self.query_one(RowsView)

    def outdated(self, pulse: Pulse) -> bool:
        """An appointment is overdue from its minute on."""
        return pulse != self.seen

    def load(self) -> None:
        self.ask_rows(page, self.words(), then=self.show)

    def show(self, found: Page) -> None:
        rows: list[Row] = []
        count = 0
        for section in found.sections:
            lines = list(section.rows.rows)
            if not lines:
                continue
            told = TOTAL.match(section.title)
            count += int(told[1]) if told else len(lines)
            rows.append(Row(None, section.title))
            rows += [Row((section.key, line["ref"]), (TONES.get(section.key, "dim"), line)) for line in lines]
        self.view.show(rows, self._paint)
        self.query_one(TitleBar).tell([("Today", True)], f"{found.title}, {count} to look at", self.applied)

    def _paint(self, data: Any, columns: int) -> Pieces:
        if isinstance(data, str):
            return [(fit(data, columns), "heading")]
        tone, line = data
        ref, when = 12, 20
        what = (columns - ref - when) * 11 // 20
        about = columns - ref - when - what
        return [
            (fit(line["ref"], ref), "dim"),
            (fit(line["what"], what - 1) + " ", "name"),
            (fit(line["about"] or "", about - 1) + " ", "dim"),
            (fit(line["when"] or "", when, "right"), tone),
        ]

    def subject(self) -> Subject | None:
        view = self.view
        if view.key is None:
            return None
        line = view.rows[view.at].data[1]
        return Subject(line["ref"].partition(":")[0], line["id"], line["what"])

    def about(self) -> Subject | None:
        view = self.view
        found = ABOUT.match(view.rows[view.at].data[1]["about"] or "") if view.key else None
        return Subject(found[1], int(found[2]), found[3]) if found else None

    def step(self, down: int) -> None:
        self.view.step(down)

    def on_rows_view_opened(self) -> None:
        self.action_open()
