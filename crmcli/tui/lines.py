"""Lines that people type in the dashboard, as the words a command gets: `Ada Lovelace company="Acme Ltd" #vip`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.errors import UsageError
from crmcli.services.records import split_words

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD = re.compile(r'(?:"(?:[^"]|"")*"|\S)+')
_TERM = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\S)+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_ABOUT = re.compile(r'(?:^|\s)(at|minutes|direction)=("[^"]*"|\S+)\s*$')
_TAG = re.compile(r"#(\w[\w-]*)")
#: What a line that adds a record of a kind may look like, one that adds a task to what is on the screen, and one that
#: changes a record.
ADDED = {
    "lead": 'Ada Lovelace company="Analytical Engines" value=12k #vip',
    "deal": 'Looms company="Analytical Engines" value=12k #vip',
    "contact": 'Ada Lovelace company="Analytical Engines" email=ada@engines.example #vip',
    "company": "Analytical Engines website=engines.example #vip",
    "task": "Call Ada due=fri on=lead:12 type=call",
}
TASKED = "Call Ada due=fri type=call"
CHANGED = {
    "lead": "stage=qualified owner=me tags=+vip",
    "deal": "stage=qualified owner=me tags=+vip",
    "contact": "phone=+44201234567 owner=me tags=+vip",
    "company": "city=London owner=me tags=+vip",
    "task": "due=fri type=call owner=me",
}
#: A line break in a line, typed or pasted.
BREAK = "⏎"
_OUTSIDE = re.compile(rf'("(?:[^"]|"")*")|{BREAK}')


def terms(text: str) -> list[str]:
    """The pieces of a filter text, as the words of a verb that takes a filter; quotes stay where they are."""
    return _TERM.findall(text)


def words(line: str) -> list[str]:
    """The words of a line; double quotes hold spaces and are taken away, a lone one stays. Between two of them `""` is
    one quote, and `⏎` a line break; outside of them that parts words as a blank does."""
    return [_QUOTED.sub(_unquoted, word) for word in _WORD.findall(_OUTSIDE.sub(lambda found: found[1] or " ", line))]


def _unquoted(found: re.Match[str]) -> str:
    return found[1].replace('""', '"').replace(BREAK, "\n")


def read(line: str) -> tuple[str, dict[str, str]]:
    """A line as (name, field -> value). `#tag` words become tags; what is neither that nor FIELD=VALUE is the name."""
    every = words(line)
    tags = [word[1:] for word in every if _TAG.fullmatch(word)]
    rest, assigned = split_words([word for word in every if not _TAG.fullmatch(word)])
    if tags:
        assigned["tags"] = ",".join([*([assigned["tags"]] if assigned.get("tags") else []), *tags])
    return " ".join(rest), assigned


def new(line: str, given: Mapping[str, str], kind: str) -> dict[str, str]:
    """What a quick-add line makes of this kind: the fields typed, and `given` where nothing was typed. Raises
    UsageError."""
    name, assigned = read(line)
    if not (name or assigned.get("name")):
        raise UsageError("a name is needed", f"such as: {ADDED[kind]}")
    if "pipeline" in assigned:  # a stage that is given is one of the pipeline that is given
        given = {field: value for field, value in given.items() if field != "stage"}
    return {**given, **({"name": name} if name else {}), **assigned}


def change(line: str, kind: str) -> dict[str, str]:
    """What an edit line changes in a record of this kind; `#vip` adds a tag. Raises UsageError for words that assign
    nothing."""
    every = words(line)
    tags = ["+" + word[1:] for word in every if _TAG.fullmatch(word)]
    rest, assigned = split_words([word for word in every if not _TAG.fullmatch(word)])
    if rest:
        raise UsageError(
            f"'{rest[0]}' assigns nothing", 'write FIELD=VALUE, with quotes around spaces: name="Big deal"'
        )
    if tags:
        assigned["tags"] = ",".join([*([assigned["tags"]] if assigned.get("tags") else []), *tags])
    if not assigned:
        raise UsageError("nothing to change", f"write FIELD=VALUE, such as {CHANGED[kind]}")
    return assigned


def assignment(name: str, value: str) -> str:
    """FIELD=VALUE as a line that `words` reads back."""
    text = value.replace("\r\n", "\n").replace("\n", BREAK)
    if not re.search(rf'[\s"{BREAK}]', text):
        return f"{name}={text}"
    return f'{name}="{text.replace(chr(34), 2 * chr(34))}"'


def log(line: str) -> tuple[str, dict[str, Any]]:
    """What was said, and when, how long and by whom: `at=`, `minutes=` and `direction=` words at the end of the line.

    All else stays as it was typed, equals signs and quotes included; `⏎` is a line break.
    """
    more: dict[str, Any] = {}
    while found := _ABOUT.search(line):
        more.setdefault(found[1], found[2].strip('"'))
        line = line[: found.start()]
    return broken(line).strip(), more


def broken(line: str) -> str:
    """A line as the text of several lines that it stands for."""
    return line.replace(BREAK, "\n")


def joined(line: str) -> str:
    """A line without its line breaks, for what is one line of text."""
    return " ".join(part.strip() for part in line.split(BREAK) if part.strip())
