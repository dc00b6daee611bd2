"""How other programs and people say of which kind something was that happened, and who came to whom."""

from __future__ import annotations

from crmcli.domain.text import fold

# Folded, letters alone: English, German, French, Spanish, Turkish, Persian.
_KINDS = {
    **dict.fromkeys((
        "emails", "mail", "mails", "courriel", "correo", "correoelectronico", "eposta", "ایمیل", "پستالکترونیک",
        "رایانامه",
    ), "email"),
    **dict.fromkeys((
        "calls", "phone", "phonecall", "telephone", "telephonecall", "anruf", "telefonat", "telefon", "appel",
        "appeltelephonique", "llamada", "llamadatelefonica", "arama", "cagri", "telefongorusmesi", "تماس", "تماستلفنی",
        "تلفن", "مکالمه", "مکالمهتلفنی",
    ), "call"),
    **dict.fromkeys((
        "meetings", "event", "appointment", "videocall", "videoconference", "besprechung", "termin", "treffen",
        "reunion", "rendezvous", "rdv", "cita", "toplanti", "randevu", "جلسه", "قرارملاقات", "ملاقات",
    ), "meeting"),
    **dict.fromkeys((
        "messages", "sms", "text", "textmessage", "chat", "whatsapp", "telegram", "nachricht", "mensaje", "mesaj",
        "پیام", "پیامک", "چت",
    ), "message"),
    **dict.fromkeys(("visits", "besuch", "visite", "visita", "ziyaret", "بازدید", "مراجعه"), "visit"),
    **dict.fromkeys(("notes", "comment", "notiz", "remarque", "nota", "not", "یادداشت"), "note"),
    **dict.fromkeys(("documents", "file", "dokument", "documento", "belge", "سند"), "document"),
    **dict.fromkeys(("tasks", "todo", "aufgabe", "tache", "tarea", "gorev", "وظیفه", "کار"), "task"),
}  # fmt: skip
_DIRECTIONS = {
    **dict.fromkeys((
        "inbound", "incoming", "received", "fromthem", "eingehend", "eingang", "eingegangen", "empfangen", "entrant",
        "entrante", "recu", "recue", "recibido", "recibida", "gelen", "ورودی", "دریافتی", "دریافت", "دریافتشده",
    ), "in"),
    **dict.fromkeys((
        "outbound", "outgoing", "sent", "tothem", "ausgehend", "ausgang", "gesendet", "sortant", "sortante", "envoye",
        "envoyee", "saliente", "enviado", "enviada", "giden", "gonderilen", "خروجی", "ارسالی", "ارسال", "ارسالشده",
    ), "out"),
}  # fmt: skip


def kind_of(word: str) -> str:
    """The kind of interaction that a word of another program means; a word that is none comes back as it is."""
    return _KINDS.get(_letters(word), word)


def direction_of(word: str) -> str:
    """ "in" or "out" for the word of another program; a word that is neither comes back as it is."""
    return _DIRECTIONS.get(_letters(word), word)


def _letters(word: str) -> str:
    return "".join(filter(str.isalpha, fold(word)))
