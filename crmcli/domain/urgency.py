"""How urgent a record is: a sum of terms, each of them a factor from 0 to 1 times a coefficient.

That is how Taskwarrior finds what to do next (https://taskwarrior.org/docs/urgency/). The ramp of a due date and the
coefficients of due, priority, blocked, blocking, age and tags are its own; the terms about sales and people are ours.
Coefficients are settings: `urgency.due`, and by the words of the book `urgency.tag.next`, `urgency.type.call`,
`urgency.stage.proposition`; 0 switches a term off, and a negative one lowers the sum.

All of it is whole numbers, factors in thousandths, coefficients, products and sums in hundredths: so a figure is the
same on every engine and machine, and the products that are shown add up to the sum that is shown.

A term looks at a record's stored values by field name, and at what `services.urgency` puts beside them:
`sale`, the lead or deal that counts (a task's, where that is open; for a lead or deal itself); in it `mean_value`, the
average of the open ones in its currency; `rot_days` of a lead's or deal's stage; `owed_since` of a task, from whom it
is about; `touch`, (day since which one is due, after how many days, since when there was none) of a contact or company,
and `occasion`, (day, name) of the next one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain.dates import local, relative
from crmcli.domain.entities import PRIORITIES
from crmcli.domain.figures import KINDS, URGENCY
from crmcli.domain.money import format_money
from crmcli.domain.query.neglect import quiet_days, rotting_days
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold, squashed
from crmcli.domain.types import Number, read_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crmcli.domain.types.base import Stored

TASKS, LEADS, SALES, PEOPLE = ("task",), ("lead",), ("lead", "deal"), ("contact", "company")
ONE = 1000
SECOND, DAY = timedelta(seconds=1), 86_400
PRIORITY = (0, 300, 650, ONE)
TAGS = (0, 800, 900, ONE)
#: So many days before an occasion it begins to count.
AHEAD = 14


class Points(Number):
    """A coefficient, a product or a sum: a number kept in hundredths and shown with both its decimals."""

    name = "points"
    DECIMALS = 2
    SCALE = 10**DECIMALS

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        whole, part = divmod(abs(stored), self.SCALE)
        return f"{'-' if stored < 0 else ''}{whole}.{part:0{self.DECIMALS}d}"


class Factor(Points):
    """A number from 0 to 1, kept in thousandths and shown with all its decimals."""

    name = "factor"
    DECIMALS = 3
    SCALE = 10**DECIMALS


class Look(Struct):
    """Who looks at records, and when: an aware moment in the zone of whoever looks, the day that it is there, their
    folded name, and what their settings call silent and new, in days."""

    now: datetime
    today: date
    me: str = ""
    silent_days: int = 14
    new_days: int = 7


class Term(Struct):
    """One term: the kinds of record that have it, what it means, its usual coefficient, the factor in thousandths of a
    record as somebody looks at it, and why it applies, in words; `why` is asked where the factor is not 0."""

    name: str
    kinds: tuple[str, ...]
    meaning: str
    usual: float
    factor: Callable[[Mapping[str, Any], Look], int]
    why: Callable[[Mapping[str, Any], Look], str]

    @property
    def setting(self) -> str:
        """The setting that has its coefficient: `urgency.due`, `urgency.tag.next`."""
        return f"{URGENCY}.{self.name.replace(':', '.', 1)}"


# --- factors ---------------------------------------------------------------------------------------------------------


def ramp(value: int, low: int, high: int, bottom: int = 0, top: int = ONE) -> int:
    """`bottom` up to `low`, `top` from `high` on, and a straight line between, in whole numbers."""
    if value <= low:
        return bottom
    return top if value >= high else bottom + (value - low) * (top - bottom) // (high - low)


def overstayed(past: int | None, limit: int) -> int:
    """Half once a limit of days has passed, all once as many have gone by after it; None, or days to come, is before
    that."""
    return 0 if past is None or past < 0 else ramp(past, 0, limit, ONE // 2)


def due_factor(seconds: int) -> int:
    """The factor of what is due since so many seconds, negative before: Taskwarrior's ramp, 0.2 until 14 days before
    the date, from there on in a straight line to 1.0 at 7 days after it (src/Task.cpp, Task::urgency_due)."""
    return ramp(seconds, -14 * DAY, 7 * DAY, 200)


def _since(stored: str | None, look: Look) -> int:
    """Seconds since a stored instant; before it, and without one, 0."""
    return max(0, (look.now - read_instant(stored)) // SECOND) if stored else 0


def _days(row: Mapping[str, Any], look: Look, *names: str) -> int:
    """Whole days since the latest of these instants of a record, or since it was entered."""
    latest = max((row[name] for name in names if row.get(name)), default=row["created_at"])
    return _since(latest, look) // DAY


def _past(day: str, look: Look) -> int:
    """Days since a stored day, negative before it."""
    return (look.today - date.fromisoformat(day)).days


def _when(row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The day without a time and the moment at which a task is due, one of them; of a lead or deal those of its next
    tasks."""
    if "next_due_on" in row:
        return row["next_due_on"], row["next_due_at"]
    return None if row["due_at"] else row["due_on"], row["due_at"]


def _due(row: Mapping[str, Any], look: Look) -> int:
    on, at = _when(row)
    late = [_past(on, look) * DAY] if on else []
    if at:
        late.append((look.now - read_instant(at)) // SECOND)
    return due_factor(max(late)) if late else 0


def _delegated(row: Mapping[str, Any], look: Look) -> int:
    by = row.get("delegated_by")
    return ONE if by and fold(by) == look.me and fold(row.get("owner") or "") != look.me else 0


def _rotting(row: Mapping[str, Any], look: Look) -> int:
    return overstayed(rotting_days(row, look.now, row["rot_days"]), row["rot_days"])


def _silent(row: Mapping[str, Any], look: Look) -> int:
    if rotting_days(row, look.now, row["rot_days"]) is not None:
        return 0
    return overstayed(quiet_days(row, look.now) - look.silent_days, look.silent_days)


def _new(row: Mapping[str, Any], look: Look) -> int:
    return ONE if not row["last_touch"] and _days(row, look) < look.new_days else 0


def _owed(row: Mapping[str, Any], look: Look) -> int:
    """Half at once, all after three days; what nobody has answered for months fades, for by then little hangs on it."""
    if not row["owed_since"]:
        return 0
    waited = _since(row["owed_since"], look)
    return min(ramp(waited, 0, 3 * DAY, ONE // 2), ramp(waited, 30 * DAY, 90 * DAY, ONE, 200))


def _touch(row: Mapping[str, Any], look: Look) -> int:
    return overstayed((look.today - row["touch"][0]).days, row["touch"][1]) if row["touch"] else 0


def _occasion(row: Mapping[str, Any], look: Look) -> int:
    if not row["occasion"]:
        return 0
    ahead = (row["occasion"][0] - look.today).days
    return ramp(-ahead, -AHEAD, 0, 200) if ahead <= AHEAD else 0


def _closing(row: Mapping[str, Any], look: Look) -> int:
    sale = row["sale"]
    return ramp(_past(sale["close_on"], look), -30, 0) if sale and sale["close_on"] else 0


def _value(row: Mapping[str, Any], _look: Look) -> int:
    sale = row["sale"]
    value, mean = (sale["value"] or 0, sale["mean_value"]) if sale else (0, 0)
    return int(value * ONE // (value + mean)) if value > 0 and mean > 0 else 0


def _chance(row: Mapping[str, Any], _look: Look) -> int:
    return (row["sale"]["probability"] or 0) // 10 if row["sale"] else 0


# --- words -----------------------------------------------------------------------------------------------------------


def _counted(number: int, one: str) -> str:
    return f"1 {one}" if number == 1 else f"{number} {one}s"


def _ago(row: Mapping[str, Any], look: Look) -> str:
    return f"{_counted(_days(row, look), 'day')} ago"


def _due_words(row: Mapping[str, Any], look: Look) -> str:
    on, at = _when(row)
    moment = local(read_instant(at), look.now.tzinfo) if at else None
    if on and (moment is None or date.fromisoformat(on) <= moment.date()):
        when = relative(date.fromisoformat(on), look.today)
    else:
        assert moment is not None
        when = f"{relative(moment.date(), look.today)} {moment:%H:%M}"
    return f"its next task is due {when}" if "next_due_on" in row else f"due {when}"


def _rotting_words(row: Mapping[str, Any], look: Look) -> str:
    limit = row["rot_days"]
    days = (rotting_days(row, look.now, limit) or 0) + limit
    return f"{_counted(days, 'day')} in {row['stage']} without a touch, rotting from {limit} on"


def _silent_words(row: Mapping[str, Any], look: Look) -> str:
    return f"no touch for {_counted(quiet_days(row, look.now), 'day')}, silent from {look.silent_days} on"


def _owed_words(row: Mapping[str, Any], look: Look) -> str:
    return f"they wrote last, {relative(local(read_instant(row['owed_since']), look.now.tzinfo).date(), look.today)}"


def _touch_words(row: Mapping[str, Any], look: Look) -> str:
    _, every, since = row["touch"]
    return f"no touch for {_counted(_since(since, look) // DAY, 'day')}, and one is due every {_counted(every, 'day')}"


def _of_sale(row: Mapping[str, Any], text: str) -> str:
    """What is said of a lead or deal; of the one that a task hangs on, with its number."""
    sale = row["sale"]
    return text if sale is row else f"{sale['kind']}:{sale['id']}: {text}"


def _closing_words(row: Mapping[str, Any], look: Look) -> str:
    day = date.fromisoformat(row["sale"]["close_on"])
    return _of_sale(row, f"{'was' if day < look.today else 'is'} to close {relative(day, look.today)}")


def _value_words(row: Mapping[str, Any], _look: Look) -> str:
    sale, code = row["sale"], row["sale"]["currency"] or ""
    value, mean = (format_money(sale[name], code) for name in ("value", "mean_value"))
    return _of_sale(row, f"worth {value} {code}, on average it is {mean}")


def _chance_words(row: Mapping[str, Any], _look: Look) -> str:
    return _of_sale(row, f"{row['sale']['probability'] // 100}% to win")


# --- the table -------------------------------------------------------------------------------------------------------

TERMS = (
    Term("due", TASKS + SALES, "A task, or the next task of a lead or deal, is due or overdue", 12, _due, _due_words),
    Term("priority", TASKS + SALES, "Its priority is high, medium or low", 6,
         lambda row, _: PRIORITY[row["priority"] or 0],
         lambda row, _: f"its priority is {PRIORITIES[row['priority']]}"),
    Term("blocking", TASKS, "Other open tasks need it done first", 8,
         lambda row, _: ONE if row["blocks"] else 0,
         lambda row, _: f"needed first by {_counted(row['blocks'], 'open task')}"),
    Term("blocked", TASKS, "It needs other tasks that are still open", -5,
         lambda row, _: ONE if row["blocked_by"] else 0,
         lambda row, _: f"it waits for {_counted(row['blocked_by'], 'open task')}"),
    Term("delegated", TASKS, "You gave it to somebody else", -3, _delegated,
         lambda row, _: f"you gave it to {row['owner'] or 'somebody else'}"),
    Term("idle", SALES, "A lead or deal has no next task", 9,
         lambda row, _: 0 if row["open_tasks"] else ONE, lambda *_: "there is no next task"),
    Term("new", LEADS, "A new lead that nobody has been in touch with", 6, _new,
         lambda row, look: f"entered {_ago(row, look)}, and nobody has been in touch"),
    Term("rotting", SALES, "No touch for longer than its stage has days to rot", 5, _rotting, _rotting_words),
    Term("silent", SALES, "No touch for silent_days, and it is not rotting", 4, _silent, _silent_words),
    Term("owed", KINDS, "They wrote last, and wait for an answer; it fades after a month", 5, _owed, _owed_words),
    Term("touch", PEOPLE, "The rhythm of a contact or company has passed without a touch", 6, _touch, _touch_words),
    Term("occasion", PEOPLE, "A birthday or another occasion is near", 4, _occasion,
         lambda row, look: f"{row['occasion'][1]} {relative(row['occasion'][0], look.today)}"),
    Term("closing", TASKS + SALES, "The close date of the lead or deal is near, or has passed", 5,
         _closing, _closing_words),
    Term("value", TASKS + SALES, "The value of the lead or deal, measured by the average of open ones", 3,
         _value, _value_words),
    Term("chance", TASKS + SALES, "The probability of the lead or deal", 2, _chance, _chance_words),
    Term("tags", KINDS, "It has tags", 1, lambda row, _: TAGS[min(len(row["tags"]), 3)],
         lambda row, _: f"it has {_counted(len(row['tags']), 'tag')}"),
    Term("age", TASKS + SALES, "The longer ago it was entered, up to a year", 2,
         lambda row, look: ramp(_days(row, look), 0, 365), lambda row, look: f"entered {_ago(row, look)}"),
)  # fmt: skip


class Family(Struct):
    """Terms of the words that the book has: the vocabulary, the kinds of record that have such a word, what the term
    means, why it applies, the words of a record, and by what a word is compared, however it is written."""

    name: str
    vocabulary: str
    kinds: tuple[str, ...]
    meaning: str
    phrase: str
    words: Callable[[Mapping[str, Any]], Iterable[str]]
    key: Callable[[str], str]

    def term(self, word: str) -> Term:
        """The term of a word, however it is written."""
        key = self.key(word)

        def factor(row: Mapping[str, Any], _look: Look) -> int:
            return ONE if any(self.key(name) == key for name in self.words(row)) else 0

        return Term(f"{self.name}:{word}", self.kinds, self.meaning, 0, factor, lambda *_: self.phrase.format(word))


FAMILIES = (
    Family("tag", "tag", KINDS, "A record with that tag", "it has the tag {}", lambda row: row["tags"], fold),
    Family(
        "type", "task_type", TASKS, "A task of that type", "its type is {}", lambda row: _named(row, "type"), squashed
    ),
    Family(
        "stage", "stage", SALES, "A lead or deal in that stage", "it is in {}", lambda row: _named(row, "stage"), fold
    ),
)


def _named(row: Mapping[str, Any], field: str) -> tuple[str, ...]:
    return (row[field],) if row[field] else ()


# --- sums ------------------------------------------------------------------------------------------------------------


def points(coefficient: float) -> int:
    """A coefficient of the settings, which has at most two decimals, in hundredths."""
    return round(coefficient * 100)


def product(factor: int, coefficient: int) -> int:
    """A factor in thousandths times a coefficient in hundredths, in hundredths, rounded half away from zero."""
    size = (factor * abs(coefficient) + ONE // 2) // ONE
    return -size if coefficient < 0 else size


def over(row: Mapping[str, Any]) -> str:
    """Why nothing about a record is urgent any more: it was removed, archived, closed or done; "" where it is not."""
    for name in ("removed_at", "archived_at", "done_at"):
        if row.get(name):
            return {"removed_at": "it was removed", "archived_at": "it was put aside", "done_at": "it is done"}[name]
    return "" if row.get("status", "open") == "open" else f"it is {row['status']}"


def urgency(row: Mapping[str, Any], terms: Iterable[tuple[Term, int]], look: Look) -> int:
    """The urgency of a record in hundredths, by terms with their coefficients."""
    if over(row):
        return 0
    total = 0
    for term, coefficient in terms:
        factor = term.factor(row, look)
        if factor:
            total += product(factor, coefficient)
    return total
