"""crm config: settings, and where each comes from."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli import config as settings
from crmcli import public_holidays
from crmcli.commands.frame import book, noun, run_of
from crmcli.domain.address import redacted
from crmcli.errors import CrmError, UsageError
from crmcli.results import Column, Note, Rows
from crmcli.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

app = noun("Examples:\n  crm config list\n  crm config set currency USD\n  crm config get currency --origin")
Name = Annotated[str, typer.Argument(metavar="NAME")]
Origin = Annotated[bool, typer.Option("--origin", help="Say where the value comes from", show_default=False)]
COLUMNS = (
    Column("name", None, "Setting"),
    Column("value", None, "Value"),
    Column("origin", None, "From"),
    Column("help", None, "Meaning"),
)


def _found(ctx: typer.Context, name: str) -> tuple[Any, str]:
    found: tuple[Any, str] = _asked(ctx, name, lambda: book(ctx).settings.find(name))
    return found


def _asked(ctx: typer.Context, name: str, read: Callable[[], Any]) -> Any:
    """What `read` gives; once more with the fields of people's own known where it knows no such column."""
    try:
        return read()
    except UsageError:
        if not name.startswith("columns."):
            raise
        with contextlib.suppress(CrmError):
            book(ctx).learn()
        return read()


def _shown(name: str, value: object) -> str:
    """A value as it may be seen: the address of a store without its password."""
    return redacted(str(value)) if name == "db" else str(value)


@app.command("list", help="List every setting with its value.")
def list_(ctx: typer.Context, origin: Origin = False) -> Rows:
    for line in book(ctx).settings.unknown():
        book(ctx).say(line)
    rows = []
    for name, setting in SETTINGS.items():
        try:
            value, source = _found(ctx, name)
        except UsageError as error:  # here one looks for the value that stops everything else
            book(ctx).say(f"warning: {error}")
            value, source = book(ctx).settings.given(name)
        rows.append({"name": name, "value": _shown(name, value), "origin": source, "help": setting.help})
    return Rows(COLUMNS if origin else COLUMNS[:2] + COLUMNS[3:], rows)


@app.command("get", help="Print one setting.", epilog="Examples:\n  crm config get currency --origin")
def get(ctx: typer.Context, name: Name, origin: Origin = False) -> Note:
    value, source = _found(ctx, name)
    return Note(f"{_shown(name, value)}\t{source}" if origin else _shown(name, value))


@app.command(
    "set",
    help="Set a setting in the configuration file.",
    epilog="Examples:\n  crm config set currency USD\n  crm config set columns.lead id,name,stage,value\n"
    "  crm config set holidays DE-BY",
)
def set_(ctx: typer.Context, name: Name, value: Annotated[str, typer.Argument(metavar="VALUE")]) -> Note:
    value = str(_asked(ctx, name, lambda: settings.kept(name, value)))
    if name == "holidays" and value:
        public_holidays.check(value)
    if run_of(ctx).dry_run:
        path, _ = settings.planned(name, value)
        return run_of(ctx).would(f"set {name} = {_shown(name, value)} in {path}")
    was = str(settings.Settings().given(name)[0])
    path = settings.write(name, value)
    _warn_overruled(ctx, name)
    if name == "region" and value.upper() != was.upper():
        _warn_regional(ctx, value.upper())
    return Note(f"set {name} = {_shown(name, value)} in {path}", data=False)


@app.command("unset", help="Take a setting out of the configuration file.")
def unset(ctx: typer.Context, name: Name) -> Note:
    if run_of(ctx).dry_run:
        path, _ = settings.planned(name, None)
        return run_of(ctx).would(f"unset {name} in {path}")
    path = settings.write(name, None)
    now = f"; it is now {_shown(name, settings.Settings().given(name)[0])}" if name in SETTINGS else ""
    return Note(f"unset {name} in {path}{now}", data=False)


def _warn_regional(ctx: typer.Context, region: str) -> None:
    """Say that telephone numbers which the book has already are compared as before."""
    from crmcli.services import telephones

    if region and telephones.regional(book(ctx)):
        repair = book(ctx).settings.calling("db", "check", "--repair")
        book(ctx).say(
            "telephone numbers without + that are in the book already are compared as before;"
            f"\n  '{repair}' makes them numbers of {region}"
        )


def _warn_overruled(ctx: typer.Context, name: str) -> None:
    _, source = settings.Settings(book(ctx).settings.flags).given(name)
    if source not in (settings.config_file(), "default"):
        book(ctx).say(f"{source} overrules it now")
