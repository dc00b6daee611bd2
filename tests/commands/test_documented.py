"""Every command line in the documentation is one that the program has: its words and its options."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import crm_dav
import pytest
import typer

from crmcli.commands.root import TABLE, make_root

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for room in (ROOT, ROOT / "docs", ROOT / "stories")
    for page in sorted(room.glob("*.md"))
    if re.search(r"^```.*?^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
]
#: Pages for developers, whose blocks have no command of ours.
SILENT = ("CONTRIBUTING.md", "architecture.md")
#: A command of a story that ends with exit code 2.
WRONG = re.compile(r"^\$ [^\n]*\n(?:(?!\$ )[^\n]*\n)*?\[2\]\n", re.MULTILINE)
#: What parts the commands of a line.
BREAKS = frozenset(("|", "||", "&", "&&", ";", ";;", "(", ")", "$(", ">", ">>", "<", "\n"))


def commands(text: str) -> Iterator[list[str]]:
    """The words behind each `crm` of the code blocks, crontab lines and examples of help texts too; not those that are
    shown because they are wrong."""
    for block in re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in WRONG.sub("", block).replace("\\\n", " ").splitlines():
            if not line.startswith(("!", "Usage:")) and re.search(r"(?:^|[\s(])crm\s", line):
                yield from of_line(line)


def of_line(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line.removeprefix("$ ").removeprefix("> "), posix=True, punctuation_chars="();<>|&\n")
    lexer.commenters, lexer.whitespace_split = "#", True
    try:
        words = list(lexer)
    except ValueError:  # prose with an apostrophe
        return
    found: list[str] | None = None
    for i, word in enumerate([*words, ";"]):
        if word in BREAKS:
            if found is not None:
                yield found
            found = None
        elif found is not None:
            found.append(word)
        elif word == "crm" and starts(words[:i]):
            found = []


def starts(before: list[str]) -> bool:
    """Whether a command may stand behind these words: variables, `do`, the times of a crontab."""
    own: list[str] = []
    for word in before:
        own = [] if word in BREAKS else [*own, word]
    return all(re.fullmatch(r"\w+=.*|do|then|ssh|\$|[\d*/,-]+", word) for word in own)


@cache
def brought() -> Any:
    """The commands that the plugins of this repository bring."""
    app = typer.Typer()
    crm_dav.register_commands(app)
    return typer.main.get_group(app)


def fault(words: list[str]) -> str:
    """What is no part of the program or of its plugins; "" where all is."""
    if " ".join(words[:2]) in TABLE:  # a group of two words
        words = [" ".join(words[:2]), *words[2:]]
    command: Any = make_root()
    shared = command.params
    waiting = verbatim = False
    depth = 0
    for word in words:
        if word == "...":
            break
        if waiting or verbatim:
            waiting = False
        elif word == "--":
            verbatim = True
        elif re.match(r"-{1,2}[a-z]", word):
            name, equals, _ = word.partition("=")
            # Options that every command has stand anywhere, behind a plugin's command too.
            known = [*shared, *command.params]
            options = {name: p for p in known if p.param_type_name == "option" for name in p.opts}
            if depth == 1 and getattr(command, "loose", False) and name not in options:  # the verb that none names
                command, depth = command.get_command(None, command.default), 2
                options = {name: p for p in command.params if p.param_type_name == "option" for name in p.opts}
            for one in [name] if name.startswith("--") else [f"-{letter}" for letter in name[1:]]:
                if one not in options and one != "--help":
                    return f"no option {one}"
                waiting = one in options and not options[one].is_flag and not equals
        elif depth == 0 or (depth == 1 and hasattr(command, "list_commands")):
            depth += 1
            found = command.get_command(None, word) if depth == 2 or word in TABLE else None
            if found is None and depth == 1:
                found = brought().get_command(None, word)
            if found is None and not (depth == 2 and command.loose):
                return f"no command {word}"
            command = found or command.get_command(None, command.default)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_line_can_be_given(page: Path) -> None:
    given = list(commands(page.read_text(encoding="utf-8")))
    assert bool(given) != (page.name in SILENT)
    assert {"crm " + " ".join(words): found for words in given if (found := fault(words))} == {}


def test_command_lines_are_found_wherever_they_stand() -> None:
    text = """```sh
30 2 * * *    crm db check --deep --force -q && crm db backup /x/crm-$(date +\\%u).db --force -q
crm lead list tag:vip -o ids | crm tag add hot -
CRM_HOME=~/x crm lead add "Ada"  # crm nothing
kind is a crm word
$ crm lead liszt
```
"""
    found = list(commands(text))
    assert [words[:2] for words in found] == [
        ["db", "check"], ["db", "backup"], ["lead", "list"], ["tag", "add"], ["lead", "add"], ["lead", "liszt"],
    ]  # fmt: skip
    assert [fault(words) for words in found] == ["no option --force", "", "", "", "", "no command liszt"]
