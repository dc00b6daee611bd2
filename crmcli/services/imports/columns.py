"""The columns of a file -> stored values: a reader for each."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain import money, money_units
from crmcli.domain.address import domain_of
from crmcli.domain.columnwise import even
from crmcli.domain.text import blank, check_text, clip, digits, unmarked
from crmcli.domain.types import (
    Choice,
    Currency,
    Day,
    Email,
    Flag,
    Identifier,
    Instant,
    Integer,
    Mailboxes,
    Number,
    Percent,
    Phone,
    Reminders,
    Repeat,
    Text,
    Url,
)
from crmcli.errors import FieldError
from crmcli.services.imports import moments, repeat_words
from crmcli.services.imports.endings import priority_of, status_of, yes_or_no
from crmcli.services.imports.happened_words import direction_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.domain.fields import Field
    from crmcli.domain.types import Env, Stored

_ROUNDED = re.compile(r"\+?\d(?:[.,]\d+)?[Ee]\+?\d{1,2}")
_MADE_FLOAT = re.compile(r"\+?\d{5,}\.0+")
_SCIENTIFIC = re.compile(r"\s*([+-]?\d{1,12})(?:[.,](\d{1,15}))?[Ee]([+-]?\d{1,2})\s*")
_FLOAT_ID = re.compile(r"\s*(\d{1,15})\.0\s*")
#: A number without a sign, with any decimals.
UNSIGNED = re.compile(r"\d+(?:\.\d*)?|\.\d+")
#: How many characters a percentage has at the most; Python refuses to read numbers of thousands of digits.
_LONGEST_SHARE = 100
#: How SuiteCRM and SugarCRM number the currency that is their own.
_HOME_CURRENCY = "-99"
_TOMAN = "toman"
_KRONER = ("SEK", "NOK", "DKK", "ISK")
_KR = re.compile(r"(?<![^\W\d_])kr\.?(?![^\W\d_])", re.IGNORECASE)
_WHICH_KR = (
    "kr may be SEK, NOK, DKK or ISK: write the code, map a column of codes with --map 'COLUMN=currency', "
    "or set your own with 'crm config set currency'"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: What other programs write behind the length of time before something at which they remind of it.
_BEFORE = re.compile(
    r"(?<=[\w.])[ \u200c]+(?:before(?:hand)?|in advance|earlier|vorher|davor|zuvor|avant|antes|önce|once|قبل|پیش|زودتر)"
    r"(?=\s*(?:[,،;]|$))",
    re.IGNORECASE,
)
#: Half a unit more, and no list of two lengths: 1,5 Stunden.
_AND_HALF = re.compile(r"(?<![\d.,])(\d),5(?= ?[^\W\d_])")
_MOST_CACHED = 20_000
#: The fields of choices that other programs say in other words, and what makes those words ours.
_WORDS = {"priority": priority_of, "kind": kind_of, "direction": direction_of}


class Problem(NamedTuple):
    """Why a row is refused: the column's header, the value, the reason."""

    header: str
    value: str
    reason: str


#: row within the block -> its first problem
Problems = dict[int, Problem]


class Misfit(NamedTuple):
    """How many cells of a column do not fit its field, and the first of them: line, value, reason."""

    cells: int
    line: int
    value: str
    reason: str


class Tally(Problems):
    """The problems of a block, each of them counted for its column: a row is refused for the first one alone. `known`
    is what was counted of the blocks before, by column title; `lines` are those of the rows."""

    def __init__(self, known: dict[str, Misfit], lines: Sequence[int]) -> None:
        super().__init__()
        self._known, self._lines = known, lines

    def setdefault(self, row: int, problem: Problem) -> Problem:
        """Note a problem of a row."""
        if problem.header:
            before = self._known.get(problem.header)
            self._known[problem.header] = (
                before._replace(cells=before.cells + 1)
                if before
                else Misfit(1, self._lines[row], problem.value[:60], problem.reason)
            )
        return super().setdefault(row, problem)


def texts(cells: Sequence[str], field: Field, header: str, bad: Problems) -> list[str | None]:
    """What `Text.parse` gives for each cell. A column of plain text is checked as one."""
    joined = "\n".join(cells)
    fit = field.type.longest is None or max(map(len, cells), default=0) <= field.type.longest
    if fit and joined.isascii() and "\0" not in joined and "\r" not in joined:
        if even(joined) and joined.count("\n") == len(cells) - 1:
            return [cell or None for cell in cells]
        if (
            joined.count("\n") == len(cells) - 1
            or getattr(field.type, "multiline", False)
            or isinstance(field.type, Identifier)
        ):
            return [cell.strip() or None for cell in cells]
    return each(cached(lambda text: field.type.parse(text, None)), cells, header, bad)  # type: ignore[arg-type]


def each(parse: Callable[[str], Any], cells: Sequence[str], header: str, bad: Problems) -> list[Any]:
    """Every cell through `parse`, empty ones None; what it refuses becomes a problem of its row."""
    try:
        return [parse(cell) if cell else None for cell in cells]
    except FieldError:
        pass
    found = []
    for row, cell in enumerate(cells):
        try:
            found.append(parse(cell) if cell else None)
        except FieldError as error:
            bad.setdefault(row, Problem(header, cell, error.message))
            found.append(None)
    return found


def cached(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """`parse` that remembers what it has read, as columns of days and words repeat themselves."""
    known: dict[str, Any] = {}

    def read(text: str) -> Any:
        try:
            return known[text]
        except KeyError:
            value = parse(text)
            if len(known) < _MOST_CACHED:
                known[text] = value
            return value

    return read


def reader(
    field: Field, env: Env, *, fractions: bool = False, own: bool = False
) -> Callable[[Sequence[str], str, Problems], list[Any]]:
    """(cells, header, problems) -> the stored values of a plain field (not a link, not money, not tags).
    `fractions`: 0.25 of a column of percentages is 25 %. `own`: the file is one of ours, no spreadsheet's."""
    kind = field.type
    parse: Callable[[str], Any]
    if field.name == "domain":
        parse = cached(_domain)
    elif field.name == "uid":
        parse = uid
    elif isinstance(kind, Percent):
        parse = cached(lambda text: kind.parse(_percent(text, fractions=fractions), env))
    elif field.name == "external_id" and not own:
        return lambda cells, header, bad: texts(whole_ids(cells), field, header, bad)
    elif isinstance(kind, Reminders):
        parse = cached(lambda text: _remind(text, env, kind))
    elif isinstance(kind, Repeat):
        parse = cached(lambda text: _repeat(text, env, kind))
    elif isinstance(kind, Mailboxes):
        parse = cached(lambda text: kind.parse(text, env))
    elif isinstance(kind, (Text, Identifier)):
        return lambda cells, header, bad: texts(cells, field, header, bad)
    elif isinstance(kind, Day):
        read = moments.birth if field.name == "birthday" else moments.day
        parse = cached(lambda text: read(text, env))
    elif isinstance(kind, Instant):
        parse = cached(lambda text: moments.instant(text, env))
    elif isinstance(kind, Phone):
        parse = _typed_phone if own else _phone
    elif isinstance(kind, (Email, Url)):
        parse = lambda text: kind.parse(text, env)  # noqa: E731
    elif isinstance(kind, Currency):
        parse = cached(lambda text: _currency(text, env))
    elif isinstance(kind, Number):
        parse = cached(lambda text: kind.parse(written_out(text, env), env))
    elif isinstance(kind, Choice) and field.name in _WORDS:
        parse = cached(
            lambda text: (
                kind.parse(said, env) if (said := text if kind.has(text) else _WORDS[field.name](text)) else None
            )
        )
    elif isinstance(kind, Flag):
        parse = cached(lambda text: kind.parse(text, env) if (said := yes_or_no(text)) is None else said)
    elif isinstance(kind, (Integer, Choice)):
        parse = cached(
            lambda text: kind.parse(_whole(written_out(text, env)) if isinstance(kind, Integer) else text, env)
        )
    else:
        raise AssertionError(f"{field.name} has no reader")
    return lambda cells, header, bad: each(parse, cells, header, bad)


def _remind(text: str, env: Env, kind: Reminders) -> Stored:
    """The reminders of a cell; where it says yes and no more, the usual ones."""
    try:
        return kind.parse(_AND_HALF.sub(r"\1.5", _BEFORE.sub("", digits(text))), env)
    except FieldError:
        wanted = repeat_words.is_reminded(text)
        if wanted is None:
            raise
        return None if wanted else kind.parse("none", env)


def _repeat(text: str, env: Env, kind: Repeat) -> Stored:
    """A recurrence in the words of any of the six languages; None where it says that there is none."""
    if repeat_words.is_never(text):
        return None
    try:
        return kind.parse(text, env)
    except FieldError as error:
        try:
            return kind.parse(repeat_words.in_ours(text), env)
        except FieldError:
            raise error from None


def written_out(text: str, env: Env) -> str:
    """A number in scientific notation as it is written in full: 1.5E7, as Salesforce has it, is 15000000."""
    if "e" not in text and "E" not in text:
        return text
    found = _SCIENTIFIC.fullmatch(digits(text))
    if found is None:
        return text
    number = Decimal(f"{found[1]}.{found[2] or '0'}").scaleb(int(found[3])).normalize()
    return f"{number:f}".replace(".", env.decimal or ".")


def statuses(cells: Sequence[str], header: str, bad: Problems) -> list[str | None]:
    """open, won or lost as programs and people say it; another word is a problem."""

    def parse(text: str) -> str | None:
        if not text.strip():
            return None
        if status := status_of(text):
            return status
        raise FieldError(f"'{clip(text, 40)}' says neither open nor won nor lost")

    return each(cached(parse), cells, header, bad)


def amounts(
    cells: Sequence[str], codes: Sequence[str | None] | None, env: Env, header: str, bad: Problems
) -> tuple[list[int | None], list[str | None]]:
    """Minor units and currencies of a column of amounts, read in the row's own currency where it has one."""
    minors: list[int | None] = []
    found: list[str | None] = []
    parse, home, decimal = money.parse_money, env.currency, env.decimal
    for row, cell in enumerate(cells):
        minor = code = None
        if cell and not cell.isspace():
            cell = written_out(cell, env)
            own = (codes[row] if codes else None) or home
            try:
                minor, code = parse(cell, own, decimal)
            except FieldError as error:
                if _KR.search(cell) and own in _KRONER:
                    minor, code = parse(_KR.sub("", cell), own, decimal)
                else:
                    reason = _WHICH_KR if _KR.search(cell) else error.message
                    bad.setdefault(row, Problem(header, cell, reason))
            else:
                if codes and codes[row] and code != own:
                    bad.setdefault(row, Problem(header, cell, f"the amount is in {code}, the row in {own}"))
        minors.append(minor)
        found.append(code)
    return minors, found


def _currency(text: str, env: Env) -> str | None:
    """The code of a currency that is named by its code, sign or name."""
    plain = text.strip()
    if not plain or plain == _HOME_CURRENCY:
        return env.currency if plain else None
    if _KR.fullmatch(plain):
        if env.currency not in _KRONER:
            raise FieldError(_WHICH_KR)
        return env.currency
    return money_units.read_currency(plain, env.currency)[0]


def in_unit(cells: list[str], unit: str, beside: Sequence[str] | None = None) -> list[str]:
    """A column of amounts with its unit behind those that name none: 12 of "مبلغ (تومان)" is 12 تومان, and so is 12
    with تومان in the column of currencies `beside` it."""
    if unit:
        return [money_units.beside(cell, unit) for cell in cells]
    tomans = {word for word in set(beside or ()) if word.strip() and _in_tomans(word)}
    if not tomans:
        return cells
    rows = zip(cells, beside or (), strict=True)
    return [money_units.beside(cell, _TOMAN) if word in tomans else cell for cell, word in rows]


def at_home(env: Env, unit: str) -> Env:
    """The habits of a column of amounts in a unit: a $ of "Value (CAD)" is Canadian."""
    try:
        return env._replace(currency=money_units.read_currency(unit, env.currency)[0]) if unit else env
    except FieldError:
        return env


def _in_tomans(word: str) -> bool:
    try:
        return money_units.read_currency(word, "")[1]
    except FieldError:
        return False


def words(cells: Sequence[str], header: str, bad: Problems) -> list[str | None]:
    """Names of links: white space evened out, empty ones None."""
    parse = cached(lambda text: None if blank(text) else " ".join(check_text(text).split()))
    return each(parse, cells, header, bad)


def _typed_phone(text: str) -> str | None:
    return " ".join(check_text(unmarked(text)).split()) or None


def _phone(text: str) -> str | None:
    """As typed: what cannot be read as a number is kept all the same, but no number that a spreadsheet has rounded."""
    text = _typed_phone(text) or ""
    if "." in text or "e" in text.lower():
        plain = digits(text)
        if _ROUNDED.fullmatch(plain):
            raise FieldError(
                f"'{text}' has lost its last digits in a spreadsheet: give the column the format of text there, "
                "enter the number again and save"
            )
        if _MADE_FLOAT.fullmatch(plain):
            return plain.partition(".")[0]
    return text or None


def _percent(text: str, *, fractions: bool) -> str:
    """A percentage with at most two decimals, from a fraction where the column has fractions."""
    plain = digits(text).strip().replace(",", ".")
    sign = "%" in plain or "٪" in plain
    number = plain.strip("%٪ ")
    if len(number) > _LONGEST_SHARE or not UNSIGNED.fullmatch(number):
        return text
    whole, _, part = number.partition(".")
    if fractions and not sign:
        part += "00"
        whole, part = whole + part[:2], part[2:]
    if len(part) > 2:
        points = (int((whole or "0") + part[:3]) + 5) // 10
        whole, part = str(points // 100), f"{points % 100:02}"
    return f"{int(whole or '0')}.{part}" if part else str(int(whole or "0"))


def flags(cells: Sequence[str], header: str, bad: Problems) -> list[bool | None]:
    """Yes and no in the words of many languages, None for nothing; another word is a problem. The day in a column
    called Closed says when it is or was to be so, and is neither."""

    def parse(text: str) -> bool | None:
        if not text.strip() or ANY_DAY.match(text):
            return None
        said = yes_or_no(text)
        if said is None:
            raise FieldError(f"'{clip(text, 40)}' is neither yes nor no")
        return said

    return each(cached(parse), cells, header, bad)


#: A day of numbers, as a column of yes and no may have it.
ANY_DAY = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)")


def _whole(text: str) -> str:
    """17850.0 as spreadsheets write whole numbers."""
    return re.sub(r"\.0+$", "", text.strip())


def _domain(text: str) -> str | None:
    if not text.strip():
        return None
    found = domain_of(text)
    if not found:
        raise FieldError(f"'{text.strip()}' is not an internet domain")
    return found


def whole_ids(cells: Sequence[str]) -> list[str]:
    """A column of ids, those without a fraction that a spreadsheet has added: 8.0 is 8."""
    return [found[1] if (found := _FLOAT_ID.fullmatch(cell)) else cell for cell in cells]


def uid(text: str) -> str | None:
    """A UUID as it is stored; None for nothing. Raises FieldError."""
    plain = text.strip().lower()
    if plain and not _UUID.fullmatch(plain):
        raise FieldError(f"'{text}' is not a UUID")
    return plain or None
