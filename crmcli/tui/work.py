"""The dashboard's desk: one thread owns the book's connection, runs verbs in order, and sends answers as messages.

One thread instead of a pool: a write never overtakes the one before it, a read sees every write that was asked for
earlier, and SQLite's connection needs no lock. A read that a newer one of its group has replaced is not even begun.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from crmcli.context import Context
from crmcli.errors import CrmError
from crmcli.tui.shape import Look

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.config import Settings


#: How long leaving waits without a word, in seconds: for what is still to be saved, and for the book to close.
BRIEFLY, CLOSING = 1.0, 0.3


class Job(NamedTuple):
    """A question: a verb with its arguments. `group` "" is never replaced by a newer question (all writes). `number`
    counts the questions; `ended` is called last, whatever came of it."""

    number: int
    group: str
    token: int
    verb: Callable[..., Any]
    args: tuple[Any, ...]
    named: dict[str, Any]
    then: Callable[[Any], None]
    failed: Callable[[CrmError], bool] | None
    ended: Callable[[], None] | None


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
        #: The batches that were written here: one who goes on after his own change has seen it.
        self.own: set[int] = set()
        self._latest: dict[str, int] = {}
        #: The newest question of each group that has no answer yet.
        self._awaited: dict[str, int] = {}
        self._count = 0
        #: Up to which number questions were begun, which ones shall not be, and since when the present one runs.
        self._begun = 0
        self._withdrawn: set[int] = set()
        self._turn = threading.Lock()
        self._since: float | None = None
        #: Writes whose end nobody has been told yet, with what became of them.
        self._writes: dict[int, Answer | None] = {}
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
        calendar, currency = str(self.settings["calendar"]), str(self.settings["currency"]).upper()
        return Look(self.context.now, calendar, currency, self.context.env.week)

    # --- asking ---

    def ask(
        self,
        verb: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], None],
        failed: Callable[[CrmError], bool] | None = None,
        ended: Callable[[], None] | None = None,
        group: str = "",
        **named: Any,
    ) -> Job:
        """Run `verb(context, *args, **named)`; `then` gets its result. `failed` gets a CrmError and returns whether it
        has dealt with it; otherwise it is shown as a toast. A newer question of the same `group` replaces this one."""
        token = self.drop(group) if group else 0
        self.pending += 1
        self._count += 1
        job = Job(self._count, group, token, verb, args, named, then, failed, ended)
        if group:
            self._awaited[group] = token
        else:
            self._writes[job.number] = None
        self._jobs.put(job)
        return job

    def heard(self, job: Job) -> None:
        """Its answer has arrived where it was asked for."""
        self.pending -= 1
        self._writes.pop(job.number, None)
        if self._awaited.get(job.group) == job.token:
            del self._awaited[job.group]

    def awaited(self, group: str) -> int:
        """The token of the group's question that is still to be answered; 0: there is none."""
        token = self._awaited.get(group, 0)
        return token if token == self._latest.get(group) else 0

    def withdraw(self, job: Job) -> bool:
        """Whether the job was not begun yet; then it never will be, and nobody is told of an end."""
        with self._turn:
            if job.number <= self._begun:
                return False
            self._withdrawn.add(job.number)
        return True

    @property
    def busy(self) -> float:
        """For how many seconds the present question has been in hand."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def drop(self, group: str) -> int:
        """Forget what was asked in this group; the token of the next question."""
        token = self._latest.get(group, 0) + 1
        self._latest[group] = token
        return token

    def current(self, job: Job) -> bool:
        """Whether nobody has asked anew in the job's group."""
        if job.group:
            return self._latest.get(job.group) == job.token
        return job.number not in self._withdrawn

    def prepare(self, verb: Callable[..., Any], *args: Any) -> None:
        """Ask before there is a screen; `ready` looks at the answer, `take` hands it to the screen that wants it."""
        early = self._early = threading.Event()

        def keep(ctx: Context) -> Any:
            try:
                self._found = verb(ctx, *args)
            finally:
                early.set()
            return self._found

        self.ask(keep, then=lambda found: self._taker and self._taker(found), group="early")

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

    def close(self, patience: float = 40.0, say: Callable[[str], None] = lambda _line: None) -> int:
        """Finish the writes that were asked for (for `patience` seconds at most), then close the book; `say` is told
        of a wait and of what was not saved. The exit code: 0, or why a write was not saved."""
        for group in list(self._latest):
            self.drop(group)
        self._listener = None
        self._attached.set()
        self._jobs.put(None)
        told = False
        end = time.monotonic() + patience
        try:
            self._thread.join(min(BRIEFLY if self._unwritten() else CLOSING, patience))
            while self._thread.is_alive() and self._unwritten() and time.monotonic() < end:
                if not told:
                    say(f"{self._counted()} to be saved: waiting for the book; ctrl+c leaves without")
                    told = True
                self._thread.join(0.1)
        except KeyboardInterrupt:
            with self._turn:
                self._withdrawn.update(number for number in self._writes if number > self._begun)
            say(f"left without waiting; {self._told_by()}")
            return 1
        code = self._last_word(say)
        if told and not code:
            say("saved")
        return code

    def _unwritten(self) -> int:
        """How many writes have not ended."""
        return sum(answer is None for number, answer in self._writes.copy().items() if number not in self._withdrawn)

    def _counted(self) -> str:
        count = self._unwritten()
        return f"{count} change{'' if count == 1 else 's'} still"

    def _told_by(self) -> str:
        return f"'{self.settings.calling('undo', '--list')}' shows what was saved"

    def _last_word(self, say: Callable[[str], None]) -> int:
        """Tell what nobody has been told: writes that failed, and those that take too long."""
        code = 0
        for answer in self._writes.copy().values():
            if answer is not None and answer.error is not None:
                say(str(answer.error) if isinstance(answer.error, CrmError) else f"not saved: {answer.error!r}")
                code = answer.error.code if isinstance(answer.error, CrmError) else 1
        if self._unwritten():
            say(f"{self._counted()} not saved: the book is busy; {self._told_by()}")
            code = code or 1
        return code

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
                self._since = time.monotonic()
                answer = self._run(job)
                self._since = None
                if job.number in self._writes:
                    self._writes[job.number] = answer
                self._answer(answer)
        with contextlib.suppress(CrmError):
            self.context.close()

    def _answer(self, answer: Answer) -> None:
        self._attached.wait()
        if self._listener is not None:
            with contextlib.suppress(RuntimeError):  # the dashboard's loop has ended meanwhile
                self._listener.deliver(answer)

    def _run(self, job: Job) -> Answer:
        with self._turn:
            self._begun = job.number
            if not self.current(job):
                return Answer(job, None, None)
        self.context.tick()
        try:
            value = job.verb(self.context, *job.args, **job.named)
            self.own.add(self.context.batch)
            return Answer(job, value, None)
        except Exception as error:  # whatever a verb or a plugin in it does, the dashboard lives on
            return Answer(job, None, error)
