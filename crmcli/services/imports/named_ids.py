"""The names that stand beside ids of linked records: what is not there yet, and whether both mean one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.address import domain_of, email_domain, is_public_domain
from crmcli.domain.text import fold
from crmcli.domain.types import Ref
from crmcli.services.imports.blocks import AT
from crmcli.services.imports.linked_names import Named
from crmcli.services.imports.origins import NOTHING, alike
from crmcli.store.sql import table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from crmcli.domain.fields import Field
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.foreign import Foreign, Ids
    from crmcli.services.imports.linked_names import LinkedNames
    from crmcli.services.imports.origins import Meant, Why
    from crmcli.services.imports.spilling import Spilling


class NamedIds:
    """Holds names against the records that have the ids beside them. `by_external` are the stand-ins of ids that no
    record has yet, `spelled` how these are spelt (target, key, name, uid), `last` gives the last one so far."""

    def __init__(
        self,
        foreign: Foreign,
        names: LinkedNames,
        by_external: Spilling[tuple[str, str], int],
        spelled: Spilling[int, tuple[str, str, str, str | None]],
        last: Callable[[], int],
    ) -> None:
        self._foreign, self._names, self._by_external, self._spelled = foreign, names, by_external, spelled
        self._last = last
        #: which file is at hand, and the last stand-in of those before it
        self._file = self._others = 0

    def beside(self, block: Block, field: Field, target: str, by_id: Ids) -> tuple[dict[int, Meant], dict[int, Named]]:
        """By row what an id of a link means, where there is a name beside it; and how these are called."""
        given = enumerate(zip(self._before(target, by_id), by_id.said, block.links[field.name], strict=True))
        rows = {row: (n, said, fold(name)) for row, (n, said, name) in given if n and said and name and name[0] != AT}
        known = self._names.named(target, {number for number, _, _ in rows.values() if number > 0})
        for number in {number for number, _, _ in rows.values() if number < 0}:
            name = self._spelled[number][2].removeprefix(AT)
            known[number] = Named(name, fold(name), None)
        return {row: meant for row, meant in rows.items() if meant[0] in known}, known

    def misnamed(self, block: Block, field: Field, rows: Iterable[int]) -> set[int]:
        """Those of these rows whose link, as it is filled, has an id in the file, and beside it a name that has nothing
        in common with what the record is or was called, nor the address that it has."""
        assert isinstance(field.type, Ref)
        target, names, numbers = field.type.entity, block.links[field.name], block.columns[field.column]
        by_id = self._foreign.of(block, field, target)
        asked = [row for row in rows if by_id and (by_id.found[row] or by_id.said[row]) and numbers[row]]
        asked = [row for row in asked if (name := names[row]) and name[0] != AT]
        some = {numbers[row] for row in asked}
        known = self._names.named(target, {number for number in some if number > 0})
        for number in some:
            if number < 0 and (spelled := self._spelled.get(number)):
                known[number] = Named(spelled[2], fold(spelled[2].removeprefix(AT)), None)
        past = self._foreign.origins.past(table_of(target), {number for number in known if number > 0})
        beside = addresses(block, field.name) or [None] * len(block)
        found = set()
        for row in asked:
            if (one := known.get(numbers[row])) and not (beside[row] and beside[row] == one.address):
                called = {one.key, *past.get(numbers[row], NOTHING).names}
                if not any(alike(fold(names[row] or ""), name) for name in called):
                    found.add(row)
        return found

    def judge(
        self, block: Block, field: Field, target: str, rows: Mapping[int, Meant], known: Mapping[int, Named]
    ) -> dict[Meant, Why]:
        """Whether each of what `beside` gives is the one that is meant."""

        def linked() -> set[Meant]:
            there = self._foreign.linked(block, field)
            return {meant for row, meant in rows.items() if there[row] == meant[0]}

        called = {number: one.key for number, one in known.items()}
        title = self._foreign.title(field.name)
        return self._foreign.origins.judge(table_of(target), set(rows.values()), called, title, linked)

    def _before(self, target: str, by_id: Ids) -> list[int | None]:
        """The records that ids mean but for those that this file named first, which are that whatever it calls them; in
        a dry run the stand-ins of what the files before it named."""
        if self._file != self._foreign.file:
            self._file, self._others = self._foreign.file, self._last()
        found: list[int | None] = []
        self._by_external.fetch((target, said) for said in by_id.said if said)
        for number, said in zip(by_id.found, by_id.said, strict=True):
            if number is None and said:
                number = self._by_external.get((target, said))
                number = number if number is not None and number >= self._others else None
            found.append(None if number and number > 0 and self._foreign.brought(target, number) else number)
        return found


def addresses(block: Block, link: str) -> list[str | None] | None:
    """What the file says about the linked record of each row: a company's domain, a person's e-mail address."""
    given = block.addresses.get(link)
    emails = block.columns.get("email")
    if link == "contact":
        return given or (emails if "contact" in block.links else None)
    if link != "company":
        return None
    none: list[str | None] = [None] * len(block)
    websites = block.columns.get("website") or none
    return [
        (_domain(said) if said else None)
        or (domain_of(website) if website else None)
        or (_domain(email) if email else None)
        for said, website, email in zip(given or none, websites, emails or none, strict=True)
    ]


def _domain(text: str) -> str | None:
    """The domain of an e-mail address, unless a public provider's; a domain itself."""
    if "@" not in text:
        return text
    found = email_domain(text)
    return found if found and not is_public_domain(found) else None
