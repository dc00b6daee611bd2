"""A record as it is compared: words of its name, codes of their sound, folded values."""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING

from crmcli.domain.address import email_domain, is_office, is_public_domain
from crmcli.domain.dedupe.entry import PEOPLE
from crmcli.domain.text import fold

if TYPE_CHECKING:
    from datetime import date

    from crmcli.domain.dedupe.entry import Entry

#: Words before and after a person's name that are no part of it, folded.
TITLES = frozenset(
    fold(
        "mr mrs ms miss mx sir dr prof professor herr frau fr hr monsieur mme madame sra señor señora dott ing"
        " dipl mag phd md mba esq آقای خانم آقا دکتر مهندس استاد حاج سید سیده جناب سرکار"
    ).split()
)
#: Titles that Persian writes on to the name that follows, with or without a half space; the longer ones first.
_WRITTEN_BEFORE = tuple(map(fold, ("سیده", "سید", "دکتر", "مهندس")))
_SHORTEST_GIVEN = 3
#: Which of two namesakes: the only words of a name that tell father and son apart.
GENERATIONS = {
    "jr": "jr", "jnr": "jr", "junior": "jr", "ii": "jr", "2nd": "jr", "iii": "iii", "iv": "iv", "sr": "sr", "snr": "sr",
    "senior": "sr", "d.ä": "sr", "d.j": "jr",
}  # fmt: skip
#: Words that say the same, and are names too unless brackets, a point, a comma behind a whole name, or for the first
#: two small letters tell them from these.
MARKED = {
    "sen": "sr", "jun": "jr", "vater": "sr", "sohn": "jr", "mutter": "sr", "tochter": "jr", "père": "sr", "fils": "jr",
    "mère": "sr", "fille": "jr", "padre": "sr", "hijo": "jr", "madre": "sr", "hija": "jr", "pai": "sr", "filho": "jr",
    "neto": "iii", "father": "sr", "son": "jr", "پدر": "sr", "پسر": "jr", "مادر": "sr", "دختر": "jr",
}  # fmt: skip
_SMALL_LETTERS = frozenset(("sen", "jun"))
_FORMS_TEXT = """
    gmbh mbh ag kg kgaa ohg ug gbr ev eg se ltd limited plc llp lp llc inc incorporated corp corporation co company
    companies sa sas sarl sasu eurl snc spa srl srls sapa sl slu sau bv nv vof cv ab oy oyj as asa aps ivs hf ehf kft
    zrt nyrt bt sro spol aktiengesellschaft aktiebolag kommanditgesellschaft
    akc doo dd ad ooo oao zao pao ao pte pty pvt private sdn bhd kk gk cie compagnie sp zoo ltda
    eireli scrl sprl pjsc psc fze fzco wll limitada tbk pt
    ооо оао зао пао ао ип тоо тов пп 株式会社 有限会社 合同会社 株 有 有限公司 股份有限公司 公司 주식회사
    the and und et y e i o ve der die das la le les el los
    شرکت شرکتهای موسسه سهامی خاص عام مسئولیت محدود با بامسئولیت تعاونی تضامنی و
"""
#: Legal forms and little words of company names, folded; forms with dots are read without them.
FORMS = frozenset(fold(_FORMS_TEXT).split())
#: Legal forms that are written on to a name without a space, and those of several words, which stand at the end.
_WRITTEN_ON = re.compile("株式会社|有限会社|合同会社|股份有限公司|有限公司|주식회사")
_SEVERAL = re.compile(
    " (?:sp z oo|(?:sa|sab|sapi) de cv|s de rl(?: de cv)?|[akp] s|(?:gesellschaft )?mit beschrankter haftung"
    "|ek|e k(?:fm|ffr|fr)|(?:(?:san|sanayi|ve|tic|ticaret) )*(?:as|anonim sirketi|(?:(?:ltd|limited) )?(?:sti|sirketi))"
    "|(?:san|sanayi) (?:ve )?(?:tic|ticaret))$"
)
_LAST_TEXT = "oo cv rl s haftung ek kfm kffr kfr as sti sirketi tic ticaret"
_LAST = frozenset(_LAST_TEXT.split())
_STREET_WORDS = {
    "st": "street", "str": "strasse", "rd": "road", "ave": "avenue", "av": "avenue", "blvd": "boulevard", "ln": "lane",
    "dr": "drive", "ct": "court", "pl": "place", "cres": "crescent", "cct": "circuit", "sq": "square", "hwy": "highway",
    "خ": "", "خیابان": "", "کوچه": "", "پلاک": "", "بلوار": "", "no": "", "nr": "", "number": "",
}  # fmt: skip
_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SMALL_TEXT = "de da di do dos van von der den del bin ibn al el ap af zu la le"
_SMALL = frozenset(_SMALL_TEXT.split())
#: Words that are no names by themselves.
_NO_NAMES = TITLES | _SMALL

# Letters that sound alike, or that hands and scanners mistake for one another; vowels say little and are dropped.
_SOUNDS = str.maketrans(
    {
        **dict.fromkeys("bfpvw", "p"), **dict.fromkeys("cgjkqxsz", "s"), **dict.fromkeys("dt", "t"), "l": "l",
        **dict.fromkeys("mn", "m"), "r": "r", **dict.fromkeys("aeiouyh'", None),
        **dict.fromkeys("سصث", "س"), **dict.fromkeys("زذضظژ", "ز"), **dict.fromkeys("تط", "ت"),
        **dict.fromkeys("قغ", "ق"), **dict.fromkeys("اعءویهحئؤ", None),
    }
)  # fmt: skip


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """A code that is equal for words that sound much alike: consonants by class, in Latin and Persian letters.

    After Soundex (Russell 1918), without its first letter kept as it is, so that Kathy and Cathy agree.
    """
    code = word.translate(_SOUNDS)
    short = []
    last = ""
    for letter in code:
        if letter != last:
            short.append(letter)
        last = letter
    return intern("".join(short[:5])) if len(short) > 1 else intern(word[:3])


class Read:
    """One entry, read. Empty text stands for what is missing."""

    __slots__ = (
        "birthday", "city", "close_on", "codes", "company", "country", "domain", "email", "ends", "extra",
        "generation", "id", "job", "name", "number", "parent", "phones", "place", "postal", "region", "road", "role",
        "second",
        "shown_city", "shown_company", "shown_name", "shown_street", "street", "subject", "tree", "unit", "value",
        "words",
    )  # fmt: skip

    def __init__(self, entry: Entry, kind: str) -> None:
        self.id = entry.id
        self.shown_name = name = entry.name or ""
        self.shown_street, self.shown_city = entry.street or "", entry.city or ""
        self.shown_company = entry.company or ""
        self.generation = ""
        if kind in PEOPLE:
            self.words, self.generation = person_words(name)
        else:
            self.words = firm_words(name) if kind == "company" else subject_words(name)
        self.name = "".join(self.words)
        self.codes = codes = tuple(map(sound, self.words))
        #: The sounds of the first and the last word.
        self.ends = codes if len(codes) == 2 and codes[0] != codes[1] else tuple(dict.fromkeys(codes[:1] + codes[-1:]))
        self.email = email = entry.email or ""
        self.role = is_office(email)
        self.phones = entry.phones
        self.company = _firm(entry.company) if entry.company else ""
        self.domain = _own_domain(entry.domain or email_domain(email)) if entry.domain or email else ""
        self.birthday, self.close_on = day(entry.birthday), day(entry.close_on)
        first, second = address_lines(entry.street) if entry.street else ("", "")
        self.number, self.road = road(first) if first else ("", "")
        self.unit, self.second = road(second) if second else ("", "")
        self.street = f"{self.number} {self.road}" if self.road else ""
        self.city = _plain(entry.city) if entry.city else ""
        self.place = self.city.replace(" ", "")
        self.postal = fold(entry.postal_code).replace(" ", "").replace("-", "") if entry.postal_code else ""
        self.region = _plain(entry.region) if entry.region else ""
        self.country = _plain(entry.country) if entry.country else ""
        self.job = _plain(entry.job_title) if entry.job_title else ""
        self.subject = "".join(subject_words(entry.subject)) if entry.subject else ""
        self.value = entry.value or ""
        self.parent, self.tree = entry.parent, entry.tree
        self.extra: dict[str, str] | None = None
        if entry.extra:
            self.extra = {name: folded for name, text in entry.extra.items() if (folded := fold(str(text)))} or None


#: So many texts of a sort that records have in common (cities, titles, companies) are remembered as they are read.
_KNOWN = 16384


@lru_cache(_KNOWN)
def _plain(text: str) -> str:
    return intern(fold(text))


@lru_cache(_KNOWN)
def _firm(text: str) -> str:
    return intern("".join(firm_words(text)))


@lru_cache(_KNOWN)
def _own_domain(domain: str) -> str:
    return "" if is_public_domain(domain) else intern(domain)


def day(value: str | date | None) -> str:
    """The eight digits of a day, `19081209`; empty for none."""
    return str(value)[:10].replace("-", "") if value else ""


def words_of(text: str) -> list[str]:
    """The folded words of a text; what stands between them is dropped, as are dots within initials and forms."""
    bare = text.replace(" ", "")
    if bare.isascii() and bare.isalnum():
        return text.lower().split()
    return _WORDS.findall(fold(text))


def person_words(name: str) -> tuple[tuple[str, ...], str]:
    """(words of a person's name, generation), titles dropped; 'Lovelace, Ada' as 'Ada Lovelace', 'O'Neil' as 'oneil',
    'de la Cruz' as one word with what it belongs to."""
    name, generation = _generation(name)
    before, comma, after = name.partition(",")
    if comma and after.strip() and fold(after) not in TITLES:
        before, other = _generation(before)
        name, generation = f"{after} {before}", generation or other
    found = words_of(name)
    if len(found) > 1 and found[0].startswith(_WRITTEN_BEFORE):
        found[0] = _without_title(found[0])
    if _NO_NAMES.isdisjoint(found):
        return tuple([intern(word.replace("'", "")) for word in found]), generation
    words: list[str] = []
    small = ""
    for place, word in enumerate(found):
        if word in TITLES and len(found) > 1:
            continue
        if word in _SMALL and words and place < len(found) - 1:
            small += word
        else:
            words.append(intern((small + word).replace("'", "")))
            small = ""
    return tuple(words), generation


def _without_title(word: str) -> str:
    """A given name without the title that is written on to it, as سیدحسین; what is too short without it is a name."""
    title = next(title for title in _WRITTEN_BEFORE if word.startswith(title))
    return word[len(title) :] if len(word) - len(title) >= _SHORTEST_GIVEN else word


def _generation(name: str) -> tuple[str, str]:
    """(a name without the last word of it that says which of two namesakes it is, what that says)."""
    head, _, tail = name.rstrip().rpartition(" ")
    word = tail.strip("().,[]").lower()
    if (word not in GENERATIONS and word not in MARKED) or not head.strip(" ,"):
        return name, ""
    if word in GENERATIONS:
        return head.rstrip(" ,"), GENERATIONS[word]
    small = word in _SMALL_LETTERS and tail.islower() and not head.islower()
    marked = tail.lower() != word or small or (head.endswith(",") and " " in head)
    return (head.rstrip(" ,"), MARKED[word]) if marked else (name, "")


def firm_words(name: str) -> tuple[str, ...]:
    """The words of a company's name that tell it from others: no legal form, article or 'and'; all if none is left."""
    if "." in name:
        name = re.sub(r"(?<=\b\w)\.\s?(?=\w\b)", "", name)  # S. A. and G.m.b.H as one word
    if not name.isascii():
        name = _WRITTEN_ON.sub(r" \g<0> ", name)
    words = words_of(name)
    if words and words[-1] in _LAST and (said := _SEVERAL.search(" ".join(words))):
        words = words[: said.string.count(" ", 0, said.start()) + 1]
    kept = [word for word in words if word not in FORMS]
    return tuple([intern(word.replace("'", "")) for word in kept or words])


def forms_before(name: str) -> tuple[str, ...]:
    """What may stand before a company's folded name, as it is written in the letters of that one: legal form or
    article, and the mark that opens a quotation."""
    if name.isascii():
        return "the ", "pt "
    if "\u0600" <= name[0] <= "\u06ff":
        return "شرکت ", "موسسه "
    if "\u0400" <= name[0] <= "\u04ff":
        return tuple(f"{form} {mark}" for form in ("ооо", "ао", "оао", "зао", "пао", "ип") for mark in ("", "«", '"'))
    return ("株式会社",)


def subject_words(text: str) -> tuple[str, ...]:
    """The words of a subject line."""
    return tuple([intern(word) for word in words_of(text)])


def address_lines(street: str) -> tuple[str, str]:
    """('12b Main St.', 'Rosewood') of '12b Main St., Rosewood': what a second line says, one system has and another has
    not. What has no letters, a number of a house, belongs to the other line."""
    first, _, second = street.partition(", ")
    if any(map(str.isalpha, first)) and any(map(str.isalpha, second)):
        return first, second
    return street, ""


@lru_cache(_KNOWN)
def signs(line: str) -> tuple[str, ...]:
    """The numbers and single letters of an address line, which tell one flat from the next: ('1', '12b') of 'Stiege 1
    Tür 12 b'."""
    found: list[str] = []
    for word in words_of(line):
        if len(word) == 1 and word.isalpha() and found and found[-1].isdigit():
            found[-1] += word
        elif len(word) == 1 or word[0].isdigit():
            found.append(word)
    return tuple(found)


def road(street: str) -> tuple[str, str]:
    """(house number, street) of an address line: '12b Main St.' is ('12b', 'mainstreet')."""
    number, words = "", []
    for word in words_of(street):
        if word[0].isdigit():
            number = number or word
            if number != word:
                words.append(word)
        else:
            words.append(_STREET_WORDS.get(word, word))
    return intern(number), intern("".join(words))
