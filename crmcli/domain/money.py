"""Amounts of money: whole minor units and an ISO 4217 code, read from what people type, without floating point."""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.currencies import (
    KNOWN,
    RUPEES,
    SHARED,
    SIGNS,
    TOMAN,
    UNFOLDED,
    key_of,
    power_of,
    resolve,
    split_unit,
)
from crmcli.domain.struct import Struct
from crmcli.domain.text import clip, digits, unmarked
from crmcli.errors import FieldError

# Minor digits where they are not 2, as CLDR has them (supplemental data, currency fractions): what is used in
# practice, so IRR has none although ISO 4217 gives it two.
_WITHOUT_MINOR_UNITS = (
    "ADP AFN ALL BIF BYR CLP DJF ESP GNF IQD IRR ISK ITL JPY KMF KPW KRW LAK LBP LUF MGA MGF MMK MRO PYG RSD RWF SLL "
    "SOS STD SYP TMM TRL UGX UYI VND VUV XAF XOF XPF YER ZMK ZWD"
)
_EXPONENTS = dict.fromkeys(_WITHOUT_MINOR_UNITS.split(), 0)
_EXPONENTS |= {"BHD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4}
#: The codes whose minor digits are not 2, and all of them by their digits (2: everything else, so no list).
UNUSUAL = frozenset(_EXPONENTS)
CODES_BY_DIGITS = {
    digits_: frozenset(code for code, found in _EXPONENTS.items() if found == digits_) for digits_ in (2, 0, 3, 4)
}
_UNITS = {code: 10**digits_ for code, digits_ in _EXPONENTS.items()}
#: Where an amount is taken apart: at its numbers.
_NUMBER = re.compile(r"([.,]?\d(?:[\d.,'\s]*\d)?)")
#: A dash in place of cents, behind a decimal sign or none: 12,- and 12.-- and 12:- and 12/-.
_NO_CENTS = re.compile(r"\s?(?:([.,])-{1,2}|[:/]-)")
#: Dashes, apostrophes and letters of double width as they are read.
_ALIKE = {
    **{0xFF00 + code: chr(0x20 + code) for code in range(1, 0x5F)},
    **dict.fromkeys(map(ord, "−–—‐‑﹣－"), "-"), **dict.fromkeys(map(ord, "’ʼ"), "'"),
    ord("،"): ",", ord("\u200c"): " ", ord("￥"): "¥", ord("￡"): "£", ord("￦"): "₩",
}  # fmt: skip
#: No amount of any currency is larger, in minor units.
LARGEST = 10**18
#: No amount has more characters; what looks for its parts takes the square of a length.
LONGEST = 500
#: Rs. 500 and Fr.500: the point is the word's.
_POINT_OF_WORD = re.compile(r"^(\D*[^\W\d_])\.\s*(?=[\d(+-])")
#: Two letters that are crores of rupees, and mark a credit beside other money.
_CRORES = "cr"
#: As ledgers write what is credited or debited: 5,000.00 Cr.
_LEDGER = re.compile(r",\d+\.\d\d$")
#: What joins the terms of 2 million and 500 thousand.
_AND = re.compile(r"\s(?:و|and)$")
EXAMPLES = "Write 12000, 12,000.50, 12k, 1.5M, €500 or 12000 EUR."


def exponent(currency: str) -> int:
    """Return how many minor digits a currency has: EUR 2, JPY and IRR 0, KWD 3 (CLDR)."""
    return _EXPONENTS.get(currency, 2)


def names_beside() -> frozenset[str]:
    """Return what names a currency beside an amount: codes in capitals, signs and words in lower case."""
    words = SIGNS.keys() | UNFOLDED.keys() | SHARED.keys() | TOMAN | {"kč", "zł", "kr"}
    return KNOWN | words | {f"{word}." for word in words if word[-1].isalpha()}


def known(currency: str) -> bool:
    """Tell whether it is the ISO 4217 code, in capitals, of money in use now or lately."""
    return currency in KNOWN


def parse_money(text: str, currency: str, decimal: str | None = None) -> tuple[int, str]:
    """Read an amount and return minor units and ISO 4217 code: `currency` unless the text names another.

    Takes thousands separators, scales (k, Mio., lakh), signs, codes and names before or after, negatives as (5.00) and
    5.00-, dashes for cents, Persian digits, and tomans as ten rials. `decimal` is '.' or ',' where it is known how a
    column writes decimals; without it two kinds of separator settle each other, a comma before exactly three digits
    groups thousands, and a point before exactly three digits is refused unless the currency has three; ٬ and ٫
    mean one thing in every column. Never rounds. Raises FieldError for the rest,
    and beyond 10**15 minor units (10**18 where the currency has no minor unit).
    """
    if text.isascii():
        # The plain shapes of which imports consist.
        if text.isdigit() and len(text) < 13:
            return int(text) * _UNITS.get(currency, 100), currency
        whole, point, fraction = text.partition(decimal or ".")
        if (
            point
            and whole.isdigit()
            and fraction.isdigit()
            and len(whole) < 13
            and len(fraction) == _EXPONENTS.get(currency, 2)
        ):
            return int(whole + fraction), currency
        if decimal != "," and (match := _grouped().fullmatch(text)):
            fraction = match[2] or ""
            if len(fraction) == exponent(currency) or not fraction:
                minor = int(match[1].replace(",", "") + fraction)
                return (minor if fraction else minor * _UNITS.get(currency, 100)), currency
    return _parse(text, currency, decimal)


@cache
def _grouped() -> re.Pattern[str]:
    """12,000 and 12,000.50."""
    return re.compile(r"([1-9]\d{0,2}(?:,\d{3}){1,3})(?:\.(\d+))?")


class _Amount(Struct):
    """An amount taken apart: its number with the `decimal` sign, "" for none and None where it is not known; the words
    of its scale and currency, "" for none. `no_cents` is the decimal sign before a dash for cents, "" where the dash
    stands alone, None where there is no dash."""

    negative: bool
    number: str
    scale: str
    currency: str
    decimal: str | None
    no_cents: str | None


def _parse(text: str, currency: str, decimal: str | None) -> tuple[int, str]:
    amount = _taken_apart(text, decimal)
    if amount is None:
        raise _refused(text)
    code, tens = _currency(amount.currency, currency, text)
    scale = (power_of(amount.scale) or 0) + tens
    if key_of(amount.scale) == _CRORES and (code not in RUPEES or _LEDGER.search(amount.number)):
        raise _refused(text)
    whole, fraction = _separate(amount, exponent(code), text)
    shift = exponent(code) + scale - len(fraction)
    if len(whole + fraction) > 40:
        raise _refused(text)
    minor = int(whole + fraction)
    if shift >= 0:
        minor *= 10**shift
    else:
        minor, lost = divmod(minor, 10**-shift)
        if lost:
            raise FieldError(f"{code} has {exponent(code) or 'no'} decimals: '{quoted(text)}'.", hint=EXAMPLES)
    return _within(-minor if amount.negative else minor, code, text), code


def in_ascii(text: str, decimal: str | None) -> str:
    """Return an amount in ASCII digits and signs as far as they mean the same, without marks of direction."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", digits(unmarked(text), decimal).translate(_ALIKE))


def _taken_apart(text: str, decimal: str | None) -> _Amount | None:
    """The parts of an amount, None where it is none; what its words mean is not settled yet."""
    if len(text) > LONGEST:
        return None
    if decimal is None and ("٫" in text or "٬" in text):
        decimal = "."
    plain = in_ascii(text, decimal).strip()
    pieces = _NUMBER.split(plain if plain[:1].isdigit() else _POINT_OF_WORD.sub(r"\1 ", plain))
    if len(pieces) < 3:
        return None
    head, number, tail = pieces[0].strip(), pieces[1], pieces[-1]
    dash = _NO_CENTS.match(tail)
    behind = tail[dash.end() :] if dash else tail
    if behind.strip()[:1] == "-" and text.rstrip()[-1:] in "–—":
        return None  # no sign, but no cents perhaps, or a range without an end
    sides = _without_sign(head, behind.strip())
    if sides is None:
        return None
    head, tail, negative = sides
    (before, scale_before), (after, scale) = split_unit(head), split_unit(tail)
    if (before and after) or (scale_before and (scale or not before)):
        return None
    scale = scale or scale_before
    if len(pieces) == 5 and pieces[2] == "/":  # ۱/۵ میلیون: the decimal sign of Persian keyboards
        if not (pieces[1].isdigit() and pieces[3].isdigit() and "\u0600" <= scale[:1] <= "\u06ff"):
            return None
        number, decimal = f"{pieces[1]}.{pieces[3]}", "."
    elif len(pieces) > 3 and not (number := _summed(pieces[1:-1], scale)):
        return None
    return _Amount(negative, number, scale, before or after, decimal, (dash[1] or "") if dash else None)


def _without_sign(head: str, tail: str) -> tuple[str, str, bool] | None:
    """What stands before and after a number without its sign, and whether that makes it negative: -5, € -5, (5), 5-;
    None where signs contradict each other."""
    if "(" in head or ")" in tail:
        around = (head[:1] == "(" or head[-1:] == "(") and (tail[:1] == ")" or tail[-1:] == ")")
        inside = head.replace("(", "", 1).strip(), tail.replace(")", "", 1).strip()
        return (*inside, True) if around and not any(sign in part for part in inside for sign in "+-") else None
    if "-" in head or "+" in head:
        sign = "-" if "-" in head else "+"
        if head.count("-") + head.count("+") > 1 or not (head[0] == sign or head[-1] == sign):
            return None
        return head.replace(sign, "").strip(), tail, sign == "-"
    if tail[:1] == "-" and not head:
        return head, tail[1:].strip(), True
    return head, tail, False


def _summed(pieces: list[str], scale: str) -> str:
    """The number of 2 million and 500 thousand in the last of its scales, "" where its terms are no such sum: whole
    numbers, each smaller than what the one before counts in."""
    total, last = 0, None
    for number, word in zip(pieces[::2], [*pieces[1::2], scale], strict=True):
        power = power_of(_AND.sub("", word.rstrip()))
        if not power or not number.isdigit() or (last is not None and int(number) * 10**power >= 10**last):
            return ""
        total, last = total + int(number) * 10**power, power
    return str(total // 10 ** (last or 0))


def _currency(name: str, default: str, text: str) -> tuple[str, int]:
    """Code that the words for the currency of an amount stand for, and the power of ten it counts in."""
    if not name:
        return default, 0
    if found := resolve(name, default):
        return found
    if not any(map(str.isalpha, name)):
        raise _refused(text)
    raise FieldError(f"'{clip(name, 20)}' in '{quoted(text)}' is not a currency.", hint=EXAMPLES)


def unnamed(text: str) -> bool:
    """Whether an amount names no currency: 12, (5.00), 12k, ۵ میلیون."""
    amount = _taken_apart(text, None)
    return amount is not None and not amount.currency


def _separate(amount: _Amount, minor_digits: int, text: str) -> tuple[str, str]:
    """Digits before and after the decimal sign, with every thousands separator checked and removed."""
    number, decimal = amount.number, amount.decimal
    points, commas = number.count("."), number.count(",")
    if amount.no_cents is not None:
        sign = amount.no_cents or decimal or ""
        if sign and (sign in number or (decimal and decimal in number)):
            raise _refused(text)
    elif decimal in (".", ","):
        sign = decimal
    elif points and commas:
        sign = "." if number.rindex(".") > number.rindex(",") else ","
    elif points + commas == 1:
        sign = _lone_sign(number, minor_digits, text, scaled=bool(amount.scale))
    else:
        sign = ""
    whole, _, fraction = number.partition(sign) if sign else (number, "", "")
    groups = re.split(r"[.,'\s]", whole)
    separators = set(re.findall(r"[.,'\s]", whole))
    indian = all(len(group) == 2 for group in groups[1:-1]) and len(groups[-1]) == 3
    if not (fraction.isdigit() or not fraction) or len(separators) > 1 or sign in separators:
        raise _refused(text)
    if len(groups) > 1 and not (
        1 <= len(groups[0]) <= 3 and groups[0][0] != "0" and (indian or all(len(group) == 3 for group in groups[1:]))
    ):
        raise _refused(text)
    return "".join(groups) or "0", fraction


def _lone_sign(number: str, minor_digits: int, text: str, *, scaled: bool) -> str:
    """The decimal sign of a number with one point or comma, '' where it groups thousands."""
    sign = "." if "." in number else ","
    whole, _, fraction = number.partition(sign)
    may_group = len(fraction) == 3 and 1 <= len(whole) <= 3 and whole.isdigit() and not whole.startswith("0")
    if sign == "," and may_group:
        return ""
    if may_group and (minor_digits != 3 or scaled):
        raise FieldError(
            f"'{quoted(text)}' can be read in two ways.",
            hint=f"Write {whole}{fraction} or {whole}.{fraction[:2]}. For a file, say which sign its decimals have.",
        )
    return sign


def largest(currency: str) -> int:
    """Return the largest amount that a record may hold, in minor units: above and below zero."""
    return 10**15 if exponent(currency) else LARGEST


def _within(minor: int, currency: str, text: str) -> int:
    if abs(minor) > largest(currency):
        raise FieldError(f"'{quoted(text)}' is too large an amount.", hint="Amounts go up to 10,000,000,000,000.00.")
    return minor


def _refused(text: str) -> FieldError:
    return FieldError(f"'{quoted(text)}' is not an amount of money.", hint=EXAMPLES)


def quoted(text: str) -> str:
    """Return what was typed as an error repeats it."""
    return clip(unmarked(text).strip(), 60)


def format_money(minor: int, currency: str, grouping: bool = True) -> str:
    """Return minor units as people read them, '12,000.00'; '12000.00' without `grouping`. Exact, without the code."""
    minor_digits = _EXPONENTS.get(currency, 2)
    whole, fraction = divmod(abs(minor), 10**minor_digits)
    shown = f"{whole:,}" if grouping else str(whole)
    if minor_digits:
        shown = f"{shown}.{fraction:0{minor_digits}}"
    return "-" + shown if minor < 0 else shown


def plain(minor: int, currency: str) -> str:
    """Return minor units as a plain decimal number for machines: '12000.00'."""
    return format_money(minor, currency, grouping=False)


def rescale(minor: int, old: str, new: str) -> int:
    """Return the minor units of the same figure in another currency's digits: 1200 (EUR 12.00) is 12 in JPY.

    FieldError where digits would be lost: 1250 (EUR 12.50) has no whole yen.
    """
    shift = exponent(new) - exponent(old)
    if shift >= 0:
        return _within(minor * 10**shift, new, plain(minor, old))
    step: int = 10**-shift
    rescaled, lost = divmod(minor, step)
    if lost:
        raise FieldError(
            f"{plain(minor, old)} {old} has more decimals than {new} ({exponent(new)}).", hint="Type the amount anew."
        )
    return rescaled


def weighted(minor: int, probability_bp: int) -> int:
    """Return an amount weighted by a probability in basis points (10,000 = 100 %), in minor units, rounded half away
    from zero.

    The views compute the same with `(minor % 10000 * probability_bp + 5000) / 10000` (-5000 below zero) beside
    `minor / 10000 * probability_bp`, taken apart so that no amount overflows: the division of SQLite and PostgreSQL
    cuts towards zero.
    """
    size = (abs(minor) * probability_bp + 5000) // 10_000
    return -size if minor < 0 else size
