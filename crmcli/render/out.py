"""Where output goes: which format, how wide, coloured or not, through a pager or not; and whether it got there."""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING, Any

from crmcli.domain.text import visible
from crmcli.errors import CrmError, UsageError
from crmcli.render import machine
from crmcli.results import Bytes, Changed, Note, Page, Record, Rows, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from crmcli.domain.types.showing import Week
    from crmcli.render.table import Screen

FAR_TOO_WIDE = 10_000


class Outlet:
    """A stream that results are written to, and what is known about who reads it."""

    def __init__(
        self,
        stream: IO[str],
        *,
        colour: str = "auto",
        zone: Callable[[], tzinfo | None] = lambda: None,
        calendar: Callable[[], str] = lambda: "gregorian",
        week: Week | None = None,
    ) -> None:
        self.stream = stream
        self.terminal = bool(stream.isatty())
        self.coloured = wants_colour(self.terminal, colour)
        self.zone, self.calendar, self.week = zone, calendar, week
        #: The titles of columns for which the screen had no room.
        self.left_out: dict[str, None] = {}

    def screen(self) -> Screen:
        from crmcli.render.table import Screen

        wide, _ = size(self.stream) if self.terminal else (int_or(os.environ.get("COLUMNS"), 100), 0)
        return Screen(wide, self.coloured, self.zone(), self.calendar(), self.left_out, self.week)

    def write(self, parts: Iterable[str]) -> None:
        """Write text as UTF-8, whatever the locale; on a terminal as its encoding can."""
        if self.terminal:
            encoding = getattr(self.stream, "encoding", None) or "utf-8"
            for part in parts:
                self.stream.write(part.encode(encoding, "replace").decode(encoding))
            return
        buffer = getattr(self.stream, "buffer", None)
        for part in parts:
            if buffer is None:
                self.stream.write(part)
            else:
                buffer.write(part.encode("utf-8", "backslashreplace"))

    def bytes(self, content: bytes) -> None:
        """Write finished bytes; a terminal is spared what is not text."""
        if self.terminal and b"\0" in content[:4096]:
            raise UsageError("that is a binary file, not for a terminal", "send it into a file: ... > FILE")
        if self.terminal:
            self.write([visible(content.decode("utf-8", "replace"), multiline=True)])
            return
        buffer = getattr(self.stream, "buffer", None)
        if buffer is None:
            self.stream.write(content.decode("utf-8", "replace"))
        else:
            buffer.write(content)


def int_or(text: str | None, otherwise: int) -> int:
    return min(int(text), FAR_TOO_WIDE) if text and text.isascii() and text.isdigit() and int(text) else otherwise


def size(stream: IO[str]) -> tuple[int, int]:
    """(columns, lines) of a terminal; the variables COLUMNS and LINES come first."""
    try:
        found = os.get_terminal_size(stream.fileno())
        wide, high = found.columns or 80, found.lines or 24
    except (OSError, ValueError):
        wide, high = 80, 24
    return int_or(os.environ.get("COLUMNS"), wide), int_or(os.environ.get("LINES"), high)


def wants_colour(terminal: bool, wish: str) -> bool:
    """--color, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal (no-color.org, force-color.org)."""
    if wish in ("always", "never"):
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM", "dumb") not in ("", "dumb")


def render(
    result: Any, outlet: Outlet, output: str = "", *, pager: Callable[[], str] | None = None, quiet: bool = False
) -> None:
    """Write a result in the format `output`, "" being a table on a terminal and TSV elsewhere (plain text for a page
    whose sections differ, and the lists under a record after it). `pager` gives the program for what is longer than the
    screen. Raises CrmError where the result has no such form."""
    if result is None:
        return
    if isinstance(result, Bytes):
        outlet.bytes(result.content)
    elif isinstance(result, Stream):
        for part in result.parts:
            outlet.bytes(part)
    elif isinstance(result, Note):
        if result.data or not quiet:
            outlet.write([_note(result, outlet, output)])
    elif not isinstance(result, (Rows, Record, Page, Changed)):
        raise CrmError(
            f"a command returned what cannot be shown: {type(result).__name__}",
            "this is a bug of that command or plugin",
        )
    elif output in machine.WRITERS:
        parts = machine.WRITERS[output](result)
        outlet.write(map(_harmless, parts) if outlet.terminal else parts)
    elif isinstance(result, Changed):
        said = (result.answer,) if quiet else (*result.lines, result.answer)
        outlet.write(visible(line, multiline=True) + "\n" for line in said if line)
    elif output == "table" or outlet.terminal or (not output and _mixed(result)):
        from crmcli.render.table import lines

        paged(lines(result, outlet.screen()), outlet, pager)
    elif isinstance(result, Record) and not output:
        outlet.write(machine.tsv_whole(result))
    else:
        outlet.write(machine.tsv(result))


def _harmless(part: str) -> str:
    """A piece of a format for machines as a terminal may get it: whole in a pipe, here without controls. Tabs and line
    ends belong to the format."""
    return "\t".join([visible(text, multiline=True) for text in part.split("\t")])


def _mixed(result: Any) -> bool:
    """Whether a page has sections of different columns, which make no one table."""
    return isinstance(result, Page) and len({tuple(c.name for c in s.rows.columns) for s in result.sections}) > 1


def _note(note: Note, outlet: Outlet, output: str) -> str:
    if output in ("json", "jsonl"):
        return machine.literal(note.text) + "\n"
    return (visible(note.text, multiline=True) if outlet.terminal else note.text) + "\n"


def paged(lines: Iterable[str], outlet: Outlet, pager: Callable[[], str] | None) -> None:
    """Write lines; through the pager once they are more than the screen holds."""
    if pager is None or not outlet.terminal:
        outlet.write(lines)
        return
    _, high = size(outlet.stream)
    source, held = iter(lines), []
    for line in source:
        held.append(line)
        if len(held) >= high - 1:
            break
    else:
        outlet.write(held)
        return
    program = pager()
    if program in ("", "cat"):
        outlet.write(held)
        outlet.write(source)
        return
    _through(program, held, source, outlet)


def _through(program: str, held: list[str], source: Iterable[str], outlet: Outlet) -> None:
    import subprocess

    try:
        child = subprocess.Popen(program, shell=True, stdin=subprocess.PIPE)
    except OSError:
        outlet.write(held)
        outlet.write(source)
        return
    assert child.stdin is not None
    try:
        for part in (*held, *source):
            child.stdin.write(part.encode("utf-8", "replace"))
        child.stdin.close()
    except BrokenPipeError:
        pass  # the reader has seen enough
    while True:
        try:
            child.wait()
            break
        except KeyboardInterrupt:
            continue  # Ctrl-C belongs to the pager while it has the screen
    if child.returncode in (126, 127):  # the shell found no such program
        outlet.write(held)
        outlet.write(source)


def flush() -> None:
    """Bring what was written to its reader. Raises OSError, as writing does."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
