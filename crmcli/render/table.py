"""Results for people at a terminal: tables that fit the screen, records and pages with titles, bars."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.dates import local
from crmcli.domain.entities import UNSEEN
from crmcli.domain.text import clip, pad, visible, width
from crmcli.domain.types import Instant, Integer, Money, Percent, read_instant, readable
from crmcli.render.machine import untyped
from crmcli.results import Column, Page, Record, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from crmcli.domain.types.showing import Week

#: So many rows are read before the widths are settled; what comes later is clipped to them.
SAMPLE = 200
GAP = "  "
BAR = 24
NARROW = 12
NARROWEST = 6
#: What a due day with a time is.
MOMENT = Instant()
#: Texts that are worth nothing when cut, because they are made to be copied or are a length of time: they are whole
#: while anything else can give way.
WHOLE = frozenset(("id", "ref", "next", "batch", "when"))
#: The columns that a row begins with, which say what it is: they never go.
HEAD = 2


class Screen(NamedTuple):
    """What a table is drawn for: width in columns, colour or not, the user's zone, calendar and week. What has no room
    on it is noted in `left_out`, by title."""

    columns: int = 80
    colour: bool = False
    zone: tzinfo | None = None
    calendar: str = "gregorian"
    left_out: dict[str, None] | None = None
    week: Week | None = None

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text

    def bar(self, text: str) -> str:
        return f"\x1b[36m{text}\x1b[0m" if self.colour else text


def cell(column: Column, row: Mapping[str, Any], screen: Screen) -> str:
    """A value as people read it, harmless and on one line."""
    value = row.get(column.name)
    if value is None or value == []:
        return ""
    kind = column.type
    if column.name == "due_on" and row.get("due_at"):
        kind, value = MOMENT, row["due_at"]
    if column.name == "next_due" and row.get("next_due_at"):
        value = _next_day(row, screen.zone)
    if kind is None:
        return visible(untyped(value))
    if getattr(kind, "numbers", False) and value == 0:
        return ""
    currency = (row.get(column.currency or "currency") or "") if isinstance(kind, Money) else ""
    return visible(
        readable(kind, value, currency=currency, zone=screen.zone, calendar=screen.calendar, week=screen.week)
    )


def _next_day(row: Mapping[str, Any], zone: tzinfo | None) -> str:
    """The day of the next open task for whoever looks: the stored one is that of whoever typed it."""
    timed = local(read_instant(row["next_due_at"]), zone).date().isoformat()
    return min(timed, row.get("next_due_on") or timed)


def _right(column: Column) -> bool:
    return isinstance(column.type, (Money, Percent, Integer))


def _rigid(column: Column) -> bool:
    """A column that is worth nothing when cut: numbers, days."""
    return (
        column.type is not None and column.type.family in ("number", "money", "day", "instant", "flag")
    ) or column.name in WHOLE


def table(rows: Rows, screen: Screen, indent: str = "") -> Iterator[str]:
    """Lines of a table; one line when it is empty."""
    source = iter(rows.rows)
    first = list(islice(source, SAMPLE))
    if not first:
        yield f"{indent}{screen.dim(visible(rows.empty))}\n"
        return
    columns = _with_values(rows)
    read = [[cell(c, row, screen) for c in columns] for row in first]
    heads = [c.label or c.name for c in columns]
    room = screen.columns - width(indent)
    later = ((row, [cell(c, row, screen) for c in columns]) for row in source)
    if sum(_natural(heads, read)) + len(GAP) * (len(columns) - 1) > room:
        # Where room is short the day says enough of a record's stamps; a timeline keeps its times.
        stamps = [
            i
            for i, c in enumerate(columns)
            if c.type is not None and c.type.family == "instant" and c.name not in ("at", "due_at")
        ]
        read = [_days(line, stamps) for line in read]
        later = ((row, _days(line, stamps)) for row, line in later)
    sizes = fit(columns, heads, read, room)
    shown = [i for i, size in enumerate(sizes) if size]
    if screen.left_out is not None:
        screen.left_out.update({head: None for head, size in zip(heads, sizes, strict=True) if not size})
    left = room - sum(sizes) - len(GAP) * len(shown)
    bars = _bars(rows, first, min(BAR, left)) if left >= NARROWEST else []
    yield (
        indent
        + screen.bold(GAP.join([_pad(columns[i], clip(heads[i], sizes[i]), sizes[i]) for i in shown]).rstrip())
        + "\n"
    )
    for number, (row, line) in enumerate(chain(zip(first, read, strict=True), later)):
        text = GAP.join([_pad(columns[i], clip(line[i], sizes[i]), sizes[i]) for i in shown])
        bar = screen.bar(bars[number]) if number < len(bars) and bars[number] else ""
        yield (indent + text + (GAP + bar if bar else "")).rstrip() + "\n"
        below = row.get(rows.below) or ()
        for whole in (below,) if isinstance(below, str) else below:
            yield f"{indent}{GAP * 3}{visible(whole)}\n"


def _natural(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[int]:
    """The width that each column would like to have."""
    return [max([width(head), *(width(line[i]) for line in lines)]) for i, head in enumerate(heads)]


def _days(line: list[str], stamps: Sequence[int]) -> list[str]:
    """A line whose instants are cut to their day."""
    return [text.partition(" ")[0] if i in stamps else text for i, text in enumerate(line)]


def _with_values(rows: Rows) -> list[Column]:
    """The columns, without what is shown elsewhere: the currency of an amount, the time of a due day, what stands below
    the row."""
    said = _said_elsewhere(rows.columns) | {rows.below}
    return [c for c in rows.columns if c.name not in said] or list(rows.columns)


def _said_elsewhere(columns: Iterable[Column]) -> set[str]:
    """What the cells of other columns among these say already."""
    columns = list(columns)
    said = {"currency"} if any(isinstance(c.type, Money) for c in columns) else set()
    return said | ({"due_at"} if any(c.name == "due_on" for c in columns) else set())


def _pad(column: Column, text: str, columns: int) -> str:
    return pad(text, columns, "right" if _right(column) else "left")


def fit(columns: Sequence[Column], heads: Sequence[str], lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """A width for each column so that a line fits into `room`: the widest texts give way first, down to NARROW each;
    then columns go (0), those of least rank first and of equals the last. Those above the usual rank go only when texts
    are down to NARROWEST, and at last what is left is cut without mercy."""
    sizes = _natural(heads, lines)
    soft = [i for i, column in enumerate(columns) if not _rigid(column)]
    _squeeze(sizes, soft, room, NARROW)
    wanted = list(sizes)
    going = sorted(range(HEAD, len(sizes)), key=lambda i: (columns[i].rank, -i))
    _drop(sizes, [i for i in going if columns[i].rank <= 0], room)
    _squeeze(sizes, [i for i in soft if sizes[i]], room, NARROWEST)
    kept = [i for i in going if columns[i].rank > 0]
    _drop(sizes, kept, room)
    for i in reversed(kept):  # one that is wider than the screen may have made others go in vain
        if not sizes[i] and _taken(sizes) + len(GAP) + wanted[i] <= room:
            sizes[i] = wanted[i]
    _widen(sizes, soft, heads, lines, room)
    _squeeze(sizes, [i for i, size in enumerate(sizes) if size], room, 1)
    return sizes


def _drop(sizes: list[int], going: Sequence[int], room: int) -> None:
    """Let columns go, one after the other, until the line fits."""
    for i in going:
        if _taken(sizes) <= room:
            return
        sizes[i] = 0


def _taken(sizes: Sequence[int]) -> int:
    shown = [size for size in sizes if size]
    return sum(shown) + len(GAP) * (len(shown) - 1)


def _squeeze(sizes: list[int], which: Sequence[int], room: int, least: int) -> None:
    """Narrow the widest of these columns, a column at a time, until the line fits or none is wider than `least`."""
    while which and _taken(sizes) > room:
        widest = max(which, key=lambda i: sizes[i])
        if sizes[widest] <= least:
            return
        sizes[widest] -= 1


def _widen(
    sizes: list[int], which: Sequence[int], heads: Sequence[str], lines: Sequence[Sequence[str]], room: int
) -> None:
    """Give room that a dropped column left back to the texts that were cut, from the first on."""
    for i in which:
        left = room - _taken(sizes)
        if sizes[i] and left > 0:
            natural = max([width(heads[i]), *(width(line[i]) for line in lines)])
            sizes[i] = min(natural, sizes[i] + left)


def _bars(rows: Rows, sample: Sequence[Mapping[str, Any]], longest: int) -> list[str]:
    """A bar for each row by its figure in the column `bars`, the longest `longest` wide, in eighths of a column.

    Amounts of different currencies have no common scale: each currency has its own longest bar.
    """
    if not rows.bars:
        return []
    code = next(
        (c.currency or "currency" for c in rows.columns if c.name == rows.bars and isinstance(c.type, Money)), ""
    )
    counted = [(row.get(code), row.get(rows.bars)) for row in sample]
    figures = [(scale, figure if isinstance(figure, (int, float)) else 0) for scale, figure in counted]
    most: dict[Any, float] = {}
    for scale, figure in figures:
        most[scale] = max(most.get(scale, 0), figure)
    found = []
    for scale, figure in figures:
        eighths = round(max(figure, 0) * longest * 8 / most[scale]) if most[scale] else 0
        found.append("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip())
    return found


def record(found: Record, screen: Screen) -> Iterator[str]:
    """A record: its title, the fields that have a value, and its sections."""
    yield screen.bold(visible(found.title)) + "\n"
    lines = [(c.label or c.name, c, text) for c in _shown_fields(found) if (text := cell_text(c, found.values, screen))]
    widest = max([width(label) for label, _, _ in lines], default=0)
    for label, _, text in lines:
        first, *more = text.split("\n")
        yield f"{screen.dim(pad(label, widest))}  {first}".rstrip() + "\n"
        for line in more:
            yield " " * (widest + 2) + line + "\n"
    yield from _sections(found.sections, screen)


def _shown_fields(found: Record) -> Iterable[Column]:
    said = _said_elsewhere(c for c in found.columns if found.values.get(c.name) is not None)
    return [c for c in found.columns if c.name not in UNSEEN | said]


def cell_text(column: Column, row: Mapping[str, Any], screen: Screen) -> str:
    """A value of a record: as in a table, but long text keeps its lines."""
    if column.type is not None and getattr(column.type, "multiline", False) and row.get(column.name):
        return visible(row[column.name], multiline=True)
    return cell(column, row, screen)


def _sections(sections: Iterable[Any], screen: Screen) -> Iterator[str]:
    for section in sections:
        if not section.told:
            continue
        rows = list(section.rows.rows)
        if not rows and not section.title:
            continue
        counted = section.title.endswith(")")  # a section that shows the first of many says so itself
        yield "\n" + screen.bold(visible(section.title) + (f" ({len(rows)})" if rows and not counted else "")) + "\n"
        yield from table(section.rows._replace(rows=rows), screen, "  ")


def page(found: Page, screen: Screen) -> Iterator[str]:
    """A page: its title and its lists."""
    yield screen.bold(visible(found.title)) + "\n"
    yield from _sections(found.sections, screen)


def lines(result: Any, screen: Screen) -> Iterator[str]:
    """The lines of a list, a record or a page."""
    if isinstance(result, Rows):
        if result.title:
            yield screen.bold(visible(result.title)) + "\n"
        if result.days is None:
            yield from table(result, screen)
        else:
            from crmcli.render.days import page_of_days

            yield from page_of_days(result, result.days, screen)
    elif isinstance(result, Record):
        yield from record(result, screen)
    else:
        yield from page(result, screen)
