"""The word indexes stay usable however much is forgotten, and can be made anew."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING
from unicodedata import category

import pytest

from crmcli.domain.entities import CONTACT
from crmcli.domain.text import fold
from crmcli.errors import StoreError
from crmcli.services import database, finding, records
from crmcli.store import schema, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context

#: FTS5 calls an index of some pages damaged once it was optimised so often: each time raises its levels by two.
TOO_OFTEN = 1001
#: So many people fill some pages of the index.
PEOPLE = 300


def people(ctx: Context) -> None:
    with ctx.writing() as tx:
        for number in range(PEOPLE):
            tx.add("contact", {"name": f"{number * 7919 % 99991}th person{number} common"})


def wear(ctx: Context, times: int, clear: Callable[[], object]) -> None:
    """Change a record's words and clear the index of the old ones, again and again."""
    for number in range(times):
        ctx.reader.run("UPDATE contact SET search_text = ? WHERE id = 1", (f"word{number}",))
        clear()


def checked(ctx: Context, *, deep: bool = False) -> dict[str, str]:
    """The checks that failed, with what they say."""
    rows = database.check(ctx, deep=deep).sections[0].rows.rows
    return {row["check"]: row["detail"] for row in rows if not row["ok"]}


def found(ctx: Context, text: str) -> list[str]:
    return [row["name"] for row in finding.search(ctx, text).rows]


def test_forgetting_does_not_wear_the_index_out(ctx: Context) -> None:
    people(ctx)
    text = ctx.reader.value("SELECT search_text FROM contact WHERE id = 1")
    with ctx.reader.transaction():
        wear(ctx, TOO_OFTEN, lambda: words.forget(ctx.reader, ["contact"]))
        ctx.reader.run("UPDATE contact SET search_text = ? WHERE id = 1", (text,))
    records.add(ctx, CONTACT, {"name": "Grace"})
    assert found(ctx, "grace") == ["Grace"]
    assert checked(ctx, deep=True) == {}


def test_words_part_at_the_same_signs_on_both_engines(ctx: Context) -> None:
    signs = [*"!'*-./@\\^_~·«»÷،؛؟٪۔‐–—“”„…•€₿←→■☎✓♥、。「」・﴾😀💰🚀"]
    with ctx.writing() as tx:
        for number, sign in enumerate(signs):
            tx.add("contact", {"name": f"left{number:03}{sign}right{number:03}"})
    glued = [
        sign
        for number, sign in enumerate(signs)
        if not len(found(ctx, f"left{number:03}")) == len(found(ctx, f"right{number:03}")) == 1
    ]
    assert glued == ["₿"]  # FTS5's tables are older than this sign


def test_the_separators_are_those_of_fts5() -> None:
    """Every sign below U+3100 and every emoji that FTS5 knows, if folding leaves it as it is."""
    points = [
        p
        for p in [*range(0x21, 0x700), *range(0x2010, 0x2E40), *range(0x3000, 0x3100), *range(0x1F000, 0x1F780)]
        if chr(p) in fold(chr(p))
    ]
    memory = sqlite3.connect(":memory:")
    memory.execute("CREATE VIRTUAL TABLE word USING fts5(text, tokenize='unicode61 remove_diacritics 0')")
    memory.execute("CREATE VIRTUAL TABLE part USING fts5vocab(word, 'instance')")
    memory.executemany("INSERT INTO word(rowid, text) VALUES (?, ?)", [(p, f"a{chr(p)}b") for p in points])
    parted = {row[0] for row in memory.execute("SELECT doc FROM part WHERE term = 'a'")}
    ours = {p for p in points if re.fullmatch(f"[{schema.SEPARATORS}]", chr(p))}
    assert {chr(p) for p in ours ^ parted if category(chr(p)) != "Cn"} == set()


@pytest.mark.parametrize("ctx", ["sqlite"], indirect=True)
def test_a_damaged_index_is_found_and_made_anew(ctx: Context) -> None:
    people(ctx)

    def optimise() -> None:
        ctx.reader.run("INSERT INTO contact_fts(contact_fts) VALUES ('optimize')")

    with ctx.reader.transaction():
        wear(ctx, TOO_OFTEN - 10, optimise)
    with pytest.raises(StoreError, match=r"search index of .* is damaged") as damaged:
        wear(ctx, 20, optimise)
    assert "crm db check --repair" in damaged.value.hint
    for fails in (lambda: records.add(ctx, CONTACT, {"name": "Grace"}), lambda: found(ctx, "common")):
        with pytest.raises(StoreError, match="search index"):
            fails()
    assert checked(ctx) == {"search": "the word index of contact is damaged"}
    assert "search" in checked(ctx, deep=True)
    database.repair(ctx)

    assert checked(ctx) == {}
    records.add(ctx, CONTACT, {"name": "Grace"})
    assert found(ctx, "grace") == ["Grace"]


LOSSES = {
    "sqlite": ("DROP TABLE contact_fts", "DROP TRIGGER task_fts_insert", "DELETE FROM company_fts_data"),
    "postgresql": ("DROP INDEX ix_contact_words",),
}


def test_whatever_is_lost_can_be_made_anew(ctx: Context) -> None:
    records.add(ctx, CONTACT, {"name": "Ada", "company": "Engines"}, note="met at PyCon")
    for statement in LOSSES[ctx.reader.dialect]:
        ctx.reader.run(statement)
    ctx.reader.run("DROP VIEW v_tag")
    ctx.reader.run("UPDATE contact SET last_touch = NULL")
    assert {"views", "search"} <= set(checked(ctx))
    database.repair(ctx)
    assert checked(ctx, deep=True) == {}
    records.add(ctx, CONTACT, {"name": "Grace"})
    assert found(ctx, "engines") == ["Engines"]
    assert found(ctx, "grace") == ["Grace"]
