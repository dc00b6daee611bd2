"""The commands that plugins bring: they take and tell what those of the program do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group_from_info

from crmcli.commands.frame import Verb, shared, with_shared
from crmcli.commands.helping import Helped, write_options, write_verbs

if TYPE_CHECKING:
    from collections.abc import Mapping


class Brought(Helped, TyperGroup):
    """A plugin's group, which is built whole. Completion asks of it what it asks of a `Noun`."""

    default = ""
    loose = False
    nested: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *, params: list[Any] | None = None, **more: Any) -> None:
        more["rich_markup_mode"] = None
        super().__init__(params=with_shared(params), **more)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_options(self, ctx, formatter, aside=shared())
        shown = [(name, one) for name in self.list_commands(ctx) if not (one := self.commands[name]).hidden]
        nouns = [(name, _first_line(one)) for name, one in shown if isinstance(one, TyperGroup)]
        verbs = [(name, _first_line(one)) for name, one in shown if not isinstance(one, TyperGroup)]
        write_verbs(formatter, ctx.command_path, verbs, nouns)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            from crmcli.commands.words import unknown

            raise unknown(ctx.command_path, args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def _first_line(command: Any) -> str:
    """The first line of what a command says of itself, without its full stop."""
    return str(command.short_help or command.help or "").strip().partition("\n")[0].rstrip(".")


def built(group: Any) -> Any:
    """A group that a plugin added to the program, with all that is in it."""
    _take_in(group)
    return get_group_from_info(group, pretty_exceptions_short=False, suggest_commands=True, rich_markup_mode=None)


def _take_in(group: Any) -> None:
    """Let a group and its commands take the shared options and tell of themselves as the program does, unless they have
    a class of their own."""
    source = group.typer_instance
    if not isinstance(source, typer.Typer):
        return
    if not any(
        isinstance(getattr(given, "cls", None), type) for given in (group, source.registered_callback, source.info)
    ):
        group.cls = Brought
    for info in source.registered_commands:
        if info.cls in (None, TyperCommand):
            info.cls = Verb
    for inner in source.registered_groups:
        _take_in(inner)
