"""What a purge takes out of saved views and commands, and what it leaves in them because others may be meant."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.query.parse import MAX_DEPTH
from crmcli.services import history, records, saved_views
from tests.support.books import everything

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

PARTS = "still asks for stone, bob, a part of what is forgotten"


def views(ctx: Context) -> dict[str, str]:
    return {row["name"]: row["filter"] for row in saved_views.views(ctx).rows}


@pytest.mark.parametrize(
    ("kind", "name", "text", "left", "told"),
    [
        # One word: taken where it stands alone in a field that names such a record.
        (CONTACT, "Ada", "contact:ADA or has:email", "no:id or has:email", ""),
        (CONTACT, "Ada", 'name:Bob,ada contact:"Ada Moon"', 'name:Bob contact:"Ada Moon"', ""),
        (CONTACT, "Ada", "ada", "ada", "still asks for ada, a part of what is forgotten"),
        (CONTACT, "Ada", "company:ada", "company:ada", "still asks for ada, a part of what is forgotten"),
        (CONTACT, "Ada", "email:ada.lov@p.example", "email:ada.lov@p.example", ""),
        (COMPANY, "Stone", "company:stone", "no:id", ""),
        (DEAL, "Renewal", "name:renewal", "name:renewal", "still asks for renewal, a part of what is forgotten"),
        (LEAD, "Call", 'name:"Call Bob" city:call', None, ""),
        # What a record that stays is called, or is called too.
        (COMPANY, "Alpha", 'company:"Alpha Beta GmbH"', 'company:"Alpha Beta GmbH"', ""),
        (COMPANY, "Alpha", "alpha beta", "alpha beta", "still asks for alpha, a part of what is forgotten"),
        (COMPANY, "Alpha", "company:alpha", "company:alpha", "still asks for alpha, which company:1 also fits"),
        (CONTACT, "Noor King", "noor king", "noor king", "still asks for noor king, which contact:1 also fits"),
        (CONTACT, "Smith Noor", "noor smith", None, "still asks for smith noor, which contact:1 also fits"),
        (CONTACT, "Noor King", 'name:"Noor King Smith"', None, "still asks for noor king, which contact:1 also fits"),
        (DEAL, "Web Shop", 'name:"web shop"', None, "still asks for web shop, which deal:1 also fits"),
        (CONTACT, "Kim Beta", 'name:"web shop" or contact:"kim beta"', 'name:"web shop" or no:id', ""),
        # The words of a name stand together, in one field and beside it.
        (CONTACT, "Bob Stone", "company:stone contact:bob", None, PARTS),
        (CONTACT, "Bob Stone", "company:stone bob", None, PARTS),
        (CONTACT, "Bob Stone", "contact:stone bob has:email", "no:id has:email", ""),
        (CONTACT, "Bob Stone", "contact:stone contact:bob", "no:id", ""),
        (COMPANY, "Bob Stone", "company:stone bob", "no:id", ""),
        (DEAL, "Big Stone", "deal:stone deal:big", "no:id", ""),
        # A telephone in pieces.
        (CONTACT, "Ray <+14155550199>", "415 555 019", None, "still asks for 415 555 019, a part of what is forgotten"),
        # The address of another one is not this one's.
        (CONTACT, "Bo <king@p.example>", "email:ada.king@p.example or king@p.example.org", None, ""),
    ],
)  # fmt: skip
def test_views_lose_what_tells_by_itself_and_nothing_of_others(
    ctx: Context, kind: Entity, name: str, text: str, left: str | None, told: str
) -> None:
    records.add(ctx, COMPANY, {"name": "Alpha Beta GmbH"})
    records.add(ctx, CONTACT, {"name": "Noor King Smith"})
    records.add(ctx, DEAL, {"name": "Web Shop 2 for Kim Beta"})
    who, _, address = name.rstrip(">").partition(" <")
    given = {"email" if "@" in address else "phone": address} if address else {}
    number = records.add(ctx, kind, {"name": who, **given}).ids[0]
    saved_views.save(ctx, "one", None, text)
    lines = [line for line in history.purge(ctx, kind, [number]).lines[1:] if line.startswith("the view ")]
    left = text if left is None else left
    assert views(ctx) == {"one": left}
    changed = [f"the view one asked for it and says now: {left}"] if left != text else []
    assert lines == changed + ([f"the view one {told}"] if told else [])


@pytest.mark.parametrize(
    ("kind", "name", "kept", "lines"),
    [
        (
            DEAL,
            "Renewal",
            ("renewal", "renewal-big", "ada", "ada-king"),
            ["the view renewal still has such a name"],
        ),
        (
            LEAD,
            "Call",
            ("renewal", "renewal-big", "ada", "ada-king"),
            ["the history of the view call still has such a name"],
        ),
        (CONTACT, "Ada", ("renewal", "renewal-big", "ada-king"), ["the view ada bore that name and is gone too"]),
        (CONTACT, "Ada King", ("renewal", "renewal-big", "ada"), ["the view ada-king bore that name and is gone too"]),
    ],
)
def test_views_and_commands_that_bear_a_name_of_one_word_stay(
    ctx: Context, kind: Entity, name: str, kept: tuple[str, ...], lines: list[str]
) -> None:
    records.add(ctx, LEAD, {"name": "Bob"})
    commands = ("task add 'Call Ada'", "log call lead:1", "deal add 'Big renewal'")
    for command in commands:
        ctx.command = command
        records.add(ctx, TASK, {"name": "T"})
    for view in ("renewal", "renewal-big", "ada", "ada-king"):
        ctx.command = f"view save {view}"
        saved_views.save(ctx, view, None, "has:email")
    saved_views.save(ctx, "call", None, "has:email")
    saved_views.remove(ctx, "call")
    ctx.command = f"{kind.name} add '{name}'"
    purged = records.add(ctx, kind, {"name": name})
    ctx.command = ""
    assert list(history.purge(ctx, kind, list(purged.ids)).lines[1:]) == lines
    assert views(ctx).keys() == {*kept}
    left = dict(ctx.reader.rows("SELECT id, command FROM batch"))
    # A view that is forgotten takes the commands that saved it with it.
    assert {*commands, *(f"view save {view}" for view in kept)} <= {*left.values()}
    assert not {"view save ada", "view save ada-king"}.difference(f"view save {view}" for view in kept) & {
        *left.values()
    }
    assert left[purged.batch] == "(purged)"


def test_a_view_that_goes_goes_from_the_views_that_are_made_of_it(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "زهرا كاظمی"})
    saved_views.save(ctx, "زهرا-کاظمی", CONTACT, "has:email")
    saved_views.save(ctx, "both", CONTACT, "view:زهرا-کاظمی or city:rome")
    lines = history.purge(ctx, CONTACT, [1]).lines
    assert "the view both asked for it and says now: no:id or city:rome" in lines
    assert views(ctx) == {"both": "no:id or city:rome"}
    assert records.list_records(ctx, CONTACT, ("view:both",)).rows == []
    assert "کاظمی" not in everything(ctx)


def test_a_filter_as_deep_as_may_be_is_cleared_at_once(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Zelda Quux"})
    deep = "zelda quux"
    for _ in range(MAX_DEPTH):
        deep = f"a (b or {deep})"
    saved_views.save(ctx, "one", CONTACT, deep)
    started = time.process_time()
    history.purge(ctx, CONTACT, [1])
    assert time.process_time() - started < 2  # forgetting twice at each level takes 2 ** 60
    assert views(ctx) == {"one": deep.replace("zelda quux", "no:id")}
