"""Field types: how a value is typed by people, kept in the store, and shown.

A stored value is JSON-native on both engines: text, whole numbers, booleans, ISO days (`2026-12-01`) and UTC
instants of fixed width (`2026-12-01T09:00:00.000Z`, so that text order is time order). Money is minor units,
probability is basis points (10,000 = 100 %). `None` is empty; an empty text is stored as `None`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from crmcli.domain import address, dates, money
from crmcli.domain.struct import Struct
from crmcli.domain.text import blank, check_text, digits, fold, squashed, unmarked
from crmcli.errors import FieldError

if TYPE_CHECKING:
    from datetime import tzinfo

Stored = Any
#: How many characters a text may have that an index holds, and its folded key as well. An entry of PostgreSQL's has at
#: most 2,704 bytes, with all its columns, and a character up to four.
INDEXED = 600
#: So many characters does `fold` make of one at most, U+FDFA, and of one before U+2057.
_GROWTH, _GROWTH_BEFORE = 18, 3


class Env(Struct):
    """What reading a typed value may depend on: the clock's now (aware, in the user's zone) and the user's habits.
    `week_start` is 0 for Monday to 6 for Sunday."""

    now: datetime
    calendar: str = "gregorian"
    currency: str = "EUR"
    region: str = ""
    me: str = ""
    order: str = "ymd"
    decimal: str | None = None
    week_start: int = 0


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


@cache  # compiled when first needed
def _growing() -> re.Pattern[str]:
    """A character that may grow more than `_GROWTH_BEFORE` times when it is folded."""
    return re.compile("[\u2057-\U0010ffff]")


class Text(Type):
    """One line of text."""

    keyed = True
    multiline = False

    def parse(self, text: str, env: Env) -> Stored:
        text = check_text(text).strip()
        if not self.multiline and "\n" in text:
            text = " ".join(text.split())
        return None if blank(text) else self.check_length(text)

    def fits(self, length: int, characters: str) -> bool:
        if self.longest is None or length * _GROWTH <= self.longest:
            return True
        if length > self.longest or characters.isascii():
            return length <= self.longest
        return length * _GROWTH_BEFORE <= self.longest and not _growing().search(characters)

    def counted(self, stored: str) -> int:
        return max(len(stored), len(fold(stored)))


class LongText(Text):
    """Several lines of text."""

    name = "long text"
    multiline = True


class Identifier(Type):
    """An identifier of another system or of ours: compared exactly, never folded."""

    name = "identifier"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        return self.check_length(check_text(text).strip()) or None


class ExternalId(Identifier):
    """An id of another system, in ASCII digits: one program writes ۱۰۰۱ and the next 1001."""

    def parse(self, text: str, env: Env) -> Stored:
        return super().parse(digits(text), env)


class Integer(Type):
    """A whole number between `low` and `high`, both included."""

    name = "integer"
    family = "number"

    def __init__(self, low: int = -(2**63), high: int = 2**63 - 1, unit: str = "") -> None:
        self.low, self.high, self.unit = low, high, unit

    def parse(self, text: str, env: Env) -> Stored:
        plain = digits(text).strip().replace(",", "").replace("\u202f", "").replace(" ", "")
        if not plain:
            return None
        if plain.endswith(".0"):
            plain = plain[:-2]
        scale = {"k": 1000, "m": 1_000_000}.get(plain[-1:].lower(), 1)
        body = plain[:-1] if scale > 1 else plain
        if not body[body[:1] in ("+", "-") :].isdigit() or not body.isascii() or len(body) > 20:
            raise FieldError(f"'{text}' is not a whole number")
        number = int(body) * scale
        if not self.low <= number <= self.high:
            raise FieldError(f"{number} is out of range: {self.low} to {self.high}")
        return number


class Number(Integer):
    """A number with up to six decimals, kept in millionths: whole numbers are compared alike by both engines and by
    Python, and a decimal fraction stays what was typed."""

    name = "number"
    DECIMALS = 6
    SCALE = 10**DECIMALS

    def parse(self, text: str, env: Env) -> Stored:
        plain = "".join(digits(unmarked(text), env.decimal).replace("\u2212", "-").split())
        if not plain:
            return None
        scale = {"k": 1000, "m": 1_000_000}.get(plain[-1:].lower(), 1)
        body = plain[:-1] if scale > 1 else plain
        sign, body = (body[0], body[1:]) if body[:1] in ("+", "-") else ("", body)
        body, power, exponent = body.lower().partition("e")
        whole, _, part = _pointed(body, env.decimal).partition(".")
        if power:
            whole, part = _moved(whole, part, exponent)
        if not (whole + part).isdigit() or not plain.isascii() or len(whole) > 20:
            raise FieldError(f"'{text}' is not a number", hint="write it in digits, such as 25, -3.5 or 1,200")
        part = part.rstrip("0")
        if len(part) > self.DECIMALS:
            raise FieldError(f"'{text}' has more than {self.DECIMALS} decimals", hint="round it")
        number = (int(whole or "0") * self.SCALE + int(part.ljust(self.DECIMALS, "0"))) * scale
        if number > self.high:
            raise FieldError(f"'{text}' is out of range: {self.show(-self.high)} to {self.show(self.high)}")
        return -number if sign == "-" else number

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        whole, part = divmod(abs(stored), self.SCALE)
        text = f"{whole}.{part:0{self.DECIMALS}d}".rstrip("0") if part else str(whole)
        return f"-{text}" if stored < 0 else text


def _moved(whole: str, part: str, exponent: str) -> tuple[str, str]:
    """Digits before and after the point, with the point moved as 1.5e-06 says, which is how programs write what is very
    small or large; none where that is no exponent."""
    sign, far = (exponent[0], exponent[1:]) if exponent[:1] in ("+", "-") else ("", exponent)
    if not (far.isdigit() and len(far) < 3 and whole):
        return "", ""
    if sign == "-":
        whole = whole.zfill(int(far) + 1)
        return whole[: -int(far) or None], whole[len(whole) - int(far) :] + part
    part = part.ljust(int(far), "0")
    return whole + part[: int(far)], part[int(far) :]


def _pointed(number: str, decimal: str | None) -> str:
    """A number of digits and separators with a point for the decimal sign and none for thousands. Where the sign is not
    known, the last of two kinds is it, and a lone comma before exactly three digits groups thousands."""
    if decimal is None:
        comma, point = number.rfind(","), number.rfind(".")
        if comma >= 0 and point >= 0:
            decimal = "," if comma > point else "."
        elif comma >= 0:
            grouped = number.count(",") > 1 or (len(number) - comma == 4 and number[:1] not in ("0", ","))
            decimal = "." if grouped else ","
        else:
            decimal = "." if number.count(".") < 2 else ","
    other = "." if decimal == "," else ","
    body, mark, fraction = number.rpartition(decimal) if decimal in number else (number, "", "")
    groups = body.split(other)
    if other in fraction or (len(groups) > 1 and not all(len(group) == 3 for group in groups[1:])):
        return ""
    return "".join(groups) + mark.replace(",", ".") + fraction


class Percent(Type):
    """A probability in percent with up to two decimals, kept in basis points."""

    name = "percent"
    family = "number"

    def parse(self, text: str, env: Env) -> Stored:
        plain = digits(text).strip().removesuffix("%").removesuffix("٪").strip().replace(",", ".")
        if not plain:
            return None
        whole, _, part = plain.partition(".")
        if not whole.isdigit() or not (part + "0").isdigit() or not plain.isascii() or len(whole) > 3 or len(part) > 2:
            raise FieldError(f"'{text}' is not a percentage", hint="write a number from 0 to 100, such as 25 or 33.49")
        points = int(whole) * 100 + int((part + "00")[:2])
        if points > 10_000:
            raise FieldError(f"{text} is more than 100 %")
        return points

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        whole, part = divmod(stored, 100)
        return f"{whole}.{part:02d}".rstrip("0") if part else str(whole)


class Money(Type):
    """An amount in minor units of the record's currency; `currency` names the field that holds the code."""

    name = "money"
    family = "money"

    def __init__(self, currency: str = "currency") -> None:
        self.currency = currency

    def parse(self, text: str, env: Env) -> Stored:
        """The minor units in `env.currency`; an amount that names another currency is refused here."""
        if not text.strip():
            return None
        minor, code = money.parse_money(text, env.currency, env.decimal)
        if code != env.currency:
            raise FieldError(f"'{text}' is in {code}, the record is in {env.currency}")
        return minor


class Currency(Type):
    """An ISO 4217 code."""

    name = "currency"
    family = "identifier"

    def parse(self, text: str, env: Env) -> Stored:
        code = text.strip().upper()
        if not code:
            return None
        if not money.known(code):
            raise FieldError(f"'{text}' is not a currency", hint="use an ISO 4217 code such as EUR, USD or IRR")
        return code


class Day(Type):
    """A day without a time."""

    name = "date"
    family = "day"

    def parse(self, text: str, env: Env) -> Stored:
        if not text.strip():
            return None
        return dates.parse_day(text, env.now, env.calendar, env.order, env.week_start).isoformat()

    def from_db(self, value: Any) -> Stored:
        return value.isoformat() if isinstance(value, date) else value


class Instant(Type):
    """A moment, kept in UTC."""

    name = "instant"
    family = "instant"

    def parse(self, text: str, env: Env) -> Stored:
        if not text.strip():
            return None
        return show_instant(dates.parse_instant(text, env.now, env.calendar, env.order, env.week_start))

    def from_db(self, value: Any) -> Stored:
        return show_instant(value) if isinstance(value, datetime) else value


YES = frozenset(["yes", "y", "true", "1", "on", "بله", "آری"])
NO = frozenset(["no", "n", "false", "0", "off", "خیر", "نه"])


class Flag(Type):
    """Yes or no; never empty."""

    name = "flag"
    family = "flag"

    def parse(self, text: str, env: Env) -> Stored:
        word = text.strip().casefold()
        if word in YES:
            return True
        if word in NO or not word:
            return False
        raise FieldError(f"'{text}' is neither yes nor no")

    def from_db(self, value: Any) -> Stored:
        return None if value is None else bool(value)

    def show(self, stored: Stored) -> str:
        return "" if stored is None else "yes" if stored else "no"


class Mark(Flag):
    """Yes, no, or nothing said."""

    def parse(self, text: str, env: Env) -> Stored:
        return None if blank(text) else super().parse(text, env)


class Choice(Type):
    """One of a fixed list of words. With `numbers` the place in the list is stored, so that it sorts."""

    name = "choice"
    family = "choice"

    def __init__(self, *options: str, numbers: bool = False) -> None:
        self.options, self.numbers = options, numbers
        self._by_key = {squashed(option): (i if numbers else option) for i, option in enumerate(options)}

    def parse(self, text: str, env: Env) -> Stored:
        word = squashed(text)
        if not word:
            return None
        found = self._by_key.get(word)
        if found is None and self.numbers and word.isdecimal() and len(word) < 4 and int(word) < len(self.options):
            found = int(word)
        if found is None:
            raise FieldError(f"'{text}' is not one of: {', '.join(self.options)}")
        return found

    def show(self, stored: Stored) -> str:
        if stored is None:
            return ""
        return self.options[stored] if self.numbers else str(stored)


class Email(Type):
    """An e-mail address; kept as typed without its display name, compared in lower case with an ASCII domain."""

    name = "e-mail"
    keyed = True

    def parse(self, text: str, env: Env) -> Stored:
        text = check_text(text).strip()
        return self.check_length(address.email_key(text)) if text else None

    def key(self, stored: Stored, env: Env | None = None) -> str | None:
        return None if stored is None else str(stored)


class Phone(Type):
    """A telephone number, kept as typed; its key is E.164 where the number can be read with the default region."""

    name = "phone"
    family = "phone"
    keyed = True

    def parse(self, text: str, env: Env) -> Stored:
        text = " ".join(check_text(unmarked(text)).split())
        if text and not any(c.isdigit() for c in text) and not any(c.isalpha() for c in text):
            raise FieldError(f"'{text}' is not a telephone number")
        return self.check_length(text) or None

    def key(self, stored: Stored, env: Env | None = None) -> str | None:
        if stored is None:
            return None
        return address.phone_key(stored, env.region if env else "") or bare_number(stored) or None


def bare_number(text: str) -> str:
    """The digits of a number that cannot be read as E.164: what it is compared by."""
    return "".join(c for c in digits(text) if c.isascii() and c.isdigit())


class Url(Type):
    """A web address."""

    name = "URL"
    keyed = True

    def parse(self, text: str, env: Env) -> Stored:
        text = check_text(text).strip()
        return address.check_url(text) if text else None


class Ref(Type):
    """A link to another record, stored as its id.

    `words` marks a vocabulary (stage, owner, source ...): named exactly, any of several; otherwise a filter finds
    the name by a part of it. `create` says that a new name makes a new record of that vocabulary.
    """

    name = "reference"
    family = "ref"

    def __init__(self, entity: str, *, words: bool = False, create: bool = False) -> None:
        self.entity, self.words, self.create = entity, words, create


class Tags(Type):
    """A set of tags, written with commas; edited with `+vip,-cold`."""

    name = "tags"
    family = "tags"

    def show(self, stored: Stored) -> str:
        return ", ".join(stored or ())


def readable(
    kind: Type, stored: Stored, *, currency: str = "", zone: tzinfo | None = None, calendar: str = "gregorian"
) -> str:
    """A stored value as people read it: days and moments in their zone and calendar, an amount with its currency, a
    probability with its sign. Empty is ""."""
    if stored is None:
        return ""
    if isinstance(kind, Money):
        return f"{money.format_money(stored, currency)} {currency}".rstrip()
    if kind.family == "instant":
        local = dates.local(read_instant(stored), zone)
        return f"{dates.show_day(local.date(), calendar)} {local:%H:%M}"
    if kind.family == "day":
        return dates.show_day(date.fromisoformat(stored), calendar)
    return kind.show(stored) + "%" if isinstance(kind, Percent) else kind.show(stored)
