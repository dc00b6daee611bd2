"""What the name of a file says of the kind of its rows."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.entities import CONTACT, DEAL, LEAD
from crmcli.domain.text import fold
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
#: Those that say plainly that people and firms are in it, and those that say that these are yet to be won.
_PLAINLY = frozenset(("contacts", "customers", "clients", "companies", "accounts", "organizations", "organisations"))
_YET = frozenset(("potential", "prospective", "possible"))


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

    def says_persons(self) -> bool:
        """Whether it says that people are in it, and not firms."""
        return self.names(CONTACT) or self.speaks_of(LEAD) or any(map(heads_people, (self._squeezed, *self._words)))

    def says_people(self) -> bool:
        """Whether it says plainly that people or firms are in it."""
        plainly = self._words & (_PLAINLY | _PERSIAN["contact"] | _PERSIAN["company"]) or self._words == {"contact"}
        return bool(plainly) and not (self.speaks_of(LEAD) or self.speaks_of(DEAL))
