"""Duplicates one pair after another, side by side: whose value stays, merged, told apart or left for another time."""

from __future__ import annotations

import time
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import visible, width
from crmcli.errors import CrmError, UsageError
from crmcli.services import duplicates, pulse, reviewing
from crmcli.services.reviewing import Review, Suspects
from crmcli.tui import lines
from crmcli.tui.actions import bindings_for
from crmcli.tui.screens.acting import Subject
from crmcli.tui.screens.place import Place
from crmcli.tui.shape import Pieces, fit, value, wrapped
from crmcli.tui.widgets.bars import TitleBar
from crmcli.tui.widgets.rows import Followed, Row, RowsView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Changed, Column
    from crmcli.services.pulse import Pulse
    from crmcli.services.reviewing import Case, Sides
    from crmcli.services.undoing import Ahead

#: While the book goes on changing it is compared anew for one part of the time in so many.
SHARE = 20
#: After so many seconds what could not be compared is tried again.
AGAIN = 5.0
LOOKING = "looking for {} that look like one another ..."
#: Of the reasons for a pair so many lines are shown.
REASONS = 2


class Search:
    """What was found among the records of a kind, for as long as the dashboard is open."""

    def __init__(self) -> None:
        self.found: tuple[Suspects, ...] | None = None
        #: How the book stood then, and from which time of the clock on, in seconds, it may be compared again.
        self.seen: Pulse | None = None
        self.next = 0.0
        #: Whether an answer is awaited; whether the book was changed since; why there is none.
        self.asked = self.stale = False
        self.trouble = ""
        #: The pairs that were left for another time, and those that were settled: undo may bring them back.
        self.skipped: set[tuple[int, int]] = set()
        self.settled: dict[tuple[int, int], Suspects] = {}
        #: The batches that settled them.
        self.batches: list[int] = []

    @property
    def due(self) -> bool:
        """Whether the book is to be compared now."""
        return not self.asked and (self.found is None or self.stale) and time.monotonic() >= self.next


def compare(ctx: Context, kind: Entity) -> tuple[Pulse, tuple[Suspects, ...], float]:
    """How the book stands, the groups in it, and the seconds that took."""
    began = time.monotonic()
    return pulse.pulse(ctx), reviewing.search(ctx, kind), time.monotonic() - began


class DuplicatesPlace(Place):
    """Groups above, the pair that is looked at below. `scope` is a filter that it keeps."""

    where = "dupes"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("dupes")

    def __init__(self, kind: str = "contact", scope: str = "") -> None:
        super().__init__()
        self.kind = ENTITIES[kind]
        self.scope = scope
        self.cases: list[Case] = []
        self.case: Case | None = None
        self.sides: Sides | None = None
        self.keep: Mapping[str, int] = {}
        #: The pair that was shown last.
        self.last: tuple[int, int] | None = None
        #: The pairs that were merged or told apart here, the last one at the end.
        self.settled: list[tuple[int, int]] = []
        #: Whether the pair on the screen is being settled: nothing more is done to it.
        self.settling = False

    def body(self) -> ComposeResult:
        groups = Followed(id="groups")
        groups.can_focus = False
        yield groups
        facts = RowsView(id="facts", empty="", ground="+surface")
        facts.can_focus = False
        yield facts
        yield RowsView(id="body", empty="")

    @property
    def search(self) -> Search:
        """What was found; the places of duplicates share it."""
        return self.dashboard.searches.setdefault(self.kind.name, Search())

    @property
    def view(self) -> RowsView:
        return self.query_one("#body", RowsView)

    def words(self) -> list[str]:
        return [*lines.terms(self.scope), *super().words()]

    # --- reading ---

    def outdated(self, pulse: Pulse) -> bool:
        return super().outdated(pulse) or self.search.due

    def on_screen_resume(self) -> None:
        """Textual calls the one of every place too: the book may have been compared, or pairs settled, elsewhere."""
        if self.seen:
            self.dashboard.typed.aside(self, self.load)

    def load(self) -> None:
        if self.heard and self.search.seen and self.heard.opened != self.search.seen.opened:
            # It may be another book: the numbers mean other records there.
            self.dashboard.searches.clear()
            self._begin()
        if any(search.asked for search in self.dashboard.searches.values()):  # the answer may take long
            self.dashboard.typed.aside(self, self._look)
        else:
            self._look()
        self._compare()

    def _look(self) -> None:
        search, sides = self.search, self.sides
        review = Review(
            (*(search.found or ()), *search.settled.values()),
            search.seen.seq if search.seen else 0,
            frozenset(search.skipped),
            self.case,
            sides.pair if sides else None,
            sides.stays if sides else None,
            self.keep,
            self.settled[-1] if self.settled else None,
        )
        self.ask_rows(reviewing.look, self.kind, review, self.words(), then=partial(self.show, self.kind))

    def _compare(self) -> None:
        """Compare the whole book if that is due. Nobody waits for it: what is on the screen can be dealt with."""
        search, kind, dashboard = self.search, self.kind, self.dashboard
        if not search.due:
            return
        search.asked = True

        def end(seconds: float) -> None:
            search.asked, search.next = False, time.monotonic() + seconds
            here = dashboard.here
            if isinstance(here, DuplicatesPlace) and here.kind is kind:
                dashboard.typed.aside(here, here.load)

        def found(answer: tuple[Pulse, tuple[Suspects, ...], float]) -> None:
            search.seen, search.found, seconds = answer
            search.stale, search.trouble = False, ""
            end(seconds * SHARE)

        def failed(error: CrmError) -> bool:
            said, search.trouble = search.trouble, error.message
            end(AGAIN)
            return said == search.trouble

        dashboard.desk.ask(compare, kind, then=found, failed=failed, group=f"compare:{kind.name}")

    def read_again(self) -> None:
        """Compare the book anew, at once; what was left for another time is looked at again."""
        self.search.skipped.clear()
        self.search.stale, self.search.next = True, 0.0
        super().read_again()

    def refused(self, error: CrmError) -> bool:  # noqa: ARG002 - whatever it was
        self.settling = False
        return False

    def put_back(self) -> None:
        if self.settling:
            self.settled.pop()
        self.settling = False

    # --- showing ---

    def show(self, kind: Entity, found: reviewing.Looked) -> None:
        if kind is not self.kind:
            return
        self.settling = False
        self.cases, self.case, self.search.stale = found.cases, found.case, found.stale
        self._show_cases(self._nothing())
        self._show_sides(found.sides, found.keep)
        self._compare()

    def _show_cases(self, empty: str) -> None:
        groups = self.query_one(Followed)
        groups.empty = empty
        groups.show([Row(case.suspects.ids, case) for case in self.cases], self._paint_case)
        self._lay_out()
        if self.case:
            groups.place(self.case.suspects.ids)
        self._tell()

    def _show_sides(self, sides: Sides | None, keep: Mapping[str, int]) -> None:
        self.sides, self.keep = sides, keep
        rows = [Row(column.name, column) for column in sides.columns] if sides else []
        self.view.show(rows, self._paint_field, title=self._head if sides else None)
        before, self.last = self.last, (sides.pair.a, sides.pair.b) if sides else None
        if sides and self.last != before:
            if self.settled and self.settled[-1] == self.last:
                self.settled.pop()
            self.view.at = self.view.top = 0
            self.view.place(next((column.name for column in sides.columns if column.name in sides.choosable), None))
        self._show_facts()

    def _nothing(self) -> str:
        """Why there is nothing to look at."""
        plural, search = self.kind.plural, self.search
        if search.found is None:
            return search.trouble or LOOKING.format(plural)
        if search.skipped and search.found:
            return f"no more {plural} look like one another; {len(search.skipped)} skipped, r shows them again"
        return f"no {plural}{' that fit' if self.words() else ''} look like one another"

    def _tell(self) -> None:
        tabs = [(kind.plural.capitalize(), kind is self.kind) for kind in duplicates.KINDS]
        search, count = self.search, len(self.cases)
        told = f"{count:,} group{'' if count == 1 else 's'}" if search.found is not None else ""
        if search.asked:
            told = f"{told}, looking again" if told else "looking"
        self.query_one(TitleBar).tell(tabs, told, " ".join(filter(None, (self.scope, self.applied))))

    def _paint_case(self, case: Case, columns: int) -> Pieces:
        first, *others = case.names.values()
        room = max(12, columns // 4)
        more = f" +{len(others) - 1}" if len(others) > 1 else ""
        rest = columns - 5 - 2 * room - width(more)
        return [
            (f"{case.suspects.score:>3}  ", "good"),
            (fit(first, room - 1) + " ", "name"),
            (fit(others[0] if others else "", room - 1), "name"),
            (more + " ", "warn"),
            (fit("; ".join(case.suspects.reasons), rest), "dim"),
        ]

    def _show_facts(self) -> None:
        """The reasons in words, and what would move along."""
        facts, told = self.query_one("#facts", RowsView), []
        if (sides := self.sides) and self.case:
            others = f", {len(self.case.pairs)} pairs in this group" if len(self.case.pairs) > 1 else ""
            why = f"{sides.pair.score}{others}: {'; '.join(sides.pair.reasons)}"
            told = [(line, "name") for line in wrapped(visible(why), self.size.width - 2, REASONS)]
            stays, goes = (f"{self.kind.name}:{number}" for number in (sides.stays, sides.goes))
            along = f"moves along: {sides.along}" if sides.along else "nothing moves along"
            told.append((f"{goes} goes into {stays}; {along}", "heading"))
            told += [(line, "warn") for line in sides.behind]
        facts.styles.height = len(told)
        facts.show([Row(None, line) for line in told], lambda line, columns: [(fit(line[0], columns), line[1])])

    def on_resize(self, event: events.Resize) -> None:  # noqa: ARG002 - Textual calls that of every place too
        self._lay_out()
        if self.sides:
            self._show_facts()

    def _lay_out(self) -> None:
        """The groups have as many lines as they need, up to a quarter of the screen."""
        self.query_one(Followed).styles.height = max(1, min(len(self.cases), self.size.height // 4))

    def _widths(self, columns: int) -> tuple[int, int, int]:
        """How many columns the names of the fields take, and each of the records."""
        label = min(16, columns // 5)
        return label, (columns - label) // 2, columns - label - (columns - label) // 2

    def _head(self, columns: int) -> Pieces:
        sides = self.sides
        if sides is None:
            return []
        label, *rooms = self._widths(columns)
        pieces = [(fit("", label), "columns")]
        for number, room in zip((sides.pair.a, sides.pair.b), rooms, strict=True):
            state = "stays" if number == sides.stays else "goes"
            pieces.append((fit(f"  {self.kind.name}:{number} {state}", room), "columns"))
        return pieces

    def _paint_field(self, column: Column, columns: int) -> Pieces:
        sides = self.sides
        if sides is None:
            return []
        label, *rooms = self._widths(columns)
        by_hand = "*" if column.name in self.keep else ""
        pieces = [(fit(column.label + by_hand, label - 1) + " ", "dim")]
        origin = sides.origin.get(column.name)
        for number, room in zip((sides.pair.a, sides.pair.b), rooms, strict=True):
            text = value(column, sides.rows[number], self.dashboard.look)[0] or "–"
            mark, tone = "  ", "dim"
            if origin is not None:
                mark, tone = ("● ", "good") if number in origin else ("○ ", "name")
            pieces.append((mark + fit(text, room - 3) + " ", tone))
        return pieces

    # --- moving ---

    def step(self, down: int) -> None:
        self.view.step(down)

    def _visit(self, case: Case) -> None:
        """Look at another group."""
        if self.settling or case is self.case:
            return
        self.case, self.sides, self.keep = case, None, {}

        def then(found: Sides | UsageError) -> None:
            if isinstance(found, UsageError):
                self.load()
            elif self.case is case:
                self._show_sides(found, {})

        self.ask_rows(reviewing.chosen, self.kind, case.pairs[0], None, {}, then=then, more=True)

    def on_followed_moved(self) -> None:
        groups = self.query_one(Followed)
        if groups.at < len(groups.rows):
            self._visit(groups.rows[groups.at].data)

    def action_next_group(self) -> None:
        self.query_one(Followed).step(1)

    def action_previous_group(self) -> None:
        self.query_one(Followed).step(-1)

    def action_next_kind(self) -> None:
        kinds = duplicates.KINDS
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
        self.scope = ""  # it was one of another kind
        self._begin()
        self._show_cases(LOOKING.format(self.kind.plural))
        self._show_sides(None, {})
        self.load()

    def _begin(self) -> None:
        """Look at no pair."""
        self.cases, self.case, self.sides, self.keep, self.settled = [], None, None, {}, []

    def subject(self) -> Subject | None:
        """The record that stays."""
        return self._subject(self.sides.stays) if self.sides else None

    def _subject(self, number: int) -> Subject:
        assert self.sides is not None
        return Subject(self.kind.name, number, str(self.sides.rows[number].get("name") or ""))

    def action_open_other(self) -> None:
        if self.sides:
            self.dashboard.open_record(self.kind.name, self.sides.goes)

    def on_rows_view_opened(self) -> None:
        self.action_open()

    # --- choosing ---

    def action_left(self) -> None:
        if self.sides:
            self._keep(self.sides.pair.a)

    def action_right(self) -> None:
        if self.sides:
            self._keep(self.sides.pair.b)

    def _keep(self, number: int) -> None:
        """Have the field under the cursor keep the value of this record."""
        sides, name = self.sides, self.view.key
        if sides is None or name not in sides.differ:
            return
        if name in sides.choosable:
            self._choose(sides.stays, {**self.keep, name: number})
        else:
            label = sides.kind.field(name).label
            self.dashboard.toast(f"{label} belongs to the record itself; x has the other one stay")

    def action_as_ruled(self) -> None:
        """Have the field under the cursor keep what a merge keeps of itself."""
        if self.sides and self.view.key in self.keep:
            self._choose(self.sides.stays, {name: n for name, n in self.keep.items() if name != self.view.key})

    def action_swap(self) -> None:
        if self.sides:
            self._choose(self.sides.goes, self.keep)

    def _choose(self, into: int, keep: Mapping[str, int]) -> None:
        """Show what comes of a choice; one that does not go together with the others is not made."""
        if self.settling or self.sides is None:
            return
        kind, pair = self.kind, self.sides.pair

        def then(found: Sides | UsageError) -> None:
            if isinstance(found, UsageError):
                self.dashboard.toast(str(found), bad=True)
            elif self.sides and self.sides.pair == pair and self.kind is kind:
                self._show_sides(found, keep)

        self.ask_rows(reviewing.chosen, kind, pair, into, keep, then=then, more=True)

    # --- settling ---

    def action_merge(self) -> None:
        if sides := self._settle():
            self._write(reviewing.merge, sides, dict(self.keep))

    def action_not_same(self) -> None:
        if sides := self._settle():
            self._write(reviewing.tell_apart, sides)

    def _write(self, verb: Callable[..., Changed], *args: Any) -> None:
        self.write(reviewing.settle, self.search.batches, verb, *args, source="tui", ended=self._ended)

    def ahead(self) -> Callable[[Context], Ahead]:
        """Of all that was settled since the dashboard was opened, of whichever kind, the last."""
        every = [search.batches for search in self.dashboard.searches.values()]
        return lambda ctx: reviewing.ahead(ctx, chain.from_iterable(every))

    def _settle(self) -> Sides | None:
        """The pair that is about to be settled. What is typed before the next one is there does nothing to that."""
        if self.sides is None:
            self.dashboard.toast("there is no pair to settle")
        if self.sides is None or self.settling:
            return None
        self.settling = True
        self.forget()  # what it says is older than the change that is about to be made
        pair = self.sides.pair
        self.settled.append((pair.a, pair.b))
        self.search.settled[pair.a, pair.b] = Suspects((pair.a, pair.b), pair.score, pair.reasons, (pair,))
        return self.sides

    def _ended(self) -> None:
        if self.settling and self.is_attached:
            self.dashboard.typed.aside(self, self.load)

    def action_skip(self) -> None:
        if self.sides and not self.settling:
            self.search.skipped.add((self.sides.pair.a, self.sides.pair.b))
            self.load()
