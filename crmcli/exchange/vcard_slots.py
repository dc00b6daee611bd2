"""Which property of a vCard stands for which field, and what it says: both ways, one property at a time."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.address import check_url, email_key
from crmcli.domain.calendars import GREGORIAN_YEARS, JALALI_YEARS, Calendar, make_day
from crmcli.domain.occasions import LEAP, Yearly
from crmcli.domain.text import digits
from crmcli.errors import FieldError
from crmcli.exchange.vcard_lines import Property, escape, harmless, pieces, unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ADDRESS = ("street", "city", "region", "postal_code", "country")
#: The texts of a card by field.
Values = dict[str, str]
CELL = frozenset(("cell", "mobile", "iphone"))
_NO_VOICE = frozenset(("fax", "pager", "modem", "isdn", "bbs", "textphone", "telex", "tlx", "telegram", "video"))
_UNPREFERRED = 101
_PART = re.compile(r"--(\d\d)-?(\d\d)")
#: What stands in place of a year that nobody knows.
_NO_YEARS = ("1604", "0000")
_DAY = re.compile(r"(\d{4})(-?)(\d\d)\2(\d\d)(?:[T ].*)?")
_MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)(?:[.,]\d+)?(Z|[+-]\d\d(?::?\d\d)?)?)?")


def one_line(text: str) -> str:
    """A text on one line, as fields of one line have it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return " ".join(text.split()) if "\n" in text else text


def _read_text(field: str) -> Callable[[Property], Values]:
    return lambda one: {field: text} if (text := one_line(unescape(one.value))) else {}


def _read_company(one: Property) -> Values:
    """The organisation; its departments stay with the line."""
    name = next((text for part in pieces(one.value, ";") if (text := one_line(unescape(part)))), "")
    return {"company": name} if name else {}


def _read_email(one: Property) -> Values:
    try:
        return {"email": email_key(unescape(one.value).strip())}
    except FieldError:
        return {}


def _read_phone(field: str) -> Callable[[Property], Values]:
    def read(one: Property) -> Values:
        text = " ".join(unescape(one.value).split())
        if text[:4].lower() == "tel:":
            text, _, more = text[4:].partition(";")
            extension = re.search(r"(?:^|;)ext=([^;]+)", more, re.IGNORECASE)
            text += f" ext. {extension[1]}" if extension else ""
        return {field: text} if any(map(str.isdecimal, text)) else {}

    return read


def _read_website(one: Property) -> Values:
    try:
        return {"website": check_url(unescape(one.value))}
    except FieldError:
        return {}


def _read_address(one: Property) -> Values:
    """Post office box and suite are a part of the street, which has one line."""
    parts = [unescape(part).strip() for part in pieces(one.value, ";")]
    box, extended, street, *rest = [*parts, *[""] * max(0, 7 - len(parts))][:7]
    lines = [line.strip() for part in (street, extended, box) for line in part.splitlines()]
    whole = re.sub(r",(?:, )+", ", ", ", ".join(line for line in lines if line)) if len(lines) > 1 else "".join(lines)
    found = dict(zip(ADDRESS, (whole, *map(one_line, rest)), strict=True))
    return found if any(found.values()) else {}


def _read_birthday(one: Property) -> Values:
    """A whole day, also one that says a Jalali year; one without a year, and a text, are no day."""
    match = _DAY.fullmatch(digits(unescape(one.value)).strip())
    if match is None or "text" in one.said("VALUE") or _omits(one, match[1]):
        return {}
    year, month, day = int(match[1]), int(match[3]), int(match[4])
    try:
        born = make_day(year, month, day, "jalali" if year in JALALI_YEARS else "gregorian")
    except ValueError:
        return {}
    return {"birthday": born.isoformat()} if born.year in GREGORIAN_YEARS else {}


def read_yearly(one: Property) -> Yearly | None:
    """The day of the year that a property says: --0229, a day whose year Apple leaves out, a whole day; None for what
    says none."""
    text = digits(unescape(one.value)).strip()
    part, whole = _PART.fullmatch(text), _DAY.fullmatch(text)
    if "text" in one.said("VALUE") or not (part or whole):
        return None
    year, month, day = (part and (0, *part.groups())) or (whole and (whole[1], whole[3], whole[4])) or (0, 0, 0)
    known = bool(whole) and not _omits(one, str(year))
    calendar: Calendar = "jalali" if known and int(year) in JALALI_YEARS else "gregorian"
    try:
        return Yearly(make_day(int(year) if known else LEAP[calendar], int(month), int(day), calendar), calendar, known)
    except ValueError:
        return None


def _omits(one: Property, year: str) -> bool:
    """Whether the year of a day means nothing: it is that which the line names, Apple's usual one, or noughts."""
    return year in one.said("X-APPLE-OMIT-YEAR") or year in _NO_YEARS


def yearly_value(day: Yearly, version: str) -> str | None:
    """A day of the year as that version of vCard writes days; None for a Jalali one without its year, which none can
    say."""
    if day.known:
        text = day.day.isoformat()
    elif day.calendar == "gregorian":
        text = f"--{day.day:%m-%d}"
    else:
        return None
    return (text.replace("-", "") if day.known else f"--{day.day:%m%d}") if version == "4.0" else text


def moment(text: str) -> str:
    """When a card was changed last, in ISO 8601; "" for what says no moment."""
    match = _MOMENT.fullmatch(digits(text).strip())
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone = match.groups()
    found = f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second}{zone or ''}" if hour else "")
    try:
        datetime.fromisoformat(found)
    except ValueError:
        return ""
    return found


class Slot(NamedTuple):
    """The property that stands for a field (for several: an address): how it is read, "" and {} for what says nothing,
    and made. `fits` says which properties of the name can be it."""

    field: str
    names: tuple[str, ...]
    read: Callable[[Property], Values]
    fields: tuple[str, ...]
    types: tuple[str, ...] = ()
    fits: Callable[[Property], bool] = lambda _: True

    def made(self, values: Mapping[str, str], version: str) -> Property | None:
        """The property for these values, None where they are all empty."""
        texts = [values.get(field) or "" for field in self.fields]
        if not any(texts):
            return None
        if self.field == "street":
            value = ";".join(["", "", *map(escape, texts)])
        elif self.field == "website":
            value = harmless(texts[0]).replace("\\", "\\\\")
        elif self.field == "birthday":
            value = texts[0].replace("-", "") if version == "4.0" else texts[0]
        else:
            value = escape(texts[0])
        return Property(self.names[0], value, (("TYPE", self.types),) if self.types else ())

    def plain(self, one: Property, values: Mapping[str, str]) -> bool:
        """Whether a property, by which a field got its value, is as the field alone would make it."""
        own = self.made(values, "3.0")
        if own is None or (one.name, one.group) != (own.name, ""):
            return False
        if self.field == "birthday":
            return len(one.value.strip()) <= 10 and one.without("VALUE").params == ()
        if self.field in ("company", "street"):
            return one == own
        return one.params == own.params and unescape(one.value) == unescape(own.value)


SLOTS = (
    Slot("name", ("FN",), _read_text("name"), ("name",)),
    Slot("company", ("ORG",), _read_company, ("company",)),
    Slot("job_title", ("TITLE", "ROLE"), _read_text("job_title"), ("job_title",)),
    Slot("email", ("EMAIL",), _read_email, ("email",)),
    Slot("mobile", ("TEL",), _read_phone("mobile"), ("mobile",), ("cell",),
          lambda one: not one.types.isdisjoint(CELL) and one.types.isdisjoint(_NO_VOICE - {"video"})),
    Slot("phone", ("TEL",), _read_phone("phone"), ("phone",), ("voice",),
          lambda one: one.types.isdisjoint(_NO_VOICE) or "voice" in one.types),
    Slot("website", ("URL",), _read_website, ("website",)),
    Slot("street", ("ADR",), _read_address, ADDRESS),
    Slot("birthday", ("BDAY",), _read_birthday, ("birthday",)),
    Slot("language", ("LANG",), _read_text("language"), ("language",)),
)  # fmt: skip
OF_FIRMS = frozenset(("name", "company", "email", "phone", "website", "street"))


def preference(one: Property) -> int:
    """1 for the preferred one, 100 for the least (RFC 6350, 5.3); more where nothing is said."""
    said = next((int(text) for text in one.said("PREF") if text.isascii() and text.isdecimal() and len(text) < 4), 0)
    return said or (1 if "pref" in one.types else _UNPREFERRED)
