"""What the name of a file says of the kind of its rows."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.text import fold
from crmcli.services.imports.happened_words import are_kinds, kind_in
from crmcli.services.imports.headings import WORDS, heads_people
from crmcli.services.imports.roles import KINDS
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity

#: Firms in the names of files in other languages, folded.
_FIRMS = frozenset(("firmen", "unternehmen", "entreprises", "societes", "empresas", "sirketler", "firmalar"))
#: The words of a file's name that tell in Persian what is in it, folded: a ZWNJ before the plural is gone.
_PERSIAN = {
    "lead": frozenset(("سرنخ", "سرنخها", "سرنخهای", "بالقوه", "احتمالی")),
    "deal": frozenset(("معامله", "معاملات", "معاملهها", "فرصتها", "فرصتهای")),
    "contact": frozenset(("مخاطبین", "مخاطبان", "مخاطبها", "مخاطبهای", "اشخاص", "مشتریان", "مشتریها", "مشتریهای")),
    "company": frozenset(("شرکتها", "شرکتهای", "سازمانها", "سازمانهای", "مشتریان", "مشتریها", "مشتریهای")) | _FIRMS,
    "task": frozenset(("وظیفه", "وظایف", "وظیفهها", "فعالیتها", "فعالیتهای")),
}
#: What happened with people and firms, in other languages or in a word with what tells of it, folded.
_HAPPENED = frozenset((
    "calllog", "anrufliste", "anrufprotokoll", "kontaktverlauf", "kontaktprotokoll", "interaktionen", "interacciones",
    "etkilesimler", "gorusmeler", "تعامل", "تعاملات", "تعاملها", "مکالمات", "گفتگوها",
))  # fmt: skip
#: What tells what happened of the calls or mails that the name speaks of beside it, folded.
_LOGS = frozenset((
    "log", "logs", "history", "protokoll", "verlauf", "historique", "journal", "historial", "registro",
    "gecmis", "gecmisi", "kayit", "kaydi", "kayitlari", "تاریخچه", "سوابق",
))  # fmt: skip
#: Those that say plainly that people and firms are in it, and those that say that these are yet to be won.
_PLAINLY = frozenset(("contacts", "customers", "clients", "companies", "accounts", "organizations", "organisations"))
_YET = frozenset(("potential", "prospective", "possible"))
#: What is done and what has been.
_DOINGS = frozenset(("activity", "activitys", "activities", "فعالیتها", "فعالیتهای"))


@cache
def _in_names(kind: str) -> frozenset[str]:
    """The words, folded, by which the name of a file says that it holds records of a kind."""
    return frozenset(f"{word}{s}" for word in WORDS[kind] for s in ("", "s")) | _PERSIAN.get(kind, frozenset())


class FileName:
    """What the name of a file says of what is in it."""

    def __init__(self, path: str) -> None:
        name = os.path.splitext(os.path.basename(path))[0]
        self._squeezed = squeeze(name)
        self._parts = frozenset(map(fold, re.findall(r"[^\W\d_A-Z]+|[A-Z]+(?![a-z])|[A-Z][^\W\d_A-Z]+", name)))
        self._words = frozenset(re.findall(r"[^\W\d_]+", fold(name)))

    def speaks_of(self, kind: Entity) -> bool:
        """Whether it has a word for records of this kind; an English one may be a part of another."""
        if kind is LEAD and self._words & _YET:
            return True
        return any(word in self._squeezed for word in WORDS[kind.name]) or not self._words.isdisjoint(
            _PERSIAN.get(kind.name, ())
        )

    def names(self, kind: Entity) -> bool:
        """Whether one of its words is one for records of this kind, and of no other kind: Account, SF_Accounts."""
        words = self._parts | self._words
        said = [one.name for one in KINDS if not words.isdisjoint(_in_names(one.name))]
        return said == [kind.name]

    def says_what_happened(self) -> bool:
        """Whether it says that its rows are what happened with people and firms: interactions, a log of calls."""
        if self.speaks_of(INTERACTION) or not self._words.isdisjoint(_HAPPENED):
            return True
        return not self._words.isdisjoint(_LOGS) and any(are_kinds((word,)) for word in self._words)

    @property
    def kind_of_talk(self) -> str:
        """The one kind of talk between people of which it speaks, as in calls.csv, "" where that is none or several."""
        return kind_in(self._words)

    @property
    def names_records(self) -> bool:
        """Whether it has a word for people, firms or sales, or for what is to be done."""
        records = any(self.speaks_of(kind) for kind in (CONTACT, LEAD, DEAL, COMPANY))
        return records or not (self._words & _in_names(TASK.name)) <= _DOINGS

    def says_persons(self) -> bool:
        """Whether it says that people are in it, and not firms."""
        return self.names(CONTACT) or self.speaks_of(LEAD) or any(map(heads_people, (self._squeezed, *self._words)))

    def says_people(self) -> bool:
        """Whether it says plainly that people or firms are in it."""
        plainly = self._words & (_PLAINLY | _PERSIAN["contact"] | _PERSIAN["company"]) or self._words == {"contact"}
        return bool(plainly) and not (self.speaks_of(LEAD) or self.speaks_of(DEAL))
