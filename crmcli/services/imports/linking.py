"""The links of imported rows: names, uids and addresses -> the records that they mean; never one of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.text import fold
from crmcli.domain.types import Ref
from crmcli.services.imports.blocks import AT, ID
from crmcli.services.imports.columns import Problem, Problems
from crmcli.services.imports.foreign import GONE, Foreign, Ids, Refused
from crmcli.services.imports.happened_words import type_of
from crmcli.services.imports.linked_names import BY_ADDRESS, SEVERAL, LinkedNames, key_of, which
from crmcli.services.imports.named_ids import NamedIds, addresses
from crmcli.services.imports.origins import DOUBTED, Why
from crmcli.services.imports.parts import named_address
from crmcli.services.imports.spilling import Spilling
from crmcli.services.imports.trial import TRIED, Seen
from crmcli.services.linking import spelt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Field
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linked_names import Namesake
    from crmcli.services.imports.origins import Meant
    from crmcli.services.imports.trial import Tried

#: In place of a linked record that is not there yet, where it is only asked whether it is another one.
ELSEWHERE = -(1 << 62)


class Links:
    """Names -> ids. What is not there yet gets a negative stand-in, until `make` creates it inside a transaction; a dry
    run never does, and keeps those of earlier blocks outside memory."""

    def __init__(self, ctx: Context, tried: Mapping[str, Tried] | None = None, refused: Refused | None = None) -> None:
        """`tried` is what a dry run would have added so far, by table; None for no dry run. `refused` are the ids that
        the files before have for other records."""
        self.ctx = ctx
        self._tried, self._dry = tried if tried is not None else {}, tried is not None
        self.foreign = Foreign(ctx, self._tried, refused or Refused(), lambda: self._last)
        self.names = LinkedNames(ctx, self._tried, self.foreign)
        #: the ids in the other program that new records get: stand-in -> id, and (target, id) -> stand-in
        self._externals = Spilling[int, str]()
        self._by_external = Spilling[tuple[str, str], int]()
        self._known: dict[str, dict[str, int]] = {}
        self._stand_ins = Spilling[tuple[str, str], int]()
        self._last = 0
        #: stand-in -> target, key, name, uid
        self._spelled = Spilling[int, tuple[str, str, str, str | None]]()
        self.named_ids = NamedIds(self.foreign, self.names, self._by_external, self._spelled, lambda: self._last)
        #: the stand-ins that nobody needs any more: what they stood for is there
        self._made: list[int] = []
        #: how the file calls colleagues whose address the book does not know, by this
        self._called: dict[str, str] = {}
        #: the e-mail addresses of new people: stand-in -> address, and back
        self._emails = Spilling[int, str]()
        self._people = Spilling[str, int]()
        #: by target: the records that this file means by their uids, so that no other uid is one of them
        self._claimed: dict[str, Seen] = {}
        #: (target, key) -> what a name alone means once the file brought a record of that name by a uid
        self._by_now = Spilling[tuple[str, str], int]()
        #: the stand-ins that the file means by a name alone
        self._plain = Spilling[int, bool]()

    def forget(self) -> None:
        """Another process wrote: what is known may be gone."""
        self._known.clear()
        self.names.forget()
        self.foreign.forget()

    def settle(self) -> None:
        """The blocks so far are written: what was made for them is found in the book from now on, so that memory does
        not grow with the file. What a dry run tried is spilt, as nothing of it is in the book."""
        if self._dry:
            self._made.clear()
            for some in (self._externals, self._by_external, self._stand_ins, self._spelled, self._emails, self._people,
                         self._by_now, self._plain):  # fmt: skip
                some.spill()
        for number in set(self._made):
            target, key, _, _ = self._spelled.pop(number)
            self._stand_ins.pop((target, key), None)
            self._by_external.pop((target, self._externals.pop(number, "")), None)
            address = self._emails.pop(number, None)
            if address and self._people.get(address) == number:
                self._people.pop(address)
            self._plain.pop(number)
        self._made.clear()

    def fill(self, block: Block, field: Field) -> Problems:
        """The ids of a link, into the block: by uid where the file has it, by the other program's id where the book has
        it, else by name. A name that several records have is settled by the domain or e-mail address beside it, a
        person's also by the company; where that does not tell them apart, the row is among the problems, and the reason
        lists the candidates; so is one that links to what must be there and is not."""
        assert isinstance(field.type, Ref)
        target, names = field.type.entity, block.links[field.name]
        if target == "user":  # as on the command line
            names = self._colleagues([self.ctx.actor if name and fold(name) == "me" else name for name in names])
        if target == "task_type":
            known = self.ctx.names(target)
            own = "uid" in block.columns  # whose types are as people called them
            spelling = {name: spelt(known, name if own else type_of(name, known)) for name in set(names) if name}
            names = [spelling.get(name or "", name) for name in names]
        by_id = self.foreign.of(block, field, target)
        if by_id:
            self._mistaken(block, field, target, by_id)
            names = [None if number else name for number, name in zip(by_id.found, names, strict=True)]
        found = self.look(target, names, block.uids.get(field.name))
        if by_id:
            found = self._without_others(target, by_id, names, found, block.uids.get(field.name))
        if target == "contact" and field.name in block.addresses:
            self._by_address(names, block.addresses[field.name], found)
        if target == "contact" and field.name in block.telephones:
            self._by_telephone(names, block.telephones[field.name], found)
        problems: Problems = {}
        for row, uid in enumerate(block.uids.get(field.name, ())):
            if uid and found[row] is None:
                problems[row] = Problem(field.name, uid, f"there is no {target} with the uid {uid}")
        if block.related and field.name == "opportunity":
            found = [None if line and (n or 0) <= SEVERAL else n for n, line in zip(found, block.related, strict=True)]
        if SEVERAL in found:
            problems |= self._tell_apart(block, field, target, names, found)
        if not field.type.create and not field.type.words:
            for row, number in enumerate(found):
                if number is not None and number < 0:
                    if by_id and by_id.said[row]:
                        found[row] = None
                        continue
                    name = names[row] or ""
                    problems[row] = Problem(field.name, name, f"there is no {field.name} '{name}'")
        if by_id:
            found = self._by_ids(target, by_id, names, found)
        block.columns[field.column] = self._standing_in(target, found) if self._tried else found
        return problems

    def _tell_apart(
        self,
        block: Block,
        field: Field,
        target: str,
        names: Sequence[str | None],
        found: list[int | None],
    ) -> Problems:
        """Settle what is SEVERAL in `found` by what else the rows say; where that does not, the candidates."""
        problems: Problems = {}
        theirs = addresses(block, field.name)
        companies = block.columns.get("company_id") if target == "contact" else None
        for row in [row for row, number in enumerate(found) if number == SEVERAL]:
            name = names[row] or ""
            some = self.names.called(target, name)
            number = _settled(some, theirs[row] if theirs else None, companies[row] if companies else None)
            found[row] = number
            if number is None:
                problems[row] = Problem(field.name, name.removeprefix(AT), which(name, some))
        return problems

    def _mistaken(self, block: Block, field: Field, target: str, by_id: Ids) -> None:
        """Take out of the ids of a link those of another program: the record that has one is called otherwise than the
        name beside it says, which counts then. Where it is in doubt, the whole file tells."""
        rows, known = self.named_ids.beside(block, field, target, by_id)
        judged = self.named_ids.judge(block, field, target, rows, known)
        others = {Why.CERTAIN}
        if not DOUBTED.isdisjoint(judged.values()) and self.foreign.votes.linked(field.name):
            others |= DOUBTED
        mistaken = {one for one, why in judged.items() if why in others}
        beside = addresses(block, field.name) or [None] * len(block)
        mistaken -= {meant for row, meant in rows.items() if beside[row] and beside[row] == known[meant[0]].address}
        told = {}
        for row, meant in rows.items():
            if meant in mistaken:
                by_id.found[row] = None
                told[block.lines[row]] = f"{meant[1]} of {known[meant[0]].name}: {block.links[field.name][row]}"
                if target in BY_ADDRESS:  # what is made has no id that another record has
                    by_id.said[row] = None
        self.foreign.tell_misnamed(field.name, told)

    def supposed(self, block: Block, field: Field) -> dict[Meant, Why]:
        """Fill a link as far as the book and the rows so far know it, with `ELSEWHERE` for what is not there, which
        gets no stand-in. What its ids mean, each with why that is meant."""
        assert isinstance(field.type, Ref)
        target, names = field.type.entity, block.links[field.name]
        by_id = self.foreign.of(block, field, target) or Ids([None] * len(block), [None] * len(block))
        judged = self.named_ids.judge(block, field, target, *self.named_ids.beside(block, field, target, by_id))
        keys = {name: key_of(name) for name in names if name}
        found = self.names.find(target, list(dict.fromkeys(keys.values())))
        uids = block.uids.get(field.name) or [None] * len(block)
        by_uid = dict(self.names.rows(target, "uid", [uid for uid in dict.fromkeys(uids) if uid]))
        self._stand_ins.fetch((target, key) for key in keys.values())
        column: list[int | None] = []
        for number, said, uid, name in zip(by_id.found, by_id.said, uids, names, strict=True):
            number = number or by_uid.get(uid or "")
            if not number and name:
                key = keys[name]
                number = found[key] or None if key in found else self._stand_ins.get((target, key), ELSEWHERE)
            column.append(number or self._by_external.get((target, said or "")))
        block.columns[field.column] = self._standing_in(target, column) if self._tried else column
        for some in (self._by_external, self._spelled, self._stand_ins) if self._dry else ():
            some.spill()
        return judged

    def _without_others(
        self,
        target: str,
        by_id: Ids,
        names: Sequence[str | None],
        found: Sequence[int | None],
        uids: Sequence[str | None] | None,
    ) -> list[int | None]:
        """The same but for records that a name alone means and that have another id of the same program than their row
        says: what has this one is not there yet, unless it was removed."""
        asked = {
            row: said
            for row, said in enumerate(by_id.said)
            if said and by_id.found[row] is None and (name := names[row]) and name[0] != AT and not (uids and uids[row])
        }
        some = {row: self._meant(target, names[row] or "", found[row]) for row in asked}
        pairs: dict[int, set[str]] = {}
        for row, numbers in some.items():
            for number in numbers:
                pairs.setdefault(number, set()).add(asked[row])
        others = self.foreign.others(target, pairs) if pairs else set()
        done = list(found)
        for row, numbers in some.items():
            left = [number for number in numbers if (number, asked[row]) not in others]
            if numbers and len(left) < 2:
                done[row] = left[0] if left else self._with_id(target, names[row] or "", asked[row])
        return done

    def _meant(self, target: str, name: str, number: int | None) -> list[int]:
        """The records that a name means."""
        if number == SEVERAL:
            return [one.id for one in self.names.called(target, name)]
        return [number] if number is not None and number > 0 else []

    def _with_id(self, target: str, name: str, said: str) -> int | None:
        """What a name stands for that is to be made with an id; None where nothing of that kind is made for a link."""
        return self._made_with(target, name, said) if target in BY_ADDRESS else None

    def _made_with(self, target: str, name: str, said: str) -> int:
        """The stand-in for one that is to be made with an id beside one of that name, which has another."""
        number = self._stand_in(target, f"{key_of(name)}{ID}{said}", name)
        self.foreign.set_apart(number)
        return number

    def _colleagues(self, names: Sequence[str | None]) -> list[str | None]:
        """Colleagues whom the file names with their addresses, as HubSpot does, are those whom the book knows by these;
        others go by their names, as where a file has nothing else of them, also where it has their address alone
        further on."""
        pairs = {name: pair for name in dict.fromkeys(names) if name and (pair := named_address(name))[0]}
        if not pairs and not self._called:
            return list(names)
        as_written = {key for key, _ in self.names.rows("user", "name_key", list(map(fold, pairs)))}
        addresses = [fold(address) for _, address in pairs.values()]
        known = {key for column in ("email_key", "name_key") for key, _ in self.names.rows("user", column, addresses)}
        who: dict[str | None, str] = {
            name: address if fold(address) in known else called
            for name, (called, address) in pairs.items()
            if fold(name) not in as_written
        }
        self._called.update((fold(pairs[name][1]), said) for name, said in who.items() if name and "@" not in said)
        return [who.get(name) or self._called.get(fold(name or ""), name) for name in names]

    def _by_ids(
        self, target: str, by_id: Ids, names: Sequence[str | None], found: Sequence[int | None]
    ) -> list[int | None]:
        """The records that the ids mean; what the file names and the book has not is made with its id."""
        done: list[int | None] = []
        self._by_external.fetch((target, said) for said in by_id.said if said)
        self._externals.fetch(number for number in found if number)
        for known, said, name, number in zip(by_id.found, by_id.said, names, found, strict=True):
            if known:
                number = known
            elif number is not None and number < 0 and said and known != GONE and target in BY_ADDRESS:
                if (target, said) not in self._by_external and self._externals.get(number, said) != said:
                    number = self._made_with(target, name or "", said)
                number = self._by_external.setdefault((target, said), number)
                self._externals.setdefault(number, said)
            elif number is None and said and known is None:
                number = self._by_external.get((target, said))  # an earlier row names it
            done.append(number)
        return done

    def _standing_in(self, target: str, found: Sequence[int | None]) -> list[int | None]:
        """The same with stand-ins for the records of a dry run, which are not there."""
        new = [number for number in dict.fromkeys(found) if number and number >= TRIED]
        rows = self._tried[target].contents(new) if new else {}
        self._stand_ins.fetch((target, f"{ID}{number}") for number in new)
        other = {number: self._stand_in(target, f"{ID}{number}", rows[number]["name"] or "") for number in new}
        return [other.get(number, number) if number else number for number in found]

    def _by_address(self, names: Sequence[str | None], addresses: list[str | None], found: list[int | None]) -> None:
        """People that the file names with their e-mail addresses are those with the address; new ones get it."""
        by_address = self.ids("contact", [AT + address if address else None for address in addresses])
        self._emails.fetch(number for number in found if number)
        self._people.fetch(address for address in addresses if address)
        for row, (name, address, number) in enumerate(zip(names, addresses, by_address, strict=True)):
            mine = found[row]
            if not address or not name or name[0] == AT or mine is None:
                continue
            if number:
                found[row] = number
            elif mine < 0:
                if self._emails.get(mine, address) != address:  # somebody else of the same name
                    mine = self._stand_in("contact", f"{fold(name)}{AT}{address}", name)
                found[row] = self._people.setdefault(address, mine)
                self._emails.setdefault(mine, address)

    def _by_telephone(self, names: Sequence[str | None], numbers: list[str | None], found: list[int | None]) -> None:
        """Those whom no name tells, or one that several have, are the people with the telephone beside it."""
        by_number = self.ids("contact", [AT + number if number else None for number in numbers])
        for row, (mine, theirs) in enumerate(zip(found, by_number, strict=True)):
            if theirs and names[row] and (mine is None or mine <= SEVERAL):
                found[row] = theirs

    def look(self, target: str, names: Sequence[str | None], uids: Sequence[str | None] | None) -> list[int | None]:
        """`ids` of the names where there are no uids. A uid that the book has is that record; another one is the record
        of its name, unless this file means that record by a uid of its own: then it will be made, with its uid."""
        if not uids:
            return self.ids(target, names)
        known = self._known.setdefault(target, {})
        claimed = self._claimed.setdefault(target, Seen())
        missing = [uid for uid in set(uids) if uid and AT + AT + uid not in known]
        known.update((AT + AT + uid, number) for uid, number in self.names.rows(target, "uid", missing))
        by_uid = [known.get(AT + AT + uid) if uid else None for uid in uids]
        for number in by_uid:
            if number:
                claimed.add(number)
        found = self.ids(target, [None if number else name for number, name in zip(by_uid, names, strict=True)])
        # Row by row: what a name means must not hang on where a block ends.
        for row, (uid, number, name) in enumerate(zip(uids, by_uid, names, strict=True)):
            by_name = found[row]
            if number:
                found[row] = number
            elif not name or by_name is None:
                continue
            elif not uid:
                found[row] = by_name = self._by_now.get((target, key_of(name)), by_name)
                if by_name < 0:
                    self._plain[by_name] = True
            elif by_name not in self._plain if by_name < 0 else by_name in claimed:
                found[row] = mine = self._stand_in(target, AT + AT + uid, name, uid)
                only = by_name < 0 and self._by_now.get((target, key_of(name)), mine) == mine
                self._by_now[target, key_of(name)] = mine if only else SEVERAL
        return found

    def ids(self, target: str, names: Sequence[str | None]) -> list[int | None]:
        """The id of each name in a vocabulary, or of a record; None for None, SEVERAL where a name fits more than one
        record."""
        known = self._known.setdefault(target, {})
        if len(known) > 100_000:
            known.clear()
        keys = {name: key_of(name) for name in dict.fromkeys(names) if name}
        missing = [key for key in keys.values() if key not in known]
        if missing:
            known.update(self.names.find(target, missing))
            self._stand_ins.fetch((target, key) for key in missing if key not in known)
        resolved: dict[str | None, int | None] = {None: None}
        for name, key in keys.items():
            number = known.get(key)
            if number is None and (key.startswith(ID) or (key[0] == AT and target == "contact")):
                continue  # an address or id alone makes no person
            resolved[name] = number if number is not None else self._stand_in(target, key, name)
        return [resolved.get(name) for name in names]

    def _stand_in(self, target: str, key: str, name: str, uid: str | None = None) -> int:
        number: int | None = self._stand_ins.get((target, key))
        if number is None:
            self._last -= 1
            number = self._stand_ins[target, key] = self._last
            self._spelled[number] = (target, key, name, uid)  # as the first row writes it
        return number

    def reached(self, addresses: Sequence[str | None]) -> list[int | None]:
        """The lead or deal that has each e-mail address as its own; None where there is none, or several."""
        found = self.names.find("opportunity", list({key_of(one) for one in addresses if one}))
        column = [found.get(key_of(one)) or None if one else None for one in addresses]
        return self._standing_in("opportunity", column) if self._tried else column

    def make(self, tx: Any, numbers: set[int]) -> dict[int, int]:
        """Create what the stand-ins stand for; stand-in -> id."""
        made: dict[int, int] = {}
        companies: list[tuple[int, str, str, str | None]] = []
        for number in sorted(numbers, reverse=True):
            target, key, name, uid = self._spelled[number]
            if target == "company":
                companies.append((number, key, name, uid))
            elif target == "contact":
                person = {"name": name, "uid": uid, "email": self._emails.get(number)}
                if external := self._externals.get(number):
                    person["external_id"] = external
                made[number] = tx.add("contact", person)
                self._remember(target, key, name, uid, made[number])
            else:
                made[number] = tx.word(target, name)
                self._remember(target, key, name, None, made[number])
        if companies:
            made.update(self._make_companies(tx, companies))
        for number in numbers:
            if external := self._externals.get(number):
                self.foreign.learn(self._spelled[number][0], external, made[number])
        self._made += numbers
        return made

    def _make_companies(self, tx: Any, companies: Sequence[tuple[int, str, str, str | None]]) -> dict[int, int]:
        """Create the companies of (stand-in, key, name, uid): stand-in -> id."""
        made: dict[int, int] = {}
        columns: dict[str, list[Any]] = {"name": [name.removeprefix(AT) for _, _, name, _ in companies]}
        for column, values in (
            ("domain", [name[1:] if name[0] == AT else None for _, _, name, _ in companies]),
            ("uid", [uid for *_, uid in companies]),
            ("external_id", [self._externals.get(number) for number, *_ in companies]),
        ):
            if any(values):
                columns[column] = values
        for (number, key, name, uid), new in zip(companies, tx.add_many("company", columns), strict=True):
            made[number] = new
            self._remember("company", key, name, uid, new)
        return made

    def _remember(self, target: str, key: str, name: str, uid: str | None, number: int) -> None:
        """What a stand-in with this key stood for is there."""
        known, plain = self._known[target], key_of(name)
        if uid:
            self._by_now.pop((target, plain), None)
            known[AT + AT + uid] = number
            self._claimed[target].add(number)
            known.pop(plain, None)  # there may be several of that name now
            self.names.add(target, plain)
        elif key != plain:  # another one of that name: the name alone goes on to mean what it did
            self.names.add(target, plain)
        else:
            known[plain] = number


def _settled(some: Sequence[Namesake], address: str | None, company: int | None) -> int | None:
    """The one of these that has the address, or else works in the company; None where that is not one."""
    if address:
        fit = [one for one in some if one.address == address]
    else:
        fit = [one for one in some if company is not None and one.company_id == company]
    return fit[0].id if len(fit) == 1 else None
