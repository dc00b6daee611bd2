"""All that a plugin may import: the mark of hooks, changes, errors, results, and two ways to read the book.

The models (`Contact`, `Opportunity` ...) and `session` load SQLModel, which takes a third of a second: ask for them
inside the function that needs them, never in a hook of the write path. `select` costs a millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli import plugins
from crmcli.config import config_dir, data_dir, password_of, withhold
from crmcli.context import Context
from crmcli.domain.change import Change
from crmcli.domain.types import Day, Flag, Instant, Integer, Money, Percent
from crmcli.errors import (
    AmbiguousError,
    ConflictError,
    CrmError,
    ExposedError,
    FieldError,
    NotFoundError,
    ReadError,
    RefusedError,
    UsageError,
)
from crmcli.hookspecs import Report, hookimpl
from crmcli.results import Changed, Column, Note, Page, Record, Rows, Section
from crmcli.services.sync_shapes import Direction, Fetched, NotTakenError, OvertakenError, Remote, Seen, Unread
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    import typer
    from sqlmodel import Session

    from crmcli.services.syncing import Outcome, SyncRun
    from crmcli.store.models import (
        Batch,
        Campaign,
        Company,
        CompanyTag,
        Contact,
        ContactTag,
        Interaction,
        Journal,
        LostReason,
        Medium,
        Opportunity,
        OpportunityTag,
        Pipeline,
        SavedView,
        Source,
        Stage,
        StageMove,
        Tag,
        Task,
        TaskTag,
        TaskType,
        User,
    )

#: What is taken from `crmcli.store.models` when it is asked for.
_MODELS = (
    "Batch", "Campaign", "Company", "CompanyTag", "Contact", "ContactTag", "Interaction", "Journal", "LostReason",
    "Medium", "Opportunity", "OpportunityTag", "Pipeline", "SavedView", "Source", "Stage", "StageMove", "Tag", "Task",
    "TaskTag", "TaskType", "User",
)  # fmt: skip

__all__ = [
    "AmbiguousError",
    "Batch",
    "Campaign",
    "Change",
    "Changed",
    "Column",
    "Company",
    "CompanyTag",
    "ConflictError",
    "Contact",
    "ContactTag",
    "Context",
    "CrmError",
    "Day",
    "Direction",
    "ExposedError",
    "Fetched",
    "FieldError",
    "Flag",
    "Instant",
    "Integer",
    "Interaction",
    "Journal",
    "LostReason",
    "Medium",
    "Money",
    "NotFoundError",
    "NotTakenError",
    "Note",
    "Opportunity",
    "OpportunityTag",
    "Outcome",
    "OvertakenError",
    "Page",
    "Percent",
    "Pipeline",
    "ReadError",
    "Record",
    "RefusedError",
    "Remote",
    "Report",
    "Rows",
    "SavedView",
    "Section",
    "Seen",
    "Source",
    "Stage",
    "StageMove",
    "SyncRun",
    "Tag",
    "Task",
    "TaskTag",
    "TaskType",
    "Unread",
    "UsageError",
    "User",
    "book",
    "config_dir",
    "contact_sync",
    "data_dir",
    "failed",
    "hookimpl",
    "password_of",
    "select",
    "session",
    "synced",
    "task_sync",
    "withhold",
]


def book(ctx: typer.Context) -> Context:
    """The open book of the running command, from the Typer context that the command is given."""
    context: Context = ctx.find_root().obj.context
    return context


def failed(ctx: typer.Context) -> None:
    """Say that the running command did not do all that it was asked: it ends with exit code 1, and its result is shown
    all the same."""
    ctx.find_root().obj.failed = True


def select(sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of one SELECT on the book of this run, best over the documented views (`v_lead`, `v_deal` ...).

    Values are given as `?` marks. It reads through a read-only connection of its own: in `before_change` the book as
    it was before the command, in `after_change` as it is now. Money comes in minor units, probabilities in basis
    points; days and instants as text on SQLite and as `date` and `datetime` on PostgreSQL. Raises CrmError.
    """
    settings = plugins.STATE.settings
    if settings is None:
        raise CrmError("select works only in a plugin that is enabled", "elsewhere use session(context)")
    opened = connect.connect(settings.database, timeout=2, read_only=True)
    try:
        names, rows = opened.names(sql, params)
    finally:
        opened.close()
    return [dict(zip(names, row, strict=True)) for row in rows]


def session(context: Context) -> AbstractContextManager[Session]:
    """A typed SQLModel session on the book, closed at the end of the `with` block, that cannot write.

    The file is opened with SQLite's mode=ro; on PostgreSQL every transaction is READ ONLY. Writing raises
    `sqlalchemy.exc.DBAPIError`. Raises CrmError when there is no book.
    """
    from contextlib import contextmanager

    @contextmanager
    def opened() -> Iterator[Session]:
        from sqlalchemy.pool import NullPool
        from sqlmodel import Session, create_engine

        target = context.settings.database
        dialect = "postgresql+psycopg" if connect.is_url(target) else "sqlite"

        def creator() -> Any:
            return connect.connect(target, read_only=True).raw  # type: ignore[attr-defined]

        engine = create_engine(f"{dialect}://", creator=creator, poolclass=NullPool)
        try:
            with Session(engine) as one:
                yield one
        finally:
            engine.dispose()

    return opened()


def task_sync(
    context: Context, remote: Remote, chosen: str = "", *, todos: bool, direction: Direction = "both",
    sure: bool = False,
) -> SyncRun:  # fmt: skip
    """A run that brings a collection of another program in step with the tasks that the filter `chosen` fits, and with
    those that were in it before: `todos` says as what new ones go there, to-dos or events on their days.

    Its `read()` lets the book follow, its `write()` then writes there and returns an Outcome; `run()` is both. Of
    several collections all are read before any is written to. What could not be settled is told, and is in the outcome.
    In a rehearsal nothing is written on either side. A collection that lost nearly all that it had is a RefusedError
    unless `sure`, and what the book has lost so stays there; what the remote raises comes through.
    """
    from crmcli.services.syncing import SyncRun
    from crmcli.services.syncing_tasks import EVENT, TODO, Tasks

    kind = Tasks(context, chosen, shape=TODO if todos else EVENT)
    return SyncRun(context, kind, remote, direction=direction, sure=sure)


def contact_sync(
    context: Context, remote: Remote, chosen: str = "", *, direction: Direction = "both", sure: bool = False
) -> SyncRun:
    """`task_sync` for contacts and an address book of vCards."""
    from crmcli.services.syncing import SyncRun
    from crmcli.services.syncing_contacts import Contacts

    return SyncRun(context, Contacts(context, chosen), remote, direction=direction, sure=sure)


def synced(context: Context, urls: Sequence[str]) -> dict[str, tuple[str | None, int]]:
    """url -> (when a collection was last brought in step, how many of its items are linked), of those that were."""
    from crmcli.services.sync_links import told

    return told(context.reader, urls)


def __getattr__(name: str) -> Any:
    if name in _MODELS:
        from crmcli.store import models

        return getattr(models, name)
    if name in ("Outcome", "SyncRun"):
        from crmcli.services import syncing

        return getattr(syncing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
