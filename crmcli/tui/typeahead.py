"""Keys and pastes in the order in which they came, each as soon as what the one before it began is done."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.events import Event

#: How often, in seconds, and how many times it is asked whether a key has done its work before the next one gets in.
TURN, TURNS = 0.004, 50
#: How often, in seconds, it is asked whether an answer of the book has come that the next key may be about.
LOOK = 0.02


class TypeAhead:
    """What was typed and has to wait.

    `settled()` says whether all that was typed before has been looked at: it is waited for, but not for ever.
    `held(event)` says whether an event would be about something that is not there yet: that lasts as long as it lasts.
    An event whose turn has come is given to `deliver`; an error in that to `failed`.

    It is a task of the loop's own: a timer of Textual's drops its tick when the process gets no processor just then.
    """

    def __init__(
        self,
        settled: Callable[[], bool],
        held: Callable[[Event], bool],
        deliver: Callable[[Event], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._settled, self._held, self._deliver, self._failed = settled, held, deliver, failed
        self._waiting: deque[Event] = deque()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def stuck(self) -> bool:
        """Whether the next one waits for an answer of the book."""
        return bool(self._waiting) and self._held(self._waiting[0])

    def takes(self, event: Event) -> bool:
        """Whether the event has to wait; then it is kept until its turn comes."""
        if self._task is None and self._settled() and not self._held(event):
            return False
        self._waiting.append(event)
        if self._task is None:
            self._task = asyncio.create_task(self._pass_on())
        return True

    def forget(self) -> None:
        """Drop all that waits."""
        self._waiting.clear()

    async def _pass_on(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)
                for _ in range(TURNS):
                    if self._settled():
                        break
                    await asyncio.sleep(TURN)
                if self.stuck:
                    await asyncio.sleep(LOOK)
                elif self._waiting:
                    await self._deliver(self._waiting.popleft())
        except Exception as error:
            self._failed(error)
        finally:
            self._task = None
