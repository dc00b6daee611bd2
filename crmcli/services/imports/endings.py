"""How other programs say that a deal is won, lost or still open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

# Folded, letters alone.
_WON = frozenset((
    "won", "closedwon", "dealwon", "converted", "closedconverted", "gewonnen", "gagne", "ganado", "ganada", "vinto",
    "gagnee", "kazanildi", "kazanilan", "برنده", "برده", "موفق", "موفقشده", "فروشموفق",
))  # fmt: skip
_LOST = frozenset((
    "lost", "closedlost", "deallost", "abandoned", "disqualified", "dead", "junk", "junklead", "lostlead",
    "notqualified", "closednotconverted", "cancelled", "canceled", "verloren", "perdu", "perdue", "perdido", "perdida",
    "perso", "kaybedildi", "kaybedilen", "باخت", "باخته", "ازدسترفته", "ناموفق", "شکستخورده",
))  # fmt: skip
_OPEN = frozenset((
    "open", "active", "inprogress", "ongoing", "pending", "offen", "ouvert", "ouverte", "abierto", "abierta", "acik",
    "devamediyor", "beklemede", "باز", "جاری", "درجریان",
))  # fmt: skip
_DELETED = frozenset(("deleted", "geloscht", "supprime", "supprimee", "eliminado", "eliminada", "silindi", "حذفشده"))
#: What was brought to an end in Persian; behind it stands that it was, or was not.
_BROUGHT = ("انجام", "تکمیل", "کامل", "تمام", "بسته", "حل")
_DONE = frozenset((
    "done", "alldone", "completed", "complete", "finished", "closed", "resolved", "fixed", "closedcompleted",
    "closedcomplete", "completedclosed", "closeddone", "closedresolved", "resolvedclosed", "closedfinished", "erledigt",
    "abgeschlossen", "fertig", "fertiggestellt", "beendet", "geschlossen", "gelost", "geloest", "termine", "terminee",
    "fini", "finie", "acheve", "achevee", "fait", "faite", "clos", "cloture", "cloturee", "resolu", "resolue",
    "completado", "completada", "hecho", "hecha", "terminado", "terminada", "finalizado", "finalizada", "cerrado",
    "cerrada", "resuelto", "resuelta", "completato", "completata", "fatto", "fatta", "concluso", "conclusa",
    "concluido", "concluida", "feito", "voltooid", "afgerond", "tamamlandi", "tamamlanmis", "tamam", "bitti",
    "bitirildi", "yapildi", "kapandi", "kapatildi", "kapali", "cozuldu", "sonuclandi", "halledildi", "завершено",
    "выполнено", "готово",
    *(what + was for what in _BROUGHT for was in ("شد", "شده", "شدهاست")),
    "تکمیل", "تمام", "کامل", "پایانیافت", "پایانیافته", "خاتمهیافته", "اتمامیافته", "بسته", "مختومه",
))  # fmt: skip
# Nobody did it, and nobody is to take it up again: these are neither done nor to be done.
_NEITHER = frozenset((
    "cancelled", "canceled", "deferred", "postponed", "abgebrochen", "abgesagt", "entfallt", "entfallen", "storniert",
    "verschoben", "aufgeschoben", "zuruckgestellt", "zurueckgestellt", "annule", "annulee", "abandonne", "abandonnee",
    "reporte", "reportee", "cancelado", "cancelada", "anulado", "anulada", "aplazado", "aplazada", "pospuesto",
    "pospuesta", "iptal", "iptaledildi", "ertelendi", "vazgecildi", "لغو", "لغوشده", "لغوشد", "کنسل", "کنسلشد",
    "کنسلشده", "منتفی", "منتفیشد",
))  # fmt: skip
_TO_DO = _OPEN | frozenset((
    "notstarted", "todo", "notdone", "undone", "notcompleted", "incomplete", "unfinished", "notfinished", "started",
    "inprocess", "needsaction", "new", "reopened", "notyetstarted", "nichtbegonnen", "inbearbeitung", "nichterledigt",
    "nichtangefangen", "nichtgestartet", "begonnen", "angefangen", "laufend", "lauft", "inarbeit", "unerledigt",
    "zuerledigen", "ausstehend", "geplant", "neu", "wartet", "wartend", "noncommence", "noncommencee", "pascommence",
    "pascommencee", "commence", "commencee", "encours", "enattente", "afaire", "nonfait", "nonfaite", "nontraite",
    "planifie", "planifiee", "prevu", "prevue", "nouveau", "nouvelle", "nueva", "nuevo", "pendiente", "enprogreso",
    "encurso", "enproceso", "enespera", "porhacer", "sinhacer", "noiniciado", "noiniciada", "noempezado", "noempezada",
    "iniciado", "iniciada", "planificado", "planificada", "sinempezar", "notcomplete", "uncompleted", "wip",
    "workinprogress", "review", "inreview", "blocked", "onhold", "backlog", "planned", "scheduled", "nocompletado",
    "nocompletada", "nichtfertig", "nontermine", "nonterminee", "noterminado", "noterminada", "bekliyor", "yapilacak",
    "yapiliyor", "yapilmadi", "baslamadi", "baslanmadi", "basladi", "suruyor", "surmekte", "islemde", "tamamlanmadi",
    "bitmedi", "planlandi", "yeni", "ناتمام", "نیمهکاره", "نیمهتمام", "ناقص",
    *(what + was for what in _BROUGHT for was in ("نشد", "نشده", "نشدهاست")),
    "شروعنشده", "شروعشده", "اغازنشده", "درحالانجام", "درحالپیگیری", "درحالبررسی", "دردستانجام", "دردستاقدام",
    "دردستپیگیری", "دردستبررسی", "درانتظار", "انتظار", "منتظر", "برنامهریزیشده", "جدید", "معلق",
))  # fmt: skip
#: Characters; the pattern takes the square of a length in blanks.
_LONGEST_SHARE = 40
#: How much of a task is done: 50%, ٪۱۰۰, 80 % complete; in a column of percentages the sign may be missing.
_SHARE = re.compile(
    r"([%٪]?)\s*(\d{1,3}(?:[.,٫]\d+)?)\s*([%٪]|percent\b|درصد\b)?(?:\s*(?:complete|completed|done|finished))?"
)
# Folded: English, German, Dutch, French, Italian, Spanish, Portuguese, Turkish, Russian, Persian, Arabic, signs.
_YES = frozenset((
    "yes", "y", "true", "t", "on", "1", "1.0", "x", "ja", "j", "wahr", "waar", "oui", "o", "vrai", "v", "si", "s",
    "vero", "verdadero", "cierto", "sim", "verdadeiro", "evet", "e", "dogru", "да", "д", "истина", "بله", "بلی", "اری",
    "درست", "نعم", "صحیح", "صح", "checked", "✓", "✔", "☑", "✅",
))  # fmt: skip
_NO = frozenset((
    "no", "n", "false", "f", "off", "0", "0.0", "nein", "falsch", "nee", "onwaar", "non", "faux", "falso", "nao",
    "hayir", "h", "yanlis", "unchecked", "нет", "н", "ложь", "خیر", "نه", "نادرست", "لا", "خطا", "✗", "✘", "❌", "☐",
))  # fmt: skip
# Folded, letters alone -> ours.
_PRIORITIES = {
    **dict.fromkeys((
        "highest", "veryhigh", "urgent", "critical", "top", "important", "hoch", "hohe", "sehrhoch", "hochste",
        "hoechste", "dringend", "wichtig", "kritisch", "haute", "haut", "elevee", "eleve", "treshaute", "treselevee",
        "urgente", "critique", "importante", "alta", "alto", "muyalta", "muyalto", "critica", "critico", "yuksek",
        "cokyuksek", "enyuksek", "acil", "kritik", "onemli", "زیاد", "بالا", "فوری", "خیلیفوری", "خیلیزیاد", "خیلیبالا",
        "مهم", "خیلیمهم", "بحرانی", "ضروری",
    ), "high"),
    **dict.fromkeys((
        "normal", "moderate", "standard", "mittel", "mittlere", "moyenne", "moyen", "normale", "media", "medio",
        "mediana", "mediano", "orta", "متوسط", "عادی", "معمولی", "نرمال",
    ), "medium"),
    **dict.fromkeys((
        "lowest", "verylow", "minor", "niedrig", "niedrige", "sehrniedrig", "niedrigste", "gering", "basse", "bas",
        "tresbasse", "faible", "baja", "bajo", "muybaja", "muybajo", "dusuk", "cokdusuk", "endusuk", "کم", "پایین",
        "خیلیکم", "خیلیپایین",
    ), "low"),
    **dict.fromkeys((
        "nopriority", "notset", "keine", "ohne", "aucune", "sans", "ninguna", "sinprioridad", "yok", "ندارد",
        "بدوناولویت",
    ), "none"),
}  # fmt: skip
_PERIODS = {
    **dict.fromkeys(("monthly", "month", "permonth"), "monthly"),
    **dict.fromkeys(("quarterly", "quarter", "perquarter"), "quarterly"),
    **dict.fromkeys(("annual", "annually", "yearly", "year", "peryear"), "yearly"),
}
_SURE = ("won", "closedwon", "lost", "closedlost")
# "Closed Lost to Competition", "Lost - price", "Won: renewal".
_BEGINNING = re.compile(r"\W*(?:(?:closed|deal)[\W_]*(won|lost)\b|(won|lost)\s*(?:[-:(,/]|to\b|due\b))")


def ending(stage: str, *, own: bool = False) -> str:
    """ "won" or "lost" where a stage's name says so, "" for a step on the way. A stage of the book's `own` is a step,
    whatever other programs mean by the word, unless it is called won or lost outright."""
    folded = fold(stage)
    letters = "".join(c for c in folded if c.isalpha())
    if own and letters not in _SURE:
        return ""
    if letters in _WON or letters.startswith("closedwon"):
        return "won"
    if letters in _LOST or letters.startswith("closedlost"):
        return "lost"
    begins = _BEGINNING.match(folded)
    return (begins[1] or begins[2]) if begins else ""


def is_done(word: str, *, percent: bool = False, fractions: bool = False, flag: bool = False) -> bool | None:
    """Whether the word of a column of tasks says that one is done or still to be done; None for another word. A
    percentage says that it is done where it is all of it; in a column of percentages (`percent`) 100 is one, and 1 is
    all of it only where they are written as `fractions`. A letter is a yes or no only in a column of these (`flag`): O
    is open elsewhere, not oui. Numbers beyond 1 count as percentages there."""
    folded = fold(word)
    letters = "".join(c for c in folded if c.isalnum())
    if letters in _DONE:
        return True
    if letters in _TO_DO or letters.startswith("waiting"):
        return False
    share = _SHARE.fullmatch(folded) if len(folded) <= _LONGEST_SHARE else None
    if share and (percent or share[1] or share[3] or (flag and float(re.sub("[,٫]", ".", share[2])) > 1)):
        number, signed = float(re.sub("[,٫]", ".", share[2])), share[1] or share[3]
        whole = 1 if fractions and not signed else 100
        return number == whole if number <= whole else None
    return yes_or_no(word) if flag or len(folded) > 1 or not folded.isalpha() else None


def neither_done(word: str) -> bool:
    """Whether the word of a column of tasks says that one is not to be done, though nobody did it: Cancelled."""
    return "".join(c for c in fold(word) if c.isalnum()) in _NEITHER


def priority_of(word: str) -> str:
    """The priority that a word of another program means; a word that is none comes back as it is."""
    return _PRIORITIES.get("".join(c for c in fold(word) if c.isalpha()), word)


def plan_of(word: str) -> str | None:
    """How often an amount comes by the word for its period; None for once."""
    return _PERIODS.get("".join(c for c in fold(word) if c.isalpha()))


def yes_or_no(word: str) -> bool | None:
    """What the word of a column of flags says; None for a word that is neither."""
    folded = fold(word)
    return True if folded in _YES else False if folded in _NO else None


def are_marks(letters: Iterable[str]) -> bool:
    """Whether the single letters of a column, each a yes or no by itself, are those of one pair: j and n, or x alone.
    N, E and S are points of the compass as well."""
    said = {fold(letter) for letter in letters}
    return said <= {"x"} or sorted(map(str, map(yes_or_no, said))) == ["False", "True"]


def says_deleted(word: str) -> bool:
    """Whether the word of a column of statuses says that the record is deleted, as Pipedrive has it of deals."""
    return "".join(c for c in fold(word) if c.isalpha()) in _DELETED


def status_of(word: str) -> str:
    """ "open", "won" or "lost" for the word of a column of statuses, "" where it says none of them."""
    return "open" if "".join(c for c in fold(word) if c.isalpha()) in _OPEN else ending(word)
