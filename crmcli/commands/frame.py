"""What every command stands in: the options they share, groups that load a noun only when it is named, and help."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info

from crmcli.commands.helping import EVERYWHERE, Helped, write_options, write_verbs
from crmcli.commands.parsing import careful
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.text import digits
from crmcli.errors import UsageError
from crmcli.results import Changed, Note
from crmcli.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmcli.errors import CrmError

FORMATS = ("table", "json", "jsonl", "csv", "tsv", "md", "ids")
COLOURS = ("auto", "always", "never")
#: What a dry run ends with, on stderr.
UNWRITTEN = "dry run: nothing was written"
#: What one invocation may be told to answer "yes" with.
YES = ("y", "yes")
#: Numbers that are typed are shorter than what a store can count to.
MOST_DIGITS = 19
#: A word that a shell takes as it is.
PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


class Run:
    """One invocation: the shared options as given, and the context made of them when a verb first needs it."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self.flags: dict[str, Any] = {}
        self.words = list(words)
        self.assigned: dict[str, str] = {}
        #: Something was saved, and yet the command did not do all that it was asked.
        self.failed = False
        #: What an interrupted command leaves that is not as it was, in words; "" where nothing was saved.
        self.unsettled = ""
        #: Shows a result as narration; the front door puts its renderer here.
        self.show: Callable[[Any], None] = lambda _result: None
        #: Opens the dashboard, a room beside the commands; the front door knows the way.
        self.dashboard: Callable[[Context], Any] = lambda _context: None
        #: Serves feeds, another such room.
        self.serve: Callable[..., Any] = lambda _context, **_options: None
        self._previewed = False
        self._context: Context | None = None

    @property
    def output(self) -> str:
        """The format asked for; "" leaves it to where the output goes."""
        return str(self.flags.get("output") or "")

    @property
    def for_people(self) -> bool:
        """Whether the result will be a table: asked for as one, or in no format and on a terminal."""
        return self.output == "table" or (not self.output and bool(sys.stdout and sys.stdout.isatty()))

    @property
    def quiet(self) -> bool:
        return bool(self.flags.get("quiet"))

    @property
    def dry_run(self) -> bool:
        return bool(self.flags.get("dry_run"))

    @property
    def context(self) -> Context:
        """The context of this run."""
        if self._context is None:
            self._context = Context(
                Settings({"db": self.flags.get("db")}),
                command=command_line(self.words),
                quiet=self.quiet,
                plugins=not self.flags.get("no_plugins"),
            )
        return self._context

    @property
    def saved(self) -> int:
        """The number of the last batch that was saved; 0 when nothing was."""
        return self._context.batch if self._context else 0

    @property
    def damage(self) -> CrmError | None:
        """What is wrong with the book that this run has opened, asked when it failed as nobody foresaw."""
        return self._context.damage() if self._context else None

    def long(self) -> None:
        """A verb that runs long: garbage is collected again (the process started without)."""
        import gc

        gc.freeze()
        gc.enable()

    def close(self) -> None:
        if self._context is not None:
            self._context.close()

    def perform(self, verb: Callable[[], Any]) -> Any:
        """Run a command's function. With `--dry-run` it is a rehearsal: what it writes into the book is taken back, and
        its result says what would have been."""
        if not self.dry_run:
            return verb()
        with self.context.rehearsal():
            result = verb()
            if not isinstance(result, Changed):
                return result
            rows = None
            if self.output in ("", "table") and not self._previewed and not self.quiet:
                from crmcli.services import rehearsal

                rows = rehearsal.told(self.context, result.changes)
        if rows is not None and result.changes:
            self.show(rows)
        self.context.say(UNWRITTEN)
        return result._replace(lines=tuple(f"would: {line}" for line in result.lines), batch=0)

    def would(self, what: str) -> Note:
        """What a dry run says of a verb that changes something else than records."""
        self.context.say(UNWRITTEN)
        return Note(f"would: {what}", data=False)

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits there who can be asked."""
        return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())

    def agree(self, question: str, preview: Any = None, *, asking: bool = True) -> bool:
        """Whether to go on with what `question` names. `--yes` agrees, and so does `--dry-run`, which shows the preview
        first where it goes with the result.

        Without a terminal to ask on it is refused (UsageError); `asking` False: the verb may go on unasked.
        """
        if self.dry_run:
            if preview is not None and self.output in ("", "table"):
                self._previewed = True
                self.show(preview)
            return True
        if self.flags.get("yes") or not asking:
            return True
        if preview is not None:
            self.show(preview)
        if not self.can_ask:
            raise UsageError(
                f"{question[:1].lower()}{question[1:]}? That wants a yes",
                "add --yes, or --dry-run to see what would change",
            )
        sys.stderr.write(f"{question}? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in YES:
            return True
        self.context.say("nothing was changed")
        return False


def command_line(words: Sequence[str]) -> str:
    """The words as a shell would take them, without the store's address, which may hold a password, and without what
    stands behind the name of a secret."""
    kept, skip, hide = [], False, False
    for word in words:
        if hide:
            kept.append("***")
        elif skip:
            skip = False
        elif word == "--db":
            skip = True
        elif not word.startswith("--db="):
            kept.append(word)
            hide = word in SETTINGS and SETTINGS[word].secret
    return " ".join([word if PLAIN.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'" for word in kept])


def book(ctx: typer.Context) -> Context:
    """The context of the running command."""
    return run_of(ctx).context


def run_of(ctx: typer.Context) -> Run:
    """The invocation that a Typer context belongs to."""
    run = ctx.find_object(Run)
    assert run is not None
    return run


# --- the options that every command takes ---------------------------------------------------------------------------


def _keep(ctx: typer.Context, param: Any, value: Any) -> Any:
    """Note a shared option; the last one given counts, wherever it stands."""
    if value is None or value is False or ctx.resilient_parsing:
        return value
    if param.name == "output" and value not in FORMATS:
        raise typer.BadParameter(f"'{value}' is not a format; choose from {', '.join(FORMATS)}", ctx=ctx, param=param)
    if param.name == "color" and value not in COLOURS:
        raise typer.BadParameter(f"'{value}' is not one of {', '.join(COLOURS)}", ctx=ctx, param=param)
    if param.name == "db" and not value.strip():
        raise typer.BadParameter("it names no book; is a variable empty?", ctx=ctx, param=param)
    run_of(ctx).flags.update({"output": "json"} if param.name == "json" else {param.name: value})
    return value


def keep_format(ctx: typer.Context, value: str) -> str:
    """Note a format of a command that has more of them than others, as `_keep` does."""
    if value and not ctx.resilient_parsing:
        run_of(ctx).flags["output"] = value
    return value


def option(
    *names: str,
    help: str,
    metavar: str = "",
    flag: bool = False,
    multiple: bool = False,
    keep: Any = _keep,
    hidden: bool = False,
) -> TyperOption:
    """An option whose value goes to the run, not to the command's function."""
    return TyperOption(
        param_decls=list(names),
        help=help,
        metavar=metavar or None,
        is_flag=flag or None,
        type=None if flag else str,
        multiple=multiple,
        default=False if flag else None,
        expose_value=False,
        callback=keep,
        hidden=hidden,
    )


def whole(text: Any) -> int:
    """How many, as it is typed: a whole number, 0 or more. Raises BadParameter."""
    plain = digits(str(text)).strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < MOST_DIGITS):
        raise typer.BadParameter(f"'{plain}' is not a number of 0 or more")
    return int(plain)


def show_version(ctx: typer.Context, _param: Any, value: Any) -> None:
    if value and not ctx.resilient_parsing:
        from crmcli import __version__

        sys.stdout.write(f"crm {__version__}\n")
        raise typer.Exit


_SHARED: list[TyperOption] = []


def shared() -> list[TyperOption]:
    """The options that may stand before the noun and after the verb."""
    if not _SHARED:
        _SHARED.extend(
            (
                option("output", "-o", "--output", help=f"Output format: {', '.join(FORMATS)}", metavar="FORMAT"),
                option("json", "--json", help="The same as -o json", flag=True),
                option("yes", "-y", "--yes", help="Do not ask", flag=True),
                option("dry_run", "--dry-run", help="Show what would change, change nothing", flag=True),
                option("quiet", "-q", "--quiet", help="No narration on stderr", flag=True),
                option("db", "--db", help="The book: a SQLite file or a postgresql:// URL", metavar="PATH|URL"),
                option("color", "--color", help="auto, always or never", metavar="WHEN"),
                option("no_pager", "--no-pager", help="Never page long output", flag=True),
                option("no_plugins", "--no-plugins", help="Run without plugins", flag=True),
            )
        )
    return _SHARED


def with_shared(params: Sequence[Any] | None) -> list[Any]:
    own = list(params or ())
    taken = {name for param in own for name in param.opts}
    return own + [param for param in shared() if taken.isdisjoint(param.opts)]


# --- commands and groups --------------------------------------------------------------------------------------------


class Verb(Helped, TyperCommand):
    """A command with the shared options."""

    def __init__(self, name: str | None, *, params: list[Any] | None = None, **more: Any) -> None:
        more["rich_markup_mode"] = None
        super().__init__(name, params=with_shared(params), **more)

    def make_parser(self, ctx: Any) -> Any:
        return careful(super().make_parser(ctx), last_counts=shared(), lenient=ctx.resilient_parsing)

    def invoke(self, ctx: Any) -> Any:
        return run_of(ctx).perform(lambda: super(Verb, self).invoke(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The parts of the usage line; what is required stands bare, though Typer puts it into braces."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece[1:-1] if piece[:1] == "{" and piece[-1:] == "}" else piece for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_options(self, ctx, formatter, aside=shared())
        formatter.write_paragraph()
        formatter.write(f"{EVERYWHERE}\n")


class Noun(Helped, TyperGroup):
    """A group whose verbs are built from the noun's Typer app only when they are named.

    `default` is the verb that runs when none is given; with `loose` an unknown word belongs to it too. `nested` are
    nouns that stand behind this one (`crm task type`), each with its help.
    """

    def __init__(
        self,
        name: str,
        source: typer.Typer,
        help: str,
        *,
        default: str = "",
        loose: bool = False,
        nested: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            name=name,
            params=with_shared(None),
            help=help,
            rich_markup_mode=None,
            epilog=source.info.epilog or "",
            invoke_without_command=True,
        )
        self.source, self.default, self.loose, self.nested = source, default, loose, nested or {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return [
            *(name_of(info) for info in self.source.registered_commands if not info.hidden),
            *(str(g.name) for g in self.source.registered_groups),
        ]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in self.commands:
            found = build(self.source, cmd_name)
            if found is None:
                return None
            self.commands[cmd_name] = found
        return self.commands[cmd_name]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_options(self, ctx, formatter, aside=shared())
        rows = [(name_of(info), short_help(info)) for info in self.source.registered_commands if not info.hidden]
        write_verbs(formatter, f"crm {self.name}", rows, [*self.nested.items()])

    def invoke(self, ctx: Any) -> Any:
        if not ctx._protected_args and not ctx.args:
            if not self.default:
                sys.stdout.write(ctx.get_help() + "\n")
                return None
            ctx._protected_args = [self.default]
        return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if self.loose:
            place = self._behind_shared(ctx, args)
            if args[place:] and args[place].startswith("-"):  # an option of the verb that runs when none is named
                args = [*args[:place], self.default, *args[place:]]
        return super().parse_args(ctx, args)

    def _behind_shared(self, ctx: Any, args: list[str]) -> int:
        """The place of the first word that is neither an option which every command has nor the value of one."""
        own = {name: param for param in self.get_params(ctx) for name in (*param.opts, *param.secondary_opts)}
        place = 0
        while place < len(args):
            word, inline, _ = args[place].partition("=")
            param = own.get(word if word.startswith("--") else word[:2])
            if param is None:
                return place
            valued = not (getattr(param, "is_flag", True) or inline or (len(word) > 2 and word[1] != "-"))
            place += 1 + valued
        return place

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if self.loose and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            return self.default, self.get_command(ctx, self.default), args
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from crmcli.commands.words import unknown

            raise unknown(f"crm {self.name}", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def name_of(info: Any) -> str:
    return str(info.name or info.callback.__name__.rstrip("_").replace("_", "-"))


def short_help(info: Any) -> str:
    """The first line of what a command says of itself, without its full stop."""
    return str(info.short_help or info.help or (info.callback.__doc__ or "")).strip().partition("\n")[0].rstrip(".")


def build(source: typer.Typer, name: str) -> Any:
    """The command `name` of a Typer app, with its parameters read from its function now."""
    for info in source.registered_commands:
        if name_of(info) == name:
            if info.cls in (None, TyperCommand):
                info.cls = Verb
            info.name = name
            return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    for group in source.registered_groups:
        if group.name == name:
            from crmcli.commands.brought import built  # plugins alone add groups

            return built(group)
    return None


def noun(epilog: str = "") -> typer.Typer:
    """The Typer app of a noun."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, epilog=epilog)
