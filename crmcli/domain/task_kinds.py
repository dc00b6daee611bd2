"""What a type of task is, whatever it is called: a call, an e-mail, a meeting. That is what a task that is done leaves
on the timeline."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = ("call", "email", "meeting", "message", "visit", "document", "task")
#: kind -> names that say it. A type of any other name says it in its field `counts_as`, or counts as a task.
_NAMES = {
    "call": "call, phone call, telephone call, phone, anruf, telefonat, appel, llamada, arama, telefon görüşmesi, تماس"
    ", تماس تلفنی, تلفن, زنگ",
    "email": "email, e-mail, mail, courriel, correo, e-posta, eposta, ایمیل, نامه, رایانامه",
    "meeting": "meeting, appointment, termin, besprechung, réunion, reunión, toplantı, randevu, جلسه, قرار, قرار ملاقات"
    ", ملاقات",
    "message": "message, sms, text, chat, nachricht, mensaje, mesaj, پیام, پیامک",
    "visit": "visit, besuch, visite, visita, ziyaret, بازدید, ویزیت",
    "document": "document, dokument, documento, belge, سند, مدرک",
    "task": "to-do, todo, task, aufgabe, tâche, tarea, görev, کار, وظیفه",
}


def said(kind: Mapping[str, Any]) -> str | None:
    """What a type says that it is: by its field, else by its name; None where neither does."""
    return kind.get("counts_as") or _by_name().get(fold(kind.get("name") or ""))


def counts_as(kind: Mapping[str, Any]) -> str:
    """What a task of a type counts as, one of KINDS."""
    return said(kind) or "task"


def typical(kinds: Iterable[Mapping[str, Any]], what: str) -> int | None:
    """The number of the first type that says it is `what`."""
    return min((kind["id"] for kind in kinds if said(kind) == what), default=None)


@cache
def _by_name() -> dict[str, str]:
    return {fold(name): kind for kind, names in _NAMES.items() for name in names.split(", ")}
