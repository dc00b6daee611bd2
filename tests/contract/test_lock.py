"""The requirement files can be installed anywhere: exact versions, hashes, no place to fetch from, nothing left out."""

from __future__ import annotations

import os
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crmcli.store import postgres
from tests.support.program import ROOT, run_python

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("requirements.txt", "requirements-dev.txt")
LOCKED = re.compile(r"[a-z0-9-]+==[^\s;]+(?: ; [^#]+?)?(?: --hash=sha256:[0-9a-f]{64})+")
PLACE = re.compile(r"://|\bfile:|\bwww\.|(?<![\w.])/\w|~/|\\\\|\.whl|--(?:index|extra|find|trusted)|^-", re.MULTILINE)


def requirement_lines(name: str) -> list[str]:
    """The file's requirements, each with its continuation lines joined to one and without comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [" ".join(line.split()) for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def locked(name: str) -> dict[str, Requirement]:
    """Distribution name -> its locked requirement (without hashes)."""
    found = [Requirement(line.split(" --hash")[0]) for line in requirement_lines(name)]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def wanted() -> dict[str, list[Requirement]]:
    """What pyproject.toml asks each requirement file to hold."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    groups = project["dependency-groups"]
    runtime = [*project["project"]["dependencies"], *project["build-system"]["requires"], *groups["build"]]
    for extra in project["project"]["optional-dependencies"].values():
        runtime += extra
    development = [item for item in groups["dev"] if isinstance(item, str)]
    texts = {FILES[0]: runtime, FILES[1]: runtime + development}
    return {name: [Requirement(text) for text in items] for name, items in texts.items()}


def test_the_drivers_bound_is_that_of_the_program() -> None:
    asked = {r.name: r for r in wanted()["requirements.txt"]}["psycopg"]
    assert f"'{asked}'" in postgres.DRIVER_HINT
    assert str(asked.specifier) == f">={'.'.join(map(str, postgres.DRIVER))}"


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        ("raise ImportError", "PostgreSQL needs the driver psycopg"),
        ("__version__ = '3.1.7'", "the driver psycopg 3.1.7 is too old for this program"),
    ],
)
def test_a_driver_that_is_missing_or_too_old(tmp_path: Path, driver: str, said: str) -> None:
    (tmp_path / "psycopg.py").write_text(driver)
    places = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = run_python(["-m", "crmcli", "--db", "postgresql://nowhere/crm", "lead", "list"], env={"PYTHONPATH": places})
    assert (done.returncode, done.stderr) == (1, f"crm: {said}\n  {postgres.DRIVER_HINT}\n")


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_exact_and_hashed(name: str) -> None:
    lines = requirement_lines(name)
    assert len(lines) > 20
    assert [line for line in lines if not LOCKED.fullmatch(line)] == []


@pytest.mark.parametrize("name", FILES)
def test_no_host_url_or_path_is_named(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [match.group() for match in PLACE.finditer(text)] == []


@pytest.mark.parametrize("name", FILES)
def test_the_lock_holds_what_the_project_asks_for(name: str) -> None:
    have = locked(name)
    for requirement in wanted()[name]:
        key = canonicalize_name(requirement.name)
        assert key in have, f"{name} lacks {requirement}: run `make lock`"
        version = str(have[key].specifier).removeprefix("==")
        assert requirement.specifier.contains(version), (
            f"{name} has {key} {version}, wanted {requirement}: run `make lock`"
        )


def test_both_files_agree() -> None:
    runtime, development = (
        {name: str(requirement.specifier) for name, requirement in locked(file).items()} for file in FILES
    )
    assert runtime.items() <= development.items()
