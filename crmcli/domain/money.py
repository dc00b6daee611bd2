"""Amounts of money: whole minor units and an ISO 4217 code, read from what people type, without floating point."""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.currencies import NAMES
from crmcli.domain.text import clip, digits, fold
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
# Legal tender, and what old books may hold: ANG BGN CUC HRK LTL LVL EEK SLL STD VEF ZWL BYR MRO.
_KNOWN_TEXT = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD CAD CDF "
    "CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ "
    "GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD "
    "LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN "
    "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB "
    "TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW UZS VEF VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "
    "ZWL"
)
_KNOWN = frozenset(_KNOWN_TEXT.split())
_SYMBOLS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD",
    "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "r$": "BRL", "₹": "INR", "₺": "TRY", "₽": "RUB", "₩": "KRW",
    "₪": "ILS", "₫": "VND", "₴": "UAH", "₦": "NGN", "₱": "PHP", "฿": "THB", "₸": "KZT", "₾": "GEL", "₼": "AZN",
    "֏": "AMD", "tl": "TRY", "元": "CNY", "cn¥": "CNY", "rmb": "CNY", "円": "JPY", "jp¥": "JPY", "fr": "CHF",
    "fr.": "CHF", "sfr": "CHF", "sfr.": "CHF", "zl": "PLN", "kc": "CZK", "rial": "IRR", "rials": "IRR", "ریال": "IRR",
    "یورو": "EUR", "دلار": "USD",
}  # fmt: skip
# Signs and words shared by several currencies: the user's own one of them, else the first.
_DOLLARS = (
    "USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "JMD", "FJD", "BBD", "TTD",
)  # fmt: skip
_RUPEES = ("INR", "PKR", "LKR", "NPR", "MUR", "SCR")
_SHARED = {
    "$": _DOLLARS, "dollar": _DOLLARS, "dollars": _DOLLARS, "¥": ("JPY", "CNY"), "rupee": _RUPEES, "rupees": _RUPEES,
    "rs": _RUPEES, "rs.": _RUPEES,
}  # fmt: skip
_TOMAN = frozenset(("toman", "tomans", "irt", "تومان", "تومن"))  # ten rials; no code of its own in ISO 4217
_SCALES = {
    "k": 3, "m": 6, "mn": 6, "bn": 9, "thousand": 3, "million": 6, "billion": 9, "هزار": 3, "میلیون": 6, "میلیارد": 9,
}  # fmt: skip
_UNITS = {code: 10**digits_ for code, digits_ in _EXPONENTS.items()}
_AMOUNT = re.compile(r"([^\d.,]*)([.,]?\d(?:[\d.,'’\s]*\d)?)([^\d]*)")
#: No amount of any currency is larger, in minor units.
LARGEST = 10**18
#: No amount has more characters; what looks for its parts takes the square of a length.
_LONGEST = 500
#: Rs. 500 and Fr.500: the point is the word's.
_POINT_OF_WORD = re.compile(r"^(\D*[^\W\d_])\.\s*(?=[\d(+-])")
EXAMPLES = "Write 12000, 12,000.50, 12k, 1.5M, €500 or 12000 EUR."


def exponent(currency: str) -> int:
    """Return how many minor digits a currency has: EUR 2, JPY and IRR 0, KWD 3 (CLDR)."""
    return _EXPONENTS.get(currency, 2)


def names_beside() -> frozenset[str]:
    """Return what names a currency beside an amount: codes in capitals, signs and words in lower case."""
    return _KNOWN | _SYMBOLS.keys() | _SHARED.keys() | _TOMAN | {"kč", "zł", "kr", "kr."}


def known(currency: str) -> bool:
    """Tell whether it is the ISO 4217 code, in capitals, of money in use now or lately."""
    return currency in _KNOWN


def parse_money(text: str, currency: str, decimal: str | None = None) -> tuple[int, str]:
    """Read an amount and return minor units and ISO 4217 code: `currency` unless the text names another.

    Takes thousands separators, k and M, signs and codes before or after, accounting negatives (5.00), Persian digits,
    and tomans as ten rials. `decimal` is '.' or ',' where it is known how a column writes decimals; without it two
    kinds of separator settle each other, a comma before exactly three digits groups thousands, and a point before
    exactly three digits is refused unless the currency has three. Never rounds. Raises FieldError for the rest,
    and beyond 10**15 minor units (10**18 where the currency has no minor unit).
    """
    if text.isascii():
        # The plain shapes of which imports consist.
        if text.isdigit() and len(text) < 13:
            return int(text) * _UNITS.get(currency, 100), currency
        whole, point, fraction = text.partition(".")
        if (
            point
            and decimal != ","
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


def _parse(text: str, currency: str, decimal: str | None) -> tuple[int, str]:
    if len(text) > _LONGEST:
        raise _refused(text)
    if decimal is None and ("٫" in text or "٬" in text):
        decimal = "."
    plain = _POINT_OF_WORD.sub(r"\1 ", digits(text).replace("،", ",").replace("−", "-").strip())
    match = _AMOUNT.fullmatch(plain)
    if not match:
        raise _refused(text)
    head, number, tail = (part.strip() for part in match.groups())
    negative = False
    if head.startswith("(") and tail.endswith(")"):
        head, tail, negative = head[1:].strip(), tail[:-1].strip(), True
    elif "-" in head or "+" in head:
        sign = "-" if "-" in head else "+"
        if head.count("-") + head.count("+") > 1 or not (head[0] == sign or head[-1] == sign):
            raise _refused(text)
        head, negative = head.replace(sign, "").strip(), sign == "-"
    scale, tail = _scale(tail)
    if head and tail:
        raise _refused(text)
    code, tens = _currency(fold(head or tail), currency, text)
    whole, fraction = _separate(number, exponent(code), decimal, text, scaled=bool(scale))
    shift = exponent(code) + scale + tens - len(fraction)
    if len(whole + fraction) > 40:
        raise _refused(text)
    minor = int(whole + fraction)
    if shift >= 0:
        minor *= 10**shift
    else:
        minor, lost = divmod(minor, 10**-shift)
        if lost:
            raise FieldError(f"{code} has {exponent(code) or 'no'} decimals: '{_quoted(text)}'.", hint=EXAMPLES)
    return _within(-minor if negative else minor, code, text), code


def _scale(tail: str) -> tuple[int, str]:
    """Split k, M, میلیون ... off the front of what follows the number: power of ten, and the rest."""
    word = re.match(r"[^\W\d_]+", tail)
    if word and (power := _SCALES.get(fold(word[0]))):
        return power, tail[word.end() :].strip()
    if tail[:1] in ("k", "K", "M", "m") and _names_currency(fold(tail[1:])):
        return _SCALES[tail[0].lower()], tail[1:]
    return 0, tail


def _names_currency(name: str) -> bool:
    return name in _SYMBOLS or name in _SHARED or name in _TOMAN or name.upper() in _KNOWN


def _currency(name: str, default: str, text: str) -> tuple[str, int]:
    """Code that a folded sign, word or code stands for, and the power of ten it counts in."""
    if not name:
        return default, 0
    if name in _TOMAN:
        return "IRR", 1
    if name in _SHARED:
        return (default if default in _SHARED[name] else _SHARED[name][0]), 0
    if not any(char.isalpha() for char in name) and name not in _SYMBOLS:
        raise _refused(text)
    code = _SYMBOLS.get(name) or name.upper()
    if code not in _KNOWN:
        code = _names().get(name.removesuffix("s"), "")
    if not code:
        raise FieldError(f"'{clip(name, 20)}' in '{_quoted(text)}' is not a currency.", hint=EXAMPLES)
    return code, 0


@cache
def _names() -> dict[str, str]:
    """Folded name -> code."""
    return {fold(name).removesuffix("s"): code for code, names in NAMES.items() for name in names.split(", ")}


def read_currency(text: str, home: str) -> tuple[str, bool]:
    """Return the ISO 4217 code that a cell of a column of currencies means, and whether amounts beside it are tomans.

    Takes codes, signs and names, alone or together: usd, €, ریال, US Dollar, "USD - US Dollar", "Euro (EUR)". A sign
    that several currencies share is that of `home`, if `home` is one of them. Raises FieldError.
    """
    if whole := _called(text, home):
        return whole
    parts = re.split(r"\s[-–—]\s|[()\[\]:/|,;]", text)
    codes = re.findall(r"(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])", text)
    for some in ([p for p in parts if fold(p) not in _SHARED], [c for c in codes if c in _KNOWN], parts):
        said = {found for part in some if (found := _called(part, home))}
        if len(said) == 1:
            return said.pop()
    raise FieldError(f"'{_quoted(text)}' is not a currency", hint="use an ISO 4217 code such as EUR, USD or IRR")


def _called(text: str, home: str) -> tuple[str, bool] | None:
    name = fold(text)
    try:
        code, tens = _currency(name, "", name)
    except FieldError:
        return None
    if name in _SHARED and home in _SHARED[name]:
        code = home
    return (code, bool(tens)) if code else None


def unnamed(text: str) -> bool:
    """Whether an amount names no currency: 12, (5.00), 12k, ۵ میلیون."""
    match = _AMOUNT.fullmatch(_POINT_OF_WORD.sub(r"\1 ", digits(text).strip())) if len(text) <= _LONGEST else None
    if not match:
        return False
    head, _, tail = match.groups()
    return not head.strip("(+- −") and not _scale(tail.strip(" )"))[1]


def _separate(number: str, minor_digits: int, decimal: str | None, text: str, *, scaled: bool) -> tuple[str, str]:
    """Digits before and after the decimal sign, with every thousands separator checked and removed."""
    points, commas = number.count("."), number.count(",")
    if decimal in (".", ","):
        sign = decimal
    elif points and commas:
        sign = "." if number.rindex(".") > number.rindex(",") else ","
    elif points + commas == 1:
        sign = _lone_sign(number, minor_digits, text, scaled=scaled)
    else:
        sign = ""
    whole, _, fraction = number.partition(sign) if sign else (number, "", "")
    groups = re.split(r"[.,'’\s]", whole)
    separators = set(re.findall(r"[.,'’\s]", whole))
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
            f"'{_quoted(text)}' can be read in two ways.",
            hint=f"Write {whole}{fraction} or {whole}.{fraction[:2]}. For a file, say which sign its decimals have.",
        )
    return sign


def largest(currency: str) -> int:
    """Return the largest amount that a record may hold, in minor units: above and below zero."""
    return 10**15 if exponent(currency) else LARGEST


def _within(minor: int, currency: str, text: str) -> int:
    if abs(minor) > largest(currency):
        raise FieldError(f"'{_quoted(text)}' is too large an amount.", hint="Amounts go up to 10,000,000,000,000.00.")
    return minor


def _refused(text: str) -> FieldError:
    return FieldError(f"'{_quoted(text)}' is not an amount of money.", hint=EXAMPLES)


def _quoted(text: str) -> str:
    return clip(text.strip(), 60)


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
