"""Calendar feeds: tasks under an address that nobody can guess, for programs that subscribe to them.

The secret word of an address has 128 random bits. The book keeps a digest of it alone: who lost the address makes a new
one, which ends the old.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain import query
from crmcli.domain.entities import FEED, TASK, USER
from crmcli.domain.query import And, Empty, Not
from crmcli.domain.text import blank, check_text
from crmcli.errors import ConflictError, CrmError, FieldError, NewerDatabaseError, StoreError
from crmcli.results import Changed, Rows
from crmcli.services import calendars, naming, pulse
from crmcli.services.naming import resolve
from crmcli.services.records import bound, columns_for
from crmcli.store import read

if TYPE_CHECKING:
    from crmcli.domain.query import Node
    from crmcli.store.write import Transaction

#: The bytes of a secret word.
SECRET_BYTES = 16
PATH = "/feeds/"
#: What was made for so many feeds stays in memory.
MOST_KEPT = 64


#: What is proposed to whoever has no feed: a task that is added without an owner is nobody's.
PROPOSED = "crm calendar feed add mine owner:me or no:owner"
_BY_WORD = """
SELECT f.id, f.name, f.owner, f.filter, f.kind FROM v_feed f LEFT JOIN crm_user u ON u.id = f.owner_id
WHERE f.token_hash = ? AND u.active IS NOT FALSE
"""


class Rendered(NamedTuple):
    """A feed as it is sent: its name, its bytes and their digest as an entity tag."""

    name: str
    content: bytes
    etag: str


class _Kept(NamedTuple):
    """A feed that was made: of which state of the book and the feed, what its filter meant when it was last asked for,
    and which tasks these were."""

    state: tuple[Any, ...]
    asked: tuple[Node, Node]
    fitting: tuple[bytes, ...]
    rendered: Rendered


def add(ctx: Context, name: str, text: str, *, todo: bool = False, owner: str = "") -> Changed:
    """Make a feed of the tasks that fit a filter, in which `me` is its owner, and say its address: this once. Raises
    FilterError, FieldError without a name, ConflictError for one that is taken."""
    bound(ctx, TASK, text)
    name = " ".join(check_text(name).split())
    if blank(name):
        raise FieldError("a feed needs a name", "name", f"as in '{PROPOSED}'")
    word = secrets.token_urlsafe(SECRET_BYTES)
    address(ctx, word)  # settings that lead nowhere are refused before there is a feed
    with ctx.writing() as tx:
        if tx.word("feed", name, create=False) is not None:
            again = ctx.settings.calling("calendar", "feed", "rotate", name)
            raise ConflictError(f"there is a feed '{name}' already", f"'{again}' gives it a new address")
        whose = resolve(ctx, USER, owner) if owner else tx.word("user", ctx.actor)
        assert whose is not None  # the word of whoever asks is made
        user = tx.row("user", whose)
        if not user["active"]:
            hint = f"to have feeds again: {ctx.settings.calling('user', 'edit', user['name'], 'active=yes')}"
            raise FieldError(f"{user['name']} is not active", "owner", hint)
        values = {"owner_id": whose, "filter": text or None, "kind": "todos" if todo else "events"}
        number = tx.add("feed", {"name": name, **values, "token_hash": digest(word)})
    _say_how_many(ctx, text, user["name"], todo=todo)
    return _told(ctx, f"added feed {name}", tx, number, word)


def _say_how_many(ctx: Context, text: str, owner: str, *, todo: bool) -> None:
    """How many tasks a feed has now, and how many more fit that have no day."""
    node = query.read(text, TASK, ctx.env._replace(me=owner), naming.book(ctx))
    every = read.count(ctx.reader, TASK, node)
    dated = every if todo else read.count(ctx.reader, TASK, And((node, Not(Empty(TASK.by_name["due_on"])))))
    left = f"; {every - dated} without a day left out, which --todo takes too" if every > dated else ""
    ctx.say(f"{dated or 'no'} task{'s' if dated != 1 else ''} in it now{left}")


def rotate(ctx: Context, name: str) -> Changed:
    """Give a feed a new address, and end the old one."""
    number = resolve(ctx, FEED, name)
    word = secrets.token_urlsafe(SECRET_BYTES)
    address(ctx, word)  # as in `add`
    with ctx.writing() as tx:
        tx.change("feed", number, {"token_hash": digest(word)})
    return _told(ctx, f"feed {name} has a new address, and the old one leads nowhere", tx, number, word)


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
        empty=f"no feeds yet: {ctx.settings.aimed(PROPOSED)}",
    )  # fmt: skip


def _told(ctx: Context, line: str, tx: Transaction, number: int, word: str) -> Changed:
    """What was done, with the address, unless it will lead nowhere."""
    done = Changed((line,), tuple(tx.changes), ctx.batch, (number,), "feed")
    url = address(ctx, word)
    return done if ctx.rehearsing else done._replace(answer=url, values={"address": url})


def address(ctx: Context, word: str) -> str:
    """Where a feed with this secret word is found."""
    host, port = (ctx.settings[f"serve.{name}"] for name in ("host", "port"))
    base = str(ctx.settings["serve.url"]) or f"http://{_reached(str(host))}:{port}"
    return f"{base.rstrip('/')}{PATH}{word}.ics"


def _reached(host: str) -> str:
    """How what listens at a host is reached: a server that listens at every address by the one of this machine."""
    try:
        found = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host
    if found.is_unspecified:
        return "127.0.0.1" if found.version == 4 else "[::1]"
    return f"[{found}]" if found.version == 6 else str(found)


def digest(word: str) -> str:
    """What the book keeps of a secret word. It is random and long: a slow digest would guard it no better."""
    return hashlib.sha256(word.encode()).hexdigest()


class Shelf:
    """The feeds of a book for a program that stays open: each is made when it is asked for, and again when the book has
    changed in any way, or which tasks its filter means. All calls come from one thread."""

    def __init__(self, settings: Settings, *, plugins: bool = True) -> None:
        self._ctx = Context(Settings(dict(settings.flags)), quiet=True, plugins=plugins)
        self._server = self._ctx.actor
        self._kept: dict[int, _Kept] = {}

    def get(self, word: str) -> Rendered | None:
        """The feed with this secret word; None where there is none, and where its owner is no longer active. Raises
        StoreError and NewerDatabaseError where the book cannot be read, another CrmError, which names the feed, where
        this one cannot be made."""
        ctx = self._book_of("")
        head = pulse.pulse(ctx)
        row = ctx.reader.one(_BY_WORD, (digest(word),)) if word else None
        if row is None:
            return None
        state, name, owner = (head.seq, head.head, *row), row[1], row[2]
        try:
            known = self._current(self._book_of(owner or ""), state)
        except (StoreError, NewerDatabaseError):
            raise
        except CrmError as error:
            error.message = f"the feed {name} cannot be made: {error.message}"
            raise
        self._kept[row[0]] = known  # behind all others: the first of them was asked for longest ago
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return known.rendered

    def _current(self, ctx: Context, state: tuple[Any, ...]) -> _Kept:
        """A feed as it is in a state of the book. What its filter means may hang on the moment (`is:overdue`): it is
        made again only where other tasks fit by now."""
        _, _, number, name, _, text, kind = state
        asked = calendars.asked(ctx, text or "")
        known = self._kept.pop(number, None)
        if known and (known.state, known.asked) == (state, asked):
            return known
        fitting = calendars.fitting(ctx, asked)
        if known and (known.state, known.fitting) == (state, fitting):
            return known._replace(asked=asked)
        rendered = self._made(ctx, name, text or "", todo=kind == "todos")
        return _Kept(state, asked, fitting, rendered)

    def count(self) -> int:
        """How many feeds the book has."""
        return int(self._book_of("").reader.value("SELECT count(*) FROM feed"))

    def close(self) -> None:
        """Close the book."""
        self._ctx.close()

    def _book_of(self, owner: str) -> Context:
        """The book as it is for a user, at the present moment; of the one who serves it for "". One connection is that
        of all."""
        self._ctx.settings.flags["user"] = owner or self._server
        self._ctx.tick()
        return self._ctx

    @staticmethod
    def _made(ctx: Context, name: str, text: str, *, todo: bool) -> Rendered:
        rows, _ = calendars.chosen(ctx, text, todo=todo)
        content = calendars.written(ctx, rows, todo=todo, name=name)
        return Rendered(name, content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
