"""What a verb gets: settings, clock, actor, the two doors. No features.

`CRM_NOW` (an ISO instant with an offset) stops the clock: for tests, demos and reports "as of".
"""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli import public_holidays
from crmcli.config import Settings
from crmcli.domain import custom
from crmcli.domain.address import redacted
from crmcli.domain.calendars import WEEK_STARTS
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import NONE, installed
from crmcli.domain.pipeline import FIRST_PIPELINE, FIRST_STAGES, FIRST_WORDS
from crmcli.domain.query import Book
from crmcli.domain.text import fold, visible
from crmcli.domain.types import Env
from crmcli.errors import NotFoundError, StoreError, UsageError
from crmcli.store import connect, own, schema
from crmcli.store.sql import table_of
from crmcli.store.uid import new_uid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crmcli.domain.change import Change
    from crmcli.domain.fields import Vocabulary
    from crmcli.errors import DamagedError
    from crmcli.store.connect import Connection
    from crmcli.store.fitting import Fitting
    from crmcli.store.write import Hooks, Transaction

#: The years that may be the present one: all that is counted from now, years of reports too, stays in the calendar.
PRESENT = range(1700, 9900)


class Context:
    """One run of the program, or one session of the dashboard, on one store."""

    def __init__(
        self, settings: Settings | None = None, *, command: str = "", quiet: bool = False, plugins: bool = True
    ) -> None:
        self.settings = settings or Settings()
        self.command = command
        self.quiet = quiet
        self.plugins_on = plugins
        self.batch = 0
        #: How many times the book was opened anew; see `follow`.
        self.opened = 0
        #: The transaction of a rehearsal, once something was written in it; None where writes are meant.
        self._stage: list[contextlib.AbstractContextManager[None]] | None = None
        self._scratch = ""
        self._connection: Connection | None = None
        self._env: Env | None = None
        self._workdays = public_holidays.workdays(self.settings)
        self._views: dict[tuple[str, str], str | None] = {}
        #: The fields that people added to the book, as it had them when it was last asked; None: to be asked.
        self._own: Vocabulary | None = None
        self._said: set[str] = set()

    # --- narration ---

    def say(self, line: str) -> None:
        """A line for people, on stderr."""
        if not self.quiet:
            sys.stderr.write(visible(line, multiline=True) + "\n")

    def say_once(self, line: str) -> None:
        """`say`, unless it was said in this run."""
        if line not in self._said:
            self._said.add(line)
            self.say(line)

    # --- the clock and the user's habits ---

    @property
    def now(self) -> datetime:
        """The present moment, aware, in the user's zone, to the millisecond."""
        stopped = os.environ.get("CRM_NOW")
        zone = self._zone()
        if stopped:
            try:
                moment = datetime.fromisoformat(stopped)
            except ValueError:
                raise UsageError(f"CRM_NOW is not an ISO instant: {stopped}") from None
            if moment.tzinfo is None:
                raise UsageError("CRM_NOW wants an offset, such as 2026-11-21T10:00:00+00:00")
            if moment.year not in PRESENT:
                raise UsageError(f"CRM_NOW is out of range: {stopped}", f"{PRESENT[0]} to {PRESENT[-1]} can be now")
        else:
            moment = datetime.now().astimezone()
        if zone is not None:
            moment = moment.astimezone(zone)
        elif stopped:
            moment = moment.astimezone()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @property
    def zone_name(self) -> str:
        """The name of the user's time zone as the IANA has it; UTC where the machine's has none."""
        return str(getattr(self.now.tzinfo, "key", "UTC"))

    def _zone(self) -> Any:
        name = str(self.settings["timezone"]) or os.environ.get("TZ", "")
        if not name or name.startswith(":"):
            return _machine_zone()
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            if str(self.settings["timezone"]):
                wrong = UsageError(f"there is no time zone '{name}'", "use an IANA name such as Europe/Berlin")
                raise self.settings.refused("timezone", wrong) from None
            return None

    @property
    def actor(self) -> str:
        """Who is at work: the setting `user`, or the login name."""
        name = str(self.settings["user"]).strip() or os.environ.get("USER") or os.environ.get("LOGNAME")
        if not name:
            import pwd

            try:
                name = pwd.getpwuid(os.getuid()).pw_name
            except KeyError:
                name = str(os.getuid())
        return name

    @property
    def env(self) -> Env:
        """What reading typed values depends on; one moment for the whole verb."""
        if self._env is None:
            settings = self.settings
            self._env = Env(
                self.now,
                str(settings["calendar"]),
                str(settings["currency"]).upper(),
                str(settings["region"]).upper(),
                self.actor,
                week_start=WEEK_STARTS[str(settings["week_start"])],
                workdays=self._workdays,
                silent_days=int(settings["silent_days"]),
            )
        return self._env

    def tick(self) -> None:
        """Forget the moment, and what others may change meanwhile: the dashboard calls it before each verb."""
        self._env = None
        self._views = {}
        self._own = None

    # --- the doors ---

    @property
    def reader(self) -> Connection:
        """The open store; made on first use when it is the default one, checked against the program's schema. The
        vocabulary has the fields of this book from then on, also where another one was asked meanwhile."""
        if self._connection is None:
            self._connection = self._open()
        if self._own is None or installed() is not self._own:
            self._learn()
        return self._connection

    def learn(self) -> None:
        """Have the vocabulary know the fields that people added to the book, for what reads fields before it reads
        records. Where there is no book, none: it is not made."""
        target = self.settings.database
        if self._connection is not None or connect.is_url(target) or connect.there(target):
            _ = self.reader
        else:
            custom.install(NONE)

    def reread(self) -> None:
        """Have the vocabulary know the fields that people added as the book has them by now."""
        self._own = None
        _ = self.reader

    @contextlib.contextmanager
    def supposing(self, found: Vocabulary) -> Iterator[None]:
        """Have the vocabulary know other fields than the book has, to look at what it would be with them. What is
        written meanwhile knows those of the book alone."""
        _ = self.reader
        before, self._own = self._own, found
        custom.install(found)
        try:
            yield
        finally:
            self._own = before
            _ = self.reader

    def _learn(self, *, anew: bool = False) -> None:
        """Install the fields of the open book; `anew`, or where they are not known, ask it for them."""
        assert self._connection is not None
        if self._own is None or anew:
            self._own = own.vocabulary(self._connection)
        if installed() is not self._own:
            custom.install(self._own)

    def follow(self) -> None:
        """Open the book anew where another file was put in its place or its server has hung up, and say so.

        A program that stays open asks this before it reads. Raises StoreError where there is none to open; what was
        open stays as it is then. A write does not follow: it was meant for the book that was looked at.
        """
        held = self._connection
        if held is None or not held.lost():
            return
        self._connection = self._open()
        self._own = None
        self.opened += 1
        held.close()
        if self._connection.dialect == "sqlite":
            self.say("the book was replaced meanwhile, as a restore does: this is the new one")
        else:
            self.say("the connection to the server was lost and is back")

    def _open(self) -> Connection:
        target = self.settings.database
        if self._connection is not None and not connect.is_url(target) and not connect.there(target):
            raise StoreError(f"{target} was moved or removed meanwhile", "put it back, or restore a backup")
        for line in self.settings.unknown():
            self.say(line)
        if not connect.is_url(target) and not connect.there(target):
            if os.path.islink(target):
                raise NotFoundError(f"{target} is a link to nowhere", "mend it, or name another file with --db")
            if self.settings.find("db")[0]:
                raise NotFoundError(
                    f"there is no book at {target}", f"'{self.settings.calling('db', 'init')}' makes one"
                )
            if self.rehearsing:
                target = self._blank()
            else:
                self.create(target)
        opened = connect.connect(target, timeout=float(self.settings["busy_timeout"]), say=self.say)
        try:
            if self.rehearsing and (schema.revision(opened) or schema.REVISION) < schema.REVISION:
                raise StoreError(
                    "the book has an older layout, and a dry run does not change it", "run 'crm db upgrade'"
                )
            schema.check(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def create(self, target: str) -> None:
        """Make a new book with its default pipeline."""
        schema.create(target, self._fill)
        self.say(f"made a new book: {redacted(target)}")

    def _blank(self) -> str:
        """A new book in a temporary folder, for a rehearsal before there is one; it goes when the context closes."""
        import tempfile

        self._scratch = tempfile.mkdtemp(prefix="crm-")
        target = os.path.join(self._scratch, "crm.db")
        schema.create(target, self._fill)
        self.say("there is no book yet: the dry run is made in an empty one")
        return target

    def _fill(self, opened: Connection) -> None:
        """What a new book holds, in the transaction that makes it."""
        previous, self._connection = self._connection, opened
        self._own = None
        rehearsal, self._stage = self._stage, None
        batch = self.batch
        try:
            with self.writing("init", command="db init") as tx:
                for vocabulary, names in FIRST_WORDS.items():
                    for name in names:
                        tx.word(vocabulary, name)
                pipeline = tx.add("pipeline", {"name": FIRST_PIPELINE, "position": 1})
                for stage in FIRST_STAGES:
                    tx.add("stage", {**stage, "pipeline_id": pipeline})
        finally:
            self._connection, self._stage = previous, rehearsal
            self._own = None
            self.batch = batch  # no undo takes back that a book was made

    @contextlib.contextmanager
    def writing(
        self,
        source: str = "cli",
        *,
        command: str = "",
        batch: int = 0,
        undoes: int | None = None,
        undoes_seq: int | None = None,
        alone: bool = False,
    ) -> Iterator[Transaction]:
        """A write transaction (see `store.write.transaction`); `undoes` names the batch that it takes back, and
        `undoes_seq` the one transaction of that which it takes back alone. Inside another write it joins that; what
        must be `alone` joins none that was not begun so (RuntimeError: the outer one is to say `alone` itself)."""
        if self._tx is not None:
            if alone and not self._tx.alone:
                raise RuntimeError("what must be alone in the book was begun inside a write that is not")
            yield self._tx
            return
        if self._stage is not None and not self._stage:
            scene = self.reader.transaction()
            scene.__enter__()
            self._stage.append(scene)
        from crmcli.store.journal import Origin
        from crmcli.store.write import transaction  # neither is loaded by commands that only read

        origin = Origin(self.actor, source, command or self.command, undoes, undoes_seq)
        with transaction(self.reader, self.env, origin, self._hooks(), new_uid, batch=batch, alone=alone) as tx:
            self._tx = tx
            tx.learn = lambda: self._learn(anew=True)
            try:
                # What somebody added meanwhile is part of what a bare word finds.
                self._learn(anew=True)
                if self._seen is not None:
                    seen, self._seen = self._seen, None
                    tx.unchanged(*seen)
                yield tx
            except BaseException:
                self._own = None
                raise
            finally:
                self._tx = None
        if not self.rehearsing:
            self.batch = tx.batch
        self._views = {}

    @contextlib.contextmanager
    def as_seen(self, entity: str, seen: Mapping[int, int]) -> Iterator[None]:
        """The next write is meant for records (id -> version) as somebody saw them: where one was changed since, it
        raises ConflictError and changes nothing."""
        self._seen = (entity, seen)
        try:
            yield
        finally:
            self._seen = None

    @property
    def rehearsing(self) -> bool:
        """Whether what is written now will be taken back."""
        return self._stage is not None

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """What verbs write while this lasts can be read by them and is taken back at its end. `before` hooks may
        refuse or amend it, `after` hooks hear nothing of it, and no batch is left. Nothing but the book is covered."""
        outer, self._stage = self._stage, []
        try:
            yield
        finally:
            stage, self._stage = self._stage, outer
            for scene in stage:
                scene.__exit__(_TakenBackError, _TakenBackError(), None)
            self._views = {}
            self._own = None

    _tx: Transaction | None = None
    _seen: tuple[str, Mapping[int, int]] | None = None

    def _hooks(self) -> Hooks:
        from crmcli.store.write import Hooks

        if not self.plugins_on or not self.settings["plugins"]:
            return Hooks()
        from crmcli.plugins import hooks_for

        def fitting(changes: list[Change]) -> Fitting:
            from crmcli.store.fitting import Fitting

            return Fitting(self.reader, changes)

        hooks = Hooks(*hooks_for(self.settings, self.say, fitting))
        if self.rehearsing:
            hooks.after = None
        return hooks

    # --- names ---

    @property
    def book(self) -> Book:
        """What the filter language may ask of the store; `services.naming.book` knows addresses as well."""
        return Book(self._known, self._view, self._won_stages, rotting=self._rotting_stages)

    def _known(self, vocabulary: str) -> Iterable[str]:
        return [row[0] for row in self.reader.rows(f"SELECT name_key FROM {table_of(vocabulary)}{_in_use(vocabulary)}")]

    def _won_stages(self) -> list[str]:
        sql = "SELECT name_key FROM stage WHERE is_won IS TRUE AND removed_at IS NULL"
        return [row[0] for row in self.reader.rows(sql)]

    def _rotting_stages(self) -> list[tuple[int, int]]:
        sql = "SELECT id, rot_days FROM stage WHERE rot_days > 0 AND removed_at IS NULL ORDER BY id"
        return [(int(number), int(days)) for number, days in self.reader.rows(sql)]

    def _view(self, entity: str, name: str) -> str | None:
        key = (entity, fold(name))
        if key not in self._views:
            found = self.reader.one(
                "SELECT filter FROM saved_view WHERE name_key = ? AND (entity = ? OR entity IS NULL)", (key[1], entity)
            )
            self._views[key] = (found[0] or "") if found else None
        return self._views[key]

    def damage(self) -> DamagedError | None:
        """What of the open book is not of the kind it should be, which may be why a verb failed that nobody foresaw;
        None where all is well, or no book is open."""
        if self._connection is None:
            return None
        from crmcli.store.misfits import damage

        return damage(self._connection)

    def names(self, entity: str) -> list[str]:
        """The words of a vocabulary, in order."""
        order = "position, name_key" if entity in ("stage", "pipeline") else "name_key"
        sql = f"SELECT name FROM {ENTITIES[entity].table}{_in_use(entity)} ORDER BY {order}"
        return [row[0] for row in self.reader.rows(sql)]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._own is not None and installed() is self._own:
            custom.install(NONE)
        self._own = None
        if self._scratch:
            from shutil import rmtree

            rmtree(self._scratch, ignore_errors=True)
            self._scratch = ""


class _TakenBackError(Exception):
    """Ends the transaction of a rehearsal."""


def _in_use(vocabulary: str) -> str:
    """The condition that leaves out words that were removed and stand in the history alone."""
    return " WHERE removed_at IS NULL" if "removed_at" in ENTITIES[vocabulary].by_name else ""


_MACHINE: list[Any] = []


def _machine_zone() -> Any:
    """The machine's IANA zone from /etc/localtime, None when it cannot be told."""
    if not _MACHINE:
        path = os.path.realpath("/etc/localtime")
        _, mark, name = path.partition("/zoneinfo/")
        zone = None
        if mark and name not in ("Etc/UTC", "UTC", "Universal", "Zulu"):
            from zoneinfo import ZoneInfo

            with contextlib.suppress(KeyError, ValueError, OSError):
                zone = ZoneInfo(name)
        _MACHINE.append(zone)
    return _MACHINE[0]
