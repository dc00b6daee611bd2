"""The first word after `crm`: a table of nouns and verbs, each loaded when it is named."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from crmcli.commands.frame import (
    Noun,
    build,
    name_of,
    option,
    run_of,
    short_help,
    show_version,
    with_shared,
)
from crmcli.commands.helping import Helped, write_options
from crmcli.errors import CrmError


class Entry(NamedTuple):
    """A first word: its module in this package, what it does, and for a group the verb it runs when none is named
    (`loose`: also when the next word is none of its verbs)."""

    module: str
    help: str
    group: bool = True
    default: str = "list"
    loose: bool = False


SECTIONS: tuple[tuple[str, dict[str, Entry]], ...] = (
    (
        "Records",
        {
            "lead": Entry("lead", "People and firms that may become customers"),
            "deal": Entry("deal", "Opportunities on their way to won or lost"),
            "contact": Entry("contact", "People"),
            "company": Entry("company", "Firms, and who works there"),
            "task": Entry("task", "What is to be done, and when"),
            "task type": Entry("task_type", "The types of tasks, and what is usual for each"),
            "note": Entry("note", "Notes, calls and all else on the timelines"),
            "log": Entry("log", "Write down a call, e-mail, meeting, message or visit", group=False),
            "tag": Entry("tag", "Free labels"),
        },
    ),
    (
        "Work",
        {
            "today": Entry("today", "What is due, late, silent and new", group=False),
            "remind": Entry("remind", "Reminders of what is due, for people and for cron", default="send", loose=True),
            "agenda": Entry("agenda", "The days of a week or month, and free time", default="show", loose=True),
            "touch": Entry("touch", "Who is due, who waits for whom, who was reached", default="due", loose=True),
            "rhythm": Entry("rhythm", "How often to be in touch with whom"),
            "occasion": Entry("occasion", "Birthdays and other days of the year"),
            "pipeline": Entry("pipeline", "The board as text: stages, counts, sums", default="board", loose=True),
            "stage": Entry("stage", "The steps of a pipeline"),
            "plan": Entry("plan", "Tasks that are made together, counted from a day"),
            "plan step": Entry("plan_step", "The steps of a plan"),
            "search": Entry("search", "Find words anywhere in the book", group=False),
            "lookup": Entry("lookup", "Who is behind a phone number or e-mail address", group=False),
            "brief": Entry("brief", "One page before a call", group=False),
            "timeline": Entry("timeline", "What happened with a record", group=False),
            "report": Entry("report", "Figures: funnel, pipeline, sources, win-loss, your own", group=False),
            "view": Entry("view", "Filters with a name"),
            "tui": Entry("tui", "The dashboard", group=False),
        },
    ),
    (
        "In and out",
        {
            "import": Entry("importing", "Read tables, workbooks, vCards and JSON into the book", group=False),
            "import profile": Entry("import_profile", "What exports of other programs look like"),
            "export": Entry("exporting", "Write records to a file", group=False),
            "calendar": Entry("calendar", "Tasks as an iCalendar file", default=""),
            "calendar feed": Entry("calendar_feed", "Calendars that programs subscribe to"),
            "serve": Entry("serve", "Serve calendar feeds", group=False),
            "sql": Entry("sql", "Ask the documented views, read-only", group=False),
        },
    ),
    (
        "The book",
        {
            "history": Entry("history", "Who changed what in a record", group=False),
            "undo": Entry("undo", "Take back a command or an import", group=False),
            "dupes": Entry("dupes", "Records that are probably one and the same", group=False),
            "doctor": Entry("doctor", "What is wrong with the data, and what mends it", default="check", loose=True),
            "db": Entry("db", "Path, check, backup, restore, upgrade", default=""),
            "user": Entry("user", "Who works with the book"),
            "fields": Entry("fields", "The fields of each kind of record", group=False),
            "field": Entry("field", "Fields of your own: added, edited, removed"),
            "config": Entry("config", "Settings and where they come from"),
            "notify": Entry("notify", "The channels that reminders go by, and a test of each"),
            "plugin": Entry("plugin", "Enable and disable plugins"),
            "paths": Entry("paths", "Where everything is kept", group=False),
            "demo": Entry("demo", "Fill a book with invented business", group=False),
        },
    ),
)
TABLE = {name: entry for _, entries in SECTIONS for name, entry in entries.items()}
#: Those of two words: the first alone is a verb that takes anything else.
NESTED = frozenset(name for name in TABLE if " " in name)
#: Nouns that are typed since records go by them (`interaction:12`), and those that they are.
ALSO = {"interaction": "note"}

EPILOG = """\
Examples:
  crm lead add "Ada Lovelace" --company "Analytical Engines" --value 12000
  crm lead list stage:new,qualified tag:vip not owner:me value:1k..
  crm lead list tag:vip -o ids | crm tag add hot -

Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 refused by a
rule or plugin, 77 others can read a file with secrets, 130 interrupted, 141 the
reader of a pipe went away."""

#: What plugins add their commands to, and what Typer installs completion for.
app = typer.Typer(
    name="crm", help="A CRM that lives in the terminal.", rich_markup_mode=None, add_completion=True, epilog=EPILOG
)


class Root(Helped, TyperGroup):
    """`crm` itself."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return [*TABLE, *self._added()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        cmd_name = ALSO.get(cmd_name, cmd_name)
        if cmd_name not in self.commands:
            found = load(cmd_name) if cmd_name in TABLE else self._plugin(ctx, cmd_name)
            if found is None:
                return None
            self.commands[cmd_name] = found
        return self.commands[cmd_name]

    def _added(self) -> list[str]:
        return [name_of(info) for info in app.registered_commands] + [g.name for g in app.registered_groups if g.name]

    def _plugin(self, ctx: Any, name: str) -> Any:
        if ctx is not None and not ctx.resilient_parsing:
            load_plugins(ctx)
        return build(app, name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if " ".join(args[:2]) in NESTED:
            args = [" ".join(args[:2]), *args[2:]]
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from crmcli.commands.words import unknown, unplugged

            raise unplugged(run_of(ctx), args[0]) or unknown("crm", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        try:
            load_plugins(ctx)
        except CrmError as error:  # settings that cannot be read: help is for that as well
            run_of(ctx).context.say(f"warning: {error}")
        for title, entries in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(name, entry.help) for name, entry in entries.items()])
        more = [(name_of(info), short_help(info)) for info in app.registered_commands]
        more += [(str(info.name), _about(info)) for info in app.registered_groups if info.name]
        if more:
            with formatter.section("From plugins"):
                formatter.write_dl(more)
        write_options(self, ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        if not ctx._protected_args and not ctx.args:
            at_terminal = bool(sys.stdin and sys.stdin.isatty() and sys.stdout.isatty())
            ctx._protected_args = ["tui" if at_terminal and not run_of(ctx).output else "today"]
        return super().invoke(ctx)


def _about(group: Any) -> str:
    """The first line of what a plugin's group of commands says of itself, without its full stop."""
    from typer.main import solve_typer_info_help

    return solve_typer_info_help(group).partition("\n")[0].rstrip(".")


def load(name: str) -> Any:
    """The command or group behind a first word of the table."""
    entry = TABLE[name]
    source = import_module(f"crmcli.commands.{entry.module}").app
    if entry.group:
        behind = {word.removeprefix(f"{name} "): TABLE[word].help for word in NESTED if word.startswith(f"{name} ")}
        return Noun(name, source, entry.help + ".", default=entry.default, loose=entry.loose, nested=behind)
    return build(source, name)


def load_plugins(ctx: Any) -> None:
    """Let enabled plugins add their commands to the app; a plugin that fails is a warning."""
    run = run_of(ctx)
    if run.flags.get("no_plugins") or run.flags.get("_plugins_loaded"):
        return
    run.flags["_plugins_loaded"] = True
    if not str(run.context.settings["plugins"]):
        return
    from crmcli.plugins.bringing import add_commands

    add_commands(app, run.context.settings, run.context.say, taken=TABLE)


def plugin_names() -> list[str]:
    """The first words that enabled plugins bring; completion asks, so a plugin that fails says nothing."""
    from crmcli.config import Settings

    settings = Settings()
    try:
        if not str(settings["plugins"]):
            return []
    except CrmError:  # of settings that cannot be read, the commands of the program are still known
        return []
    from crmcli.plugins.bringing import add_commands

    return add_commands(app, settings, lambda _line: None, taken=TABLE)


def make_root() -> Root:
    """The whole program as one group, with Typer's own options that install completion."""
    from typer.main import get_install_completion_arguments

    return Root(
        name="crm",
        help=app.info.help,
        epilog=EPILOG,
        rich_markup_mode=None,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        params=with_shared(
            [
                option("version", "--version", help="Show the version", flag=True, keep=show_version),
                *get_install_completion_arguments(),
            ]
        ),
        subcommand_metavar="COMMAND ...",
    )
