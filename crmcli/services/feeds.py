"""Calendar feeds: tasks under an address that nobody can guess, for programs that subscribe to them.

The secret word of an address has 128 random bits. The book keeps a digest of it alone: who lost the address makes a new
one, which ends the old.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import FEED, TASK, USER
from crmcli.domain.text import blank, check_text
from crmcli.errors import ConflictError, FieldError
from crmcli.results import Changed, Rows
from crmcli.services import calendars, pulse
from crmcli.services.naming import resolve
from crmcli.services.records import bound, columns_for

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The bytes of a secret word.
SECRET_BYTES = 16
PATH = "/feeds/"
#: What was made for so many feeds stays in memory.
MOST_KEPT = 64


class Rendered(NamedTuple):
    """A feed as it is sent: its name, its bytes and their digest as an entity tag."""

    name: str
    content: bytes
    etag: str


def add(ctx: Context, name: str, text: str, *, todo: bool = False, owner: str = "") -> Changed:
    """Make a feed of the tasks that fit a filter, in which `me` is its owner, and say its address: this once. Raises
    FilterError, FieldError without a name, ConflictError for one that is taken."""
    bound(ctx, TASK, text)
    name = " ".join(check_text(name).split())
    if blank(name):
        raise FieldError("a feed needs a name", "name", "as in 'crm calendar feed add mine owner:me'")
    with ctx.writing() as tx:
        if tx.word("feed", name, create=False) is not None:
            hint = f"crm calendar feed rotate {name} gives it a new address"
            raise ConflictError(f"there is a feed '{name}' already", hint)
        whose = resolve(ctx, USER, owner) if owner else tx.word("user", ctx.actor)
        word = secrets.token_urlsafe(SECRET_BYTES)
        values = {"owner_id": whose, "filter": text or None, "kind": "todos" if todo else "events"}
        number = tx.add("feed", {"name": name, **values, "token_hash": digest(word)})
    lines = (f"added feed {name}", *_told(ctx, word))
    return Changed(lines, tuple(tx.changes), ctx.batch, (number,), "feed")


def rotate(ctx: Context, name: str) -> Changed:
    """Give a feed a new address, and end the old one."""
    number = resolve(ctx, FEED, name)
    word = secrets.token_urlsafe(SECRET_BYTES)
    with ctx.writing() as tx:
        tx.change("feed", number, {"token_hash": digest(word)})
    lines = (f"feed {name} has a new address, and the old one leads nowhere", *_told(ctx, word))
    return Changed(lines, tuple(tx.changes), ctx.batch, (number,), "feed")


def remove(ctx: Context, name: str) -> Changed:
    """End a feed."""
    number = resolve(ctx, FEED, name)
    with ctx.writing() as tx:
        tx.delete("feed", number)
    return Changed((f"removed feed {name}",), tuple(tx.changes), ctx.batch, (number,), "feed")


def feeds(ctx: Context) -> Rows:
    """The feeds: their names, whose, and what is in them. Their addresses are known to those alone who were told."""
    columns = columns_for(FEED, ["id", "name", "owner", "filter", "kind"])
    names = [column.name for column in columns]
    rows = ctx.reader.rows(f"SELECT {', '.join(names)} FROM v_feed ORDER BY name")
    return Rows(
        columns, [dict(zip(names, row, strict=True)) for row in rows],
        empty="no feeds yet: crm calendar feed add mine owner:me",
    )  # fmt: skip


def _told(ctx: Context, word: str) -> tuple[str, ...]:
    """The address, unless it will lead nowhere."""
    return () if ctx.rehearsing else (address(ctx, word),)


def address(ctx: Context, word: str) -> str:
    """Where a feed with this secret word is found."""
    base = str(ctx.settings["serve.url"]) or f"http://127.0.0.1:{ctx.settings['serve.port']}"
    return f"{base.rstrip('/')}{PATH}{word}.ics"


def digest(word: str) -> str:
    """What the book keeps of a secret word. It is random and long: a slow digest would guard it no better."""
    return hashlib.sha256(word.encode()).hexdigest()


class Shelf:
    """The feeds of a book for a program that stays open: each is made when it is asked for, and again when the book has
    changed in any way, or the days that its filter names. All calls come from one thread."""

    def __init__(self, settings: Settings, *, plugins: bool = True) -> None:
        self._settings, self._plugins = settings, plugins
        self._contexts: dict[str, Context] = {}
        self._kept: dict[int, tuple[Any, Rendered]] = {}

    def get(self, word: str) -> Rendered | None:
        """The feed with this secret word; None where there is none."""
        ctx = self._context("")
        head = pulse.pulse(ctx)
        sql = "SELECT id, name, owner, filter, kind FROM v_feed WHERE token_hash = ?"
        row = ctx.reader.one(sql, (digest(word),)) if word else None
        if row is None:
            return None
        number, name, owner, text, kind = row
        mine = self._context(owner or "")
        state = (head.seq, head.head, name, owner, text, kind, mine.env.now.date(), bound(mine, TASK, text or ""))
        known = self._kept.get(number)
        if known is None or known[0] != state:
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            known = self._kept[number] = (state, self._made(mine, name, text or "", todo=kind == "todos"))
        return known[1]

    def count(self) -> int:
        """How many feeds the book has."""
        return int(self._context("").reader.value("SELECT count(*) FROM feed"))

    def close(self) -> None:
        """Close the book."""
        for ctx in self._contexts.values():
            ctx.close()

    def _context(self, owner: str) -> Context:
        """The book as it is for a user, at the present minute; of the one who serves it for ""."""
        if owner not in self._contexts:
            flags: Mapping[str, Any] = {**self._settings.flags, **({"user": owner} if owner else {})}
            self._contexts[owner] = Context(Settings(dict(flags)), quiet=True, plugins=self._plugins)
        ctx = self._contexts[owner]
        ctx.tick()
        ctx.follow()
        return ctx

    @staticmethod
    def _made(ctx: Context, name: str, text: str, *, todo: bool) -> Rendered:
        rows, _ = calendars.chosen(ctx, [text] if text else [], todo=todo)
        content = calendars.written(ctx, rows, todo=todo, name=name)
        return Rendered(name, content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
