"""The dashboard's desk: one thread owns the book's connection, runs verbs in order, and sends answers as messages.

One thread instead of a pool: a write never overtakes the one before it, a read sees every write that was asked for
earlier, and SQLite's connection needs no lock. A read that a newer one of its group has replaced is not even begun.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from crmcli.context import Context
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.config import Settings


class Answer(NamedTuple):
    """What became of a question: its value or its error. `then` and `failed` are called on the dashboard's side."""

    job: Job
    value: Any
    error: BaseException | None


class Job(NamedTuple):
    """A question: a verb with its arguments. `group` "" is never replaced by a newer question (all writes)."""

    group: str
    token: int
    verb: Callable[..., Any]
    args: tuple[Any, ...]
    named: dict[str, Any]
    then: Callable[[Any], None]
    failed: Callable[[CrmError], bool] | None


class Screen(Protocol):
    """Where answers and remarks go; both are called on the desk's thread."""

    def deliver(self, answer: Answer) -> None: ...

    def remark(self, line: str) -> None: ...


class _Talking(Context):
    """A context whose narration goes to the dashboard instead of stderr."""

    def __init__(self, settings: Settings, say: Callable[[str], None], plugins: bool) -> None:
        super().__init__(settings, command="tui", plugins=plugins)
        self._tell = say

    def say(self, line: str) -> None:
        self._tell(line)


class Desk:
    """Asks services on one thread; see the module."""

    def __init__(self, settings: Settings, *, plugins: bool = True) -> None:
        self.settings = settings
        self.context = _Talking(settings, self._say, plugins)
        self.pending = 0
        self.first: tuple[str, Job] | None = None
        self._latest: dict[str, int] = {}
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._screen: Screen | None = None
        self._attached = threading.Event()
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    def attach(self, screen: Screen) -> None:
        """From now on answers go there; those that were ready earlier come first."""
        self._screen = screen
        self._attached.set()

    def ask(
        self,
        verb: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], None],
        failed: Callable[[CrmError], bool] | None = None,
        group: str = "",
        **named: Any,
    ) -> None:
        """Run `verb(context, *args, **named)`; `then` gets its result. `failed` gets a CrmError and returns whether it
        has dealt with it; otherwise it is shown as a toast. A newer question of the same `group` replaces this one."""
        token = self.drop(group) if group else 0
        self.pending += 1
        self._jobs.put(Job(group, token, verb, args, named, then, failed))

    def drop(self, group: str) -> int:
        """Forget what was asked in this group; the token of the next question."""
        token = self._latest.get(group, 0) + 1
        self._latest[group] = token
        return token

    def current(self, job: Job) -> bool:
        """Whether nobody has asked anew in the job's group."""
        return not job.group or self._latest.get(job.group) == job.token

    def prepare(self, screen: str) -> None:
        """Open the book, and read what the first screen shows, before there is a screen."""
        from crmcli.services import board

        self.ask(board.cards if screen == "board" else board.pulse, then=self._keep, group="first")

    def _keep(self, value: Any) -> None:
        self.ready = value

    #: What `prepare` has read, once it has arrived.
    ready: Any = None

    def close(self, patience: float = 10.0) -> None:
        """Finish the writes that were asked for, then close the book."""
        for group in list(self._latest):
            self.drop(group)
        self._attached.set()
        self._jobs.put(None)
        self._thread.join(patience)

    def _say(self, line: str) -> None:
        if self._screen is not None:
            self._screen.remark(line)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            answer = self._run(job)
            self._attached.wait()
            if self._screen is not None:
                with contextlib.suppress(RuntimeError):  # the dashboard has gone meanwhile
                    self._screen.deliver(answer)
        with contextlib.suppress(CrmError):
            self.context.close()

    def _run(self, job: Job) -> Answer:
        if not self.current(job):
            return Answer(job, None, None)
        self.context.tick()
        try:
            return Answer(job, job.verb(self.context, *job.args, **job.named), None)
        except Exception as error:  # whatever a verb or a plugin in it does, the dashboard lives on
            return Answer(job, None, error)
