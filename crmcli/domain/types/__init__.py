"""Field types: how a value is typed by people, kept in the store, and shown.

    base      what every type can do, and what reading a typed value may depend on
    texts     texts, identifiers, and addresses: e-mail, telephone, web
    numbers   numbers, probabilities, amounts of money and their currencies
    days      days and moments
    spans     how long, how far from a day, how often
    choices   yes and no, words of a list, links, tags
    showing   a value of any type as people read it

A stored value is JSON-native on both engines: text, whole numbers, booleans, ISO days (`2026-12-01`) and UTC
instants of fixed width (`2026-12-01T09:00:00.000Z`, so that text order is time order). Money is minor units,
probability is basis points (10,000 = 100 %). `None` is empty; an empty text is stored as `None`.
"""

from crmcli.domain.types.base import Env, Stored, Type
from crmcli.domain.types.choices import Choice, Flag, Mark, Ref, Tags
from crmcli.domain.types.days import Birthday, Day, Instant, due_day, read_instant, show_instant
from crmcli.domain.types.numbers import Currency, Integer, Money, Number, Percent
from crmcli.domain.types.showing import readable
from crmcli.domain.types.spans import Duration, Offset, Reminders, Repeat, Rhythm
from crmcli.domain.types.texts import (
    INDEXED,
    Email,
    ExternalId,
    Identifier,
    LongText,
    Mailboxes,
    Phone,
    Text,
    Url,
    bare_number,
)

__all__ = [
    "INDEXED", "Birthday", "Choice", "Currency", "Day", "Duration", "Email", "Env", "ExternalId", "Flag", "Identifier",
    "Instant", "Integer", "LongText", "Mailboxes", "Mark", "Money", "Number", "Offset", "Percent", "Phone", "Ref",
    "Reminders", "Repeat", "Rhythm", "Stored", "Tags", "Text", "Type", "Url", "bare_number", "due_day", "read_instant",
    "readable", "show_instant",
]  # fmt: skip
