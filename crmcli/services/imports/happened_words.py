"""How other programs and people say of which kind something was that happened, and who came to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities.activities import INTERACTION_KINDS
from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Folded, letters alone: English, German, French, Spanish, Turkish, Persian.
_KINDS = {
    **dict.fromkeys((
        "emails", "mail", "mails", "courriel", "courriels", "correo", "correos", "correoelectronico", "eposta",
        "epostalar", "ایمیل", "ایمیلها", "ایمیلهای", "پستالکترونیک", "رایانامه",
    ), "email"),
    **dict.fromkeys((
        "calls", "phone", "phonecall", "phonecalls", "telephone", "telephonecall", "anruf", "anrufe", "telefonat",
        "telefonate", "telefon", "telefongesprach", "appel", "appels", "appeltelephonique", "coupdefil", "llamada",
        "llamadas", "llamadatelefonica", "telefono", "arama", "aramalar", "cagri", "cagrilar", "telefonaramasi",
        "telefongorusmesi", "تماس", "تماسها", "تماسهای", "تماستلفنی", "تلفن", "تلفنی", "زنگ", "مکالمه", "مکالمات",
        "مکالمهتلفنی",
    ), "call"),
    **dict.fromkeys((
        "meetings", "event", "appointment", "videocall", "videoconference", "besprechung", "besprechungen", "termin",
        "treffen", "videokonferenz", "reunion", "reunions", "reuniones", "rendezvous", "rdv", "visioconference",
        "cita", "videollamada", "videoconferencia", "toplanti", "randevu", "gorusme", "yuzyuzegorusme", "جلسه",
        "جلسات", "قرارملاقات", "ملاقات", "دیدار",
    ), "meeting"),
    **dict.fromkeys((
        "messages", "sms", "text", "textmessage", "chat", "whatsapp", "telegram", "nachricht", "mensaje", "mensajes",
        "mesaj", "kisamesaj", "پیام", "پیامک", "چت", "واتساپ", "تلگرام",
    ), "message"),
    **dict.fromkeys(("visits", "besuch", "visite", "visita", "ziyaret", "بازدید", "مراجعه", "ویزیت"), "visit"),
    **dict.fromkeys(("notes", "comment", "notiz", "remarque", "nota", "notas", "not", "notlar", "یادداشت"), "note"),
    **dict.fromkeys(("documents", "file", "dokument", "documento", "belge", "evrak", "سند"), "document"),
    **dict.fromkeys(("tasks", "todo", "aufgabe", "tache", "tarea", "gorev", "وظیفه", "کار"), "task"),
}  # fmt: skip
#: What became of calls that came in, and elsewhere of anything: alone they tell of no directions.
_ENDED = frozenset(("answered", "rejected", "declined", "angenommen", "abgelehnt", "perdida"))
_DIRECTIONS = {
    **dict.fromkeys(_ENDED, "in"),
    **dict.fromkeys((
        "in", "inbound", "incoming", "received", "missed", "fromthem", "eingehend",
        "eingehende", "eingehender", "eingang", "eingegangen", "empfangen", "verpasst", "entgangen",
        "ein", "entrant", "entrante", "recu", "recue", "manque", "recibido", "recibida",
        "gelen", "alinan", "cevapsiz", "ورودی", "دریافتی", "دریافت", "دریافتشده", "بیپاسخ", "ازدسترفته",
    ), "in"),
    **dict.fromkeys((
        "out", "outbound", "outgoing", "sent", "dialed", "dialled", "tothem", "ausgehend", "ausgehende", "ausgehender",
        "ausgang", "gesendet", "aus", "sortant", "sortante", "envoye", "envoyee", "emis", "saliente", "enviado",
        "enviada", "giden", "gonderilen", "خروجی", "ارسالی", "ارسال", "ارسالشده",
    ), "out"),
    # between colleagues, or passed on by one of them
    **dict.fromkeys((
        "internal", "forwarded", "intern", "interne", "interno", "interna", "dahili", "داخلی",
    ), ""),
}  # fmt: skip
#: The kinds that are no papers of somebody's: how people talk to each other.
_TALKS = frozenset(("call", "email", "meeting", "message", "visit"))
#: How words begin, and the whole of one, that German and English make of a call and something else: Anrufdauer.
_OF_CALLS = re.compile(r"anruf\w+|calllogs?|calllist")
_PARTS = re.compile(r"[^\W\d_]+")


def kind_of(word: str) -> str:
    """The kind of interaction that a word of another program means; a word that is none comes back as it is."""
    return _KINDS.get(_letters(word), word)


def type_of(word: str, known: Collection[str]) -> str:
    """The one of the `known` types of tasks that a word of another program means, as a kind of interaction does: call
    for Anruf. A word that is none of these, or is known itself, comes back as it is."""
    said = "to-do" if (kind := kind_of(word)) == "task" else kind
    return said if said in known and fold(word) not in map(fold, known) else word


def direction_of(word: str) -> str:
    """ "in" or "out" for the word of another program, which may say what it was besides: Incoming call; "" for what was
    between colleagues. A word that is none of these comes back as it is."""
    if (side := _side(word)) is not None:
        return side
    return "out" if _letters(word) == "email" else word  # HubSpot has INCOMING_EMAIL beside it


def kind_beside(word: str) -> str:
    """The kind that a word for a direction says besides: "call" of Incoming call; "" where it says none."""
    return kind_in([word]) if _side(word) is not None else ""


def kind_in(texts: Iterable[str]) -> str:
    """The one kind of talk between people of which titles or the name of a file speak, "" where that is none or
    several."""
    words = [word for text in texts for word in _PARTS.findall(fold(text))]
    kinds = {"call" if _OF_CALLS.fullmatch(word) else _KINDS.get(word, word) for word in words if word != "text"}
    kinds &= _TALKS
    return kinds.pop() if len(kinds) == 1 else ""


def are_directions(words: Collection[str]) -> bool:
    """Whether the words of a column say who came to whom: half of them or more, of which one names a side."""
    sides = {word: side for word in words if (side := _side(word)) is not None}
    return any(side and _letters(word) not in _ENDED for word, side in sides.items()) and len(sides) * 2 >= len(words)


def are_kinds(words: Collection[str]) -> bool:
    """Whether a column has words, most of which name kinds of what happens."""
    return sum(_KINDS.get(letters := _letters(word), letters) in INTERACTION_KINDS for word in words) * 2 > len(words)


def _side(word: str) -> str | None:
    """What a word says of who came to whom, as `_DIRECTIONS` has it; None for every other word."""
    if (letters := _letters(word)) in _DIRECTIONS:
        return _DIRECTIONS[letters]
    parts = _PARTS.findall(fold(word))
    said = [part for part in parts if part in _DIRECTIONS]
    others = [part for part in parts if part not in _DIRECTIONS]
    return _DIRECTIONS[said[0]] if len(said) == 1 and all(are_kinds((part,)) for part in others) else None


def _letters(word: str) -> str:
    return "".join(filter(str.isalpha, fold(word)))
