"""crm config: settings, and where each comes from."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli import config as settings
from crmcli import public_holidays
from crmcli.commands.frame import Verb, book, noun, run_of
from crmcli.domain.address import redacted
from crmcli.errors import CrmError, ExposedError, UsageError
from crmcli.results import Column, Note, Rows
from crmcli.settings import SETTINGS, known, setting_of

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
    """A value as it may be seen: no secret, and the address of a store without its password."""
    if name in SETTINGS and SETTINGS[name].secret:
        return "***" if value else ""
    return redacted(str(value)) if name == "db" else str(value)


@app.command("list", help="List every setting with its value.")
def list_(ctx: typer.Context, origin: Origin = False) -> Rows:
    for line in book(ctx).settings.unknown():
        book(ctx).say(line)
    rows = []
    own = book(ctx).settings.file
    for name in (*SETTINGS, *(name for name in own if name not in SETTINGS and known(name))):
        setting = setting_of(name)
        try:
            value, source = _found(ctx, name)
        except (UsageError, ExposedError) as error:  # here one looks for the value that stops everything else
            book(ctx).say(f"warning: {error}")
            value, source = book(ctx).settings.given(name)
        rows.append({"name": name, "value": _shown(name, value), "origin": source, "help": setting.help})
    return Rows(COLUMNS if origin else COLUMNS[:2] + COLUMNS[3:], rows)


@app.command("get", help="Print one setting.", epilog="Examples:\n  crm config get currency --origin")
def get(ctx: typer.Context, name: Name, origin: Origin = False) -> Note:
    value, source = _found(ctx, name)
    return Note(f"{_shown(name, value)}\t{source}" if origin else _shown(name, value))


class Setting(Verb):
    """`set`: the value may be a number below zero, which looks like an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        below = [word for word in args if re.fullmatch(r"-\d+([.]\d+)?", word)]
        if below and "--" not in args:
            args = [*(word for word in args if word not in below), "--", *below]
        return super().parse_args(ctx, args)


@app.command(
    "set",
    cls=Setting,
    help="Set a setting in the configuration file.",
    epilog="Examples:\n  crm config set currency USD\n  crm config set columns.lead id,name,stage,value\n"
    "  crm config set holidays DE-BY\n  crm config set urgency.tag.next 15\n"
    "  crm config set smtp.password -    # asks for it",
)
def set_(
    ctx: typer.Context,
    name: Name,
    given: Annotated[str, typer.Argument(metavar="VALUE", help="For a secret -: it is asked for, or read")],
) -> Note:
    typed = _typed(ctx, name, given)
    value = str(_asked(ctx, name, lambda: settings.kept(name, typed)))
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
    if setting_of(name).word:
        _warn_unused(ctx, name)
    if name == "remind_channels":
        _warn_unknown(ctx, value)
    return Note(f"set {name} = {_shown(name, value)} in {path}", data=False)


def _typed(ctx: typer.Context, name: str, given: str) -> str:
    """The value to set: the word of the command, for a secret what is typed unseen or comes by standard input, because
    the words of commands are seen by everybody on the machine and kept by shells. Raises UsageError."""
    if not setting_of(name).secret:
        return given
    if given != "-":
        raise UsageError(
            f"{name} is a secret: everybody on this machine can see the words of a command",
            f"'crm config set {name} -' asks for it, or reads a line of standard input",
        )
    if run_of(ctx).can_ask:
        from getpass import getpass

        secret = getpass(f"{name}: ", sys.stderr)
    else:
        secret = sys.stdin.readline().rstrip("\r\n") if sys.stdin else ""
    if not secret:
        raise UsageError(f"{name} is to be set, and nothing was given", f"'crm config unset {name}' takes it out")
    settings.withhold(secret)
    return secret


@app.command("unset", help="Take a setting out of the configuration file.")
def unset(ctx: typer.Context, name: Name) -> Note:
    if run_of(ctx).dry_run:
        path, _ = settings.planned(name, None)
        return run_of(ctx).would(f"unset {name} in {path}")
    path = settings.write(name, None)
    now = f"; it is now {_shown(name, settings.Settings().given(name)[0])}" if known(name) else ""
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


def _warn_unknown(ctx: typer.Context, channels: str) -> None:
    """Say which of these channels are not there yet: their services may be set up after it."""
    from crmcli.domain.delivery import BUILT_IN, read_channels
    from crmcli.services import reminding

    for name in read_channels(channels) if channels else ():
        if name not in BUILT_IN:
            try:
                reminding.channels(book(ctx), name)
            except CrmError as error:
                book(ctx).say(f"warning: {error}")


def _warn_unused(ctx: typer.Context, name: str) -> None:
    """Say that the book has no such word as the setting is about."""
    from crmcli.services import urgency

    if missing := urgency.missing(book(ctx), name):
        book(ctx).say(missing)


def _warn_overruled(ctx: typer.Context, name: str) -> None:
    _, source = settings.Settings(book(ctx).settings.flags).given(name)
    if source not in (settings.config_file(), "default"):
        book(ctx).say(f"{source} overrules it now")
