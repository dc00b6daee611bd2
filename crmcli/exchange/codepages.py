"""Which code page a text without Unicode is in: each is tried, and its words must be words of some language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, AnyStr, NamedTuple

from crmcli.exchange.shape import Doubt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The letters beyond a-z of languages, in the alphabets of their code pages.
_WESTERN = (
    "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíñóúüçàèòï", "áâãàçéêíóôõúü", "àèéìîòùó", "æøåéèóôä", "åäöéü", "áðéíóúýþæö",
    "éèëïóöüä",
)  # fmt: skip
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýžäĺľôŕ", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß")
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")
_TURKISH = ("çğıöşüâîûi̇",)
_CYRILLIC = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўђјљњћџ")
_GREEK = frozenset("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ")
_HEBREW = re.compile("[\u05d0-\u05ea]+")
_ARABIC = re.compile("[\u0620-\u065f\u066e-\u06d5\u200c\u200d]+")
_FAR_EAST = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff10-\uff5a]+")
#: Signs that may stand before a word, behind one, between its parts, and for themselves.
_BEFORE, _BEHIND, _BETWEEN = "\xa0«‘’‚“„‹¿¡´–—•·", "\xa0»’‘“”›´–—…•·™®ºª،؛؟٪", "\xa0’‘´–—·"
_ALONE = re.compile("[\xa0«»‹›‘’‚“”„…–—•·°€£¥§©®™ºª´¿¡،؛؟٪×½¼¾²³¹±\u200c-\u200f]+")
_MEASURE = re.compile("°[CFK]|[A-Za-z]{1,2}[²³]")
_PARTS = re.compile(f"[{_BETWEEN}]+")
# A word with anything beyond ASCII in it; the look behind keeps a long one without from being tried at each letter.
_TOKEN = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]*+[\x80-\xff][A-Za-z\x80-\xff]*")
_WIDE_TOKEN = re.compile("(?<![A-Za-z\x80-\U0010ffff])[A-Za-z]*+[^\x00-\x7f][A-Za-z\x80-\U0010ffff]*")
_LONG = re.compile("[^\x00-\x7f]{3}")

#: Code page -> the script, by how likely it is where several read equally well.
_PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "cp1252": ("latin", _WESTERN), "cp1256": ("arabic", _WESTERN[:1]), "cp1254": ("latin", _TURKISH),
    "cp1250": ("latin", _CENTRAL), "cp1251": ("cyrillic", ()), "cp1253": ("greek", ()), "iso8859-7": ("greek", ()),
    "cp1255": ("hebrew", ()), "mac-roman": ("latin", _WESTERN), "cp850": ("latin", _WESTERN),
    "iso8859-15": ("latin", _WESTERN), "cp437": ("latin", _WESTERN), "iso8859-2": ("latin", _CENTRAL),
    "cp852": ("latin", _CENTRAL),
    "cp1257": ("latin", _BALTIC), "koi8-r": ("cyrillic", ()), "cp866": ("cyrillic", ()),
    "mac-cyrillic": ("cyrillic", ()), "iso8859-5": ("cyrillic", ()), "iso8859-6": ("arabic", ()),
}  # fmt: skip
#: Rare code page -> that of Windows for the same languages: what this reads as well is not in the rare one.
_RARER = {"iso8859-15": "cp1252", "iso8859-6": "cp1256"}
#: Code page -> (the one that orders its signs, the first bytes of the common ones in it).
_WIDE_PAGES = {
    "gb18030": ("gb2312", (0xB0, 0xD7)), "cp932": ("cp932", (0x88, 0x97)), "big5": ("big5", (0xA4, 0xC6)),
    "euc_jp": ("euc_jp", (0xB0, 0xCF)), "cp949": ("cp949", (0xB0, 0xC8)),
}  # fmt: skip
#: Those that are taken where they are clear; whether it is one of the others is asked.
_COMMON = frozenset(("cp1252", "cp1256", "cp1254", "cp1250", "cp1251", "cp1253"))
_MOST_TOKENS, _MOST_BYTES = 1000, 1 << 20
#: No word is longer; of what has no end, its beginning says as much.
_LONGEST_TOKEN = 400
_SURE, _MAYBE, _CLEARLY = 0.9, 0.8, 0.1
_MOST_CHOICES = 5


class Guess(NamedTuple):
    """The code page to take, "" where that must be asked; a sample of the words in it; the doubt, None without one."""

    name: str
    words: list[str]
    doubt: Doubt | None


class _Tried(NamedTuple):
    name: str
    script: str
    share: float
    texts: dict[bytes, str]


def guess(data: bytes) -> Guess:
    """The code page of `data`, which is no Unicode."""
    tokens = _words(_TOKEN, data)
    tried = sorted(_tries(data, tokens), key=lambda one: -one.share)  # stable: the likelier of equals first
    if not tried or tried[0].share < _MAYBE:
        return Guess("", [], _doubt(tried or _plain(tokens), tokens))
    best = _preferred(tried, data)
    others = [one for one in tried if one is not best and one.share >= min(_MAYBE, best.share)]
    rivals = [one for one in others if one.share > best.share - _CLEARLY]
    foreign = any(one.script != best.script for one in rivals)
    if best.name not in _COMMON or best.share < _SURE or foreign or (rivals and best.script != "latin"):
        return Guess("", [], _doubt([best, *others], tokens))
    words = _sample(tokens, [best, *rivals])
    doubt = _doubt([best, *rivals], tokens, best.name) if rivals else None
    return Guess(best.name, [best.texts[word][:24] for word in words], doubt)


def _words(token: re.Pattern[AnyStr], text: AnyStr) -> list[AnyStr]:
    """The first words with anything beyond ASCII in them, each once."""
    found: list[AnyStr] = list(dict.fromkeys(token.findall(text)))[:_MOST_TOKENS]
    return [begun for word in found if not (begun := word[:_LONGEST_TOKEN]).isascii()]


def _preferred(tried: Sequence[_Tried], data: bytes) -> _Tried:
    """The first, or of those that read as well the one that ordinary files are in."""
    equal = [one for one in tried if one.share >= tried[0].share - 0.03 and one.script == tried[0].script]
    order = [name for name in _PAGES if name != "cp1254"]
    order.insert(0 if _reads_as_turkish(data) else 1, "cp1254")
    return min(equal, key=lambda one: order.index(one.name) if one.name in order else len(order))


def _reads_as_turkish(data: bytes) -> bool:
    """Whether the six letters in which the Turkish code page differs stand without those of Icelandic and Czech."""
    text = data.decode("cp1252", "replace")
    return re.search("[ðýþÐÝÞ]", text) is not None and re.search("[áæíóúàèìòùãõñåøÁÆÍÓÚ]", text) is None


def _tries(data: bytes, tokens: Sequence[bytes]) -> Iterable[_Tried]:
    """Each code page that reads some of it, those left out that read every word like one before."""
    seen: set[tuple[str, ...]] = set()
    shares: dict[str, float] = {}
    for name, (script, alphabets) in _PAGES.items():
        texts = {token: token.decode(name, "replace") for token in tokens}
        key = tuple(texts.values())
        if key in seen:
            continue
        seen.add(key)
        shares[name] = share = sum(_fits(text, script, alphabets) for text in key) / max(1, len(key))
        said = script == "latin" or any(_LONG.search(text) for text in key)
        if said and share > shares.get(_RARER.get(name, ""), 0):
            yield _Tried(name, script, share, texts)
    for name, (common, lead) in _WIDE_PAGES.items():
        found = _words(_WIDE_TOKEN, data[:_MOST_BYTES].decode(name, "replace"))
        fit = sum(_is_far_eastern(text, common, lead) for text in found)
        if found and fit / len(found) >= _MAYBE and sum(map(len, found)) > 3:
            yield _Tried(name, "far east", fit / len(found), {b"%d" % n: text for n, text in enumerate(found)})


def _is_far_eastern(text: str, common: str, lead: tuple[int, int]) -> bool:
    """Whether a word has nothing but kana, hangul and, of the others, such as are common: first bytes tell those."""
    if _FAR_EAST.fullmatch(text) is None:
        return False
    ideographs = [char.encode(common, "ignore")[:1] for char in text if char > "\u30ff"]
    return sum(lead[0] <= byte[0] <= lead[1] for byte in ideographs if byte) * 5 >= len(ideographs) * 4


def _fits(text: str, script: str, alphabets: Sequence[str]) -> bool:
    """Whether a word, with the signs around and between its parts, may be one of a language of that script."""
    if _ALONE.fullmatch(text) or _MEASURE.fullmatch(text):
        return True
    inner = text.lstrip(_BEFORE).rstrip(_BEHIND)
    return all(_is_word(part, script, alphabets) for part in _PARTS.split(inner) if part and not part.isascii())


def _is_word(word: str, script: str, alphabets: Sequence[str]) -> bool:
    if script == "hebrew":
        return _HEBREW.fullmatch(word) is not None
    if script == "arabic" and _ARABIC.fullmatch(word):
        return True
    if not _has_case_of_words(word):
        return False
    lower = word.lower()
    if script in ("cyrillic", "greek"):
        return set(lower) <= (_CYRILLIC if script == "cyrillic" else _GREEK)
    wide = {char for char in lower if char > "\x7f"}
    if len(word) > 1 and (min(word) > "\x7f" or re.search("[^\x00-\x7f]{3}", word)):
        return False  # words of accented letters alone are another alphabet's
    return any(wide <= set(alphabet) for alphabet in alphabets)


def _has_case_of_words(word: str) -> bool:
    """Whether the letters beyond ASCII are capitals where those of a word are: at its beginning, or all."""
    for place, char in enumerate(word):
        if char <= "\x7f":
            continue
        around = word[place - 1] if place else ""
        if char.isupper() and around.islower():
            return False
        if (
            char.islower()
            and char not in "ßÿı"
            and around.isupper()
            and (place > 1 or word[place + 1 : place + 2].isupper())
        ):
            return False
        if char.isupper() and place and word[place + 1 : place + 2].islower():
            return False
    return True


def _plain(tokens: Sequence[bytes]) -> list[_Tried]:
    return [
        _Tried(name, _PAGES[name][0], 0.0, {token: token.decode(name, "replace") for token in tokens})
        for name in ("cp1252", "cp1256", "cp1250", "cp1251")
    ]


def _sample(tokens: Sequence[bytes], tried: Sequence[_Tried]) -> list[bytes]:
    """The words that show best how the code pages differ."""
    own = [one.texts for one in tried if one.script != "far east"]
    return sorted(tokens, key=lambda token: -len({texts[token] for texts in own}))[:4]


def _doubt(tried: Sequence[_Tried], tokens: Sequence[bytes], taken: str = "") -> Doubt:
    words = _sample(tokens, tried)
    choices = []
    for one in tried[:_MOST_CHOICES]:
        texts = list(one.texts.values())[:4] if one.script == "far east" else [one.texts[word] for word in words]
        choices.append((one.name, ", ".join(text[:24] for text in texts)))
    return Doubt("encoding", tuple(choices), taken)
