"""The examples of the help can be typed as they stand: what is no part of a command line stands behind a #."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.commands.frame import Run
from crmcli.commands.root import TABLE, make_root

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def helped() -> Iterator[tuple[str, str]]:
    """(command, what stands below its help) of the program, its nouns and their verbs."""
    root = make_root()
    yield "crm", root.epilog or ""
    for noun in TABLE:
        command = root.get_command(None, noun)
        yield f"crm {noun}", command.epilog or ""
        for verb in command.list_commands(None) if hasattr(command, "list_commands") else ():
            yield f"crm {noun} {verb}", command.get_command(None, verb).epilog or ""


EXAMPLES = [
    pytest.param(line.strip(), id=f"{name}: {line.strip()}"[:80])
    for name, epilog in helped()
    for line in epilog.partition("Examples:\n")[2].splitlines()
    if line.startswith("  ")
]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 80


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_a_command_line(line: str) -> None:
    words = shlex.shlex(line, posix=True, punctuation_chars="|>")
    words.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            commands.append([])
        else:
            commands[-1].append(word)
    ours = [command[command.index("crm") + 1 :] for command in commands if "crm" in command[:2]]
    assert ours
    for command in ours:
        parse(command[: command.index(">")] if ">" in command else command)
    typed = QUOTED.sub("''", line).partition(" #")[0].rstrip()
    assert "  " not in typed, "a remark needs a # before it"


def parse(words: list[str]) -> None:
    """Read a command line as the program does, without running it. Raises the usage error that it would end in."""
    command: Any = make_root()
    context = command.make_context("crm", list(words), obj=Run(words))
    while hasattr(command, "resolve_command"):
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
