"""Rows written column by column: the same keys, the same journal text as row by row."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from crmcli.context import Context
from crmcli.domain.columnwise import derive_columns, fold_column
from crmcli.domain.entities import LEAD
from crmcli.domain.keys import derive
from crmcli.domain.text import fold
from crmcli.services import records
from crmcli.store import bulk
from crmcli.store.journal import canonical, digest
from crmcli.store.tables import DEFAULTS

NASTY = (
    "", " a", "a ", "a  b", "a\tb", "a\nb", "A`B", "ß ẞ İ ı", "كتاب", "ﬁ", "\x1cx", "\x7f", '"},"",{"', "\\",
    "a\u200cb", "é", "A",
)  # fmt: skip
storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.one_of(st.sampled_from(NASTY), st.text(storable, max_size=12))
filled = texts.filter(lambda text: bool(text.strip()))


@given(st.lists(st.one_of(st.none(), filled), min_size=1, max_size=6))
@example(["\xad"])
def test_a_column_is_folded_as_its_texts_are(values: list[str | None]) -> None:
    assert fold_column(values) == [None if value is None else fold(value) for value in values]


rows = st.fixed_dictionaries(
    {
        "name": filled,
        "email": st.one_of(st.none(), st.sampled_from(["a@x.example", "zoë@x.example"])),
        "phone": st.one_of(st.none(), st.sampled_from(["+98 21 8888 7777", "call me", "۰۹۱۲", "(030) 11"])),
        "description": st.one_of(st.none(), filled),
        "value_minor": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
        "status": st.sampled_from(["open", "won"]),
        "probability_manual": st.booleans(),
        "priority": st.integers(0, 3),
        "tags": st.lists(st.integers(1, 9), max_size=3, unique=True).map(sorted),
    }
)


@given(st.lists(rows, min_size=1, max_size=5))
def test_keys_and_journal_are_those_of_single_rows(made: list[dict[str, Any]]) -> None:
    columns = {name: [row[name] for row in made] for name in made[0]}
    keys = derive_columns("opportunity", columns)
    defaults = DEFAULTS["opportunity"]
    lines = bulk.journal_lines("opportunity", range(1, len(made) + 1), columns, defaults)
    for place, (row, line) in enumerate(zip(made, lines, strict=True)):
        one = {name: key for name, key in derive("opportunity", row).items() if name in keys}
        many = {name: values[place] for name, values in keys.items()}
        assert one == {**many, "search_text": many["search_text"] or ""}
        kept = {n: v for n, v in row.items() if v is not None and v != [] and v != defaults.get(n)}
        text = canonical(kept)
        assert line == ("opportunity", place + 1, None, text, digest("opportunity", place + 1, None, text))


def test_many_rows_are_written_as_one_is(ctx: Context) -> None:
    records.add(ctx, LEAD, {"name": "One", "email": "one@x.example", "phone": "+98 21 8888 7777"})
    columns: dict[str, list[Any]] = {
        "name": [f"Name {n}" for n in range(50)], "email": [f"n{n}@x.example" for n in range(50)],
        "stage_id": [1] * 50, "pipeline_id": [1] * 50, "description": [None, "x"] * 25,
    }  # fmt: skip
    with ctx.writing("test") as tx:
        ids = tx.add_many("lead", columns)
    assert ids == list(range(2, 52))
    journal = ctx.reader.rows(
        "SELECT record_id, after FROM journal WHERE entity = 'opportunity' AND record_id > 1 ORDER BY record_id"
    )
    assert [number for number, _ in journal] == ids
    assert json.loads(journal[1][1])["description"] == "x"
    assert [row["name"] for row in records.list_records(ctx, LEAD, ['name:="Name 7"']).rows] == ["Name 7"]
    uids = ctx.reader.rows("SELECT DISTINCT uid FROM opportunity")
    assert len(uids) == 51
