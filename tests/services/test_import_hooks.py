"""Imports with plugins: rows that a plugin refuses are named, rows that it amends are known again."""

from __future__ import annotations

import csv
import itertools
import sys
from typing import TYPE_CHECKING, Any

import pytest

from crmcli import plugins
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD
from crmcli.services import database, history, imports, pipelines
from crmcli.services.imports import taking
from tests.support.importing import counts, rows, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmcli.domain.fields import Entity

NUMBERS = itertools.count(1)
HEAD = "from crmcli.api import RefusedError, hookimpl, select\n\n"
#: Refuses what says "bad" in its name, whatever it is.
STRICT = """
@hookimpl
def before_change(change):
    if change.after and "bad" in (change.after.get("name") or ""):
        raise RefusedError("no bad names")
    if change.after and change.entity == "company" and change.after["name"] == "Evil":
        raise RefusedError("no evil companies")
"""
#: Gives names their capitals.
TIDY = """
@hookimpl
def before_change(change):
    if change.after and change.after.get("name") and change.entity in ("lead", "contact", "deal"):
        return change._replace(after={**change.after, "name": change.after["name"].title()})
"""


@pytest.fixture
def plugged(ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Context]]:
    """The book with a plugin of this source, in blocks of five rows."""
    monkeypatch.setattr(plugins, "STATE", plugins._State())
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("FIRST_BLOCK", "MOST", "LEAST"):
        monkeypatch.setattr(taking, name, 5)
    opened: list[Context] = []

    def enable(source: str) -> Context:
        module = f"vetting_plugin_{next(NUMBERS)}"
        (tmp_path / f"{module}.py").write_text(HEAD + source)
        opened.append(Context(Settings({"db": ctx.settings.database, "plugins": f"p={module}"}), quiet=True))
        return opened[-1]

    yield enable
    for one in opened:
        one.close()
    for name in [name for name in sys.modules if name.startswith("vetting_plugin_")]:
        del sys.modules[name]


@pytest.mark.parametrize("longest", [0.0, 60.0])
def test_a_row_that_a_plugin_refuses_is_named_and_the_rest_comes_in(
    plugged: Any, put: Any, monkeypatch: pytest.MonkeyPatch, longest: float
) -> None:
    monkeypatch.setattr(taking, "LONGEST", longest)
    ctx = plugged(STRICT)
    text = "Deal Name,Company,Stage,Tags,Value\n" + "".join(
        f"D {i}{' bad' if i in (3, 9) else ''},{'Evil' if i == 6 else f'Firm {i % 4}'},"
        f"{'Odd' if i == 9 else 'Trial'},{'only' if i == 3 else 't'},5\n"
        for i in range(13)
    )
    path = put(text)
    done = take(ctx, path, kind=DEAL)
    assert counts(done) == (13, 10, 0, 0, 0, 3)
    assert [(line, reason) for line, _, _, reason in done.listed] == [
        (5, "the plugin 'p' refused the deal: no bad names"),
        (8, "the plugin 'p' refused the company: no evil companies"),
        (11, "the plugin 'p' refused the deal: no bad names"),
    ]
    with open(done.rejects, newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["crm_line", "5", "8", "11"]
    found = rows(ctx, DEAL)
    assert [row["name"] for row in found] == [f"D {i}" for i in range(13) if i not in (3, 6, 9)]
    assert [row["company"] for row in found] == [f"Firm {i % 4}" for i in range(13) if i not in (3, 6, 9)]
    assert {row["stage"] for row in found} == {"Trial"}
    assert "Odd" not in {row["name"] for row in pipelines.stages(ctx).rows}, "what is refused leaves nothing"
    assert sorted(row["name"] for row in rows(ctx, COMPANY)) == [f"Firm {i}" for i in range(4)]
    assert ctx.reader.value("SELECT count(*) FROM tag WHERE name = 'only'") == 0
    assert database.check(ctx, deep=True).values["ok"]
    assert counts(take(ctx, path, kind=DEAL)) == (13, 0, 0, 10, 0, 3)
    history.undo(ctx, done.batch)
    assert rows(ctx, DEAL) == rows(ctx, COMPANY) == []
    assert database.check(ctx, deep=True).values["ok"]


def test_a_row_that_repeats_a_refused_one_is_looked_at_on_its_own(plugged: Any, put: Any) -> None:
    ctx = plugged(STRICT)
    path = put("Name,Email\nbad Ann,a@x.example\nAnn,a@x.example\nbad Ann,b@x.example\nbad Ann,b@x.example\n")
    done = take(ctx, path, kind=CONTACT)
    assert counts(done) == (4, 1, 0, 0, 0, 3)
    assert [row["name"] for row in rows(ctx, CONTACT)] == ["Ann"]


def test_an_update_that_a_plugin_refuses_is_named(plugged: Any, put: Any) -> None:
    ctx = plugged(STRICT)
    text = "Name,Email\n" + "".join(f"P {i},p{i}@x.example\n" for i in range(8))
    take(ctx, put(text), kind=CONTACT)
    newer = text.replace("P 3", "P bad").replace("P 4", "Q 4")
    done = take(ctx, put(newer), kind=CONTACT, update=True)
    assert counts(done) == (8, 0, 1, 6, 0, 1)
    assert done.listed[0][0] == 5
    assert [row["name"] for row in rows(ctx, CONTACT)][3:5] == ["P 3", "Q 4"]
    assert database.check(ctx, deep=True).values["ok"]


@pytest.mark.parametrize("kind", [LEAD, DEAL])
def test_a_second_import_knows_what_a_plugin_made_of_rows_without_keys(plugged: Any, put: Any, kind: Entity) -> None:
    ctx = plugged(TIDY)
    text = "Name,City,Company,Tags\n" + "".join(f"ada {i} lovelace,Rome,Firm {i % 3},t\n" for i in range(12))
    path = put(text)
    done = take(ctx, path, kind=kind)
    assert counts(done) == (12, 12, 0, 0, 0, 0)
    assert rows(ctx, kind)[0]["name"] == "Ada 0 Lovelace"
    second = take(ctx, path, kind=kind)
    assert counts(second) == (12, 0, 0, 12, 0, 0)
    assert second.batch == 0
    assert counts(take(ctx, put(text + "ada 1 lovelace,Oslo,Firm 1,t\n"), kind=kind)) == (13, 1, 0, 12, 0, 0)
    assert database.check(ctx, deep=True).values["ok"]


@pytest.mark.parametrize("between", [0, 7])
def test_rows_that_a_plugin_makes_equal_are_one(plugged: Any, put: Any, between: int) -> None:
    ctx = plugged(TIDY)
    middle = "".join(f"P {i},Bonn\n" for i in range(between))
    path = put(f"Name,City\nada lovelace,Rome\n{middle}Ada Lovelace,Rome\nADA LOVELACE,Rome\n")
    assert counts(take(ctx, path, kind=CONTACT)) == (3 + between, 1 + between, 0, 0, 2, 0)
    assert counts(take(ctx, path, kind=CONTACT)) == (3 + between, 0, 0, 1 + between, 2, 0)


def test_an_update_that_a_plugin_puts_back_changes_nothing(plugged: Any, put: Any) -> None:
    ctx = plugged(TIDY)
    path = put("Name,Email\nada lovelace,a@x.example\ngrace hopper,g@x.example\n")
    take(ctx, path, kind=CONTACT)
    done = take(ctx, path, kind=CONTACT, update=True)
    assert counts(done) == (2, 0, 0, 2, 0, 0)
    assert done.batch == 0


def test_an_amending_plugin_that_counts_sees_every_record_once(plugged: Any, put: Any) -> None:
    ctx = plugged(
        "SEEN = []\n\n@hookimpl\ndef before_change(change):\n"
        "    if change.entity == 'contact':\n"
        "        SEEN.append(change.after['name'])\n"
        "        return change._replace(after={**change.after, 'city': f'Place {len(SEEN)}'})\n"
    )
    text = "Name,Email,City\n" + "".join(f"P {i},p{i}@x.example,Rome\n" for i in range(12))
    imports.run(ctx, imports.plan(ctx, put(text), kind=CONTACT))
    (module,) = [module for name, module in sys.modules.items() if name.startswith("vetting_plugin_")]
    assert [f"P {i}" for i in range(12)] == module.SEEN
    assert rows(ctx, CONTACT)[11]["city"] == "Place 12"


def test_a_dry_run_of_several_files_asks_plugins_as_their_import_does(
    plugged: Callable[[str], Context], tmp_path: Path
) -> None:
    ctx = plugged(STRICT)
    texts = {
        "accounts": "Account ID,Account Name\n1,Good\n2,so bad\n3,Evil\n",
        "contacts": "Contact ID,First Name,Last Name,Account ID,Account Name\n"
        "1,Ada,King,1,\n2,bad,One,1,\n3,Bo,Ray,2,\n4,Cy,Low,9,Evil\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    plans = imports.plan_all(ctx, [(str(tmp_path / f"{name}.csv"), "") for name in texts])
    shared = imports.Together(plans)
    tried = [imports.run(ctx, made, dry_run=True, together=shared) for made in plans]
    assert rows(ctx, COMPANY) == []
    shared = imports.Together(plans)
    done = [imports.run(ctx, made, together=shared) for made in plans]
    assert [counts(one) for one in tried] == [counts(one) for one in done] == [(3, 1, 0, 0, 0, 2), (4, 2, 0, 0, 0, 2)]
    assert [row["company"] for row in rows(ctx, CONTACT)] == ["Good", None]
    history.undo(ctx, done[0].batch)
    assert rows(ctx, COMPANY) == rows(ctx, CONTACT) == []
