"""Column titles as other programs write them: whose column it is, what it is called, and in which unit it counts."""

from __future__ import annotations

import re
from functools import lru_cache

from crmcli.domain.currencies import EVERYDAY
from crmcli.domain.money_units import hints_at_unit, part_unit, read_currency, read_unit
from crmcli.domain.text import digits, fold
from crmcli.errors import FieldError

#: What programs call each kind of record, before or (Persian) behind a column's own name, squeezed.
WHOSE = {
    "lead": ("lead", "prospect", "سرنخ"),
    "deal": ("deal", "opportunity", "pipelinerecord", "معامله", "فرصت", "سفارش"),
    "contact": ("contact", "person", "people", "customer", "شخص", "مخاطب", "مشتری"),
    "company": ("company", "account", "organization", "organisation", "customer", "شرکت", "سازمان", "مشتری"),
    "task": ("task", "activity", "وظیفه", "فعالیت"),
}
_NOUNS = frozenset(word for words in WHOSE.values() for word in words)
_PEOPLE = ("contact", "person", "primarycontact", "contactperson")
_BRACKETS = re.compile(r"\s*[(\[（]([^()\[\]]*)[)\]）]")
#: How programs number records: Salesforce, UUIDs and other hexadecimal ones, Zoho, Close and Stripe, Odoo.
_OPAQUE = re.compile(
    r"\d+|[0-9a][0-9A-Za-z]{4}000[0-9A-Za-z]{4,10}|[0-9a-f]{16,40}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    r"|zcrm_\d+|[a-z]{2,8}_(?=[A-Za-z]*\d)[0-9A-Za-z]{16,}|__\w+__\.\w+"
)
_TELEPHONE = re.compile(r"[+(]\d.*|0\d{7,}|9\d{9,}")
_NUMBER = re.compile(r"[+(]?\d[\d\s()./-]{5,}\d")
#: One number, with what it counts in before or behind it.
_ONE_NUMBER = re.compile(r"\D*\d[\d\s.,'’٫٬]*[^\d]*")
#: Too short for a telephone.
_SHORT = re.compile(r"\d{1,7}(?:\.0+)?")
_DAY_OF_MONTH = re.compile(r"0?[1-9]|[12]\d|3[01]")
#: The code of a currency at the end of a name as programmers write it: valueUsd, amountEUR.
_CODE_BEHIND = re.compile(r"(?<=[a-z])([A-Z](?:[a-z]{2}|[A-Z]{2}))$")
#: What an amount of each year is, behind the rest of a title.
_A_YEAR = re.compile(
    r"[\s,_]*(?:\b(?:per|pro|je|par|por)[\s_]+|/\s*)(?:year|yr|annum|jahr|an|année|año)$|[\s,_]+p\.\s?a\.?$",
    re.IGNORECASE,
)
#: Somebody who works with the other program, before an e-mail address.
_STAFF = re.compile(
    r"(?:lead|deal|contact|company|account|opportunity|record|task)?"
    r"(?:owner|assignee|assignedto|assigneduser|createdby|creator|modifiedby|salesrep|accountmanager)e?mail(?:address)?"
)
#: Whose a title says behind the rest what it is of, as French, Spanish and German have it.
_BEHIND = re.compile(
    r"(.+?)\s+(?:du|de la|de l['’]\s*|del|de|des|der)\s*\b(?:"
    r"(?P<contact>contact|interlocuteur|contacto|kontakt(?:e?s)?|ansprechpartners|kontaktperson)"
    r"|(?P<company>société|entreprise|empresa|compañía|firma|unternehmens)"
    r"|(?P<customer>client|cliente|kunden))",
    re.IGNORECASE,
)
#: What a title says besides of a figure or day that is expected, in any place of it.
_EXPECTED = re.compile(
    r"\b(?:(?:expected|estimated|anticipated|projected|forecast(?:ed)?|planned|est\.|erwartete[rs]?|geschätzte[rs]?"
    r"|geplante[rs]?|voraussichtliche[rs]?|voraussichtl\.|prévue?s?|estimée?s?|prévisionnel(?:le)?s?|previst[ao]s?"
    r"|estimad[ao]s?|tahmini|beklenen|planlanan|تخمینی|برآوردی)(?!\w)|پیش[ \u200c]?بینی(?:[ \u200c]?شده)?)",
    re.IGNORECASE,
)
#: The number of the first of several columns.
_ONE = re.compile(r"(?<=[^\W\d_])[\s_#-]*1$")
#: The second letter of an umlaut that is written as two.
_TWO_LETTERS = re.compile(r"(?<=[aou])e")
#: So many characters of a title are looked at: patterns with blanks around them take the square of a length.
_LONGEST = 200


@lru_cache(maxsize=65_536)  # a wide header is gone through again and again: were it larger, nothing would be found
def squeeze(header: str) -> str:
    """A header as it is compared: folded, letters and digits alone."""
    return "".join(filter(str.isalnum, fold(header)))


def unit_of(title: str) -> str:
    """What the amounts of a column with this title count in, as it would stand behind an amount: "USD", "تومان", "k€".

    "" where the title says nothing of the kind. `Amount (USD)`, `Value EUR`, `Amount USD (thousands)`,
    `Betrag Mio. EUR`, `مبلغ به تومان`. Raises FieldError where what it has in brackets, or at its end beside a
    currency, is not understood.
    """
    return read_unit(_said_of_unit(title), shouted=title[:_LONGEST].isupper())


def in_brackets(title: str) -> list[str]:
    """What a title has in brackets."""
    return _BRACKETS.findall(title[:_LONGEST])


def may_have_unit(title: str) -> bool:
    """Whether a title that is not understood says something of a currency or a scale."""
    return hints_at_unit(_said_of_unit(title), shouted=title[:_LONGEST].isupper())


def _said_of_unit(title: str) -> str:
    """What a title has in brackets, and the unit that it has outside."""
    title = title[:_LONGEST]
    inside = ", ".join(_BRACKETS.findall(title))
    bare = _apart(_BRACKETS.sub("", title).strip())
    _, unit = part_unit(bare, inside, shouted=title.isupper())
    if not unit and (each := _A_YEAR.search(bare)):
        unit = each[0].strip(" ,_")
    return f"{unit}, {inside}" if inside and unit else inside or unit


def _apart(title: str) -> str:
    """A title with the code of a currency apart that stands at its end in a word with the rest."""
    code = _CODE_BEHIND.search(title)
    return f"{title[: code.start()]} {code[1].upper()}" if code and code[1].upper() in EVERYDAY else title


def own_forms(kind: str, title: str) -> list[tuple[int, str]]:
    """(how far it is from the title, squeezed form) of the names that a title stands for in a file of this kind.

    Brackets and units are cut ("Phone (Work)", "Amount USD", "EUR Amount", "Amount per year"), the kind's own name
    before or behind is left out ("Deal - Title", "مبلغ معامله"). The title itself comes first.
    """
    plain = title.strip()[:_LONGEST].rstrip("*").strip()
    texts = [(0, plain)]
    if (english := turned(plain)) != plain:
        texts.append((20, english))
    bare = _BRACKETS.sub("", plain).strip()
    if plain.casefold().startswith("(do not modify)") and squeeze(bare) in _NOUNS:
        return [(0, squeeze(plain))]  # the id of the record itself, as Dynamics has it
    if bare and bare != plain:
        texts.append((20, bare))
    spaced = _apart(bare)
    without, unit = part_unit(spaced, ", ".join(_BRACKETS.findall(plain)), shouted=bare.isupper())
    if unit and without != spaced:
        texts.append((20, without))
    elif unit and spaced.startswith(f"{unit} "):
        texts.append((20, spaced.removeprefix(unit)))
    if yearly := _A_YEAR.search(without):
        texts.append((20, without[: yearly.start()]))
    found = []
    for distance, text in texts:
        key = squeeze(text)
        found.append((distance, key))
        people = _PEOPLE if kind == "lead" else ()
        for word in (*WHOSE.get(kind, ()), *people):
            further = 50 if word in people else 0  # a lead is called by its subject where it has one
            for rest in (key.removeprefix(word), key if word.isascii() else key.removesuffix(word)):
                if rest not in ("", key):
                    found.append((distance + further, rest))
    return found


@lru_cache(maxsize=65_536)  # as above
def turned(title: str) -> str:
    """A title that says behind the rest whose it is in the order of English: "contact Téléphone" of "Téléphone du
    contact"; every other one as it is."""
    found = _BEHIND.fullmatch(" ".join(title[:_LONGEST].split()))
    return f"{found.lastgroup} {found[1]}" if found else title


def of_the_present(title: str) -> str:
    """A title without what it says of the future: "Close Date" of "Forecast Close Date", "Montant" of "Montant
    estimé"."""
    return " ".join(_EXPECTED.sub(" ", title[:_LONGEST]).split()) if _EXPECTED.search(title[:_LONGEST]) else title


def without_one(title: str) -> str:
    """A title without the number behind it that says that it is the first: "Firma" of "Firma1"."""
    return _ONE.sub("", title.strip()[:_LONGEST])


def one_letter(title: str) -> str:
    """A squeezed title with umlauts that are two letters as they are squeezed elsewhere: "falligam" of "Faellig am"."""
    return _TWO_LETTERS.sub("", squeeze(title[:_LONGEST]))


def of_amounts(title: str) -> bool:
    """Whether a title can be one of amounts alone: what they count in is before the rest of it, or behind it that they
    are of each year."""
    bare = _apart(_BRACKETS.sub("", title[:_LONGEST]).strip())
    unit = part_unit(bare, ", ".join(_BRACKETS.findall(title[:_LONGEST])), shouted=bare.isupper())[1]
    return bool(unit and bare.startswith(f"{unit} ")) or each_year(title)


def each_year(title: str) -> bool:
    """Whether a title says behind the rest that its amounts are of each year."""
    return _A_YEAR.search(_BRACKETS.sub("", title[:_LONGEST]).strip()) is not None


def linked(kind: str, title: str) -> tuple[str, str]:
    """("company" or "contact", rest of the title) where a title of another kind's file speaks of the record's company
    or person: "Organization - Name" among contacts, "Person - Email" among deals; ("", "") elsewhere."""
    key = squeeze(turned(_BRACKETS.sub("", title[:_LONGEST]).strip()))
    for name, words in (("company", WHOSE["company"]), ("contact", _PEOPLE)):
        if name == kind or (name == "contact" and kind in ("lead", "company")):
            continue
        for word in sorted(words, key=len, reverse=True):
            if key.startswith(word) and len(key) > len(word) and word != "customer":
                return name, key.removeprefix(word)
    return "", ""


def of_the_program(title: str) -> bool:
    """Whether a title heads what another program has for its own use: a customer's login, the mailbox that it keeps for
    each deal ("dropbox_email"), the e-mail address of a record's owner, its own page of the record ("Lead URL")."""
    if title.strip().casefold() == "username":
        return True
    key = squeeze(title)
    if "mail" in key:
        return re.search("dropbox|bcc", key) is not None or _STAFF.fullmatch(key) is not None
    whose = key.removesuffix("url")
    return whose != key and any(whose in WHOSE[kind] for kind in ("lead", "deal", "task"))


def heads_ids(title: str, sample: str) -> bool:
    """Whether a technical name such as user_id or CampaignId heads the ids of records rather than their names."""
    return re.search(r"ids?$", squeeze(title)) is not None and _OPAQUE.fullmatch(digits(sample).strip()) is not None


def can_be_id(sample: str) -> bool:
    """Whether a cell can have the id of a record, or several: one word with a digit."""
    first = re.split(r"\s*[;,|]\s*", digits(sample).strip())[0]
    return re.search(r"\d", first) is not None and re.search(r"\s", first) is None


def can_be_name(sample: str) -> bool:
    """Whether a column with such a cell, or with none, can head the names of people."""
    return not sample or (any(map(str.isalpha, sample)) and not is_opaque(sample))


def can_be_amount(sample: str) -> bool:
    """Whether a column with such a cell, or with none, can head amounts: one number, and no span of them."""
    return not sample.strip() or _ONE_NUMBER.fullmatch(digits(sample[:_LONGEST])) is not None


def is_number(sample: str) -> bool:
    """Whether a cell is a whole number, or the id of a record in another program."""
    return _OPAQUE.fullmatch(digits(sample).strip()) is not None


def is_opaque(sample: str) -> bool:
    """Whether a cell is the id of a record in another program, and no plain number."""
    plain = sample.strip()
    return not plain.isdigit() and _OPAQUE.fullmatch(plain) is not None


def bare_stage(stage: str, pipeline: str) -> str:
    """The name of a stage without that of its pipeline, which HubSpot writes behind it in brackets."""
    bare = stage.removesuffix(")").rstrip()
    whose = fold(pipeline)
    inside = bare.rpartition("(")
    return inside[0].rstrip() if whose and bare != stage and fold(inside[2]) == whose and inside[0].strip() else stage


def heads_numbers(title: str, sample: str) -> bool:
    """Whether a Persian number-of-the-customer numbers records; with telephones below it, it heads those. What is
    called number and nothing else does unless its numbers are short."""
    key = squeeze(title)
    whose = key.removeprefix(squeeze("شماره"))
    if not whose:
        return _SHORT.fullmatch(digits(sample).strip()) is not None
    if whose == key or not any(whose == word for words in WHOSE.values() for word in words):
        return False
    return _TELEPHONE.fullmatch(digits(sample).strip()) is None


def heads_telephones(title: str, sample: str) -> bool:
    """Whether a title that only says where somebody is heads telephones: Work, Home."""
    if squeeze(title) not in (
        "work", "home", "office", "business", "private", "direct", "main", "primary", "other", "contact",
    ):  # fmt: skip
        return False
    return _NUMBER.fullmatch(digits(sample).strip(" '")) is not None


def heads_days_of_month(sample: str) -> bool:
    """Whether a column with such a cell, or with none, can head the days of months."""
    return not sample.strip() or _DAY_OF_MONTH.fullmatch(digits(sample).strip()) is not None


def heads_currencies(title: str, sample: str) -> bool:
    """Whether a title says that the cells below are currencies: "BidCurrency", "Transaction Currency". A second one of
    a file ("Amount (converted) Currency") or a rate says nothing of the amounts."""
    key = squeeze(title)
    if not re.search(r"(currency|ارز)(code|isocode|iso)?$", key) or re.search(r"converted|rate|exchange", key):
        return False
    if not sample.strip():
        return True
    try:
        return bool(read_currency(sample, "EUR"))
    except FieldError:
        return False


def about_mobile(title: str) -> bool:
    """Whether a telephone's title says that it is a mobile."""
    return re.search(r"mobil|cell|همراه|موبایل", squeeze(title)) is not None


def label_of(title: str) -> str:
    """The squeezed beginning that a title of a telephone's label shares with that of its number: "phone1" of "Phone 1 -
    Type" and "Phone 1 - Value"; "" for every other title."""
    found = re.fullmatch(r"((?:tele)?phone\d*)(?:type|label)", squeeze(title))
    return found[1] if found else ""


def can_be_telephone(sample: str) -> bool:
    """Whether a column with such a cell can head telephones, of callers who are known or not: a word, or a number that
    is not short."""
    return _SHORT.fullmatch(digits(sample).strip()) is None


def of_google(title: str) -> bool:
    """Whether a title is one of an address book of Google's: "E-mail 1 - Value", "Phone 2 - Label"."""
    return re.fullmatch(r"(email|phone)\d(value|type|label)", squeeze(title)) is not None


def about_company(title: str) -> bool:
    """Whether a telephone's title says that it is the company's and not the person's own."""
    return (
        re.match(
            r"(company|corporate|corp|account|organi[sz]ation|switchboard|hq|شرکت|تلفنشرکت)", squeeze(turned(title))
        )
        is not None
    )


def said_kind(titles: list[str]) -> str:
    """The kind that titles name before a dash ("Deal - Title"), "" where half of them name none. Activities, deals and
    leads are exported along with their people and companies."""
    counts: dict[str, int] = {}
    for title in titles:
        whose, dash, _ = title.partition(" - ")
        for kind, words in WHOSE.items():
            if dash and squeeze(whose) in words:
                counts[kind] = counts.get(kind, 0) + 1
                break
    if sum(counts.values()) * 2 < len(titles):
        return ""
    ahead = next((kind for kind in ("task", "deal", "lead") if kind in counts), "")
    return ahead or max(counts, key=lambda kind: counts[kind], default="")
