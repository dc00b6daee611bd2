"""Cells that hold more than one thing: several addresses or numbers, names with addresses, lists of tags."""

from __future__ import annotations

import csv
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from crmcli.domain import durations
from crmcli.domain.text import blank, check_text, digits, fold
from crmcli.errors import FieldError
from crmcli.services.imports.columns import cached, each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.services.imports.columns import Problems

_APART = re.compile(r";|,(?=[^,]*@)")
#: Notion: "Acme (https://www.notion.so/Acme-0123)", "Acme (Companies/Acme 0123.md)"; further ones behind a comma.
_PAGE = r"\((?:https?://[^\s()]+|[^()]+\.md)\)"
_PAGES = re.compile(rf"(?>\s*(\S.*?)(?<=\S)\s*{_PAGE})\s*(?:,\s*(\S.*{_PAGE})\s*)?")
_NAMES = re.compile(r"[;؛|\n]")
_ADDRESS = re.compile(r"\s*[^\s()<>;,@]+@[^\s()<>;,@]+\s*")
_MANY = re.compile(r":::|[;|,]|\s/\s")
#: Longer cells name neither one address nor a few telephones; patterns with blanks take the square of a length.
_LONGEST = 1000
_NAMED_ADDRESS = re.compile(r"\s*(\S.*?)(?<=\S)\s*[(<]\s*([^\s()<>@]+@[^\s()<>@]+)\s*[)>]\s*")
_EXCHANGE = re.compile(r"\s*/o=[^@]*\Z", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*(\S.*?)(?<=\S)\s*\(\d{5,}\)\s*")
_ONE_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
_QUOTED = re.compile(
    r"""\s*(?:\[\s*)?(?:"[^"]*"|'[^']*')(?:\s*[,;|]\s*(?:"[^"]*"|'[^']*'))*(?:\s*\])?\s*|\s*\[\s*\]\s*"""
)
_SPLIT = re.compile(r":::|[,;|،\n]")
#: A text in quotation marks in a list parted by commas, and a list in brackets or (PostgreSQL) braces.
_BEGINS_QUOTED = re.compile(r'(?:\A|,)\s*"')
_BRACKETED = re.compile(r"\[(?!\s*\d+\s*\])([^\[\]]*)\]|\{([^{}]*)\}")
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?")
_SPAN = re.compile(
    r"(?:(\d{1,4}(?:[.,]\d+)?) ?(?:h|hrs?|hours?|std|ساعت)\.?)? ?(?:(?:and|و) )?"
    r"(?:(\d{1,5}) ?(?:m|mins?|minutes?|minuten|دقیقه)\.?)?"
)
#: Seconds behind whatever else a length of time has, folded; and the lengths of ISO 8601: PT1H30M.
_WITH_SECONDS = re.compile(
    r"(?:(?P<rest>.*?[^\W_][.,]?) ?(?:(?:and|und|et|y|ve|و|,) )?)?(?<!\d)(?P<seconds>\d{1,7}(?:[.,]\d{1,6})?) ?"
    r"(?:s|secs?|seconds?|sek|sekunden?|secondes?|seg|segundos?|sn|saniye|ثانیه)\.?"
)
_ISO = re.compile(r"pt?(?:(\d{1,3})dt?)?(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})(?:[.,]\d{1,6})?s)?")
_BARE = re.compile(r"\d{1,9}(?:[.,]\d+)?")
#: Words of a title that say in what unit its bare numbers are -> minutes.
_UNITS = {
    **dict.fromkeys(
        ("hours", "hour", "hrs", "hr", "h", "std", "stunden", "heures", "horas", "saat", "sa", "ساعت"), 60.0
    ),
    **dict.fromkeys(
        ("seconds", "second", "secs", "sec", "s", "sek", "sekunden", "secondes", "segundos", "saniye", "ثانیه"), 1 / 60
    ),
    **dict.fromkeys(("milliseconds", "millis", "ms", "msec"), 1 / 60_000),
}
#: Those of minutes in its brackets, which say more than the rest of it: ساعت (دقیقه).
_IN_MINUTES = re.compile(r"[(\[][^()\[\]]*\b(?:m|mins?|minut(?:e[sn]?|os?)|mn|dakika|dk|دقیقه)\b", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")
_NUMBER_FIRST = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|drive|dr|lane|ln|place|pl|court|ct|crescent|cres|circuit|close|way|boulevard|blvd"
    r"|terrace|parade|highway|hwy)\.?$|^(?:rue|avenue|boulevard|place|chemin|impasse)\b",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"mobil|\bmob\b|cell|handy|iphone|همراه|موبایل|^[mc]$")
_TEXT_MARK = re.compile(r"\A'(?=[\d(+])")
_LABEL_WORDS = (
    r"(?:telephone|phone|tel|ph|mobile|mob|cell(?:phone|ular)?|fax|work|home|office|business|main|direct|other|private"
    r"|personal|telefon|mobil|handy|تلفن|موبایل|همراه|فکس|نمابر|دورنگار|ثابت|منزل|دفتر|خانه|محل کار)(?![^\W\d_])"
)
#: A telephone with its label, without one, or with the label in brackets behind it; a label may have no number.
_LABELLED = re.compile(
    rf"[\s.;,،|/]*(?=\S)(?:(?P<label>{_LABEL_WORDS}(?:\s+{_LABEL_WORDS})*(?:\s?\d{{1,2}}(?=\s*[:=]))?|[tpmfwhc](?=\s*[:.]))"
    r"\s*[:.=#-]*\s*)?"
    r"(?P<number>[+(]{0,2}\d(?:[\d\s().–-]*\d)?(?:\s*(?:x|ext\.?|داخلی)\s*\d{1,6})?)?"
    rf"(?:\s*\((?P<after>{_LABEL_WORDS}(?:\s+{_LABEL_WORDS})*)\))?[\s.;,،|/]*",
    re.IGNORECASE,
)


#: A name without figures and a telephone behind it, which is no date, and the label of the telephone between them.
_NAMED_NUMBER = re.compile(
    r"([^\d+]*[^\W\d_][.)>]?)[\s,;|/(:.]+(?!\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b)([+(]{0,2}\d[\d\s()./–-]*\d)\)?\s*"
)
_LABEL_BEHIND = re.compile(rf"[\s,;|/(]+{_LABEL_WORDS}\.?\Z", re.IGNORECASE)
#: A name and an address behind it, without brackets.
_BESIDE_ADDRESS = re.compile(r"([^@<]*[\w.)])[\s,;|/:–-]+([^\s()<>;,@]+@[^\s()<>;,@]+)\s*")
#: Longer cells are no name with an address and a telephone.
_LONGEST_PERSON = 300
#: A telephone beside a name has so many figures.
_FEWEST_DIGITS = 6


def several(cells: list[str], header: str, *, telephones: bool) -> tuple[list[str], dict[int, str]]:
    """The first address or number of each cell of a column, and by row what else the cell has ("Email: b@x.example").
    Google parts them by " ::: ", others by ; , or a new line."""
    joined = "\n".join(cells)
    if not any(mark in joined for mark in ":;|,/") and joined.count("\n") < len(cells):
        return cells, {}
    first, more = list(cells), {}
    for row, cell in enumerate(cells):
        parts = [part for piece in _MANY.split(cell.replace("\n", ";")) if (part := piece.strip())]
        if telephones and len(parts) > 1 and labelled(cell):
            continue
        if len(parts) > 1 and all((sum(c.isdigit() for c in p) > 4) if telephones else ("@" in p) for p in parts):
            first[row], more[row] = parts[0], f"{header}: {', '.join(parts[1:])}"
        elif len(parts) == 1 and ":::" in cell:
            first[row] = parts[0]
    return first, more


def labelled(cell: str) -> list[tuple[str, str]]:
    """(label, number) of the telephones of a cell that names them, as QuickBooks does: "Phone: (415) 555-0101  Mobile:
    (415) 555-0102"; the label is "" where one of them has none. Nothing where the cell has no label, or other words."""
    found, place, named = [], 0, False
    if len(cell) > _LONGEST:
        return []
    while place < len(cell):
        one = _LABELLED.match(cell, place)
        if one is None or one.end() == place or not (one["label"] or one["number"]):
            return []
        label, number, place = one["label"] or one["after"] or "", one["number"], one.end()
        named = named or bool(label)
        if number:
            if sum(map(str.isdecimal, number)) < 5:
                return []
            found.append((" ".join(label.split()), number))
    return found if named else []


def without_text_marks(cells: list[str]) -> list[str]:
    """Ids, numbers and postal codes without the apostrophe that tells a spreadsheet that they are texts."""
    return [_TEXT_MARK.sub("", cell) for cell in cells] if any(cell[:1] == "'" for cell in cells) else cells


def minutes(text: str, title: str) -> str:
    """A length of time as whole minutes: 0:30, 1:30:00 and 1 h 30 min as programs write it. A number alone counts in
    the unit that the column's title names, minutes where it names none; what is no length comes back as it is."""
    plain = " ".join(fold(digits(text)).split())
    if not plain:
        return text
    if clock := _CLOCK.fullmatch(plain):
        if clock[3] is None and "mm:ss" in title.lower():
            return str((int(clock[1]) * 60 + int(clock[2]) + 30) // 60)
        return str((int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0) + 30) // 60)
    words = () if _IN_MINUTES.search(title) else map(str.lower, _WORDS.findall(title))
    unit = next((_UNITS[word] for word in words if word in _UNITS), 1.0)
    if _BARE.fullmatch(plain):
        return text if unit == 1 else str(int(float(plain.replace(",", ".")) * unit + 0.5))
    if (iso := _ISO.fullmatch(plain)) and any(iso.groups()):
        days, hours, whole, seconds = (int(part or 0) for part in iso.groups())
        return str(((days * 24 + hours) * 60 + whole) + (seconds + 30) // 60)
    if with_seconds := _WITH_SECONDS.fullmatch(plain):
        rest = with_seconds["rest"]
        with suppress(FieldError):
            before = durations.parse(rest) if rest else 0
            return str(before + int(float(with_seconds["seconds"].replace(",", ".")) / 60 + 0.5))
        return text
    span = _SPAN.fullmatch(plain)
    if not span:
        return text
    return str(int(float((span[1] or "0").replace(",", ".")) * 60 + 0.5) + int(span[2] or 0))


def with_house(street: str | None, house: str, cells: Sequence[str], below: str = "") -> str | None:
    """A street with the number of its house: before or behind it as another cell of the row writes the address, else
    as English and French streets have it, or all others. A number without a street counts where something stands
    `below` it."""
    number = " ".join(house.split())
    if not number or (street and re.search(rf"(?<!\w){re.escape(number)}(?!\w)", street)):
        return street
    if not street:
        return number if below else None  # alone it leads nowhere
    before, behind = f"{number} {street}", f"{street} {number}"
    if any(before in cell for cell in cells):
        return before
    return before if _NUMBER_FIRST.search(street) and not any(behind in cell for cell in cells) else behind


def label_of(label: str) -> str:
    """Which number a telephone's label means: "mobile", "fax" (also a pager's), "phone" for every other place, "" where
    it says nothing."""
    plain = fold(label).strip("* ")
    if re.search("fax|pager|نمابر|فکس|دورنگار|^f$", plain):
        return "fax"
    return "mobile" if _MOBILE.search(plain) else "phone" if plain else ""


def pages(cells: list[str], header: str) -> tuple[list[str], dict[int, str]]:
    """The names of a column of Notion's relations without their addresses, and by row the further relations."""
    more: dict[int, str] = {}
    if not any("(http" in cell or ".md)" in cell for cell in cells):
        return cells, more
    names = list(cells)
    for row, cell in enumerate(cells):
        if found := _PAGES.fullmatch(cell):
            names[row] = found[1]
            if found[2]:
                more[row] = f"{header}: {found[2]}"
    return names, more


def without_exchange(cells: list[str]) -> tuple[list[str], int]:
    """E-mail addresses without those that an Exchange server has for its own use, as Outlook writes them in a column of
    addresses ("/o=ExchangeLabs/ou=.../cn=..."), and how many there were."""
    if not any("/o=" in cell.lower() for cell in cells):
        return cells, 0
    found = ["" if _EXCHANGE.match(cell) else cell for cell in cells]
    return found, sum(cell != own for cell, own in zip(cells, found, strict=True))


def named_address(cell: str) -> tuple[str, str]:
    """The name and the e-mail address of "Grace Hopper (grace@navy.example)"; "" for both where a cell is no such
    pair."""
    found = _NAMED_ADDRESS.fullmatch(cell) if "@" in cell and len(cell) <= _LONGEST else None
    return (found[1], found[2]) if found else ("", "")


def named_number(cell: str) -> tuple[str, str]:
    """The name and the telephone of "Grace Hopper, 030 1234567" or "Grace Hopper (Tel. 030 1234567)"; "" for both where
    a cell is no such pair."""
    found = _NAMED_NUMBER.fullmatch(cell.strip()) if len(cell) <= _LONGEST_PERSON else None
    if not found or sum(map(str.isdecimal, found[2])) < _FEWEST_DIGITS:
        return "", ""
    name = _LABEL_BEHIND.sub("", found[1])
    return (name, found[2].strip()) if name else ("", "")


def people(cells: list[str], header: str) -> tuple[list[str], list[str | None], list[str], dict[int, str]]:
    """(names, e-mail addresses, telephones, what else the cell has by row) of a column that names people: as `linked`
    parts its cells, and "Grace Hopper, grace@navy.example, 030 1234567"."""
    plain, numbers = list(cells), [""] * len(cells)
    for row, cell in enumerate(cells):
        if "@" not in cell and not any(map(str.isdecimal, cell)):
            continue
        name, number = named_number(cell)
        beside = _BESIDE_ADDRESS.fullmatch((name or cell).strip()) if len(cell) <= _LONGEST_PERSON else None
        if beside and not number:
            name, number = named_number(beside[1])
        elif beside:
            name = beside[1]
        numbers[row] = number
        plain[row] = f"{name or beside[1]} <{beside[2]}>" if beside else name or cell
    names, emails, more = linked(plain, header)
    return names, emails, numbers, more


def first_named(cells: list[str], header: str) -> tuple[list[str], dict[int, str]]:
    """The first name of each cell of a column of people, and by row those that stand behind it: "Ada Lovelace; Bob
    Ray". A comma may be part of a name."""
    first, more = list(cells), {}
    for row, cell in enumerate(cells):
        one, *others = [name for part in _NAMES.split(cell) if (name := part.strip())] or [cell]
        if others:
            first[row], more[row] = one, f"{header}: {'; '.join(others)}"
    return first, more


def linked(cells: list[str], header: str) -> tuple[list[str], list[str | None], dict[int, str]]:
    """(names, e-mail addresses, what else the cell has by row) of a column that names people or companies, as HubSpot
    does: "Ada Lovelace (ada@engines.example);Bob Ray (bob@x.example)", "Acme (1234567)", or Notion: "Acme
    (https://notion.so/acme)"; addresses alone are names."""
    emails: list[str | None] = [None] * len(cells)
    whole = "".join(cells)
    if not any(mark in whole for mark in "(<@"):
        return cells, emails, {}
    names, more = pages(cells, header)
    names = list(names)
    for row, cell in enumerate(cells):
        if names[row] != cell or not any(mark in cell for mark in "(<@"):
            continue
        one, *others = _APART.split(cell) if cell.count("@") > 1 or ";" in cell else [cell]
        address, numbered = _NAMED_ADDRESS.fullmatch(one), _NUMBERED.fullmatch(one)
        if address:
            names[row], emails[row] = address[1], address[2].lower()
        elif numbered:
            names[row] = numbered[1]
        elif _ADDRESS.fullmatch(one):
            names[row], emails[row] = one.strip(), one.strip().lower()
        else:
            continue
        if others:
            more[row] = f"{header}: {'; '.join(other.strip() for other in others)}"
    return names, emails, more


def many_words(cells: Sequence[str], header: str, bad: Problems, *, own: bool = False) -> list[tuple[str, ...]]:
    """Names of tags, parted by , ; | ::: or a new line, or quoted as Mailchimp and JSON do: "VIP","News", or where they
    need it alone, as Airtable does. Google's own groups ("* myContacts") are none. A file of our `own` has lists of
    JSON, or names with commas between them, in which all other signs are part of a name."""

    def parse(text: str) -> tuple[str, ...]:
        text = check_text(text)
        parts = _listed(text)
        if parts is None or (own and not _as_we_list(parts, text)):
            parts = text.split(",") if own else _quoted(text) if _QUOTED.fullmatch(text) else _parted(text)
        names = (" ".join(part.split()) for part in parts)
        return tuple(dict.fromkeys(n for n in names if not blank(n) and (own or not n.startswith("* "))))

    return [some or () for some in each(cached(parse), cells, header, bad)]


def _listed(text: str) -> list[str] | None:
    """The texts of a list of JSON, None where a cell is no such list; numbers alone in brackets are none."""
    text = text.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    texts = any(isinstance(one, str) for one in found) and all(isinstance(one, (str, int)) for one in found)
    return [str(one) for one in found] if texts else None


def _as_we_list(names: Sequence[str], text: str) -> bool:
    """Whether a text is how a list of tags is written that has a sign which parts them elsewhere (`exchange.jsonl`): it
    is no line of tags then that happens to begin with [" and to end with "]."""
    if not any('"' in name or _SPLIT.search(name) for name in names):
        return False
    return json.dumps(names, ensure_ascii=False) == text and all(" ".join(n.split()) == n != "" for n in names)


def _quoted(text: str) -> list[str]:
    """The texts of a list of quoted ones."""
    inside = text.strip().removeprefix("[").removesuffix("]")
    try:
        return [str(part) for part in json.loads(f"[{inside}]")]
    except ValueError:  # single quotes, or a backslash that escapes nothing
        return [double or single for double, single in _ONE_QUOTED.findall(inside)]


def _parted(text: str) -> list[str]:
    """The texts of a list of which some are quoted, those with commas, or none; brackets around it are no part of them,
    but around a number alone they are."""
    around = _BRACKETED.fullmatch(text.strip())
    inside = text if around is None else around[1] or around[2] or ""
    if _BEGINS_QUOTED.search(inside):
        escape = "\\" if text.strip().startswith("{") else None
        with suppress(csv.Error):  # a quotation mark that is part of a name
            return next(csv.reader([inside], skipinitialspace=True, strict=True, escapechar=escape))
    return _SPLIT.split(inside)
