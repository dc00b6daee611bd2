"""Days and moments, and their texts in the store."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain import dates
from crmcli.domain.text import clip
from crmcli.domain.types.base import Type
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from crmcli.domain.types.base import Env, Stored
    from crmcli.domain.workdays import Workdays


def show_instant(moment: datetime) -> str:
    """An aware datetime as the stored text: UTC, milliseconds, `Z`."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)  # %Y has fewer than four digits in years before 1000
    return f"{utc.isoformat(timespec='milliseconds')}Z"


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


class Birthday(Day):
    """The day on which somebody was born: one that has come."""

    def parse(self, text: str, env: Env) -> Stored:
        found = super().parse(text, env)
        if found and found > env.now.date().isoformat():
            meant = "" if found == text.strip() else f" is {found}"
            raise FieldError(
                f"'{clip(text, 60)}'{meant}: nobody is born yet on a day to come",
                hint="write its year, as in 1980-06-15; where nobody knows it: "
                "crm occasion add birthday --on contact:12 --date 06-15",
            )
        return found


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
