"""Days and moments, and their texts in the store."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain import dates
from crmcli.domain.types.base import Type

if TYPE_CHECKING:
    from crmcli.domain.types.base import Env, Stored
    from crmcli.domain.workdays import Workdays


def show_instant(moment: datetime) -> str:
    """An aware datetime as the stored text: UTC, milliseconds, `Z`."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def read_instant(stored: str) -> datetime:
    """The aware UTC datetime of a stored instant."""
    return datetime.fromisoformat(stored)


def due_day(on: str | None, at: str | None, now: datetime) -> date | None:
    """The day, in the zone of `now`, on which a stored day or moment is due; the day counts only without a moment."""
    if at:
        return dates.local(read_instant(at), now.tzinfo).date()
    return date.fromisoformat(on) if on else None


def _habits(env: Env) -> tuple[datetime, str, str, int, Workdays]:
    return env.now, env.calendar, env.order, env.week_start, env.workdays


class Day(Type):
    """A day without a time."""

    name = "date"
    family = "day"

    def parse(self, text: str, env: Env) -> Stored:
        if not text.strip():
            return None
        return dates.parse_day(text, *_habits(env)).isoformat()

    def from_db(self, value: Any) -> Stored:
        return value.isoformat() if isinstance(value, date) else value


class Instant(Type):
    """A moment, kept in UTC."""

    name = "instant"
    family = "instant"

    def parse(self, text: str, env: Env) -> Stored:
        if not text.strip():
            return None
        return show_instant(dates.parse_instant(text, *_habits(env)))

    def from_db(self, value: Any) -> Stored:
        return show_instant(value) if isinstance(value, datetime) else value
