"""crm-tidy as a user meets it: installed, enabled, at work, disabled."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.program import ROOT, Finished, environment, run_python

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parents[1]
NOW = "2026-11-21T10:00:00+00:00"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip installed the plugin into."""
    source = tmp_path_factory.mktemp("source") / "crm-tidy"
    shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("installed")
    words = [
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(target),
        str(source),
    ]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=120)
    return target


@pytest.fixture
def crm(installed: Path, tmp_path: Path) -> Callable[..., Finished]:
    """Run `crm` where the plugin is installed."""

    def run(*words: str, code: int = 0) -> Finished:
        done = run_python(["-m", "crmcli", *words], env={"PYTHONPATH": f"{ROOT}:{installed}"}, now=NOW, cwd=tmp_path)
        assert done.returncode == code, done
        return done

    return run


def names(crm: Callable[..., Finished], noun: str) -> list[str]:
    return [row["name"] for row in json.loads(crm(noun, "list", "--sort", "id", "--json").stdout)]


def test_installed_is_not_enabled(crm: Callable[..., Finished]) -> None:
    (row,) = json.loads(crm("plugin", "list", "--json").stdout)
    assert (row["name"], row["enabled"], row["distribution"], row["version"]) == ("tidy", False, "crm-tidy", "0.1.0")
    assert row["hooks"] == "after_change, before_change, register_commands, register_reports"
    crm("lead", "add", "ada  lovelace")
    assert names(crm, "lead") == ["ada  lovelace"]
    assert "'crm plugin enable tidy' lets it run" in crm("tidy", "report", code=2).stderr


def test_enabling_wants_a_yes(crm: Callable[..., Finished]) -> None:
    refused = crm("plugin", "enable", "tidy", code=2)
    assert "crm-tidy" in refused.stderr
    assert "before_change" in refused.stderr
    assert json.loads(crm("plugin", "list", "--json").stdout)[0]["enabled"] is False


def test_from_enabling_to_disabling(crm: Callable[..., Finished], isolated: Path) -> None:
    crm("lead", "add", "grace  hopper")
    crm("plugin", "enable", "tidy", "--yes")

    crm("lead", "add", "ludwig van  beethoven")
    crm("contact", "add", "jean-luc o'neill")
    crm("contact", "add", "Ada de Lovelace")
    assert names(crm, "lead") == ["grace  hopper", "Ludwig van Beethoven"]
    assert names(crm, "contact") == ["Jean-Luc O'Neill", "Ada de Lovelace"]
    assert json.loads(crm("--json", "tidy", "report").stdout) == [
        {"record": "lead:1", "name": "grace  hopper", "tidy": "Grace Hopper"}
    ]

    crm("deal", "add", "New engine")
    refused = crm("deal", "move", "3", "proposition", code=5)
    assert "the plugin 'tidy' refused the deal: a deal in Proposition needs a value" in refused.stderr
    assert json.loads(crm("deal", "show", "3", "--json").stdout)["stage"] == "New"
    assert "needs a value" in crm("deal", "add", "Other", "--stage", "proposition", code=5).stderr
    crm("deal", "edit", "3", "value=12000")
    crm("deal", "move", "3", "proposition")
    assert "needs a value" in crm("deal", "edit", "3", "stage=proposition", "value=", code=5).stderr

    log = isolated / "data" / "wins.log"
    assert not log.exists()
    crm("deal", "won", "3")
    assert log.read_text(encoding="utf-8") == "2026-11-21T10:00:00.000Z\t3\tNew engine\t\t\n"
    assert log.stat().st_mode & 0o777 == 0o600

    crm("plugin", "disable", "tidy")
    crm("contact", "add", "left alone")
    assert names(crm, "contact")[-1] == "left alone"
    crm("tidy", "report", code=2)


def test_its_report(crm: Callable[..., Finished]) -> None:
    crm("plugin", "enable", "tidy", "--yes")
    crm("deal", "add", "Without")
    crm("deal", "add", "With", "--value", "5")
    assert json.loads(crm("report", "unvalued", "--json").stdout) == [
        {"stage": "New", "deals": 1, "oldest": "2026-11-21T10:00:00.000Z"}
    ]
    assert "unvalued" in crm("report").stdout
    crm("--no-plugins", "report", "unvalued", code=3)


def test_one_command_can_go_without_it(crm: Callable[..., Finished]) -> None:
    crm("plugin", "enable", "tidy", "--yes")
    crm("--no-plugins", "lead", "add", "ada  lovelace")
    assert names(crm, "lead") == ["ada  lovelace"]


@pytest.mark.parametrize(
    ("typed", "tidied"),
    [
        ("ada lovelace", "Ada Lovelace"),
        ("  ada \t lovelace ", "Ada Lovelace"),
        ("Ada  Lovelace", "Ada Lovelace"),
        ("ada Lovelace", "ada Lovelace"),
        ("von neumann", "Von Neumann"),
        ("john von neumann", "John von Neumann"),
        ("anne-marie d'arcy o’brien", "Anne-Marie D'Arcy O’Brien"),
        ("john's garage", "John's Garage"),
        ("آدا  لاولیس", "آدا لاولیس"),
        ("3m deutschland", "3m Deutschland"),
        ("élodie", "Élodie"),
    ],
)
def test_tidy(typed: str, tidied: str, installed: Path) -> None:
    probe = "import sys; from crm_tidy import tidy; sys.stdout.buffer.write(tidy(sys.argv[1]).encode())"
    env = environment(extra={"PYTHONPATH": f"{ROOT}:{installed}"})
    done = subprocess.run([sys.executable, "-c", probe, typed], capture_output=True, env=env, check=True)
    assert done.stdout.decode() == tidied
