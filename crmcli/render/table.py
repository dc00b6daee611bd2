"""Results for people at a terminal: tables that fit the screen, records and pages with titles, bars."""

from __future__ import annotations

from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import money
from crmcli.domain.dates import show_day
from crmcli.domain.text import clip, pad, visible, width
from crmcli.domain.types import Integer, Money, Percent, read_instant
from crmcli.results import Changed, Column, Page, Record, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

#: So many rows are read before the widths are settled; what comes later is clipped to them.
SAMPLE = 200
GAP = "  "
BAR = 24
NARROWEST = 6


class Screen(NamedTuple):
    """What a table is drawn for: width in columns, colour or not, the user's zone and calendar."""

    columns: int = 80
    colour: bool = False
    zone: tzinfo | None = None
    calendar: str = "gregorian"

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
    family = kind.family if kind is not None else ""
    if isinstance(kind, Money):
        code = row.get(column.currency or "currency") or ""
        amount = money.format_money(value, code)
        return visible(f"{amount} {code}".rstrip())
    if family == "instant":
        return _moment(value, screen)
    if family == "day":
        return show_day(date.fromisoformat(value), screen.calendar)  # type: ignore[arg-type]
    if isinstance(kind, Percent):
        return kind.show(value) + "%"
    if family == "number" and isinstance(value, int):
        return str(value)
    if getattr(kind, "numbers", False) and value == 0:
        return ""
    if kind is not None:
        return visible(kind.show(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))


def _moment(stored: str, screen: Screen) -> str:
    local = read_instant(stored).astimezone(screen.zone)
    return f"{show_day(local.date(), screen.calendar)} {local:%H:%M}"  # type: ignore[arg-type]


def _right(column: Column) -> bool:
    return isinstance(column.type, (Money, Percent, Integer))


def _rigid(column: Column) -> bool:
    """A column that is worth nothing when cut: numbers, days."""
    return column.type is not None and column.type.family in ("number", "money", "day", "instant", "flag") or column.name == "id"


def table(rows: Rows, screen: Screen, indent: str = "") -> Iterator[str]:
    """Lines of a table; one line when it is empty."""
    source = iter(rows.rows)
    first = list(islice(source, SAMPLE))
    if not first:
        yield f"{indent}{screen.dim(visible(rows.empty))}\n"
        return
    columns = _with_values(rows, first)
    read = [[cell(c, row, screen) for c in columns] for row in first]
    heads = [c.label or c.name for c in columns]
    bars = _bars(rows, first)
    room = screen.columns - width(indent) - (BAR + 2 if bars else 0)
    sizes = fit(columns, heads, read, room)
    shown = [i for i, size in enumerate(sizes) if size]
    yield indent + screen.bold(GAP.join([_pad(columns[i], clip(heads[i], sizes[i]), sizes[i]) for i in shown]).rstrip()) + "\n"
    for number, line in enumerate(chain(read, ([cell(c, row, screen) for c in columns] for row in source))):
        text = GAP.join([_pad(columns[i], clip(line[i], sizes[i]), sizes[i]) for i in shown])
        bar = screen.bar(bars[number]) if bars and number < len(bars) else ""
        yield (indent + text + (GAP + bar if bar else "")).rstrip() + "\n"


def _with_values(rows: Rows, sample: Sequence[Mapping[str, Any]]) -> list[Column]:
    """The columns, without a currency of its own where an amount already shows it."""
    amounts = any(isinstance(c.type, Money) for c in rows.columns)
    return [c for c in rows.columns if not (amounts and c.name == "currency")] or list(rows.columns)


def _pad(column: Column, text: str, columns: int) -> str:
    return pad(text, columns, "right" if _right(column) else "left")


def fit(columns: Sequence[Column], heads: Sequence[str], lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """A width for each column so that a line fits into `room`: the widest texts give way first, numbers and days
    last; 0 for columns at the end that find no place at all."""
    sizes = [max([width(head), *(width(line[i]) for line in lines)]) for i, head in enumerate(heads)]
    soft = [i for i, column in enumerate(columns) if not _rigid(column)]
    while soft and (over := sum(sizes) + len(GAP) * (len(sizes) - 1) - room) > 0:
        widest = max(soft, key=lambda i: sizes[i])
        others = [sizes[i] for i in soft if sizes[i] < sizes[widest]]
        floor = max(NARROWEST, max(others, default=NARROWEST))
        if sizes[widest] <= NARROWEST:
            break
        alike = sum(1 for i in soft if sizes[i] == sizes[widest])
        step = max(1, min(sizes[widest] - floor, -(-over // alike))) if sizes[widest] > floor else 1
        sizes[widest] = max(NARROWEST, sizes[widest] - step)
    used = 0
    for i, size in enumerate(sizes):
        wanted = size + (len(GAP) if used else 0)
        if used and used + wanted > room:
            left = room - used - len(GAP)
            sizes[i] = left if left >= 3 and i in soft else 0
            sizes[i + 1 :] = [0] * (len(sizes) - i - 1)
            break
        if not used and size > room:
            sizes[i] = wanted = max(room, 1)
        used += wanted
    return sizes


def _bars(rows: Rows, sample: Sequence[Mapping[str, Any]]) -> list[str]:
    """A bar for each row by its figure in the column `bars`, the longest BAR wide, in eighths of a column."""
    if not rows.bars:
        return []
    figures = [row.get(rows.bars) or 0 for row in sample]
    most = max([f for f in figures if isinstance(f, (int, float))], default=0)
    if most <= 0:
        return []
    found = []
    for figure in figures:
        eighths = round(max(figure, 0) * BAR * 8 / most)
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
    amounts = any(isinstance(c.type, Money) and found.values.get(c.name) is not None for c in found.columns)
    return [c for c in found.columns if c.name not in ("uid", "probability_manual") and not (amounts and c.name == "currency")]


def cell_text(column: Column, row: Mapping[str, Any], screen: Screen) -> str:
    """A value of a record: as in a table, but long text keeps its lines."""
    if column.type is not None and getattr(column.type, "multiline", False) and row.get(column.name):
        return visible(row[column.name], multiline=True)
    return cell(column, row, screen)


def _sections(sections: Iterable[Any], screen: Screen) -> Iterator[str]:
    for section in sections:
        rows = list(section.rows.rows)
        if not rows and not section.title:
            continue
        counted = section.title.endswith(")")  # a section that shows the first of many says so itself
        yield "\n" + screen.bold(visible(section.title) + (f" ({len(rows)})" if rows and not counted else "")) + "\n"
        yield from table(section.rows._replace(rows=rows), screen, "  ")


def page(found: Page, screen: Screen) -> Iterator[str]:
    """A page: its title, its own figures, its lists."""
    if found.title:
        yield screen.bold(visible(found.title)) + "\n"
    for key, value in found.values.items():
        if isinstance(value, (str, int, float)) and value != "":
            yield f"{screen.dim(visible(key.replace('_', ' ')))}  {visible(str(value), multiline=True)}\n"
    yield from _sections(found.sections, screen)


def changed(found: Changed) -> Iterator[str]:
    """What was done, for people."""
    for line in found.lines:
        yield visible(line, multiline=True) + "\n"


def lines(result: Any, screen: Screen) -> Iterator[str]:
    """The lines of any result."""
    if isinstance(result, Rows):
        if result.title:
            yield screen.bold(visible(result.title)) + "\n"
        yield from table(result, screen)
    elif isinstance(result, Record):
        yield from record(result, screen)
    elif isinstance(result, Page):
        yield from page(result, screen)
    else:
        yield from changed(result)
