"""The last word with a record, and who waits by it: lists, filters and urgency agree, on both engines."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD
from crmcli.services import deals, records, timeline, today, touching, urgency
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

    def last(self, table: str, number: int) -> tuple[str, int, str] | None:
        """The moment, number and side of the last word with a record."""

        def person(sale: int | None) -> int | None:
            return self.sales[sale][1] if sale else None

        found = []
        for at, made, side, sale, who, firm in self.words:
            people = {who, person(sale)} - {None}
            if table == "opportunity":
                _, of, firm_of = self.sales[number]
                with_them = who == of and bool(of) if of else bool(firm_of) and firm == firm_of and who is None
                fits = sale == number or (sale is None and with_them)
            elif table == "contact":
                fits = number in people
            else:
                firms = {firm, self.sales[sale][2] if sale else None, *(self.people[one] for one in people)}
                fits = number in firms
            if fits:
                found.append((at, made, side, sale))
        if table == "opportunity" and not any(word[3] == number for word in found):
            return None
        return max(found)[:3] if found else None

    def in_sight(self, table: str, number: int) -> bool:
        if table == "opportunity" and self.sales[number][1:] == (None, None):
            return True
        return (table, number) not in self.aside and (table != "opportunity" or number not in self.over)


@pytest.mark.parametrize("seed", range(25))
def test_lists_filters_and_urgency_agree_on_whose_turn_it_is(ctx: Context, seed: int) -> None:
    book = Drawn(ctx, random.Random(seed))
    wanted: dict[str, dict[str, dict[int, int]]] = {"owed": {}, "waiting": {}}
    of = {CONTACT: book.people, COMPANY: book.firms}
    of |= {kind: [n for n, (some, *_) in book.sales.items() if some is kind] for kind in (LEAD, DEAL)}
    for kind, numbers in of.items():
        last = {n: book.last(kind.table, n) for n in numbers if book.in_sight(kind.table, n)}
        for state, side in touching.SIDES.items():
            some = {n: word[1] for n, word in last.items() if word and word[2] == side}
            wanted[state][kind.name] = some
            rows = list(records.list_records(ctx, kind, [f"is:{state}"], sort="id").rows)
            assert [row["id"] for row in rows] == sorted(some)
    for state in touching.SIDES:
        heard = {word for some in wanted[state].values() for word in some.values()}
        listed = touching.owed(ctx) if state == "owed" else touching.waiting(ctx)
        assert sorted(row["id"] for row in listed.rows) == sorted(heard)
    for kind in (LEAD, DEAL, CONTACT, COMPANY):
        for number in of[kind]:
            told = {row["term"] for row in urgency.why(ctx, kind, number).rows}
            closed = number in book.over if kind.kind else False
            closed |= (kind.table, number) in book.aside
            assert ("owed" in told) is (number in wanted["owed"][kind.name] and not closed)
    sound(ctx)
