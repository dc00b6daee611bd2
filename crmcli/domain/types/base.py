"""What every field type can do, and what reading a typed value may depend on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.workdays import PLAIN
from crmcli.errors import CrmError, FieldError

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.domain.workdays import Workdays

Stored = Any


class Env(Struct):
    """What reading a typed value may depend on: the clock's now (aware, in the user's zone) and the user's habits.
    `week_start` is 0 for Monday to 6 for Sunday; `workdays` finds out what it is asked when it is asked.
    With what is silent nobody has been in touch for `silent_days` days."""

    now: datetime
    calendar: str = "gregorian"
    currency: str = "EUR"
    region: str = ""
    me: str = ""
    order: str = "ymd"
    decimal: str | None = None
    week_start: int = 0
    workdays: Workdays = PLAIN
    silent_days: int = 14

    def week(self) -> tuple[int, frozenset[int]]:
        """The first day of the week and the days of it that are worked, none where these cannot be found out now."""
        with suppress(CrmError):
            return self.week_start, self.workdays.week(self.now.year)
        return self.week_start, frozenset()


class Type:
    """A kind of value. `name` is the word users see in `crm fields`."""

    name = "text"
    #: what a filter may do with it: "text", "number", "day", "instant", "choice", "flag", "ref", "tags"
    family = "text"
    #: a folded or normalised copy is kept in a column of its own, made by `key`
    keyed = False
    #: how many characters a text may have, and its key; None for any number
    longest: int | None = None
    #: the field of the same record that takes the rest of a text which is too long; "" where none does
    rest = ""

    def __init__(self, longest: int | None = None, rest: str = "") -> None:
        self.longest, self.rest = longest, rest

    def check_length(self, stored: str) -> str:
        """A stored text that is no longer than its type may be. Raises FieldError, which says how long that is."""
        if self.longest is None or self.fits(len(stored), stored) or (count := self.counted(stored)) <= self.longest:
            return stored
        what = "it has" if len(stored) > self.longest else "what it is compared by has"
        fit = f"at most {self.longest} fit: shorten it"
        rest = f" and put the rest in the {self.rest}" if self.rest else ""
        raise FieldError(f"{what} {count:,} characters, and {fit}{rest}")

    def fits(self, length: int, characters: str) -> bool:
        """Whether it shows at a glance that texts of these characters and at most this length are none too long."""
        return self.longest is None or length <= self.longest

    def counted(self, stored: str) -> int:
        """The characters of a stored text or of its key, whichever has more."""
        return len(stored)

    def parse(self, text: str, env: Env) -> Stored:
        """Read a typed value; empty text is None. Raises FieldError."""
        raise FieldError(f"{self.name} is set by the program")

    def key(self, stored: Stored, env: Env | None = None) -> str | None:
        """The comparison key of a stored value, for keyed types."""
        return None if stored is None else fold(stored)

    def from_db(self, value: Any) -> Stored:
        """What a driver returned as the stored form (PostgreSQL gives dates and instants as objects)."""
        return value

    def show(self, stored: Stored) -> str:
        """The stored value as plain text: what exports write and imports read back."""
        return "" if stored is None else str(stored)
