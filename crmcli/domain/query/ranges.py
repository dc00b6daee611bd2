"""The values that have an order - numbers, amounts, days, instants - alone or as a range, both ends inside."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.dates import When, instant_of
from crmcli.domain.periods import parse_range, parse_span
from crmcli.domain.query.spelling import quote
from crmcli.domain.query.tree import And, Compare, Empty, MoneyCompare, Not, Or, all_of
from crmcli.domain.text import clip, fold
from crmcli.domain.types import show_instant
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.query.tree import Node, Value
    from crmcli.domain.types import Env

ORDERED = frozenset(["number", "money", "day", "instant"])
#: The currency with the most decimals: amounts that name none are read in its units, ten-thousandths.
FINEST = "CLF"
#: So far apart are the days of one moment at most, from UTC-12 to UTC+14.
APART = timedelta(days=2)
#: The first day of a range and the one after its last; None is an open end.
Days = tuple[date | None, date | None]
#: What other languages write before a value.
SIGNS = r"[<>=!≤≥≠]+"


def ordered(field: Field, name: str, value: Value, entity: Entity, env: Env) -> Node:
    """The meaning of `10`, `10..`, `..20`, `10..20` or `..` for a field of an ORDERED family that was called `name`.

    Raises FieldError, which says how a range is written.
    """
    text, family = value.text.strip(), field.type.family
    if text == "..":
        return Not(Empty(field))
    _check_shape(name, text, family)
    if family == "day":
        days = parse_range(text, env.now, env.calendar, env.week_start, env.workdays)
        return _due(field, days, entity, env) if field.moment else _within(field, days)
    if family == "instant":
        span = parse_span(text, env.now, env.calendar, env.week_start, env.workdays)
        return _between(field, [None if moment is None else show_instant(moment) for moment in span])
    return _amounts(field, text, entity, env) if family == "money" else _numbers(field, text, env)


def instead(name: str, sign: str, value: str, family: str) -> str:
    """How a comparison that is written with a sign of other languages is written here."""
    if not value:
        return f"{name}:VALUE"
    if family in ORDERED and sign[0] in "<>≤≥" and sign != "<>":
        value = f"{value}.." if sign[0] in ">≥" else f"..{value}"
    return f"{'not ' if sign[0] in '!≠' or sign == '<>' else ''}{name}:{quote(value)}"


def check_commas(name: str, values: tuple[Value, ...]) -> None:
    """Refuse value:1,500 - one amount to most people, but a comma between values is `or`."""
    text = ",".join(" " if value.quoted else value.text for value in values)
    found = re.search(r"(?<![\d,.])\d{1,3}(?:,\d{2,3})*,\d{3}(?!,?\d)(?:\.\d+)?\w*", text)
    if found:
        either = " or ".join(f"{name}:{part}" for part in found[0].split(","))
        raise FieldError(
            f"'{clip(found[0], 60)}' can be read in two ways: a comma between values means 'or'",
            hint=f"write {name}:{found[0].replace(',', '')}, or {either}",
        )


def _check_shape(name: str, text: str, family: str) -> None:
    """Refuse what looks like a range of another language, with the range that is meant."""
    if found := re.match(SIGNS, text):
        meant = instead(name, found[0], text[found.end() :].strip(), family)
        raise FieldError(
            f"'{found[0]}' is not a sign of filters", hint=f"write {meant} (the ends of a range are inside)"
        )
    if "..." in text or text.count("..") > 1:
        low, high = ("2026-01", "2026-03") if family in ("day", "instant") else ("10", "20")
        raise FieldError(
            f"'{clip(text, 60)}' is not a range",
            hint=f"two dots stand between its ends: {name}:{low}..{high}, {name}:{low}.. or {name}:..{high}",
        )
    dashed = None if ".." in text else re.fullmatch(r"(\d\S*?) ?[-–—] ?(\d\S*)", text)
    if family in ("number", "money") and dashed:
        raise FieldError(f"'{clip(text, 60)}' is not a range", hint=f"write {name}:{dashed[1]}..{dashed[2]}")


def _numbers(field: Field, text: str, env: Env) -> Node:
    low, dots, high = text.partition("..")
    if not dots:
        return Compare(field, "=", _number(field, text, env))
    tests = [Compare(field, op, _number(field, end, env)) for op, end in ((">=", low), ("<=", high)) if end]
    _check_order([test.value for test in tests], text)
    return all_of(tests)


def _number(field: Field, text: str, env: Env) -> Any:
    hint = "write it in digits, such as 25, or as a range: 10..20"
    try:
        value = field.type.parse(text, env)
    except FieldError as error:
        raise FieldError(error.message, hint=error.hint or hint) from None
    if value is None:
        raise FieldError(f"'{clip(text, 60)}' is not a number", hint=hint)
    return value


def _amounts(field: Field, text: str, entity: Entity, env: Env) -> Node:
    """An amount is compared in each record's own currency; one that names a currency fits that currency alone."""
    low, dots, high = text.partition("..")
    ends = ((">=", low), ("<=", high)) if dots else (("=", text),)
    read = [(op, *_amount(end, env)) for op, end in ends if end]
    codes = {code for _, _, code in read if code}
    if len(codes) > 1:
        raise FieldError(
            f"'{clip(text, 60)}' is in two currencies", hint="write both ends in one, or leave the currency out"
        )
    _check_order([units for _, units, _ in read], text)
    tests: list[Node] = [Compare(entity.by_name["currency"], "=", code) for code in codes]
    return all_of([*tests, *(MoneyCompare(field, op, units) for op, units, _ in read)])


def _amount(text: str, env: Env) -> tuple[int, str]:
    """Ten-thousandths of the major unit, and the currency where the text names one."""
    try:
        minor, code = money.parse_money(text, FINEST, env.decimal)
        named = code != FINEST or fold(FINEST) in fold(text)
    except FieldError:
        named = False
        # Said about the user's own currency; one of three decimals takes 1.005, which is in doubt elsewhere.
        minor, code = money.parse_money(text, env.currency, env.decimal)
    if named:
        # A sign that several currencies share, such as $, is the user's own.
        minor, code = money.parse_money(text, env.currency, env.decimal)
    return minor * 10 ** (4 - money.exponent(code)), code if named else ""


def _check_order(ends: list[Any], text: str) -> None:
    if len(ends) == 2 and ends[0] > ends[1]:
        raise FieldError(f"The range '{clip(text, 60)}' ends before it starts.", hint="Write the smaller side first.")


def _due(field: Field, days: Days, entity: Entity, env: Env) -> Node:
    """A range of days of what may have a time: it is due on the day that its moment falls on for whoever asks.

    The stored day is never far from that one, so its index finds what may fit.
    """
    if days == (None, None):
        return Not(Empty(field))
    moment = entity.by_name[field.moment]
    timed = _between(moment, [None if day is None else _midnight(day, env) for day in days])
    around = _within(field, _wider(days, APART))
    if not field.untimed:
        return And((around, Or((timed, And((Empty(moment), _within(field, days)))))))
    untimed = entity.by_name[field.untimed]
    exact = [around, Or((timed, _within(untimed, days)))]
    start, end = days
    if start is not None:  # the earliest of several counts: none of them may be before the range
        exact += [Not(Compare(moment, "<", _midnight(start, env))), Not(Compare(untimed, "<", start.isoformat()))]
    if start is not None and end is not None and end - start <= 2 * APART:
        return And(tuple(exact))
    return Or((_within(field, _wider(days, -APART)), And(tuple(exact))))


def _midnight(day: date, env: Env) -> str:
    return show_instant(instant_of(When(day, time()), env.now))


def _wider(days: Days, by: timedelta) -> Days:
    """A range with both ends moved outwards, as far as there are days."""
    ends = [None if day is None else day.toordinal() for day in days]
    moved = (
        None if end is None else max(1, min(end + sign * by.days, date.max.toordinal()))
        for end, sign in zip(ends, (-1, 1), strict=True)
    )
    start, end = (None if end is None else date.fromordinal(end) for end in moved)
    return start, end


def _within(field: Field, days: Days) -> Node:
    return _between(field, [None if day is None else day.isoformat() for day in days])


def _between(field: Field, ends: list[str | None]) -> Node:
    """From the first end on, and before the second; None is an open end, and two of them leave any value."""
    tests = [Compare(field, op, end) for op, end in zip((">=", "<"), ends, strict=True) if end is not None]
    return all_of(tests) if tests else Not(Empty(field))
