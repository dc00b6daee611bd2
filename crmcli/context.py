"""What a verb gets: settings, clock, actor, the two doors. No features.

`CRM_NOW` (an ISO instant with an offset) stops the clock: for tests, demos and reports "as of".
"""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.config import Settings
from crmcli.domain.address import redacted
from crmcli.domain.entities import ENTITIES
from crmcli.domain.pipeline import FIRST_PIPELINE, FIRST_STAGES, FIRST_WORDS
from crmcli.domain.query import Book
from crmcli.domain.text import fold, visible
from crmcli.domain.types import Env
from crmcli.errors import NotFoundError, UsageError
from crmcli.store import connect, schema
from crmcli.store.sql import table_of
from crmcli.store.uid import new_uid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crmcli.store.connect import Connection
    from crmcli.store.write import Hooks, Transaction


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
        self._connection: Connection | None = None
        self._env: Env | None = None
        self._views: dict[tuple[str, str], str | None] = {}

    # --- narration ---

    def say(self, line: str) -> None:
        """A line for people, on stderr."""
        if not self.quiet:
            sys.stderr.write(visible(line, multiline=True) + "\n")

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
        else:
            moment = datetime.now().astimezone()
        if zone is not None:
            moment = moment.astimezone(zone)
        elif stopped:
            moment = moment.astimezone()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def _zone(self) -> Any:
        name = str(self.settings["timezone"]) or os.environ.get("TZ", "")
        if not name or name.startswith(":"):
            return _machine_zone()
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            if str(self.settings["timezone"]):
                raise UsageError(f"there is no time zone '{name}'", "use an IANA name such as Europe/Berlin") from None
            return None

    @property
    def actor(self) -> str:
        """Who is at work: the setting `user`, or the login name."""
        name = str(self.settings["user"]) or os.environ.get("USER") or os.environ.get("LOGNAME")
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
            currency = str(settings["currency"]).upper()
            self._env = Env(self.now, str(settings["calendar"]), currency, str(settings["region"]).upper(), self.actor)
        return self._env

    def tick(self) -> None:
        """Forget the moment: the dashboard calls it before each verb."""
        self._env = None
        self._views = {}

    # --- the doors ---

    @property
    def reader(self) -> Connection:
        """The open store; made on first use when it is the default one, checked against the program's schema."""
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> Connection:
        target = self.settings.database
        if not connect.is_url(target) and not os.path.exists(target):
            if os.path.islink(target):
                raise NotFoundError(f"{target} is a link to nowhere", "mend it, or name another file with --db")
            if self.settings.find("db")[0]:
                raise NotFoundError(f"there is no book at {target}", f"'crm --db {target} db init' makes one")
            self.create(target)
        opened = connect.connect(target, timeout=float(self.settings["busy_timeout"]), say=self.say)
        try:
            schema.check(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def create(self, target: str) -> None:
        """Make a new book with its default pipeline."""
        schema.create(target, self._fill)
        self.say(f"made a new book: {redacted(target)}")

    def _fill(self, target: str) -> None:
        """What a new book holds. A file gets it before it has its name, for others may be waiting to open it."""
        opened = connect.connect(target, timeout=float(self.settings["busy_timeout"]), say=self.say)
        previous, self._connection = self._connection, opened
        try:
            with self.writing("init", command="db init") as tx:
                for vocabulary, names in FIRST_WORDS.items():
                    for name in names:
                        tx.word(vocabulary, name)
                pipeline = tx.add("pipeline", {"name": FIRST_PIPELINE, "position": 1})
                for stage in FIRST_STAGES:
                    tx.add("stage", {**stage, "pipeline_id": pipeline})
        finally:
            self._connection = previous
            opened.close()

    @contextlib.contextmanager
    def writing(
        self, source: str = "cli", *, command: str = "", batch: int = 0, undoes: int | None = None
    ) -> Iterator[Transaction]:
        """A write transaction (see `store.write.transaction`). Inside another one it joins it."""
        if self._tx is not None:
            yield self._tx
            return
        from crmcli.store.write import transaction  # not loaded by commands that only read

        with transaction(
            self.reader,
            now=self.env.now,
            env=self.env,
            actor=self.actor,
            source=source,
            command=command or self.command,
            hooks=self._hooks(),
            new_uid=new_uid,
            batch=batch,
            undoes=undoes,
        ) as tx:
            self._tx = tx
            try:
                yield tx
            finally:
                self._tx = None
        self.batch = tx.batch
        self._views = {}

    _tx: Transaction | None = None

    def _hooks(self) -> Hooks:
        from crmcli.store.write import Hooks

        if not self.plugins_on or not self.settings["plugins"]:
            return Hooks()
        from crmcli.plugins import hooks_for

        return Hooks(*hooks_for(self.settings, self.say))

    # --- names ---

    @property
    def book(self) -> Book:
        """What the filter language may ask of the store."""
        return Book(self._known, self._view, self.say, self._won_stages)

    def _known(self, vocabulary: str) -> Iterable[str]:
        return [row[0] for row in self.reader.rows(f"SELECT name_key FROM {table_of(vocabulary)}")]

    def _won_stages(self) -> list[str]:
        return [row[0] for row in self.reader.rows("SELECT name_key FROM stage WHERE is_won IS TRUE")]

    def _view(self, entity: str, name: str) -> str | None:
        key = (entity, fold(name))
        if key not in self._views:
            found = self.reader.one(
                "SELECT filter FROM saved_view WHERE name_key = ? AND (entity = ? OR entity IS NULL)", (key[1], entity)
            )
            self._views[key] = (found[0] or "") if found else None
        return self._views[key]

    def names(self, entity: str) -> list[str]:
        """The words of a vocabulary, in order."""
        order = "position, name_key" if entity in ("stage", "pipeline") else "name_key"
        return [row[0] for row in self.reader.rows(f"SELECT name FROM {ENTITIES[entity].table} ORDER BY {order}")]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


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
