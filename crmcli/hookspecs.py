"""The hooks: what a plugin may do, when it is asked, and what it may answer.

A plugin is a module whose functions carry these names and the mark `crmcli.api.hookimpl`; a function may leave out
arguments that it does not use. Plugins run in the order in which they were enabled, the last one first. What a hook
prints goes to stderr; a hook that fails, whatever it raises but RefusedError, or takes longer than five seconds, costs
a warning that names the plugin and never a write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pluggy

from crmcli.domain.change import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import typer

#: The name under which pluggy, the entry points and the marks know the program.
PROJECT = "crmcli"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Report(NamedTuple):
    """A report of a plugin: `crm report NAME`.

    `sql` is written as the program's own report files are (crmcli/reports/*.sql): comment lines that name the columns,
    then one SELECT over the documented views; or it is the absolute path of such a file, in UTF-8 and with a name
    that ends in .sql.
    """

    name: str
    title: str
    sql: str


@hookspec
def before_change(change: Change) -> Change | None:
    """Look at a change before it is written; once for each record, inside the write transaction.

    Return None to let it pass, or `change._replace(after={...})` to amend it. A new record may be given any column
    that its kind has; of an edited one only the columns that the edit touches. A field of people's own is the column
    `custom.NAME`, with values in stored form (decimal numbers in millionths). Its identity (entity, id, table,
    `before`), uid, stamps and derived columns stay as they are. What is given must fit the book: a link leads to a
    record that is there, a name or external id is not another's where those are unique, an amount is none too large to
    be typed, and stage, status, closing time and probability go together. An answer that breaks this is left out with a
    warning.

    Raise `crmcli.api.RefusedError` to refuse: then nothing of the whole command is saved, and it ends with exit code
    5. Whatever else is raised, by `crmcli.api.select` too, costs a warning, and the change goes on. Undo, imports and a
    new book's vocabularies come through here as well. What the book held before the command can be asked with
    `crmcli.api.select`; nothing can be written from here.
    """


@hookspec
def after_change(changes: Sequence[Change]) -> None:
    """Learn what was written, once for each transaction, when it is safely saved.

    `changes` are copies in the order in which they were written. It is too late to refuse.
    """


@hookspec
def register_commands(app: typer.Typer) -> None:
    """Add commands or groups of commands to `app`, an empty Typer application that becomes part of `crm`.

    A name that the program has already is left out with a warning. A command returns `Rows`, `Record`, `Page` or
    `Note` of `crmcli.api`, and the program renders it in every format; what it prints itself goes to stderr.
    `crmcli.api.book(ctx)` gives it the open book.
    """


@hookspec
def register_reports() -> Iterable[Report]:
    """The reports that this plugin brings.

    A name that the program has already is left out with a warning; a file of the user's own goes before a report of
    its name.
    """
    return ()
