"""crm config, crm paths and help, with settings that are sound and with such as are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crmcli import config

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


def write(text: str) -> Path:
    path = Path(config.config_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["set", "timezone", "Nowhere/X"], 2),
        (["set", "nonsense", "1"], 2),
        (["set", "limit", "-1"], 2),
        (["set", "columns.lead", "id"], 2),
        (["set", "workdays", "mon-fry"], 2),
        (["set", "workdays", "sat-wed"], 0),
        (["set", "holidays", "germany"], 2),
        (["set", "holidays", "DE-XX"], 2),
        (["set", "holidays", "DE-BY"], 0),
        (["set", "holidays", ""], 0),
        (["unset", "columns.lead"], 3),
        (["unset", "pager"], 3),
        (["unset", "columns"], 0),
        (["set", "limit", "9"], 0),
    ],
)
def test_a_dry_run_says_what_the_real_run_does(crm: Crm, words: list[str], code: int) -> None:
    text = 'columns = "id"\n'
    path = write(text)
    dry = crm("config", *words, "--dry-run")
    assert path.read_text(encoding="utf-8") == text
    real = crm("config", *words)
    assert (dry.code, real.code) == (code, code)
    if code:
        assert dry.err == real.err
    else:
        assert dry.out.startswith("would: "), dry
        assert real.out.startswith(dry.out.removeprefix("would: ").strip()), real


def test_a_value_that_means_nothing_is_listed_with_its_source_and_can_be_mended(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write('limit = "many"\n')
    monkeypatch.setenv("CRM_NEW_DAYS", "soon")
    listed = crm("config", "list", "--origin", "-o", "json")
    assert listed.code == 0
    rows = {row["name"]: (row["value"], row["origin"]) for row in listed.json}
    assert rows["limit"] == ("many", str(path))
    assert rows["new_days"] == ("soon", "CRM_NEW_DAYS")
    assert f"{path}: the setting limit wants" in listed.err
    assert "CRM_NEW_DAYS: the setting new_days wants" in listed.err
    assert crm("config", "set", "new_days", "3").code == 0
    assert crm("config", "set", "limit", "3").code == 0
    assert crm("config", "unset", "new_days").code == 0


def test_help_and_paths_are_there_when_the_settings_cannot_be_read(crm: Crm) -> None:
    path = write("db = [\n")
    for words in ((), ("config",), ("config", "set"), ("lead",)):
        shown = crm(*words, "--help")
        assert (shown.code, "Usage: crm" in shown.out) == (0, True)
    assert f"{path} cannot be read" in crm("--help").err
    places = crm("paths", "-o", "tsv")
    assert (places.code, f"settings\t{path}\n" in places.out) == (0, True)
    assert f"{path} cannot be read" in places.err
    for words in (("config", "list"), ("config", "get", "limit"), ("config", "set", "limit", "5"), ("lead", "list")):
        refused = crm(*words)
        assert (refused.code, f"{path} cannot be read" in refused.err) == (2, True)


def test_a_new_region_says_what_becomes_of_the_numbers_that_are_there(crm: Crm, isolated: Path) -> None:
    said = "telephone numbers without + that are in the book already are compared as before"
    assert said not in crm("config", "set", "region", "DE").err
    assert crm("lead", "add", "Eve", "--phone", "030 1234567").code == 0
    assert said not in crm("config", "set", "region", "de").err
    done = crm("config", "set", "region", "IR")
    assert (done.code, said in done.err, "makes them numbers of IR" in done.err) == (0, True, True), done
    assert crm("db", "check", "--deep").code == 1
    done = crm("db", "check", "--repair")
    assert (done.code, "telephone numbers of 1 record are compared as in IR now" in done.err) == (0, True), done
    (isolated / "data" / "crm.db").unlink()
    assert crm("config", "set", "region", "FR").code == 0
    assert not (isolated / "data" / "crm.db").exists()
