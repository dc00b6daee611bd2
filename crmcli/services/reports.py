"""Reports: one SQL text each over the documented views, filled with the records, periods and now of one question.

A file starts with comment lines: its title; `of:` the kinds of record that filter words choose from; `scope: any` to
count closed and archived ones as well; `periods: month 12` (or week, quarter, year); `column: NAME TYPE Label` for
each column, TYPE being text, integer, money (minor units, with a column `currency` beside it), percent (basis points),
days, date or instant (without such lines the columns are those of the answer); `bars:` a column to draw; `empty:` what
to say when there is nothing. Then one SELECT, which may read `chosen (id)` and `period (number, label, start_at,
end_at)`. A second SELECT after `-- since: NAME` returns the text columns of a line and an instant: the mean age in
days of those instants becomes the column NAME.
"""

from __future__ import annotations

import os
import re
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import crmcli
from crmcli.config import config_dir
from crmcli.domain.calendars import period_around, split_day
from crmcli.domain.dates import When, instant_of
from crmcli.domain.entities import entity
from crmcli.domain.fields import suggest
from crmcli.domain.types import Day, Instant, Integer, Money, Percent, read_instant, show_instant
from crmcli.errors import NotFoundError, UsageError
from crmcli.results import Column, Rows
from crmcli.services import records
from crmcli.store import connect, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.types import Type
    from crmcli.store.connect import Connection

TYPES: dict[str, Type | None] = {
    "text": None, "integer": Integer(), "money": Money(), "percent": Percent(), "days": Integer(0, unit="days"),
    "date": Day(), "instant": Instant(),
}  # fmt: skip
WHOLE = ("integer", "money", "percent", "days")
SPANS = ("week", "month", "quarter", "year")
DAY_SECONDS = 86_400
HEADER = re.compile(r"--\s*(?:([a-z]+):\s*)?(.*?)\s*$")
SINCE = re.compile(r"^-- since: (\w+)$", re.MULTILINE)


class Report(NamedTuple):
    """A report as its text tells it; `path` is what to call that text, `origin` "crm", "yours" or "plugin"; `columns`
    are (name, type word, label)."""

    name: str
    path: str
    origin: str
    title: str
    sql: str
    columns: tuple[tuple[str, str, str], ...]
    of: tuple[str, ...] = ()
    scope: str = ""
    periods: str = ""
    bars: str = ""
    empty: str = ""
    since: str = ""
    since_sql: str = ""


# --- finding -------------------------------------------------------------------------------------------------------


def names(ctx: Context) -> list[str]:
    """The names of all reports: the program's, those in the folder `reports` beside the settings, those of plugins."""
    return sorted(_texts(ctx))


def listing(ctx: Context) -> Rows:
    """Every report with its title and where it comes from. One that cannot be read is a warning."""
    found = []
    for name, text in sorted(_texts(ctx).items()):
        try:
            found.append(_opened(name, *text))
        except UsageError as error:
            ctx.say(f"warning: {error}")
    rows = [{"name": one.name, "title": one.title, "origin": one.origin, "file": one.path} for one in found]
    columns = (("name", "Name"), ("title", "Title"), ("origin", "From"), ("file", "File"))
    return Rows(tuple(Column(name, None, label) for name, label in columns), rows)


def find(ctx: Context, name: str) -> Report:
    """The report of that name. Raises NotFoundError with a suggestion, UsageError for a text that cannot be read."""
    texts = _texts(ctx)
    if name not in texts:
        hint = suggest(name, texts) or f"known: {', '.join(sorted(texts))}"
        raise NotFoundError(f"there is no report '{name}'", hint)
    return _opened(name, *texts[name])


def _opened(name: str, origin: str, path: str, text: str | None) -> Report:
    if text is None:
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise UsageError(f"the report {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(f"the report {path} cannot be read: it is no text in UTF-8") from None
    return _read(name, path, origin, text)


def _texts(ctx: Context) -> dict[str, tuple[str, str, str | None]]:
    """name -> (origin, path, text if it is at hand); the user's own go before plugins', and those before ours."""
    found: dict[str, tuple[str, str, str | None]] = {}
    ours = os.path.join(os.path.dirname(crmcli.__file__), "reports")
    for name in _names_in(ours):
        found[name] = ("crm", os.path.join(ours, f"{name}.sql"), None)
    if ctx.plugins_on and ctx.settings["plugins"]:
        from crmcli.plugins import bringing

        for one in bringing.reports(ctx.settings, ctx.say, taken=tuple(found)):
            found[one.name] = ("plugin", f"the plugin's report {one.name}", f"-- {one.title}\n{one.sql}")
    own = os.path.join(config_dir(), "reports")
    for name in _names_in(own):
        found[name] = ("yours", os.path.join(own, f"{name}.sql"), None)
    return found


def _names_in(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    return [name.removesuffix(".sql") for name in os.listdir(folder) if name.endswith(".sql") and name[0] != "."]


def _read(name: str, path: str, origin: str, text: str) -> Report:
    said: dict[str, str] = {}
    columns = []
    for line in text.splitlines():
        header = HEADER.match(line)
        if not header:
            break
        key, value = header[1] or "title", header[2]
        if key == "column":
            word, _, rest = value.partition(" ")
            kind, _, label = rest.strip().partition(" ")
            if kind not in TYPES:
                raise UsageError(f"{path}: the column '{word}' has no type", f"write one of: {', '.join(TYPES)}")
            columns.append((word, kind, label.strip() or word))
        else:
            said.setdefault(key, value)
    sql, *more = SINCE.split(text)
    since, since_sql = more[:2] if more else ("", "")
    return Report(
        name, path, origin, said.get("title", name), _select(path, sql), tuple(columns),
        tuple(word.strip() for word in said.get("of", "").split(",") if word.strip()),
        said.get("scope", ""), said.get("periods", ""), said.get("bars", ""), said.get("empty", "nothing to report"),
        since, _select(path, since_sql) if since else "",
    )  # fmt: skip


def _select(path: str, text: str) -> str:
    """The one SELECT of a part of a text, without the comments before it and the semicolon after it."""
    sql = re.sub(r"\A(?:\s*--[^\n]*\n)*", "", text).strip().removesuffix(";").strip()
    if not re.match(r"(?:select|with)\b", sql, re.IGNORECASE):
        raise UsageError(f"{path} is not a report: after its comment lines it wants one SELECT")
    return sql


# --- running -------------------------------------------------------------------------------------------------------


def report(ctx: Context, name: str, words: Sequence[str] = ()) -> Rows:
    """A report over the records that filter words choose. Raises NotFoundError, UsageError, FilterError, StoreError."""
    plan = find(ctx, name)
    if words and not plan.of:
        raise UsageError(f"the report {name} takes no filter", f"{plan.path} says nothing in a line '-- of: deal'")
    if plan.origin == "crm":
        return _run(ctx, ctx.reader, plan, words)
    ctx.reader  # noqa: B018  checks the store's revision, and makes the default book where there is none
    reader = connect.connect(ctx.settings.database, read_only=True)
    try:
        return _run(ctx, reader, plan, words)
    finally:
        reader.close()


def _run(ctx: Context, reader: Connection, plan: Report, words: Sequence[str]) -> Rows:
    sql, params = _given(ctx, plan, words, plan.sql)
    found, lines = reader.names(sql, params)
    columns = plan.columns or tuple((name, _kind([line[i] for line in lines]), name) for i, name in enumerate(found))
    kinds = {column: kind for column, kind, _ in columns}
    missing = [column for column in kinds if column not in found and column != plan.since]
    if missing:
        raise UsageError(f"{plan.path} declares columns that its SELECT does not return: {', '.join(missing)}")
    rows = [
        {column: _stored(kinds.get(column, "text"), value) for column, value in zip(found, line, strict=True)}
        for line in lines
    ]
    if plan.since:
        _add_ages(ctx, reader, plan, words, rows)
    shown = tuple(Column(column, TYPES[kind], label) for column, kind, label in columns)
    numbered = "id" in kinds or "ref" in kinds
    return Rows(shown, rows, title=plan.title, empty=plan.empty, bars=plan.bars, numbered=numbered)


def _kind(values: Sequence[Any]) -> str:
    """The type of a column that nobody declared, from the values in it."""
    present = [value for value in values if value is not None]
    for shape, kind in ((int, "integer"), (datetime, "instant"), (date, "date")):
        if present and all(isinstance(value, shape) and not isinstance(value, bool) for value in present):
            return kind
    return "text"


def _stored(kind: str, value: Any) -> Any:
    """A value as the store would give it: sums come back as decimals from PostgreSQL, instants as objects."""
    if value is None:
        return None
    if kind in WHOLE:
        return int(value)
    shape = TYPES[kind]
    return shape.from_db(value) if shape else str(value)


def _given(ctx: Context, plan: Report, words: Sequence[str], sql: str) -> tuple[str, list[Any]]:
    """A SELECT with what it asks for in a WITH clause before it, and the parameters of that."""
    parts: list[str] = []
    params: list[Any] = []
    if re.search(r"\bchosen\b", sql):
        if not plan.of:
            raise UsageError(f"{plan.path} reads 'chosen' but does not say of what", "add a line such as: -- of: deal")
        selects = []
        for name in plan.of:
            kind = entity(name)
            ctx.learn()
            node = records.bound(ctx, kind, records.filter_text(kind, words), scope=plan.scope != "any")
            text, values = read.chosen(ctx.reader, kind, node)
            selects.append(text)
            params += values
        parts.append(f"chosen (id) AS ({' UNION ALL '.join(selects)})")
    if re.search(r"\bperiod\b", sql):
        instant = "CAST(? AS timestamptz)" if ctx.reader.dialect == "postgresql" else "?"
        lines = _periods(ctx, plan)
        marks = ", ".join([f"(CAST(? AS integer), CAST(? AS text), {instant}, {instant})"] * len(lines))
        parts.append(f"period (number, label, start_at, end_at) AS (VALUES {marks})")
        params += [value for line in lines for value in line]
    if not parts:
        return sql, params
    own = re.match(r"with\b", sql, re.IGNORECASE)
    return f"WITH {', '.join(parts)}" + (f", {sql[own.end() :]}" if own else f" {sql}"), params


def _periods(ctx: Context, plan: Report) -> list[tuple[int, str, str, str]]:
    """(number, label, start, end) of the last so many weeks, months, quarters or years, the present one included, cut
    in the user's zone and calendar."""
    unit, _, count = plan.periods.partition(" ")
    if unit not in SPANS or not count.strip().isdigit() or int(count) < 1:
        raise UsageError(
            f"{plan.path} reads 'period' but does not say which", "add a line such as: -- periods: month 12"
        )
    now, calendar = ctx.env.now, ctx.env.calendar
    found = []
    for number in range(int(count)):
        first, last = period_around(now.date(), unit, calendar, ctx.env.week_start, number + 1 - int(count))
        start, end = (show_instant(instant_of(When(day, time()), now)) for day in (first, last))
        year, month, _ = split_day(first, calendar)
        label = {
            "week": first.isoformat(),
            "month": f"{year}-{month:02d}",
            "quarter": f"{year}-q{(month + 2) // 3}",
            "year": str(year),
        }[unit]
        found.append((number, label, start, end))
    return found


def _add_ages(ctx: Context, reader: Connection, plan: Report, words: Sequence[str], rows: list[dict[str, Any]]) -> None:
    """Whole mean days between the instants of the second SELECT and now, rounded half up. Done here because the two
    engines take instants apart in different ways."""
    sql, params = _given(ctx, plan, words, plan.since_sql)
    found, lines = reader.names(sql, params)
    totals: dict[tuple[Any, ...], tuple[timedelta, int]] = {}
    for *key, since in lines:
        moment = since if isinstance(since, datetime) else read_instant(since)
        total, count = totals.get(tuple(key), (timedelta(), 0))
        totals[tuple(key)] = (total + (ctx.env.now - moment), count + 1)
    for row in rows:
        total, count = totals.get(tuple(row[column] for column in found[:-1]), (timedelta(), 0))
        days = int(total.total_seconds() / count / DAY_SECONDS + 0.5) if count else None
        row[plan.since] = max(0, days) if days is not None else None
