"""The last word with a record, and who waits by it: lists, filters and urgency agree, on both engines."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD
from crmcli.services import deals, history, records, timeline, today, touching, urgency
from tests.support.books import sound

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.results import Rows


def add(ctx: Context, kind: Entity, **fields: str) -> int:
    return records.add(ctx, kind, fields).ids[0]


def refs(rows: Rows) -> list[str]:
    return [row["ref"] for row in rows.rows]


def said(ctx: Context, kind: Entity, number: int, direction: str, at: str = "2026-10-20", what: str = "email") -> None:
    timeline.add(ctx, kind, number, what, "words", direction=direction, at=at)


def test_a_word_on_a_closed_deal_without_a_person_is_its_companys(ctx: Context) -> None:
    add(ctx, COMPANY, name="Acme")
    for name in ("Lost", "Won", "Archived"):
        number = add(ctx, DEAL, name=name, company="Acme")
        if name == "Lost":
            deals.lost(ctx, DEAL, [number], "price")
        elif name == "Won":
            deals.won(ctx, DEAL, [number])
        else:
            records.archive(ctx, DEAL, [number])
        said(ctx, DEAL, number, "in", f"2026-10-2{number}")
        assert refs(touching.owed(ctx)) == ["company:1"]
        assert [row["ref"] for row in day_of(ctx)["owed"]] == ["company:1"]
    said(ctx, COMPANY, 1, "out", "2026-10-24")
    assert (refs(touching.owed(ctx)), refs(touching.waiting(ctx))) == ([], ["company:1"])


def test_a_word_on_what_is_closed_and_nobodys_is_its_own(ctx: Context) -> None:
    lead, deal = add(ctx, LEAD, name="Zoe", company="Firm", owner="grace"), add(ctx, DEAL, name="Order")
    for kind, number in ((LEAD, lead), (DEAL, deal)):
        deals.lost(ctx, kind, [number], "price")
        said(ctx, kind, number, "in")
        assert [row["id"] for row in records.list_records(ctx, kind, ["is:owed"]).rows] == [number]
    assert [(row["ref"], row["owner"]) for row in touching.owed(ctx).rows] == [
        (f"lead:{lead}", "grace"), (f"deal:{deal}", None),
    ]  # fmt: skip
    assert [row["ref"] for row in day_of(ctx)["owed"]] == [f"lead:{lead}", f"deal:{deal}"]
    said(ctx, LEAD, lead, "out")
    assert refs(touching.owed(ctx)) == [f"deal:{deal}"]


def test_what_is_answered_with_the_person_is_answered_on_the_deal(ctx: Context) -> None:
    add(ctx, CONTACT, name="Ada")
    add(ctx, COMPANY, name="Engines")
    for name, whose in (("One", {"contact": "Ada"}), ("Two", {"contact": "Ada"}), ("Three", {"company": "Engines"})):
        number = add(ctx, DEAL, name=name, **whose)
        said(ctx, DEAL, number, "in", "2026-10-20 10:00")
    add(ctx, DEAL, name="Silent", contact="Ada")
    assert refs(touching.owed(ctx)) == ["deal:1", "deal:2", "deal:3"]
    said(ctx, DEAL, 2, "out", "2026-10-20 11:00")  # that is no answer to what was asked on the first
    assert refs(touching.owed(ctx)) == ["deal:1", "deal:3"]
    said(ctx, CONTACT, 1, "out", "2026-10-20 12:00")
    assert (refs(touching.owed(ctx)), refs(touching.waiting(ctx))) == (["deal:3"], ["contact:1"])
    said(ctx, COMPANY, 1, "out", "2026-10-20 13:00")
    assert (refs(touching.owed(ctx)), refs(touching.waiting(ctx))) == ([], ["contact:1", "company:1"])
    waiting = [row["id"] for row in records.list_records(ctx, DEAL, ["is:waiting"], sort="id").rows]
    assert waiting == [1, 2, 3]  # nothing was ever said on the fourth
    assert "owed" not in {row["term"] for row in urgency.why(ctx, DEAL, 1).rows}
    said(ctx, CONTACT, 1, "in", "2026-10-20 14:00")
    assert "owed" in {row["term"] for row in urgency.why(ctx, DEAL, 1).rows}
    assert refs(touching.owed(ctx)) == ["contact:1"]


def turns(ctx: Context) -> dict[str, list[str]]:
    """Whose turn it is: the conversations of the two lists, and the records of the two states."""
    found = {"owed": refs(touching.owed(ctx)), "waiting": refs(touching.waiting(ctx))}
    for state in touching.SIDES:
        for kind in (LEAD, DEAL, CONTACT, COMPANY):
            rows = records.list_records(ctx, kind, [f"is:{state}"], sort="id").rows
            found[f"is:{state}"] = [*found.get(f"is:{state}", []), *(f"{kind.name}:{row['id']}" for row in rows)]
    return found


@pytest.mark.parametrize(("first", "second"), [("in", "out"), ("out", "in"), ("in", ""), ("out", "")])
def test_what_is_answered_after_a_deal_got_another_person_and_company_is_answered(
    ctx: Context, first: str, second: str
) -> None:
    for name in ("Old", "New"):
        add(ctx, COMPANY, name=f"{name} firm")
        add(ctx, CONTACT, name=name)
    add(ctx, DEAL, name="Mill", contact="Old", company="Old firm")
    said(ctx, DEAL, 1, first, "2026-10-20", "call")
    records.edit(ctx, DEAL, [1], {"contact": "New", "company": "New firm"})
    states = {"in": "owed", "out": "waiting"}
    told = turns(ctx)
    assert told[states[first]] == ["deal:1"]
    assert told[f"is:{states[first]}"] == ["deal:1", "contact:1", "contact:2", "company:1", "company:2"]
    said(ctx, DEAL, 1, second, "2026-10-21", "call")
    wanted: dict[str, list[str]] = {"owed": [], "waiting": [], "is:owed": [], "is:waiting": []}
    open_, closed = dict(wanted), dict(wanted)
    if second:
        open_ |= {states[second]: ["deal:1"], f"is:{states[second]}": ["deal:1", "contact:2", "company:2"]}
        closed |= {states[second]: ["contact:2"], f"is:{states[second]}": ["contact:2", "company:2"]}
    assert turns(ctx) == open_
    assert "owed" not in {row["term"] for row in urgency.why(ctx, CONTACT, 1).rows}
    deals.won(ctx, DEAL, [1])
    told = turns(ctx)
    assert told == closed
    history.undo(ctx)
    assert turns(ctx) == open_
    sound(ctx)


@pytest.mark.parametrize("to", [{"contact": "New"}, {"contact": "", "company": "Firm"}, {"contact": ""}])
def test_who_wrote_before_a_deal_went_to_another_is_answered_by_a_word_to_them(
    ctx: Context, to: dict[str, str]
) -> None:
    for name in ("Old", "New"):
        add(ctx, CONTACT, name=name)
    add(ctx, COMPANY, name="Firm")
    add(ctx, DEAL, name="Mill", contact="Old")
    said(ctx, DEAL, 1, "in", "2026-10-20")
    records.edit(ctx, DEAL, [1], to)
    (row,) = touching.owed(ctx).rows
    assert (row["ref"], row["who"]) == ("deal:1", "Old")
    said(ctx, CONTACT, 1, "out", "2026-10-21")
    assert turns(ctx) == {
        "owed": [], "waiting": ["contact:1"], "is:owed": [], "is:waiting": ["deal:1", "contact:1"],
    }  # fmt: skip
    records.archive(ctx, DEAL, [1])
    assert turns(ctx)["waiting"] == ["contact:1"]
    history.undo(ctx)
    said(ctx, DEAL, 1, "in", "2026-10-22")  # the deal goes on with whom it has now
    said(ctx, CONTACT, 1, "out", "2026-10-23")
    assert turns(ctx)["owed"] == ["deal:1"]


@pytest.mark.parametrize("to", [{"company": "New"}, {"contact": "Ada"}, {"company": ""}])
def test_which_company_wrote_before_a_deal_went_to_another_is_answered_by_a_word_to_it(
    ctx: Context, to: dict[str, str]
) -> None:
    for name in ("Old", "New"):
        add(ctx, COMPANY, name=name)
    add(ctx, CONTACT, name="Ada", company="Old")
    add(ctx, DEAL, name="Mill", company="Old")
    said(ctx, DEAL, 1, "in", "2026-10-20")
    records.edit(ctx, DEAL, [1], to)
    assert turns(ctx)["owed"] == ["deal:1"]
    said(ctx, COMPANY, 1, "out", "2026-10-21")
    assert turns(ctx) == {
        "owed": [], "waiting": ["company:1"], "is:owed": [], "is:waiting": ["deal:1", "company:1"],
    }  # fmt: skip


def test_what_is_answered_after_a_person_went_to_another_company_is_answered(ctx: Context) -> None:
    for name in ("Old", "New"):
        add(ctx, COMPANY, name=name)
    add(ctx, CONTACT, name="Ada", company="Old")
    said(ctx, CONTACT, 1, "in", "2026-10-20")
    records.edit(ctx, CONTACT, [1], {"company": "New"})
    assert turns(ctx)["is:owed"] == ["contact:1", "company:1", "company:2"]
    said(ctx, CONTACT, 1, "out", "2026-10-21")
    assert turns(ctx) == {
        "owed": [], "waiting": ["contact:1"], "is:owed": [], "is:waiting": ["contact:1", "company:2"],
    }  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [("in", "out"), ("out", "in")])
def test_a_deals_company_hears_what_its_person_of_elsewhere_says(ctx: Context, first: str, second: str) -> None:
    add(ctx, COMPANY, name="Lee")
    add(ctx, CONTACT, name="Kim")
    add(ctx, DEAL, name="Mill", contact="Kim", company="Lee")
    said(ctx, DEAL, 1, first, "2026-10-20")
    states = {"in": "owed", "out": "waiting"}
    none: dict[str, list[str]] = {"owed": [], "waiting": [], "is:owed": [], "is:waiting": []}
    for at, direction in (("2026-10-21", second), ("2026-10-22", first)):
        said(ctx, CONTACT, 1, direction, at)
        of = states[direction]
        assert turns(ctx) == none | {of: ["contact:1"], f"is:{of}": ["deal:1", "contact:1", "company:1"]}
        assert ("owed" in {row["term"] for row in urgency.why(ctx, COMPANY, 1).rows}) is (of == "owed")
    said(ctx, CONTACT, 1, second, "2026-10-23")
    deals.lost(ctx, DEAL, [1], "price")  # what a person says once it is over has nothing to do with it any more
    assert turns(ctx) == none | {states[second]: ["contact:1"], f"is:{states[second]}": ["contact:1"]}
    sound(ctx)


def test_a_mail_answered_on_one_deal_waits_on_another_as_that_deal(ctx: Context) -> None:
    add(ctx, CONTACT, name="Ada")
    for name in ("One", "Two"):
        said(ctx, DEAL, add(ctx, DEAL, name=name, contact="Ada", owner="grace"), "out", "2026-10-19")
    said(ctx, CONTACT, 1, "in", "2026-10-20")
    assert turns(ctx)["owed"] == ["contact:1"]
    said(ctx, DEAL, 1, "out", "2026-10-21")
    assert turns(ctx) == {
        "owed": ["deal:2"], "waiting": ["deal:1"], "is:owed": ["deal:2"], "is:waiting": ["deal:1", "contact:1"],
    }  # fmt: skip
    (row,) = touching.owed(ctx).rows
    assert (row["name"], row["who"], row["owner"]) == ("Two", "Ada", "grace")
    assert [row["ref"] for row in day_of(ctx)["owed"]] == ["deal:2"]


def test_of_two_words_at_one_moment_the_one_entered_later_is_the_last(ctx: Context) -> None:
    for name, first, second in (
        ("Asks", "out", "in"),
        ("Answered", "in", "out"),
        ("Met", "in", ""),
        ("Wrote", "", "in"),
    ):
        number = add(ctx, CONTACT, name=name)
        for direction in (first, second):
            said(ctx, CONTACT, number, direction, what="email" if direction else "meeting")
    assert refs(touching.owed(ctx)) == ["contact:1", "contact:4"]
    assert refs(touching.waiting(ctx)) == ["contact:2"]


def day_of(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    return {part.key: list(part.rows.rows) for part in today.today(ctx).sections}


class Drawn:
    """A random book, what was said in it, and what the rules make of that, in plain Python."""

    def __init__(self, ctx: Context, dice: random.Random) -> None:
        self.ctx = ctx
        self.firms = {add(ctx, COMPANY, name=f"Firm {n}"): None for n in range(3)}
        self.people: dict[int, int | None] = {}
        for n in range(4):
            firm = dice.choice([None, *self.firms])
            number = add(ctx, CONTACT, name=f"Person {n}", **({"company": str(firm)} if firm else {}))
            self.people[number] = firm
        self.sales: dict[int, tuple[Entity, int | None, int | None]] = {}
        for n in range(6):
            kind = dice.choice((LEAD, DEAL, DEAL, DEAL))
            person, firm = (dice.choice([None, *some]) for some in (self.people, self.firms))
            links = {} if kind is LEAD else {"contact": person, "company": firm}
            texts = {name: str(value) for name, value in links.items() if value}
            number = add(ctx, kind, name=f"Sale {n}", **texts)
            row = ctx.reader.one("SELECT contact_id, company_id FROM opportunity WHERE id = ?", (number,))
            self.sales[number] = (kind, *row)
        self.words: list[tuple[str, int, str, int | None, int | None, int | None]] = []
        for _ in range(dice.randrange(4, 25)):
            kind, number = dice.choice(
                [(CONTACT, n) for n in self.people]
                + [(COMPANY, n) for n in self.firms]
                + [(kind, n) for n, (kind, *_) in self.sales.items()] * 2
            )
            side = dice.choice(("in", "in", "out", "out", ""))
            what = "call" if dice.random() < 0.7 else "note"
            said(ctx, kind, number, side, f"2026-10-0{dice.randrange(1, 5)}", what)
            sql = "SELECT max(id) FROM interaction"
            made = int(ctx.reader.value(sql))
            links = ctx.reader.one(
                "SELECT opportunity_id, contact_id, company_id FROM interaction WHERE id = ?", (made,)
            )
            at = str(INTERACTION.field("at").type.from_db(
                ctx.reader.value("SELECT at FROM interaction WHERE id = ?", (made,))
            ))  # fmt: skip
            if side or what == "call":
                self.words.append((at, made, side, *links))
        self.aside: set[tuple[str, int]] = set()
        self.over: set[int] = set()
        for kind, numbers in ((CONTACT, self.people), (COMPANY, self.firms), (None, self.sales)):
            for number in numbers:
                of = kind or self.sales[number][0]
                if dice.random() < 0.2:
                    records.archive(ctx, of, [number])
                    self.aside.add((of.table, number))
                if kind is None and dice.random() < 0.4:
                    deals.lost(ctx, of, [number], "price")
                    self.over.add(number)
        self._moved(dice)

    def _moved(self, dice: random.Random) -> None:
        """Give some deals another person or company, and some people another company."""
        for number, (kind, person, firm) in self.sales.items():
            if kind is DEAL and dice.random() < 0.4:
                person, firm = dice.choice([None, *self.people]), dice.choice([None, *self.firms])
                records.edit(self.ctx, kind, [number], {"contact": str(person or ""), "company": str(firm or "")})
                self.sales[number] = (kind, person, firm)
        for number in self.people:
            if dice.random() < 0.3:
                self.people[number] = firm = dice.choice([None, *self.firms])
                records.edit(self.ctx, CONTACT, [number], {"company": str(firm or "")})

    def live(self, sale: int | None) -> bool:
        return bool(sale) and sale not in self.over and ("opportunity", sale) not in self.aside

    def spoken_with(self, sale: int) -> tuple[int | None, int | None]:
        """With which person, and of which company, the last word on a lead or deal was."""
        on_it = [(word[:2], word[4:]) for word in self.words if word[3] == sale]
        return max(on_it)[1] if on_it else (None, None)

    def last(self, table: str, number: int) -> tuple[str, int, str] | None:
        """The moment, number and side of the last word with a record."""

        def person(sale: int | None) -> int | None:
            return self.sales[sale][1] if sale else None

        found = []
        for at, made, side, sale, who, firm in self.words:
            people = {who, person(sale)} - {None}
            if table == "opportunity":
                with_them = False
                for person_of, firm_of in (self.sales[number][1:], self.spoken_with(number)):
                    with_them |= who == person_of if person_of else who is None and bool(firm_of) and firm == firm_of
                fits = sale == number or (sale is None and with_them)
            elif table == "contact":
                fits = number in people
            else:
                firms = {firm, self.sales[sale][2] if sale else None, *(self.people[one] for one in people)}
                fits = number in firms or (sale is None and any(
                    of == who and of_firm == number and self.live(one) and self.last("opportunity", one)
                    for one, (_, of, of_firm) in self.sales.items() if of
                ))  # fmt: skip
            if fits:
                found.append((at, made, side, sale))
        if table == "opportunity" and not any(word[3] == number for word in found):
            return None
        return max(found)[:3] if found else None

    def stands(self, made: int) -> bool:
        """Whether nobody has said a later word in the conversation in which this one was said."""
        sale, who, firm = next(word[3:] for word in self.words if word[1] == made)
        if sale and not self.live(sale):
            who, firm = self.sales[sale][1:]
        if self.live(sale):
            tables = [("opportunity", sale)]
        elif who:
            tables = [("contact", who)]
            if not sale:
                theirs = (one for one, (_, of, _) in self.sales.items() if of == who)
                tables += [("opportunity", one) for one in theirs if self.live(one)]
        else:
            tables = [("company", firm)] if firm else [("opportunity", sale)]
        return any(found[1] == made for found in (self.last(*one) for one in tables) if found)

    def in_sight(self, table: str, number: int) -> bool:
        if table == "opportunity" and self.sales[number][1:] == (None, None):
            return True
        return (table, number) not in self.aside and (table != "opportunity" or number not in self.over)


@pytest.mark.parametrize("seed", [*range(25), 60])
def test_lists_filters_and_urgency_agree_on_whose_turn_it_is(ctx: Context, seed: int) -> None:
    book = Drawn(ctx, random.Random(seed))
    wanted: dict[str, dict[str, dict[int, int]]] = {"owed": {}, "waiting": {}}
    of = {CONTACT: book.people, COMPANY: book.firms}
    of |= {kind: [n for n, (some, *_) in book.sales.items() if some is kind] for kind in (LEAD, DEAL)}
    for kind, numbers in of.items():
        last = {n: book.last(kind.table, n) for n in numbers if book.in_sight(kind.table, n)}
        for state, side in touching.SIDES.items():
            some = {n: word[1] for n, word in last.items() if word and word[2] == side}
            if not kind.kind:
                some = {n: word for n, word in some.items() if book.stands(word)}
            wanted[state][kind.name] = some
            rows = list(records.list_records(ctx, kind, [f"is:{state}"], sort="id").rows)
            assert [row["id"] for row in rows] == sorted(some)
    for state in touching.SIDES:
        heard = {(f"{kind}:{n}", word) for kind, some in wanted[state].items() for n, word in some.items()}
        rows = list((touching.owed(ctx) if state == "owed" else touching.waiting(ctx)).rows)
        listed = [(row["ref"], row["id"]) for row in rows]
        assert len(set(listed)) == len(listed)
        assert set(listed) <= heard  # whatever is listed is in that state by that word
        assert {word for _, word in listed} == {word for _, word in heard}
    for kind in (LEAD, DEAL, CONTACT, COMPANY):
        for number in of[kind]:
            told = {row["term"] for row in urgency.why(ctx, kind, number).rows}
            closed = number in book.over if kind.kind else False
            closed |= (kind.table, number) in book.aside
            assert ("owed" in told) is (number in wanted["owed"][kind.name] and not closed)
    sound(ctx)
