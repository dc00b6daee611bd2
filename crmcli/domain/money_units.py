"""What amounts count in where nothing beside them says so: the title of their column, or a column of currencies."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from crmcli.domain.currencies import (
    EVERYDAY,
    HARMLESS,
    KNOWN,
    LETTERS,
    NAMES,
    ORDINARY,
    SCALES,
    SHARED,
    SIGNS,
    key_of,
    power_of,
    resolve,
    split_unit,
)
from crmcli.domain.money import LONGEST, in_ascii, quoted, unnamed
from crmcli.domain.struct import Struct
from crmcli.domain.text import unmarked
from crmcli.errors import FieldError

#: Words that titles scale by and amounts do not, folded -> the one of SCALES that means the same.
SPOKEN_SCALES = {
    word: scale
    for scale, words in (
        (
            "thousand",
            "th thou ths thsd tausende tausenden millier milliers miles migliaia mila duizend duizenden tis tisic "
            "tisice tysiac tysiace tysiecy tusen tusind tusental tuhat ezer mii тысяча тысячи тысячах",
        ),
        (
            "million",
            "mlns mios millon millones milhao milhoes milione milioni miljoen miljoner milj miljoonaa milion miliony "
            "milionow milionu millio milioane миллион миллиона миллионах",
        ),
        (
            "billion",
            "mrds bilhao bilhoes miliardo miliardi miliard miliardy miliardow miliardu miljard miljarden miljarder "
            "miliarde миллиард миллиарда миллиардах",
        ),
    )
    for word in words.split()
}
#: Scales that are other words or abbreviations as well: they count beside a currency alone.
_BESIDE_CURRENCY = frozenset(
    ("m", "mm", "mn", "md", "cr", "mia", "bin", "th", "ths", "thou", "tis", "miles", "mila", "mii", "ezer")
)
_UNCLEAR_TEXT = """
    mil bil trn trillion trillions trillionen billon billones cent cents centime centimes centavo centavos centimo
    centimos pence penny hundred hundreds hundert cien cientos dozen dozens dutzend
    minor subunits
"""
#: Words that scale amounts, and do not tell by what: mil is a thousand or a million.
_UNCLEAR = frozenset(_UNCLEAR_TEXT.split())
#: What may be such a word beside a currency, and is none alone.
_VAGUE = frozenset(("b", "t", "bio", "tn"))
#: Figures that scale: 100s, x100, 10^3, 10³, 1e3, 10k.
_FIGURES = re.compile(r".*000.*|[x×]?100+'?s?|[x×]\d+|10\^?[\d⁰-⁹²³]+|\d+e[+]?\d+|\d[\d.,]*(?:[kmbt]|mm|mn|bn|mio)\.?")
_ASIDE_TEXT = """
    weighted gewichtet pondere ponderado forecasted planned plan planung budget budgeted actual ist soll target list
    retail wholesale unit units each piece item final current signed contract contracted closed won lost invoiced
    billed paid due open fixed variable equivalent recurring arr mrr acv tcv
    month months mo monthly year years yr yrs yearly annual annually annum pa p.a pm p.m quarter quarterly week weekly
    day daily hour hourly jahr jahre jahrlich monat monate monatlich mtl quartal woche tag stunde
    an ans annee annuel annuelle mois mensuel mensuelle jour ano anual mes mensual anno annuo mese yil yillik ay aylik
    gun год месяц сутки سال سالانه ماه ماهانه ماهیانه هفته روز روزانه
"""
#: Folded words that change no figure beside a currency, and say nothing of one alone.
ASIDE = frozenset(_ASIDE_TEXT.split())
#: Years, quarters and percentages.
_DATED = re.compile(r"(?:1[34]|19|20)\d\d|(?:fy|cy|gj)'?\d{2,4}|[qh][1-4]|\d+(?:[.,]\d+)?%", re.IGNORECASE)
#: Behind them stands what an amount is paid for: EUR/kg, USD per pound.
_PER = frozenset(("/", "per", "pro", "je", "par", "por", "در", "за"))
#: Before them stands what is counted, behind them in what.
_IN = frozenset(("in", "of", "en", "de", "di", "da", "do", "em", "w", "v", "в", "به"))
#: Abbreviations of currencies that mean something else in small letters.
_CAPITALISED = frozenset(("fr", "ft", "jd", "kd", "qr", "rm"))
#: Three noughts in a title ('000, $000s, x 1,000), or six.
_NOUGHTS = re.compile(
    r"(?:(?<![\w.,'])(?:[x×]\s*)?'?|(?<=[^\W\d_])')(?:1[.,' ]?)?000([.,' ]?000)?(?:'?s)?(?![\w.,']*\d)"
)
_PERCENT, _ELIDED = re.compile(r"(?<=\d)\s+%"), re.compile(r"(?<!\w)d'(?=[^\W\d_])", re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-z ]+")
#: No name goes across it.
_BREAK = re.compile(r"[,;:|+&]")
_QUOTES = "'\"*«»„“”"
_DOUBTFUL = ("unclear", "vague")
_WORD = re.compile(r"/|[^\s,;:|+&/_–—-]+")
#: So many words has the longest name of a currency, and so many letters what is written at a scale.
_LONGEST_NAME, _LONGEST_SIGN = 4, 7


class _Part(Struct):
    """A word or name in a title, and where it begins there. `code` is its currency and the power of ten that it counts
    in, `scale` the scale as it would stand beside an amount; `sort` is what it is that is neither: "harmless",
    "aside", "unclear" for what may be a currency or a scale, "vague" for what may be one beside others, "" for a
    word."""

    text: str
    sort: str = ""
    currency: str = ""
    code: tuple[str, int] | None = None
    scale: str = ""
    start: int = 0

    @property
    def telling(self) -> bool:
        return bool(self.currency or self.scale)


def _with_noughts(text: str, *, inside: bool = True) -> str:
    """A title with its noughts as words; what is not `inside` brackets may have prices for 1,000 pieces."""
    plain = _ELIDED.sub("de ", _PERCENT.sub("%", in_ascii(text[:LONGEST], None)))

    def word(found: re.Match[str]) -> str:
        if found[0][0] == "1" and not inside:
            return "." + re.sub(r"\D", "", found[0])  # a figure like others
        return " million " if found[1] else " thousand "

    return _NOUGHTS.sub(word, plain)


@lru_cache(maxsize=4096)
def _may_tell(word: str) -> bool:
    """Whether a word can be part of a unit."""
    part = _looked_up(word.strip(_QUOTES), True, False, False)
    return _ends_name(word) or (part is not None and (part.telling or part.sort in _DOUBTFUL))


@lru_cache(maxsize=256)
def _parted(text: str, shouted: bool) -> tuple[_Part, ...]:
    """The parts of a title with its noughts as words."""
    words = [(found[0].strip(_QUOTES), found.start()) for found in _WORD.finditer(text)]
    words = [word for word in words if word[0]]
    parts: list[_Part] = []
    at = 0
    while at < len(words):
        for count in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
            if count > 1 and not _is_name(text, words[at : at + count]):
                continue
            some = " ".join(word for word, _ in words[at : at + count])
            alone = at + count == len(words) and (not at or parts[-1].text.casefold() in _IN)
            per = bool(parts) and parts[-1].text.casefold() in _PER
            if part := _looked_up(some, alone, shouted, per):
                parts.append(part._replace(start=words[at][1]))
                break
        at += count
    return tuple(parts)


def _is_name(text: str, words: list[tuple[str, int]]) -> bool:
    """Whether several words may make one name: nothing goes across a comma."""
    may = _ends_name(words[-1][0]) or (len(words) == 2 and words[0][0].rstrip(".") in LETTERS)
    return may and not _BREAK.search(text, words[0][1], words[-1][1])


def _ends_name(word: str) -> bool:
    return key_of(word).removesuffix("s") in _last_words()


@cache
def _last_words() -> frozenset[str]:
    """What names of several words end with, without the s of plurals."""
    names = [name for some in NAMES.values() for name in some.split(", ") if " " in name]
    scales = [scale for scale in SCALES if " " in scale]
    return frozenset(key_of(name).removesuffix("s").rpartition(" ")[2] for name in (*names, *scales))


@lru_cache(maxsize=4096)  # titles are made of the same words
def _looked_up(text: str, alone: bool, shouted: bool, per: bool) -> _Part | None:
    """What one word is, or the name that several make: None where these make none."""
    key = key_of(text)
    currency, scale = split_unit(text)
    if currency and scale and (" " not in text or text.partition(" ")[0].rstrip(".") in LETTERS):
        return _Part(text, "unclear" if per else "", currency, resolve(currency, ""), scale)
    if " " in text:
        if power_of(text):
            return _Part(text, scale=text)
        return _Part(text, "", text, found) if (found := resolve(text, "")) and not per else None
    found = resolve(text, "")
    paid_for = per and text not in KNOWN and _LATIN.fullmatch(text)
    if found and _as_written(text, alone=alone) and not paid_for:
        if text in ORDINARY and shouted:
            return _Part(text, "harmless" if key in HARMLESS else "unclear")
        return _Part(text, "", text, found)
    if per and len(key) == 1 and not power_of(text):
        return _Part(text, "aside")
    if scale := _scale(text):
        return _Part(text, "unclear" if per else "", scale=scale)
    if currency := _currency_in(text):
        scale = _scale(text.replace(currency, "", 1))
        return _Part(text, "" if scale else "unclear", currency, resolve(currency, ""), scale)
    if key in _UNCLEAR or text.rstrip(".") in LETTERS or _FIGURES.fullmatch(text.casefold()):
        return _Part(text, "unclear")
    if key in _VAGUE:
        return _Part(text, "vague")
    if key in HARMLESS or key in _IN or key in _PER:
        return _Part(text, "harmless")
    if per or key in ASIDE or _DATED.fullmatch(key):
        return _Part(text, "aside")
    return _Part(text, "unclear" if found and alone and key.upper() not in ORDINARY else "")


def _scale(word: str) -> str:
    """A word of scale as it would stand beside an amount, "" for any other."""
    return SPOKEN_SCALES.get(key_of(word)) or (word if power_of(word) and word.rstrip(".") not in LETTERS else "")


def _currency_in(text: str) -> str:
    """The sign or code of a currency with something at it: EURmiles, 10kEUR, mil€; "" for none, as in Europe."""
    ends = range(2, 4) if text.isascii() else range(2, min(len(text), _LONGEST_SIGN))
    for code in (part for size in ends for part in (text[:size], text[-size:]) if part != text):
        if code not in EVERYDAY and (code.isascii() or not resolve(code, "")):
            continue
        rest = text.replace(code, "", 1)
        if _scale(rest) or key_of(rest) in _UNCLEAR or any(map(str.isdecimal, rest)):
            return code
        if code in EVERYDAY and len(code) == 3 and not (rest.isupper() and len(rest) > 2):
            return code
    return next((sign for sign in text if not sign.isalnum() and (sign in SIGNS or sign in SHARED)), "")


def _as_written(text: str, *, alone: bool) -> bool:
    """Whether people who mean a currency write it so: codes in capitals, few of them and their signs in any case."""
    bare = text.rstrip(".")
    if bare.upper() in KNOWN and bare.upper() not in EVERYDAY:
        return text.isupper() or (alone and text.islower() and text == bare and bare.upper() not in ORDINARY)
    return not (bare.islower() and key_of(bare) in _CAPITALISED)


def read_unit(text: str, *, shouted: bool = False) -> str:
    """Return what the amounts of a column count in, from what its title has in brackets or at its end, as it would
    stand behind an amount: "USD" of "USD, net", "thousand EUR" of "'000 EUR", "k€", "میلیون تومان".

    "" where it names neither a currency nor a scale: "net", "company currency". A code counts in capitals unless it is
    one that people write in any case, or all there is and no word; one that is a word as well (TRY) does not in a title
    that is `shouted`, all in capitals. Raises FieldError where any of it is not understood, so that no scale is lost.
    """
    parts = _parted(_with_noughts(text), shouted)
    told = [part for part in parts if part.telling]
    if len(told) < len(parts):  # ALL of "ALL IN" is a word
        told = [part for part in told if not (part.text in ORDINARY and key_of(part.text) in HARMLESS)]
    unit = _joined(told)
    known = {"harmless", "aside"} if unit and not any(part.scale for part in told) else {"harmless"}
    strange = any(part.sort not in known for part in parts if not part.telling) or any(part.sort for part in told)
    if len(text) > LONGEST or unit is None or strange:
        raise FieldError(
            f"'{quoted(text)}' does not say what the amounts of a column count in.",
            hint="Name a currency and a scale, such as (USD), (k€), (thousand EUR) or (میلیون ریال).",
        )
    return unit


def _joined(told: list[_Part]) -> str | None:
    """The one currency and the one scale that parts name, "" for neither; None where they contradict each other."""
    if not told:
        return ""
    scales = [part.scale for part in told if part.scale]
    named = [part for part in told if part.code]
    exact = [part for part in named if key_of(part.currency) not in SHARED] or named
    codes = {part.code for part in exact}
    if len(scales) > 1 or len(codes) > 1:
        return None
    for part in named:
        if part not in exact and not any(code in SHARED[key_of(part.currency)] for code, _ in filter(None, codes)):
            return None
    if not named and key_of(scales[0]) in _BESIDE_CURRENCY:
        return None
    unit = " ".join(part.text for part in told)
    said = split_unit(unit)
    if (bool(said[1]), bool(said[0] and resolve(said[0], ""))) == (bool(scales), bool(named)):
        return unit
    return " ".join((*scales, *(part.currency for part in exact[:1])))


def hints_at_unit(text: str, *, shouted: bool = False) -> bool:
    """Tell whether some of what `read_unit` reads is a currency, a scale or noughts: if the rest of it is not
    understood, its amounts may be others than their figures. "weighted" and "2026" are words like others."""
    parts = _parted(_with_noughts(text), shouted)
    return len(text) > LONGEST or any(part.telling or part.sort == "unclear" for part in parts)


@lru_cache(maxsize=4096)  # the titles of a file are asked for again and again
def part_unit(title: str, inside: str, *, shouted: bool = False) -> tuple[str, str]:
    """Return a title without the unit at its end, and the unit: "Amount" and "million USD". `inside` is what the title
    has in brackets, which are not among it.

    A unit elsewhere counts where it is surely one, and stays in the title: "$ Amount". "" where there is none.
    """
    plain = _with_noughts(title, inside=False)
    if not any(map(_may_tell, _WORD.findall(plain))):
        return title, ""  # as most titles of a file
    parts = _parted(plain, shouted)
    currency = any(part.code for part in (*parts[1:], *_parted(_with_noughts(inside), shouted)))

    def counts(part: _Part) -> bool:
        if part.telling:
            return currency or key_of(part.text) not in _BESIDE_CURRENCY
        return part.text in ORDINARY or key_of(part.text) in _UNCLEAR or (currency and part.sort in _DOUBTFUL)

    for at in range(1, len(parts)):
        rest, behind_in = parts[at:], parts[at - 1].text.casefold() in _IN
        if not (parts[at].telling or parts[at].sort in _DOUBTFUL):
            continue
        if any(map(counts, rest)) and all(part.telling or part.sort for part in rest):
            break
        if behind_in and (parts[at].telling or parts[at].sort == "unclear"):
            break
    else:
        sure = any(p.code and (p.text.upper() in EVERYDAY or not _LATIN.fullmatch(p.text)) for p in parts)
        return title, " ".join(p.text for p in parts if sure and (p.telling or p.sort == "unclear"))
    start = at
    while start > 1 and parts[start - 1].text.casefold() in _IN:
        start -= 1
    return plain[: parts[start].start].rstrip(" \t_,;:|/–—-"), plain[parts[at].start :]


def beside(cell: str, unit: str) -> str:
    """Return an amount with the unit of its column behind it, unless it names a currency of its own.

    In a column of thousands such an amount may be meant in thousands or not: there the unit stands behind it too, for
    `parse_money` to refuse both.
    """
    if unit and (unnamed(cell) or (split_unit(unit)[1] and any(map(str.isdecimal, cell)))):
        return f"{cell.strip()} {unit}"
    return cell


def read_currency(text: str, home: str) -> tuple[str, bool]:
    """Return the ISO 4217 code that a cell of a column of currencies means, and whether amounts beside it are tomans.

    Takes codes, signs and names, alone or together: usd, €, ریال, US Dollar, "USD - US Dollar", "Euro (EUR)". A sign
    that several currencies share is that of `home`, if `home` is one of them. Raises FieldError.
    """
    text = unmarked(text)
    if whole := _called(text, home):
        return whole
    parts = re.split(r"\s[-–—]\s|[()\[\]:/|,;]", text)
    codes = re.findall(r"(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])", text)
    for some in ([p for p in parts if key_of(p) not in SHARED], [c for c in codes if c in KNOWN], parts):
        said = {found for one in some if (found := _called(one, home))}
        if len(said) == 1:
            return said.pop()
    raise FieldError(f"'{quoted(text)}' is not a currency", hint="use an ISO 4217 code such as EUR, USD or IRR")


def _called(text: str, home: str) -> tuple[str, bool] | None:
    found = resolve(text, home)
    return (found[0], bool(found[1])) if found else None
