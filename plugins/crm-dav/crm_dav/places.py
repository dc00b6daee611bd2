"""The places of `dav.toml`: collections of servers, and what of the book is kept in step with each."""

from __future__ import annotations

import os
import shlex
import tomllib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from crm_dav.texts import shown
from crmcli.api import CrmError, ExposedError, NotFoundError, UsageError, config_dir, password_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.api import Direction

FILE = "dav.toml"
KEEP = ("tasks", "contacts")
DIRECTIONS = ("both", "push", "pull")
ITEMS = ("", "events", "todos")
TEXTS = ("url", "user", "password", "password_cmd", "keep", "filter", "direction", "items", "ca_file")


class Place(NamedTuple):
    """One table of the file; `items` is as what new tasks go there, empty: as what the collection takes."""

    name: str
    url: str
    user: str = ""
    password: str = ""
    password_cmd: str = ""
    keep: Literal["tasks", "contacts"] = "tasks"
    filter: str = ""
    direction: Direction = "both"
    items: str = ""
    ca_file: str = ""
    allow_http: bool = False

    def secret(self) -> str:
        """The password: as it stands there, or as a command says it. Raises UsageError."""
        return said_by(self.password_cmd) if self.password_cmd else self.password


def path() -> str:
    """Where the file is."""
    return os.path.join(config_dir(), FILE)


def said_by(command: str) -> str:
    """The first line that a command writes. Raises UsageError; what it is, and what it wrote, is in no message."""
    return password_of(command, "password_cmd")


def read() -> list[Place]:
    """All places, in the order of the file; none where there is no file. Raises UsageError for what cannot be read, and
    ExposedError where others can read a password in it."""
    file = path()
    try:
        with open(file, "rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            tables = tomllib.load(opened)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is no TOML: {error}") from None
    found = [_place(file, name, table) for name, table in tables.items()]
    if mode & 0o077 and any(one.password for one in found):
        raise ExposedError(f"{file} has a password in it, and others can read it", f"chmod 600 {shlex.quote(file)}")
    return found


def chosen(names: Sequence[str]) -> list[Place]:
    """The places of these names, all where none is named. Raises NotFoundError, and what `read` does."""
    found = read()
    if not found:
        raise NotFoundError(f"no place is set up in {path()}", "'crm sync discover URL --user NAME' shows how")
    by_name = {one.name: one for one in found}
    for name in names:
        if name not in by_name:
            raise NotFoundError(f"there is no place '{name}' in {path()}", f"there is {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] if names else found


def _place(file: str, name: str, table: Any) -> Place:
    def wrong(what: str, hint: str = "") -> CrmError:
        return UsageError(f"{file}: [{name}] {what}", hint)

    if not isinstance(table, dict):
        raise wrong("is no table", f"begin it with a line [{name}]")
    for key, value in table.items():
        if key == "allow_http":
            if not isinstance(value, bool):
                raise wrong("wants allow_http to be true or false")
        elif key not in TEXTS:
            raise wrong(f"has {shown(key)}, which means nothing", f"there is {', '.join((*TEXTS, 'allow_http'))}")
        elif not isinstance(value, str):
            raise wrong(f"wants {key} to be a text in quotation marks")
    if not table.get("url"):
        raise wrong("has no url")
    for key, known in (("keep", KEEP), ("direction", DIRECTIONS), ("items", ITEMS)):
        if key in table and table[key] not in known:
            raise wrong(f"wants {key} to be {' or '.join(filter(None, known))}")
    return Place(name, **cast("dict[str, Any]", table))


def written(name: str, values: dict[str, str]) -> str:
    """A table of the file as text."""
    return "".join([f"[{name}]\n", *(f"{key} = {_quoted(value)}\n" for key, value in values.items() if value)])


def add(name: str, text: str) -> str:
    """Write a table at the end of the file, which nobody else can read; its path. Raises UsageError where there is one
    of its name."""
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise UsageError(f"'{shown(name)}' is no name for a place", "use letters, digits and dashes")
    if any(one.name == name for one in read()):
        raise UsageError(f"there is a place '{name}' in {path()} already", "choose another name, or edit the file")
    os.makedirs(config_dir(), mode=0o700, exist_ok=True)
    file = path()
    with os.fdopen(os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a", encoding="utf-8") as opened:
        if os.fstat(opened.fileno()).st_mode & 0o077:
            raise ExposedError(f"others can read {file}, where a password is to go", f"chmod 600 {shlex.quote(file)}")
        opened.write(("\n" if opened.tell() else "") + text)
    return file


def _quoted(text: str) -> str:
    """A text as TOML has it."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in plain) + '"'
