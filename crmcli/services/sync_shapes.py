"""What the two sides of a synchronisation are to each other: a collection elsewhere, and a kind of records here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

from crmcli.errors import ConflictError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.store.write import Transaction

Direction = Literal["both", "push", "pull"]
DIRECTIONS: tuple[Direction, ...] = ("both", "push", "pull")
#: part -> what it holds; a part is what people take for one thing
Parts = dict[str, dict[str, Any]]


class OvertakenError(ConflictError):
    """The item there is another version than the one that was meant, or there though it should be new. Nothing was
    written."""


class NotTakenError(RefusedError):
    """The other side does not take this one item; it may take others."""


class Seen(NamedTuple):
    """What became of a collection: href -> version of what is there, new or changed; hrefs that are no more; how far
    this is. Where `complete`, `etags` are all that it has."""

    etags: dict[str, str]
    gone: list[str]
    token: str
    complete: bool


class Fetched(NamedTuple):
    """An item there as text."""

    href: str
    etag: str
    text: str


class Unread(NamedTuple):
    """An item there that cannot be read now, and why."""

    href: str
    why: str


class Remote(Protocol):
    """A collection of another program. Errors that are CrmErrors and none of the two above end the run."""

    @property
    def url(self) -> str:
        """Its address, by which it is known from run to run."""

    def changes(self, token: str) -> Seen:
        """What changed since `token`; all that it has where that is empty or cannot be said."""

    def fetch(self, hrefs: Sequence[str]) -> Iterable[Fetched | Unread]:
        """Items; those that are gone by now are left out."""

    def create(self, uid: str, text: str) -> tuple[str, str]:
        """Put a new item there: its href and version, the version empty where it has to be read again. Both are empty
        where the other side took it and does not show it there: then it has it under a name of its own, or not at all.
        Raises OvertakenError, NotTakenError."""

    def update(self, href: str, etag: str, text: str) -> tuple[str, str]:
        """Put a text in place of the version `etag`: where that stands by then. Raises what `create` does."""

    def delete(self, href: str, etag: str) -> None:
        """Remove the version `etag`; one that is gone already is no error. Raises what `create` does."""


class Thing(NamedTuple):
    """An item that was read: what it is known by, whether that is of our making, what people call it, whether it was
    called off, which of several shapes it has, and `value`, which its kind knows."""

    key: str
    ours: bool
    name: str
    cancelled: bool
    shape: str
    value: Any


class Kind(Protocol):
    """Records of one kind, and how they are written elsewhere. `together` are parts that say one thing between them:
    where both sides changed one of them, the other side's others are not taken either; `silent` are
    parts of which an item may say nothing, which changes nothing."""

    entity: str
    together: frozenset[str]
    silent: frozenset[str]

    def parse(self, text: str) -> Thing:
        """An item that is there. Raises CrmError with the reason why it can be no record."""

    def begin(self, tx: Transaction, things: Sequence[Thing]) -> None:
        """These items are about to come in, in this transaction."""

    def by_key(self, things: Sequence[Thing]) -> dict[str, int]:
        """Key -> the record that is known by it, removed or not."""

    def known(self, things: Sequence[Thing]) -> dict[str, int]:
        """The same, and the records that such an item is by what else it says."""

    def here(self, wanted: Mapping[int, str]) -> dict[int, Parts]:
        """What the book says of records (number -> shape), of those alone that belong there."""

    def said(self, thing: Thing, number: int) -> Parts:
        """What an item says of a record (0: a new one). Raises CrmError."""

    def add(self, thing: Thing) -> int:
        """A new record. Raises CrmError."""

    def take(self, number: int, changes: Parts, thing: Thing, was: Thing | None) -> None:
        """Let a record follow. Raises CrmError."""

    def remove(self, number: int) -> None:
        """Remove a record."""

    def restore(self, number: int) -> None:
        """Bring a removed record back."""

    def stands_in(self, number: int) -> tuple[int, str] | None:
        """Who takes what somebody changed in the item of a record that does not belong there any more: the record that
        it became, or it itself, in another shape; None where it was removed."""

    def dropped(self, put: Thing, there: Thing, number: int) -> list[str]:
        """What an item that was put there says, and the one that is there does not."""

    def succeeded(self, numbers: Sequence[int]) -> dict[int, int]:
        """Record -> another one that stands for an item which was not made here, from now on."""

    def unseen(self, thing: Thing, number: int) -> tuple[str, ...]:
        """Parts in which an item needs no change when its record (whose `here` was asked before) follows it, or when it
        is given to such another one."""

    def unmoved(self, thing: Thing, number: int) -> Parts:
        """Parts of a record (whose `here` was asked before) that stands for an item which was not made here, where they
        changed before it was given to that: what they were."""

    def chosen(self, known: Mapping[int, Agreed]) -> dict[int, str]:
        """The records that are to be there, each with its shape, but for those that are `known` there, with what both
        had of them."""

    def write(self, number: int, there: Thing | None, changed: set[str], then: Parts) -> str:
        """The text for a record whose `here` was asked before: a new one, or `there` with what changed since the book
        said `then`; empty where nothing of that can be seen there."""

    def uid(self, number: int) -> str:
        """What a new item is known by; asked for after `write`."""


@runtime_checkable
class InTurn(Protocol):
    """A kind whose records may stand for an item one after the other."""

    def in_turn(self, texts: Mapping[int, str]) -> list[int]:
        """Those of these records that followed on others, and of which their items (record -> text) may say more."""

    def come_to(self, number: int, things: Sequence[Thing]) -> Parts:
        """Let a record that followed on that of an item take what the item says of it already; `things` are what it
        said, the newest first. What the book has changed meanwhile is given back, and not taken."""


#: States of a link beside the usual one, in which record and item are the same. PUT: what was put there was not read
#: again, and may be stored as something else. GONE: the item is no more there, and goes there again when the book has
#: its record (again). OUT: it was taken out of this place alone, and stays out. LEFT: the book has no such record any
#: more, and leaves the item alone, which it did not make.
USUAL, PUT, GONE, OUT, LEFT = "", "put", "gone", "out", "left"


def name_in(parts: Parts) -> str:
    """What people call a record of which this is said."""
    return " ".join(str(value) for value in parts.get("name", {}).values() if value)


class Agreed(NamedTuple):
    """What both had: the text there, its shape, and what the book said. `state` is one of those above, `lacks` what
    the other side does not keep of what it is given, and `undone` what the book said until that was undone, and which
    did not go there: who says it there later has it from the book."""

    there: str
    shape: str
    here: Parts
    state: str = USUAL
    lacks: Sequence[str] = ()
    undone: Parts | None = None

    def packed(self) -> str:
        return json.dumps(self._asdict(), ensure_ascii=False, sort_keys=True)


def unpacked(base: str) -> Agreed:
    """What `Agreed.packed` wrote."""
    return Agreed(**json.loads(base))
