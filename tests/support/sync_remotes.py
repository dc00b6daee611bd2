"""A collection of another program in memory, with versions and a history, as servers have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.services.sync_shapes import Fetched, NotTakenError, OvertakenError, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class MemoryRemote:
    """What a test puts into `items` (by `put`), and what the program does, have a place in `history`."""

    url = "https://dav.example/ada/tasks/"

    def __init__(self) -> None:
        self.items: dict[str, tuple[str, str]] = {}
        self.history: list[str] = []
        self.writes = self.reads = 0
        #: Called before each write of the program.
        self.before: Callable[[str], None] = lambda _href: None
        self.refused: set[str] = set()

    # --- as another program has it ---

    def put(self, href: str, text: str) -> None:
        self.history.append(href)
        self.items[href] = (f'"{len(self.history)}"', text)

    def edit(self, href: str, *changes: tuple[str, str]) -> None:
        text = self.items[href][1]
        for old, new in changes:
            assert old in text, text
            text = text.replace(old, new)
        self.put(href, text)

    def drop(self, href: str) -> None:
        self.history.append(href)
        del self.items[href]

    @property
    def texts(self) -> list[str]:
        return [text.replace("\r\n ", "") for _, text in self.items.values()]

    @property
    def only(self) -> str:
        (href,) = self.items
        return href

    # --- as the program has it ---

    def changes(self, token: str) -> Seen:
        hrefs = self.history[int(token) :] if token else list(self.items)
        there = {href: self.items[href][0] for href in hrefs if href in self.items}
        # What came and went since then is not told, as servers do not.
        known = set(self.history[: int(token or 0)])
        gone = [href for href in dict.fromkeys(hrefs) if href not in self.items and href in known]
        return Seen(there, gone, str(len(self.history)), complete=not token)

    def fetch(self, hrefs: Sequence[str]) -> Iterator[Fetched]:
        for href in hrefs:
            self.reads += 1
            if href in self.items:
                yield Fetched(href, *self.items[href])

    def create(self, uid: str, text: str) -> tuple[str, str]:
        return self._write(f"/{uid}.ics", "", text)

    def update(self, href: str, etag: str, text: str) -> tuple[str, str]:
        return self._write(href, etag, text)

    def _write(self, href: str, etag: str, text: str) -> tuple[str, str]:
        self.before(href)
        if href in self.refused:
            raise NotTakenError("the server does not take it")
        if self.items.get(href, ("", ""))[0] != etag:
            raise OvertakenError("it is another one")
        self.writes += 1
        self.put(href, text)
        return href, self.items[href][0]

    def delete(self, href: str, etag: str) -> None:
        self.before(href)
        if href not in self.items:
            return
        if self.items[href][0] != etag:
            raise OvertakenError("it is another one")
        self.writes += 1
        self.drop(href)
