"""How German, French, Spanish and Turkish files say how often something comes again, in the words that recurrences are
typed in: jeden Montag, hebdomadaire, cada dos semanas, ayda bir; and whether somebody is reminded of it at all."""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.datewords import ENGLISH_DAYS, WRITTEN_DAYS, WRITTEN_MONTHS
from crmcli.domain.recurrence.phrases import LONGEST_PHRASE
from crmcli.domain.text import fold
from crmcli.services.imports.activity_titles import TITLES
from crmcli.services.imports.endings import yes_or_no

#: What says that something does not come again, in any of the six languages; folded.
_NEVER = frozenset(
    map(
        fold,
        (
            "no", "none", "never", "once", "one time", "one-time", "does not repeat", "do not repeat", "not repeated",
            "nein", "nie", "keine", "einmalig", "wiederholt sich nicht", "non", "jamais", "aucune", "une fois",
            "une seule fois", "ne se répète pas", "nunca", "ninguna", "una vez", "una sola vez", "no se repite",
            "hayır", "yok", "asla", "bir kez", "tek seferlik", "tekrarlanmaz", "tekrar yok", "خیر", "هیچ", "هرگز",
            "ندارد", "یک بار", "یک‌بار", "بدون تکرار", "تکرار نمی‌شود",
        ),
    )
)  # fmt: skip
#: What says beside a reminder that there is none, or is one, and no more than that; folded.
_WITHOUT = frozenset(
    map(fold, ("ohne", "kein", "keinen", "aus", "sans", "pas de", "aucun", "désactivé", "sin", "ninguno", "desactivado",
               "kapalı", "disabled", "not set", "without", "بدون", "نیست", "غیرفعال", "خاموش", "نشود"))
)  # fmt: skip
_WITH = frozenset(
    map(fold, ("ein", "an", "mit", "aktiv", "avec", "activé", "con", "activado", "var", "açık", "enabled", "set",
               "with", "با", "دارد", "هست", "فعال", "روشن", "شود"))
)  # fmt: skip
#: Ours -> theirs, word by word.
_WORDS = {
    "daily": "täglich quotidien quotidienne quotidiennement diario diaria diariamente günlük",
    "weekly": "wöchentlich hebdomadaire hebdo semanal semanalmente haftalık",
    "monthly": "monatlich mensuel mensuelle mensuellement mensual mensualmente aylık",
    "quarterly": "vierteljährlich quartalsweise trimestriel trimestrielle trimestral trimestralmente",
    "every 2 weeks": "quincenal quincenalmente",
    "every 6 months": "halbjährlich semestriel semestrielle semestral semestralmente",
    "yearly": "jährlich annuel annuelle annuellement anual anualmente yıllık senelik",
    "every weekday": "werktags werktäglich", "weekday": "werktag wochentag arbeitstag",
    "every": "jede jeden jedes jeder alle chaque cada her tous toutes todos todas",
    "day": "tag tage tagen tages jour jours día días gün günü",
    "week": "woche wochen semaine semaines semana semanas hafta haftanın",
    "month": "monat monate monaten monats mois mes meses ay ayın",
    "quarter": "quartal quartale trimestre trimestres çeyrek",
    "year": "jahr jahre jahren jahres an ans année années año años yıl yılın sene",
    "first": "erster ersten erste premier première primer primero primera ilk birinci",
    "second": "zweiter zweiten zweite deuxième second segundo segunda ikinci",
    "third": "dritter dritten dritte troisième tercer tercero tercera üçüncü",
    "fourth": "vierter vierten vierte quatrième cuarto cuarta dördüncü",
    "last": "letzter letzten letzte dernier dernière último última son",
    "2": "zwei deux dos iki", "3": "drei trois tres üç", "4": "vier quatre cuatro dört", "5": "fünf cinq cinco beş",
    "6": "sechs six seis altı",
    "and": "und et y ve", "of": "im des der du de del", "on": "am le el", "": "les los las la den", "to": "bis au à a",
}  # fmt: skip
_DAY = rf"({'|'.join(ENGLISH_DAYS)})"
#: From one day of the week to another, also in brackets behind words for each of these days.
_SPAN = re.compile(
    r"(?:(?!.*(?:\d|other|second|month|year))(?=.*(?:every|weekday))[^()]*\( )?"
    rf"(?:every |of )?{_DAY} (?:to|through|-|–) {_DAY}(?: \))?"
)
_HYPHEN = re.compile(r"([^\W\d_]+) ?[-–] ?([^\W\d_]+)")
#: Once in each of them, as it is said in several words -> in the words above.
_ONCE = (
    (r"(?:einmal|1 ?x|1 mal|une fois|una vez) (?:pro|im|in der|par|por|al|a la) ", "jede "),
    (r"(?:(\w+) )?(gun|hafta|ay|yil|sene)[dt][ae] bir(?: kez| kere)?$", r"her \1 \2"),
    (r"(zwei|drei|vier|\d+)-?(tag|woche)(?:ig|lich|ntlich)$", r"jede \1 \2"),
    (r"(\w+) aylik$", r"her \1 ay"),
    (r"(?<!\S)(\d\d?)(?:\.|ere?|'[^\W\d_]{1,3})(?!\S)", r"\1th"),
    (r"^ayin ", "her ayin "),
    (r"^an jedem ", "jeden "),
)


def is_never(text: str) -> bool:
    """Whether a cell says that something does not come again."""
    return fold(text).strip(" .") in _NEVER


def is_reminded(text: str) -> bool | None:
    """What a cell of reminders says that has no more than yes or no, or that there is none: ندارد, ohne Erinnerung, sin
    recordatorio; None for any other one."""
    said = " ".join(word for word in fold(text).strip(" .").split() if word not in _reminders())
    if said in _WITHOUT or is_never(said):
        return False
    return True if said in _WITH else yes_or_no(said)


@cache
def _reminders() -> frozenset[str]:
    return frozenset(word for title in TITLES["remind"] for word in [fold(title)] if " " not in word)


def in_ours(text: str) -> str:
    """A text with every word of these languages in English; any other word stays. Of words with others in brackets, as
    every weekday (Monday to Friday), those in the brackets count: they say which days these are."""
    if len(text) > LONGEST_PHRASE:
        return text
    words = fold(text)
    for pattern, instead in _ONCE:
        words = re.sub(pattern, instead, words)
    words = _HYPHEN.sub(
        lambda found: f"{found[1]} - {found[2]}" if _days().keys() >= {*found.groups()} else found[0], words
    )
    words = " ".join(filter(None, (_ours().get(word, word) for word in re.sub("([,()])", r" \1 ", words).split())))
    words = words.removeprefix("of ")
    if days := _SPAN.fullmatch(words):
        first, last = map(ENGLISH_DAYS.index, days.groups())
        return f"every {' and '.join(ENGLISH_DAYS[first : last + 1])}" if first < last else words
    return words


@cache
def _days() -> dict[str, str]:
    plurals = {f"{name}s": number for name, number in WRITTEN_DAYS.items() if len(name) > 3}  # mars is no mardi
    return {name: ENGLISH_DAYS[number] for name, number in (plurals | WRITTEN_DAYS).items()}


@cache
def _ours() -> dict[str, str]:
    return WRITTEN_MONTHS | _days() | {fold(word): ours for ours, words in _WORDS.items() for word in words.split()}
