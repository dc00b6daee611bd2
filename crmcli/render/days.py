"""Days and what is on each, for people at a terminal: a list under headings, and a month as a grid of weeks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.calendars import split_day
from crmcli.domain.dates import show_day
from crmcli.domain.datewords import ENGLISH_DAYS, ENGLISH_MONTHS, JALALI_MONTHS
from crmcli.domain.text import clip, pad, visible, width
from crmcli.render.table import GAP, cell, fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crmcli.render.table import Screen
    from crmcli.results import Day, Days, Rows

#: A month is drawn as a grid on a terminal that has so many columns.
GRID = 120
#: So many things are shown of a day in the grid; where there are more, the last line says how many.
MOST = 4
ALL_DAY = "all day"
MARKS = {"done": "✓ ", "again": "↻ "}


class Line(NamedTuple):
    """Something on a day: what stands where its time does, in full and in the grid, the row itself, and the time by
    which it is sorted."""

    when: str
    short: str
    row: Mapping[str, Any]
    clock: str


def page_of_days(rows: Rows, days: Days, screen: Screen) -> Iterator[str]:
    """The lines of a list by days."""
    listed = _by_day(rows, days)
    if days.month and screen.columns >= GRID:
        yield from _grid(listed, days, screen)
    yield from _list(listed, days, screen)
    if not any(listed.values()):
        yield screen.dim(visible(rows.empty)) + "\n"


def _by_day(rows: Rows, days: Days) -> dict[date, list[Line]]:
    """What is on each day; what goes over midnight is on each of its days."""
    listed: dict[date, list[Line]] = {day.on: [] for day in days.days}
    for row in rows.rows:
        first, last = _span(row)
        for number in range((last - first).days + 1):
            on = first + timedelta(days=number)
            if on in listed:
                listed[on].append(_line(row, on, first, last, days.today))
    for lines in listed.values():
        lines.sort(key=lambda line: _rank(line))
    return listed


def _span(row: Mapping[str, Any]) -> tuple[date, date]:
    """The first and the last day of a row; what ends at midnight is not on the day that begins then. What has no time
    and lasts several days ends on a day."""
    first = last = date.fromisoformat(row["date"])
    if row["start"] and row["state"] != "overdue":
        first = _clock(row["start"]).date()
        if row["end"]:
            end = _clock(row["end"]).replace(tzinfo=None)
            last = max(first, (end - timedelta(microseconds=1)).date())
    elif row["end"] and not row["start"]:
        last = date.fromisoformat(row["end"])
    return first, last


def _rank(line: Line) -> tuple[bool, str]:
    """What is late from another day first, then what lasts all day, then by the clock."""
    return line.row["state"] != "overdue" or bool(line.clock), line.clock


def _line(row: Mapping[str, Any], on: date, first: date, last: date, today: date) -> Line:
    due = date.fromisoformat(row.get("due") or row["date"])
    if row["state"] == "overdue" and due < on == today:
        days = (today - due).days
        return Line(f"{days} day{'s' if days > 1 else ''} late", "!", row, "")
    if not row["start"] or first < on < last:
        return Line(ALL_DAY, "", row, "")
    start, end = (f"{_clock(row[name]):%H:%M}" if row[name] else "" for name in ("start", "end"))
    if on > first:
        return Line(ALL_DAY, "", row, "") if end == "00:00" else Line(f"…-{end}", f"…{end}", row, "00:00")
    if last > first:
        end = "…"
    elif end == "00:00":
        end = "24:00"
    late = " late" if row["state"] == "overdue" else ""
    return Line(f"{start}{'-' if end else ''}{end}{late}", start, row, start)


def _clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _list(listed: Mapping[date, list[Line]], days: Days, screen: Screen) -> Iterator[str]:
    every = [line for lines in listed.values() for line in lines]
    times = max([width(line.when) for line in every], default=0)
    room = screen.columns - times - 2 * len(GAP)
    cells = {id(line): _cells(line, days, screen) for line in every}
    sizes = fit(days.columns, [""] * len(days.columns), list(cells.values()), room)
    for day in days.days:
        if not (listed[day.on] or days.every or day.on == days.today):
            continue
        yield _heading(day, days, screen) + "\n"
        for line in listed[day.on]:
            texts = [pad(clip(text, size), size) for text, size in zip(cells[id(line)], sizes, strict=True) if size]
            yield clip(GAP.join(["", pad(line.when, times), *texts]).rstrip(), screen.columns) + "\n"


def _cells(line: Line, days: Days, screen: Screen) -> list[str]:
    """The columns of a row. What comes again has no number of its own: it is shown with that of its task."""
    row = line.row if line.row["state"] != "again" else {**line.row, "ref": f"{line.row['kind']}:{line.row['id']}"}
    mark = MARKS.get(row["state"], "")
    return [(mark if column.name == "what" else "") + cell(column, row, screen) for column in days.columns]


def _heading(day: Day, days: Days, screen: Screen) -> str:
    title = clip(f"{day.on:%A} {show_day(day.on, screen.calendar)}", screen.columns)
    about = ["today"] if day.on == days.today else []
    about += [visible(day.name) or "day off"] if day.off or day.name else []
    shown = clip(", ".join(about), screen.columns - width(title) - len(GAP))
    return screen.bold(title) + (GAP + screen.dim(shown) if shown else "")


# --- the grid --------------------------------------------------------------------------------------------------------


def _grid(listed: Mapping[date, list[Line]], days: Days, screen: Screen) -> Iterator[str]:
    """Weeks under each other, and an empty line behind the last."""
    size = (screen.columns - 6 * len(GAP)) // 7
    year, month, _ = split_day(days.days[0].on, screen.calendar)
    months = JALALI_MONTHS if screen.calendar == "jalali" else ENGLISH_MONTHS
    yield screen.bold(f"{months[month - 1].capitalize()} {year}") + "\n"
    names = [ENGLISH_DAYS[(days.week_start + number) % 7].capitalize() for number in range(7)]
    yield screen.dim(_across(names, size)) + "\n"
    known = {day.on: day for day in days.days}
    first = days.days[0].on
    week = first - timedelta(days=(first.weekday() - days.week_start) % 7)
    while week <= days.days[-1].on:
        found = [known.get(week + timedelta(days=number)) for number in range(7)]
        yield screen.bold(_across([_number(day, days, screen) for day in found], size)) + "\n"
        boxes = [_box(listed[day.on]) if day else [] for day in found]
        for number in range(max(map(len, boxes))):
            yield _across([box[number] if number < len(box) else "" for box in boxes], size) + "\n"
        week += timedelta(weeks=1)
    yield "\n"


def _across(texts: list[str], size: int) -> str:
    return GAP.join([pad(clip(text, size), size) for text in texts]).rstrip()


def _number(day: Day | None, days: Days, screen: Screen) -> str:
    """The number of a day in its month, in brackets today, and what it is where it is not worked."""
    if day is None:
        return ""
    number = str(split_day(day.on, screen.calendar)[2])
    number = f"[{number}]" if day.on == days.today else number
    return f"{number} {visible(day.name) or 'off'}" if day.off or day.name else number


def _box(lines: list[Line]) -> list[str]:
    """What is on a day, by its names alone."""
    texts = []
    for line in lines if len(lines) <= MOST else lines[: MOST - 1]:
        name = MARKS.get(line.row["state"], "") + visible(line.row["name"])
        texts.append(f"{line.short} {name}" if line.short else name)
    return texts if len(lines) <= MOST else [*texts, f"+{len(lines) - MOST + 1} more"]
