"""Profiles of one's own: written from a file and its mapping, changed in an editor, kept beside the settings."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from crmcli.config import make_folder, replace
from crmcli.errors import ConflictError, UsageError
from crmcli.services.imports.profiles import BUILT_IN, Profile, find, is_built_in, own_folder, own_path, parse
from crmcli.services.imports.roles import ANY_STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crmcli.services.imports.planning import Plan

#: How many titles a file is recognised by at the most.
_MOST_HEADERS = 60
_HEAD = """\
# How exports with these titles are taken: 'crm import FILE' recognises them, --profile {name} asks for it.
# A field: crm fields {kind}; "-" leaves a column out. Words for values go under [values.FIELD], as in
#   [values.stage]
#   "In Verhandlung" = "Proposition"
# and [set] gives every row a value that the file has not: source = "Fair 2026".
"""


def drafted(name: str, made: Plan, words: Mapping[str, Mapping[str, str]], fixed: Mapping[str, str]) -> Profile:
    """A profile that takes files with the titles of a plan's file as the plan does; `words` field -> word of the file
    -> ours, `fixed` field -> text for every row. Nothing is kept yet. Raises ConflictError where one's own or a
    built-in one of that name is there, UsageError, CrmError."""
    path = own_path(name)
    if os.path.exists(path):
        raise ConflictError(f"there is a profile {name} already", f"'crm import profile edit {name}' changes it")
    if is_built_in(name):
        raise ConflictError(
            f"{name} is a built-in profile, which one of your own would be in place of",
            f"choose another name; 'crm import profile edit {name}' changes a copy of it",
        )
    return parse("\n".join(_lines(name, made, words, fixed)) + "\n", name, path, path)


def save(profile: Profile) -> None:
    """Keep a profile of one's own. Raises CrmError."""
    make_folder(own_folder(), "profiles")
    replace(os.path.realpath(own_path(profile.name)), profile.text.encode())


def opened(name: str) -> tuple[str, bool]:
    """The text of the profile of that name for an editor, and whether it is a built-in one, of which one's own is made.
    Raises NotFoundError, UsageError; one's own is given even where it is broken."""
    path = own_path(name)
    if os.path.exists(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(), False
    profile = find(name)
    return profile.text, profile.origin == BUILT_IN


def _lines(name: str, made: Plan, words: Mapping[str, Mapping[str, str]], fixed: Mapping[str, str]) -> Iterator[str]:
    """The TOML of a profile for a plan's file."""
    if made.kind is None:
        raise UsageError(made.problem, "; ".join(made.notes))
    base = made.profile.profile.said if made.profile else None
    yield from _HEAD.format(name=name, kind=made.kind.name).splitlines()
    yield f"title = {_text(name)}"
    yield f"kind = {_text(made.kind.name)}"
    yield "headers = ["
    yield from (f"  {_text(title)}," for title in made.header[:_MOST_HEADERS])
    yield "]"
    if ids := [column.header for column in made.columns if "external_id" in column.to]:
        yield f"id = {_text(ids[0])}"
    if base and base.prefix:
        yield f"prefix = {_text(base.prefix)}"
    if made.keys and not made.guessed:
        yield f"match = [{', '.join(_text('+'.join(key)) for key in made.keys)}]"
    yield from (
        f"{key} = {_text(habit)}" for key, habit in zip(("dates", "decimal"), made.habits, strict=True) if habit
    )
    for option in ("encoding", "delimiter", "sheet"):
        if value := made.opening.get(option):
            yield f"{option} = {_text(str(value))}"
    if (row := made.opening.get("header_row")) is not None:
        yield f"header_row = {row}"
    if skipped := made.opening.get("skip_rows"):
        yield f"skip_rows = {skipped}"
    yield "\n[columns]"
    for column in [column for column in made.columns if not column.fixed]:
        to = [one for one in column.to if one != "external_id"]
        known = {ANY_STATUS: "status"}  # what a file's own words settle, they settle again
        if to or not column.to:
            yield f"{_text(column.header)} = {_text(known.get(to[0], to[0]) if to else '-')}"
    yield from _tables(base.values if base else {}, words)
    every = {**(base.set if base else {}), **fixed}
    if every:
        yield "\n[set]"
        yield from (f"{field} = {_text(text)}" for field, text in every.items())


def _tables(before: Mapping[str, Mapping[str, str]], words: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for field in dict.fromkeys((*before, *words)):
        yield f"\n[values.{field if field.isidentifier() else _text(field)}]"
        yield from (
            f"{_text(word)} = {_text(to)}" for word, to in {**before.get(field, {}), **words.get(field, {})}.items()
        )


def _text(text: str) -> str:
    """A text as TOML writes it; TOML's basic strings have the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def fields_of(words: list[str], option: str, example: str) -> dict[str, str]:
    """`FIELD=TEXT` words as a mapping. Raises UsageError."""
    found = {}
    for word in words:
        field, sign, text = word.partition("=")
        if not sign or not field.strip():
            raise UsageError(f"{option} wants {example}, not '{word}'")
        found[field.strip()] = text
    return found


def words_of(words: list[str]) -> dict[str, dict[str, str]]:
    """`FIELD:WORD=OURS` words by field. Raises UsageError."""
    found: dict[str, dict[str, str]] = {}
    for word in words:
        field, colon, rest = word.partition(":")
        said, sign, ours = rest.rpartition("=")
        if not (colon and sign and said and field.strip()):
            raise UsageError(f"--value wants FIELD:WORD=OURS, not '{word}'", "as in --value 'stage:Closed Won=won'")
        found.setdefault(field.strip(), {})[said] = ours
    return found
