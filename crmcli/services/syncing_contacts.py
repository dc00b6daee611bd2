"""Contacts in step with an address book of another program, as vCards.

A card that is there is written anew with what the book changed; what no field says (further addresses, pictures,
labels) stays with it. Who is new there is the contact who has that e-mail address, if there is one.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import CONTACT
from crmcli.domain.text import fold
from crmcli.errors import FieldError, ReadError
from crmcli.services import aliases, records, sync_links, values
from crmcli.services.attending import contacts
from crmcli.services.records import list_records
from crmcli.services.sync_shapes import Thing
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.vcard import Card
    from crmcli.services.sync_shapes import Parts
    from crmcli.store.write import Transaction

ADDRESS = ("street", "city", "region", "postal_code", "country")
ALONE = ("name", "company", "job_title", "email", "phone", "mobile", "website", "birthday", "language", "description",
         "tags")  # fmt: skip
#: part -> the fields that people take for one thing
PARTS = {**{name: (name,) for name in ALONE}, "address": ADDRESS}
#: of what a card may have several, and a contact one
ONE_OF_MANY = ("email", "phone", "mobile", "website")
#: A picture of this many characters is written back as it came; the book itself keeps shorter ones.
LONGEST = 1 << 20
#: What radicale, xandikos and phones take.
VERSION = "3.0"
SHAPE = "card"


class Contacts:
    """The contacts who fit a filter, and those who are linked."""

    entity = CONTACT.name
    together: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()

    def __init__(self, ctx: Context, chosen: str = "") -> None:
        self.ctx, self._filter = ctx, chosen
        self._texts: dict[int, dict[str, str]] = {}
        self._tx: Transaction | None = None

    # --- what is there ---

    def parse(self, text: str) -> Thing:
        """A card. Raises ReadError."""
        from crmcli.exchange.vcard import read_cards
        from crmcli.exchange.vcard_fields import kind_of, read_fields

        card = next(read_cards(io.StringIO(text, newline=None)), None)
        if card is None or card.problem:
            raise ReadError(f"it is no vCard: {card.problem}" if card else "it is no vCard")
        kind = kind_of(card)
        if kind != "individual":
            raise ReadError("it is a group of people" if kind == "group" else "it is an organisation, and no contact")
        found = read_fields(card).values
        key = found["external_id"] or found["uid"]
        if not key:
            raise ReadError("it has no UID")
        return Thing(key, not found["external_id"], found["name"], False, SHAPE, (card, found))

    def begin(self, tx: Transaction, things: Sequence[Thing]) -> None:  # noqa: ARG002 - as tasks have it
        """Cards are about to come in."""
        self._tx = tx

    def by_key(self, things: Sequence[Thing]) -> dict[str, int]:
        """Key -> contact: by the UID of ours, or by that under which somebody came in."""
        uids = {thing.value[1]["uid"]: thing.key for thing in things if thing.value[1]["uid"]}
        found = self._numbers("external_id", (thing.key for thing in things))
        return found | {uids[uid]: number for uid, number in self._numbers("uid", uids).items()}

    def known(self, things: Sequence[Thing]) -> dict[str, int]:
        """The same, and by the e-mail address."""
        found = self.by_key(things)
        by_email: dict[str, str] = {}
        for thing in things:
            if thing.key not in found and (email := thing.value[1].get("email")):
                by_email.setdefault(email, thing.key)
        people = contacts(self.ctx.reader, by_email, merged=False)
        # Those who are a card somewhere already: another one with their address is somebody else.
        taken = {*found.values(), *sync_links.linked(self.ctx.reader, CONTACT.name, people.values())}
        return found | {by_email[email]: number for email, number in people.items() if number not in taken}

    def _numbers(self, column: str, keys: Iterable[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some, marks in portions(sorted(set(keys))):
            sql = f"SELECT {column}, id FROM contact WHERE merged_into_id IS NULL AND {column} IN ({marks})"
            found.update(self.ctx.reader.rows(sql, some))
        return found

    def said(self, thing: Thing, number: int) -> Parts:  # noqa: ARG002 - as tasks have it
        """What a card says."""
        return _parts(thing.value[1])

    # --- what is here ---

    def here(self, wanted: Mapping[int, str]) -> dict[int, Parts]:
        """What the book says of contacts who are not removed, as a card would say it."""
        found: dict[int, Parts] = {}
        for number, texts in self._read(sorted(wanted)).items():
            self._texts[number] = texts
            found[number] = _parts(_said(texts))
        return found

    def _read(self, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
        """Contact -> the texts of a card by field."""
        from crmcli.exchange.vcard_fields import PERSON
        from crmcli.services.exporting import text_columns

        named = ",".join(("id", *(name for name in PERSON if name in CONTACT.by_name)))
        found: dict[int, dict[str, str]] = {}
        for some, _ in portions(numbers):
            words = [f"id:{','.join(map(str, some))}", "(is:archived or not is:archived)"]
            rows = list_records(self.ctx, CONTACT, words, columns=named, sort="id", limit=0)
            every = list(rows.rows)
            titles = [column.name for column in rows.columns]
            for row, cells in zip(every, zip(*text_columns(rows.columns, every), strict=True), strict=True):
                found[row["id"]] = dict(zip(titles, cells, strict=True))
        return found

    def chosen(self, known: Collection[int]) -> dict[int, str]:
        """Who is to be there, and is not known there."""
        rows = list_records(self.ctx, CONTACT, text=self._filter, columns="id", sort="id", limit=0).rows
        return {row["id"]: SHAPE for row in rows if row["id"] not in known}

    def stands_in(self, number: int) -> tuple[int, str] | None:
        """Whom somebody was merged into."""
        end = aliases.in_sight(self.ctx.reader, CONTACT.table, [number]).get(number, number)
        return (end, SHAPE) if end != number else None

    def dropped(self, put: Thing, there: Thing, number: int) -> list[str]:
        """The parts that a card lost when it was put there."""
        before, after = self.said(put, number), self.said(there, number)
        return [part for part, value in before.items() if any(value.values()) and not any(after.get(part, {}).values())]

    def succeeded(self, numbers: Sequence[int]) -> dict[int, int]:  # noqa: ARG002 - as tasks have it
        """Nobody stands for anybody else."""
        return {}

    def unseen(self, thing: Thing, number: int) -> tuple[str, ...]:  # noqa: ARG002 - as tasks have it
        """Nobody stands for anybody else."""
        return ()

    def unmoved(self, thing: Thing, number: int) -> Parts:  # noqa: ARG002 - as tasks have it
        """The same."""
        return {}

    # --- into the book ---

    def add(self, thing: Thing) -> int:
        """A new contact; a value that no field takes is told and left out."""
        assert self._tx is not None
        found = thing.value[1]
        assigned = {field: text for fields in PARTS.values() for field in fields if (text := found.get(field))}
        fixed = {
            "external_id": thing.key, "vcard": found["vcard"] or None,
            "owner_id": self._tx.word("user", self.ctx.actor),
        }  # fmt: skip
        # Two books that share a collection mean the same contact by one UID; one that was merged here has it still.
        if thing.ours and self._tx.connection.value("SELECT 1 FROM contact WHERE uid = ?", (thing.key,)) is None:
            fixed["uid"] = thing.key
        while True:
            try:
                return values.create(self.ctx, self._tx, CONTACT, assigned, fixed=fixed)
            except FieldError as error:
                self._leave_out(assigned, error, thing)

    def take(self, number: int, changes: Parts, thing: Thing, was: Thing | None) -> None:
        """Let a contact follow; a value that no field takes is told and left out."""
        assert self._tx is not None
        assigned = {field: text or "" for part in changes.values() for field, text in part.items()}
        while assigned:
            try:
                values.update(self.ctx, self._tx, CONTACT, number, assigned)
                break
            except FieldError as error:
                self._leave_out(assigned, error, thing)
        kept = thing.value[1]["vcard"]
        if was is None or was.value[1]["vcard"] != kept:
            self._tx.change(CONTACT.name, number, {"vcard": kept or None})

    def _leave_out(self, assigned: dict[str, str], error: FieldError, thing: Thing) -> None:
        if error.field == "name" or assigned.pop(error.field, None) is None:
            raise error
        self.ctx.say(f"{thing.name}: its {error.field} is left out: {error.message}")

    def remove(self, number: int) -> None:
        """Remove a contact, as somebody did there; undoable."""
        records.remove(self.ctx, CONTACT, [number], source="sync")

    def restore(self, number: int) -> None:
        """Bring back one that went with its item."""
        records.restore(self.ctx, CONTACT, [number], source="sync")

    # --- out of the book ---

    def write(self, number: int, there: Thing | None, changed: set[str], then: Parts) -> str:
        """The card of a contact: of one that is there with what changed."""
        from crmcli.exchange.vcard_fields import read_fields

        mine = self._texts[number]
        if there is None:
            return _written({**mine, "external_id": ""}, VERSION)
        card: Card = there.value[0]
        known = {field: then.get(field, {}).get(field) for field in ONE_OF_MANY}
        texts = dict(read_fields(card, longest=LONGEST, known=known).values)
        said = _said(mine)
        texts |= {field: said.get(field, "") for part in changed for field in PARTS[part]}
        texts["updated_at"] = mine["updated_at"]
        if not there.ours:  # beside the UID that it has
            texts["uid"] = mine["uid"]
        version = card.first("VERSION")
        return _written(texts, version if version in ("3.0", "4.0") else VERSION)

    def uid(self, number: int) -> str:
        """What the card of a contact is known by."""
        return self._texts[number]["uid"]


def _written(texts: Mapping[str, str], version: str) -> str:
    from crmcli.exchange.vcard_fields import card_of

    return card_of(texts, version).decode()


def _said(texts: Mapping[str, str]) -> dict[str, str]:
    """What a card says of these fields: nothing of one that the book has empty, whatever stands beside it."""
    return _read(_written(texts, VERSION), {field: texts.get(field) for field in ONE_OF_MANY})


def _read(text: str, known: Mapping[str, str | None]) -> dict[str, str]:
    from crmcli.exchange.vcard import read_cards
    from crmcli.exchange.vcard_fields import read_fields

    return dict(read_fields(next(read_cards(io.StringIO(text, newline=None))), known=known).values)


def _parts(texts: Mapping[str, str]) -> Parts:
    found: dict[str, dict[str, Any]] = {
        part: {field: texts.get(field) or None for field in fields} for part, fields in PARTS.items()
    }
    tags = sorted(fold(tag) for tag in (texts.get("tags") or "").split(","))
    if texts.get("tags"):
        found["tags"] = {"tags": ", ".join(tag for tag in tags if tag)}
    return found
