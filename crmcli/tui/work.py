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
from crmcli.tui.shape import Look

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.config import Settings


class Job(NamedTuple):
    """A question: a verb with its arguments. `group` "" is never replaced by a newer question (all writes)."""

    group: str
    token: int
    verb: Callable[..., Any]
    args: tuple[Any, ...]
    named: dict[str, Any]
    then: Callable[[Any], None]
    failed: Callable[[CrmError], bool] | None


class Answer(NamedTuple):
    """What became of a question: its value or its error."""

    job: Job
    value: Any
    error: Exception | None


class Listener(Protocol):
    """Where answers and remarks go; both are called on the desk's thread and must only pass them on."""

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
    """Asks services on a thread of its own; see the module."""

    def __init__(self, settings: Settings, *, plugins: bool = True) -> None:
        self.settings = settings
        self.context = _Talking(settings, self._say, plugins)
        self.pending = 0
        self._latest: dict[str, int] = {}
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._remarks: list[str] = []
        self._listener: Listener | None = None
        self._attached = threading.Event()
        self._open = threading.Event()
        self._trouble: Exception | None = None
        self._early: threading.Event | None = None
        self._found: Any = None
        self._taker: Callable[[Any], None] | None = None
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    def opened(self) -> None:
        """Wait until the book is open. Raises what keeps it shut."""
        self._open.wait()
        if self._trouble is not None:
            raise self._trouble

    def attach(self, listener: Listener) -> None:
        """From now on answers go there; those that were ready earlier come first."""
        self._listener = listener
        self._attached.set()
        for line in self._remarks:
            listener.remark(line)

    @property
    def look(self) -> Look:
        """How values are shown just now."""
        return Look(self.context.now, str(self.settings["calendar"]), str(self.settings["currency"]).upper())

    # --- asking ---

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

    def prepare(self, verb: Callable[..., Any], *args: Any) -> None:
        """Ask before there is a screen; `ready` looks at the answer, `take` hands it to the screen that wants it."""
        early = self._early = threading.Event()

        def keep(ctx: Context) -> Any:
            try:
                self._found = verb(ctx, *args)
            finally:
                early.set()
            return self._found

        self.ask(keep, then=lambda found: self._taker and self._taker(found))

    def ready(self, seconds: float) -> Any:
        """What was prepared, if it is there within so many seconds; else None."""
        if self._early is not None:
            self._early.wait(seconds)
        return self._found

    def take(self, then: Callable[[Any], None]) -> bool:
        """Whether something was prepared; `then` gets it now, or when it arrives. Only the first taker gets it."""
        if self._early is None:
            return False
        self._early = None
        if self._found is None:
            self._taker = then
        else:
            then(self._found)
        return True

    # --- the thread ---

    def close(self, patience: float = 40.0) -> None:
        """Finish the writes that were asked for (for `patience` seconds at most), then close the book."""
        for group in list(self._latest):
            self.drop(group)
        self._listener = None
        self._attached.set()
        self._jobs.put(None)
        self._thread.join(patience)

    def _say(self, line: str) -> None:
        if self._listener is not None:
            self._listener.remark(line)
        else:
            self._remarks.append(line)

    def _work(self) -> None:
        try:
            self.context.reader.dialect  # noqa: B018 - opens the book
        except Exception as error:
            self._trouble = error
        self._open.set()
        while (job := self._jobs.get()) is not None:
            if self._trouble is None:
                self._answer(self._run(job))
        with contextlib.suppress(CrmError):
            self.context.close()

    def _answer(self, answer: Answer) -> None:
        self._attached.wait()
        if self._listener is not None:
            with contextlib.suppress(RuntimeError):  # the dashboard's loop has ended meanwhile
                self._listener.deliver(answer)

    def _run(self, job: Job) -> Answer:
        if not self.current(job):
            return Answer(job, None, None)
        self.context.tick()
        try:
            return Answer(job, job.verb(self.context, *job.args, **job.named), None)
        except Exception as error:  # whatever a verb or a plugin in it does, the dashboard lives on
            return Answer(job, None, error)
