"""The plugin as a package: what it imports, and what `crm` sees of it when it is installed."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.support.program import ROOT, run_python

HERE = Path(__file__).parents[1]
MODULES = sorted((HERE / "crm_dav").rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_of_the_program_only_the_api_is_imported(module: Path) -> None:
    tree = ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    names = {
        name
        for node in tree
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert {name for name in names if name and name.startswith("crmcli")} <= {"crmcli.api"}


def test_crm_sees_it_when_it_is_installed(installed: Path, tmp_path: Path) -> None:
    env = {"PYTHONPATH": f"{ROOT}:{installed}"}
    done = run_python(["-m", "crmcli", "plugin", "list", "--json"], env=env, cwd=tmp_path)
    assert [row["name"] for row in json.loads(done.stdout)] == ["dav"], done
    assert {path.name for path in MODULES} == {path.name for path in (installed / "crm_dav").glob("*.py")}


def test_the_network_is_loaded_when_it_is_needed() -> None:
    code = "import sys, crm_dav; print([name for name in sys.modules if name.startswith(('httpx2', 'ssl'))])"
    done = run_python(["-c", code], env={"PYTHONPATH": f"{ROOT}:{HERE}"})
    assert done.stdout.strip() == "[]", done
