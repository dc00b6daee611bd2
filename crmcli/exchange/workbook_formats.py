"""What the number formats of a workbook's cells say beyond their values: percent, a currency, noughts in front.

Loaded by the process that opens workbooks; it imports nothing of the package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

#: Formats that files name by number alone; Excel spells those with a currency out, other programs do not.
BUILT_IN = {"9": "0%", "10": "0.00%"} | dict.fromkeys(("5", "6", "7", "8", "42", "44"), '"$"#,##0')
_TOKEN = re.compile(r'"([^"]*)"?|\\(.)|_.|\*.|\[([^\]]*)\]|(.)', re.DOTALL)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_PLACEHOLDERS = "0#?"
#: What may stand between the digits of a number that is an id, a postal code or a telephone number.
_BETWEEN = re.compile(r"[\d+()/. -]*")
#: Currency -> the locales (as Windows numbers them, and regions of BCP 47) that may stand behind its sign.
_LOCALES = {
    "USD": "409 US", "AUD": "C09 AU", "CAD": "1009 C0C CA", "NZD": "1409 NZ", "HKD": "C04 3C09 HK",
    "SGD": "1004 4809 SG",
    "TWD": "404 TW", "MXN": "80A MX", "ARS": "2C0A AR", "CLP": "340A CL", "COP": "240A CO", "JMD": "2009 JM",
    "TTD": "2C09 TT", "JPY": "411 JP", "CNY": "804 CN", "SEK": "41D SE", "NOK": "414 814 NO", "DKK": "406 DK",
    "ISK": "40F IS", "GBP": "809 GB", "CHF": "807 100C 810 CH", "HUF": "40E HU", "BGN": "402 BG", "RON": "418 RO",
    "PEN": "280A PE", "ZAR": "1C09 436 ZA", "IDR": "421 ID", "MYR": "43E 4409 MY", "TRY": "41F TR", "UAH": "422 UA",
    "PLN": "415 PL", "CZK": "405 CZ", "INR": "4009 439 IN", "BRL": "416 BR", "AED": "3801 AE", "SAR": "401 SA",
    "EGP": "C01 EG", "KWD": "3401 KW", "QAR": "4001 QA", "OMR": "2001 OM", "IRR": "429 IR", "IQD": "801 IQ",
    "RSD": "241A 81A RS", "RUB": "419 RU", "THB": "41E TH", "VND": "42A VN", "ILS": "40D IL", "KRW": "412 KR",
    "PHP": "3409 464 PH",
}  # fmt: skip
_BY_LOCALE = {locale: code for code, locales in _LOCALES.items() for locale in locales.split()}
_DOLLARS = ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "JMD", "TTD")
_SHARED = {"$": _DOLLARS, "¥": ("JPY", "CNY"), "kr": ("SEK", "NOK", "DKK", "ISK"), "kr.": ("DKK", "ISK")}

#: No spreadsheet program writes a longer format, in characters; what is longer is no format of numbers.
MAX_CODE = 255

Token = tuple[str, str]


def writer(code: str, currencies: Collection[str], plain: Callable[[float], str]) -> Callable[[float], str] | None:
    """How a number with this format is written so that nothing of what the sheet shows is lost; None where its digits
    alone (`plain`) say it. `currencies` are the codes, signs and words that name one."""
    if len(code) > MAX_CODE:
        return None
    sections = [list(_tokens(text)) for text in _sections(code)]
    if any(("char", "%") in tokens for tokens in sections):
        return lambda number: f"{round(number * 100, 10):.15g}%"
    for tokens in sections:
        if currency := _currency(tokens, currencies):
            return lambda number: f"{plain(number)} {currency}"
    if any(_pads(tokens) for tokens in sections):
        return lambda number: _padded(_chosen(sections, number), number) or plain(number)
    return None


def _sections(code: str) -> Iterator[str]:
    """The parts for positive numbers, negative ones and nought, cut at ; outside of texts."""
    start = 0
    for token in _TOKEN.finditer(code):
        if token[4] == ";":
            yield code[start : token.start()]
            start = token.end()
    yield code[start:]


def _tokens(section: str) -> Iterator[Token]:
    """("text", what is shown as it stands), ("bracket", its inside) or ("char", a sign of the format)."""
    for token in _TOKEN.finditer(section):
        if token[1] is not None or token[2] is not None:
            yield "text", token[1] or token[2] or ""
        elif token[3] is not None:
            yield "bracket", token[3]
        elif token[4] is not None:
            yield ("char", token[4]) if token[4].isascii() and token[4] not in "$+-()/ " else ("text", token[4])


def _currency(tokens: Iterable[Token], currencies: Collection[str]) -> str:
    """The code, sign or word of the currency that a section shows, "" for none."""
    text = ""
    for kind, value in (*tokens, ("char", "")):
        if kind == "bracket" and value.startswith("$"):
            sign, _, locale = value[1:].partition("-")
            if sign.strip():
                return _located(sign.strip(), locale, currencies)
        elif kind == "text":
            text += value
        elif kind == "char":
            word = text.strip(" \u00a0\u202f+-()/")
            if word in currencies or word.casefold().translate(_PERSIAN) in currencies:
                return word
            text = ""
    return ""


_PERSIAN = {ord("ي"): "ی", ord("ك"): "ک"}


def _located(sign: str, locale: str, currencies: Collection[str]) -> str:
    """[$$-C09] is AUD, [$€-407] is €, [$Ft-40E] is HUF."""
    region = locale.partition(",")[0].rpartition("-")[2].upper()
    if re.fullmatch(r"[0-9A-F]{3,8}", region):
        region = f"{int(region, 16) & 0xFFFF:X}"
    code = _BY_LOCALE.get(region, "")
    if sign in _SHARED:
        return code if code in _SHARED[sign] else sign
    known = sign in currencies or sign.casefold().translate(_PERSIAN) in currencies
    return sign if known or not code else code


def _pads(tokens: list[Token]) -> bool:
    """Whether a section adds digits that the number has not, and has nothing but digits and what parts them."""
    noughts = tokens.count(("char", "0"))
    text = "".join(value for kind, value in tokens if kind == "text")
    if any(kind == "char" and value not in _PLACEHOLDERS for kind, value in tokens) or not _BETWEEN.fullmatch(text):
        return False
    return noughts > 1 or (any(char.isdigit() for char in text) and any(kind == "char" for kind, _ in tokens))


def _chosen(sections: list[list[Token]], number: float) -> list[Token]:
    """The section that shows a positive number, by the conditions of [<=99999]00000;00000-0000."""
    for tokens in sections:
        conditions = [found for kind, value in tokens if kind == "bracket" and (found := _CONDITION.fullmatch(value))]
        if not conditions:
            return tokens
        sign, limit = conditions[0][1], float(conditions[0][2])
        fits = {
            "<": number < limit, "<=": number <= limit, ">": number > limit, ">=": number >= limit,
            "=": number == limit, "<>": number != limit,
        }  # fmt: skip
        if fits[sign]:
            return tokens
    return sections[-1]


def _padded(tokens: list[Token], number: float) -> str:
    """The number in the places of a section, "" where it is none for them."""
    if number < 0 or number != int(number) or not _pads(tokens):
        return ""
    digits = list(str(int(number)))
    first = next(place for place, (kind, _) in enumerate(tokens) if kind == "char")
    shown: list[str] = []
    for place in range(len(tokens) - 1, -1, -1):
        kind, value = tokens[place]
        if kind == "text":
            shown.append(value)
        elif kind == "char" and place == first and digits:
            shown.append("".join(digits))
        elif kind == "char":
            shown.append(digits.pop() if digits else "0" if value == "0" else "")
    return "".join(reversed(shown))
