"""The documentation names everything there is, its generated pages are fresh, and its links lead somewhere."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli import hookspecs
from crmcli.commands.frame import shared
from crmcli.commands.root import TABLE, make_root
from crmcli.domain import query
from crmcli.domain.entities import RECORDS
from crmcli.errors import CrmError
from crmcli.settings import FAMILIES, SETTINGS
from crmcli.store import connect, schema

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ROOMS = (ROOT, DOCS, ROOT / "stories", ROOT / "plugins" / "crm-tidy", ROOT / "plugins" / "crm-dav")
PAGES = [path for room in ROOMS for path in sorted(room.glob("*.md"))]
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ["domain", "store", "services", "exchange"])
def test_the_list_of_rooms_names_every_module(room: str) -> None:
    listed = re.search(r"^```\n(.*?)^```$", page("architecture.md"), re.MULTILINE | re.DOTALL)
    assert listed is not None
    words = set(re.findall(r"\w+", listed[1]))
    modules = {path.stem for path in (ROOT / "crmcli" / room).rglob("*.py") if "migrations" not in path.parts}
    assert modules - words == {"__init__"}


def commands() -> list[tuple[str, Any]]:
    """Every command that is not hidden, as `crm lead add` and its parameters."""
    root, found = make_root(), []
    for name in TABLE:
        command = root.get_command(None, name)
        found.append((f"crm {name}", command))
        if hasattr(command, "list_commands"):
            found += [(f"crm {name} {verb}", command.get_command(None, verb)) for verb in command.list_commands(None)]
    return found


def test_generated_pages_are_fresh(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "home_of", lambda folder: monkeypatch.setenv("CRM_HOME", str(folder)))
    monkeypatch.setenv("CRM_NOW", generate.story.NOW)
    assert not generate.stale(generate.pages(tmp_path)), "run 'make docs'"


def test_pictures_are_of_the_dashboard_and_refer_to_nothing_outside() -> None:
    pictures = sorted((DOCS / "screenshots").glob("*.svg"))
    assert {path.stem for path in pictures} >= {"board", "today"}
    for path in pictures:
        text = path.read_text(encoding="utf-8")
        assert "<svg" in text
        assert "Proposition" in text or path.stem not in ("board",)
        assert not re.findall(r"(?:url\(|href=)[\"']?https?://", text)


def test_every_command_and_option_has_its_help_on_the_page() -> None:
    text = page("commands.md")
    for words, command in commands():
        assert re.search(rf"^####? {re.escape(words)}$", text, re.MULTILINE), words
        own = text.partition(f"# {words}\n")[2].partition("\n###")[0]
        for param in command.params:
            if param in shared() or param.hidden or param.param_type_name != "option":
                continue
            assert any(name in own for name in param.opts), f"{words} {param.opts}"


def test_every_shared_option_is_at_the_top_of_the_page() -> None:
    top = page("commands.md").partition("\n## ")[0]
    for option in shared():
        assert option.opts[-1] in top


def test_every_setting_field_state_and_hook_is_documented() -> None:
    for name, setting in SETTINGS.items():
        assert f"`{name}`" in page("settings.md")
        assert f"`{setting.variable}`" in page("settings.md")
    for family in FAMILIES.values():
        assert f"`{family.name}`" in page("settings.md")
    for kind in RECORDS.values():
        for field in kind.fields:
            assert f"`{field.name}`" in page("fields.md").partition(f"## {kind.name}\n")[2].partition("\n## ")[0]
            assert field.help, f"{kind.name}.{field.name} wants a meaning"
    for states in query.STATES.values():
        for state in states:
            assert f"`is:{state}`" in page("filters.md")
    hooks = [name for name, function in vars(hookspecs).items() if hasattr(function, f"{hookspecs.PROJECT}_spec")]
    assert hooks
    for name in hooks:
        assert f"### {name}" in page("plugins.md")


def test_the_page_of_the_views_has_the_types_that_the_columns_have(pg_url: str) -> None:
    schema.create(pg_url)
    with contextlib.closing(connect.connect(pg_url)) as opened:
        sql = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        typed = {(view, column): kind for view, column, kind in opened.rows(sql)}
    said = {"bigint": "integer", "character varying": "text", "timestamp with time zone": "timestamp"}
    found: dict[tuple[str, str], str] = {}
    for part in page("views.md").split("\n## ")[1:]:
        view = part.partition("\n")[0]
        found |= {(view, column): kind for column, kind in re.findall(r"^\| `(\w+)` \| (\w+) \|", part, re.MULTILINE)}
    assert found
    assert {at: kind for at, kind in found.items() if kind not in (said.get(typed[at], typed[at]), "json")} == {}


def test_every_exit_code_is_in_the_guide() -> None:
    def kinds(of: type[CrmError]) -> set[int]:
        return {of.code}.union(*(kinds(kind) for kind in of.__subclasses__()))

    guide = page("guide.md")
    for code in kinds(CrmError) | {0, 130, 141}:
        assert f"| {code} |" in guide


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file) if file else path
        assert there.exists(), f"{target} leads nowhere"
        if anchor:
            heads = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}
            assert anchor in anchors, f"{target}: no such heading"
