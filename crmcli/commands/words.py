"""The words after a verb: texts and record numbers, also from standard input; and what a slip was meant as."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from crmcli.domain.entities import record_kind
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.commands.frame import Run
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: Verbs that change nothing, and verbs as other programs have them.
READING = ("list", "show", "get", "board", "path", "check", "export")
ELSEWHERE = {
    "list": ("ls", "l", "all", "index"), "show": ("view", "cat", "info", "open", "get"),
    "add": ("new", "create", "insert"), "edit": ("update", "set", "modify", "change", "mod"),
    "remove": ("rm", "del", "delete", "drop"), "done": ("close", "complete", "finish", "tick"),
}  # fmt: skip
#: The first words that the plugins of this project bring: the plugin of each, and its package.
PLUGGED = {"sync": ("dav", "crm-dav"), "tidy": ("tidy", "crm-tidy")}
#: How like two words must be (0 to 1) for one to be suggested, and how much less a verb that only reads.
NEAR, EASIER = 0.7, 0.15


def text_of(words: Sequence[str]) -> str:
    """The words as one text; a lone `-` is all that standard input holds."""
    if list(words) == ["-"]:
        return sys.stdin.read() if sys.stdin else ""
    return " ".join(words)


def with_stdin(context: Context, words: Sequence[str], kind: Entity) -> tuple[list[str], bool]:
    """The words with `-` replaced by the record numbers on standard input, one a line (`12` or `lead:12`, which may be
    a deal by now); and whether there were none although they were asked for. Raises UsageError, also for a record of
    another kind than `kind`: its number means somebody else there."""
    from crmcli.services.references import by_now

    if "-" not in words:
        return list(words), False
    if sys.stdin is None:
        raise UsageError("standard input is closed, and '-' reads record numbers from it")
    numbers = []
    for line in sys.stdin:
        text = line.strip()
        if not text:
            continue
        named, _, number = text.rpartition(":")
        if not (number.isascii() and number.isdigit()):
            raise UsageError(f"'{text}' on standard input is not a record number", "feed it with -o ids")
        if named in ("", kind.name, kind.command):
            numbers.append(number)
        elif (said := record_kind(named)) and by_now(context, said, number) is kind:
            numbers.append(text)
        else:
            raise UsageError(
                f"{text} on standard input is not {kind.one}",
                f"pick those of one kind first: | grep '^{kind.name}:' |",
            )
    found: list[str] = []
    for word in words:
        found.extend(numbers if word == "-" else [word])
    return found, not numbers


def unknown(where: str, word: str, known: Sequence[str]) -> UsageError:
    """The error for a word that is no command, with what may have been meant."""
    close = meant(word, known)
    return UsageError(
        f"'{where} {word}' is not a command",
        f"did you mean '{where} {close}'?" if close else f"'{where} --help' lists the commands",
    )


def unplugged(run: Run, word: str) -> UsageError | None:
    """The error for the first word of a plugin of this project that does not run, with what lets it; None for any other
    word."""
    if word not in PLUGGED:
        return None
    from crmcli.plugins import enabled
    from crmcli.services.plugging import is_installed

    name, package = PLUGGED[word]
    if name in enabled(str(run.context.settings["plugins"])):
        broken = f"'crm plugin show {name}' says what is known of it"
        hint = "leave out --no-plugins" if run.flags.get("no_plugins") else broken
    elif is_installed(name):
        hint = f"'crm plugin enable {name}' lets it run"
    else:
        hint = f"pip install ./plugins/{package}, then 'crm plugin enable {name}'"
    return UsageError(f"'crm {word}' comes with the plugin '{name}'", hint)


def meant(word: str, known: Sequence[str]) -> str:
    """The known word that an unknown one may have been meant as; "" where none is near. What only reads goes before
    what writes, unless that is nearer by far: who types 'lst' shall not be led to 'lost'."""
    from difflib import SequenceMatcher

    habit = next((ours for ours, theirs in ELSEWHERE.items() if word in theirs and ours in known), "")
    near = {name: SequenceMatcher(None, word, name).ratio() + EASIER * (name in READING) for name in known}
    return habit or max((name for name in near if near[name] >= NEAR), key=near.__getitem__, default="")


def with_last(words: Sequence[str], said: str | None, question: str, example: str) -> tuple[list[str], str]:
    """(which records, what is done with them): that is the last word, unless an option `said` it. Raises UsageError
    where one of the two is missing."""
    which = list(words) if said is not None else list(words[:-1])
    if not which:
        raise UsageError(question, f"as in '{example}'")
    return which, words[-1] if said is None else said
