"""Write the pages and pictures of the documentation that come from the program itself.

With `--check` nothing is written: the stale ones are named, and the exit code is 1 if there are any.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from crmcli import hookspecs  # noqa: E402
from crmcli.commands.root import SECTIONS, make_root  # noqa: E402
from crmcli.context import Context  # noqa: E402
from crmcli.domain import query  # noqa: E402
from crmcli.domain.entities import ENTITIES, RECORDS  # noqa: E402
from crmcli.domain.types import Choice, Ref  # noqa: E402
from crmcli.settings import FAMILIES, SETTINGS  # noqa: E402
from tests.support import story  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmcli.domain.fields import Entity

HEAD = "<!-- made by docs/generate.py from the program; do not edit -->\n"
#: What the columns of the views mean that are no fields of a record.
PLAIN = {
    "phone_e164": "phone in E.164, as it is compared",
    "mobile_e164": "mobile in E.164, as it is compared",
    "stage_position": "Order of the stage in its pipeline",
    "merged_into_kind": "lead or deal: what the one that it was merged into is",
    "record_kind": "lead or deal",
    "other_kind": "lead or deal",
    "opportunity_kind": "lead or deal",
    "at": "When it happened",
    "seq": "Number of the write transaction",
    "batch": "Number that `crm undo` takes",
    "actor": "Who wrote it",
    "source": "cli, tui, import, undo, or a plugin's name",
    "command": "The command as it was typed",
    "entity": "Kind of record",
    "record_id": "Its number",
    "before": "JSON: the changed columns as they were; null for a new record",
    "after": "JSON: the changed columns as they are; null for a deleted one",
    "opportunities": "How many leads and deals carry it",
    "contacts": "How many contacts carry it",
    "companies": "How many companies carry it",
    "tasks": "How many tasks carry it",
    "created_at": "When it was entered",
    "updated_at": "Last change",
    "uid": "Time-ordered UUID, for machines",
    "id": "Short number, for fingers",
    "name": "Its name",
    "kind": "note, call, email, meeting, message, visit, task or document; stage, won, lost, reopened or converted",
    "body": "What was said or written; why it was lost",
    "direction": "in: they to us; out: we to them",
    "minutes": "How long it took",
    "old_value": "The stage, status or kind that it had",
    "new_value": "The stage, status or kind that it has from then on",
    "seconds": "How long it was in the stage",
    "author": "Who wrote it down or did it",
    "opportunity": "The lead or deal it belongs to",
    "opportunity_id": "Number of the lead or deal in `v_lead`, `v_deal`",
    "contact": "The person",
    "contact_id": "Number of the contact in `v_contact`",
    "company": "The company",
    "company_id": "Number of the company in `v_company`",
    "custom": "JSON: the values of fields of your own by their names, as they are stored (`crm field list`)",
    "day": "The day on which `crm doctor` looked the book through",
    "records": "How many open records the book had",
    "faulty": "How many of them had a finding",
    "task": "The task that it is about",
    "task_id": "Number of the task in `v_task`",
    "channel": "How it was sent",
    "state": "claimed: on its way; sent; failed: to be tried again; doubtful: nobody knows whether it came",
    "claimed_at": "When somebody began to send it",
    "claimed_by": "The machine and process that sent it",
    "sent_at": "When it was sent",
    "tries": "How often it was tried",
    "detail": "What was answered",
}
NUMBERS = (
    "id", "seq", "batch", "record_id", "stage_position", "opportunities", "contacts", "companies", "tasks", "minutes",
    "seconds", "opportunity_id", "contact_id", "company_id", "records", "faulty",
    "task_id", "tries",
)  # fmt: skip
#: What a column's name says about its unit.
UNITS = {"_minor": "; in minor units of the currency (cents)", "_bp": "; in hundredths of a percent (2500 is 25 %)"}
#: How a stored value looks to SQL, by the family of the field's type; text otherwise.
SQL_TYPES = {"number": "integer", "money": "integer", "flag": "boolean", "day": "date", "instant": "timestamp"}


# --- pages ----------------------------------------------------------------------------------------------------------


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(heads), ["---"] * len(list(heads)), *(list(row) for row in rows)]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |\n" for line in lines
    )


def commands() -> str:
    """Every command with its `--help`."""
    parts = [
        HEAD,
        "# Commands\n",
        "What `crm COMMAND --help` says. Options that every command takes are listed once, at the top.\n",
    ]
    parts.append(f"```text\n{help_of(())}\n```\n")
    for title, names in SECTIONS:
        parts.append(f"## {title}\n")
        for name in names:
            for words in verbs(name):
                parts.append(
                    f"{'###' if len(words) == 1 else '####'} crm {' '.join(words)}\n\n```text\n{help_of(words)}\n```\n"
                )
    return "\n".join(parts)


def verbs(name: str) -> Iterator[tuple[str, ...]]:
    """A first word, and for a group each of its verbs."""
    yield (name,)
    found = make_root().get_command(None, name)
    if hasattr(found, "list_commands"):
        for verb in found.list_commands(None):
            yield (name, verb)


def help_of(words: tuple[str, ...]) -> str:
    """The help of a command, 100 columns wide."""
    from crmcli.commands.frame import Run

    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        make_root().main(
            [*words, "--help"], prog_name="crm", complete_var="", standalone_mode=False, obj=Run(), terminal_width=100
        )
    return said.getvalue().rstrip()


def fields() -> str:
    """The vocabulary of every kind of record."""
    parts = [
        HEAD,
        "# Fields\n",
        "The words that filters, columns, `FIELD=VALUE`, imports and JSON share; `crm fields lead` prints a\nlead's. "
        "*set*: can be assigned; *find*: searched by a bare word; *sort*: sorts a book of any size at once.\n",
    ]
    for kind in RECORDS.values():
        rows = []
        for field in kind.fields:
            uses = (("set", field.settable), ("find", field.search), ("sort", field.indexed))
            also, can = ", ".join(f"`{a}`" for a in field.aliases), " ".join(word for word, true in uses if true)
            rows.append((f"`{field.name}`", also, kind_of(field.type), can, field.help))
        shown = ", ".join(f"`{name}`" for name in kind.columns)
        parts += [
            f"## {kind.name}\n",
            f"{kind.help}. A list shows {shown}.\n",
            table(("Field", "Also", "Type", "", "Meaning"), rows),
        ]
    parts += [
        "## Recognised column titles\n",
        "An import knows these titles of columns, whatever their case, accents or kind of letters.\n",
    ]
    for kind in RECORDS.values():
        titled = [(f"`{f.name}`", ", ".join(f.headers)) for f in kind.fields if f.headers and f.settable]
        if titled:
            parts += [f"### {kind.name}\n", table(("Field", "Titles"), titled)]
    return "\n".join(parts)


def kind_of(field_type: Any) -> str:
    """A field's type in a word; a choice as its words, a link as the kind of record it leads to."""
    if isinstance(field_type, Ref):
        return "lead or deal" if field_type.entity == "opportunity" else field_type.entity.replace("_", " ")
    options = getattr(field_type, "options", None)
    return ", ".join(options) if options else str(field_type.name)


def settings() -> str:
    """Every setting with its variable."""
    rows = [
        (
            f"`{s.name}`",
            f"`{s.variable}`" if s.variable else "",
            ", ".join(s.choices) or s.kind,
            f"`{s.default}`" if s.default != "" else "",
            s.help,
        )
        for s in (*SETTINGS.values(), *FAMILIES.values())
    ]
    return "\n".join(
        (
            HEAD,
            "# Settings\n",
            "`crm config set NAME VALUE` writes the file that `crm paths` names; a variable overrides the file,\n"
            "`--db` overrides both. `crm config list --origin` shows what is in force and where it comes from.\n",
            table(("Setting", "Variable", "Values", "Default", "Meaning"), rows),
            "## Variables without a setting\n",
            table(
                ("Variable", "Meaning"),
                (
                    ("`CRM_HOME`", "One folder for book, settings, state and cache, instead of the XDG folders"),
                    (
                        "`CRM_NOW`",
                        "An ISO instant with an offset at which the clock stands still: tests, reports as of a day",
                    ),
                    ("`VISUAL`, `EDITOR`", "What `crm note add` opens when no text is given"),
                    ("`PAGER`", "What long output goes through on a terminal when `pager` is not set"),
                    ("`NO_COLOR`, `FORCE_COLOR`", "No colours; colours even in a pipe"),
                ),
            ),
        )
    )


def views(context: Context) -> str:
    """The documented SQL views, column by column."""
    parts = [
        HEAD,
        "# Views\n",
        "What `crm sql`, Datasette, `psql` or a BI tool may read: the same views on SQLite and PostgreSQL. They are a\n"
        "public promise; the tables under them are not. `v_lead_all`, `v_deal_all`, `v_contact_all`, `v_company_all`,\n"
        "`v_task_all`, `v_interaction_all` and `v_stage_all` have the same columns and removed records too.\n",
        "Amounts are whole minor units beside their `currency`. Days are `YYYY-MM-DD`. Instants are UTC; SQLite keeps\n"
        "them as text of one width, `2026-12-01T09:00:00.000Z`, whose text order is time order, PostgreSQL as\n"
        "`timestamptz`. SQLite keeps flags (boolean) as 1 and 0, which `crm sql` shows as true and false.\n",
    ]
    every = "SELECT name FROM sqlite_master WHERE type = 'view' AND name NOT LIKE '%_all'"
    names = [row[0] for row in context.reader.rows(every)]
    by_view = {kind.view: kind for kind in ENTITIES.values()}
    order = [kind.view for kind in RECORDS.values()]
    for name in sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name)):
        kind = by_view.get(name)
        about = f"{kind.help}." if kind else ABOUT[name]
        columns = [row[1] for row in context.reader.rows(f"PRAGMA table_info({name})")]
        rows = [(f"`{column}`", *column_of(kind, column)) for column in columns]
        parts += [f"## {name}\n", f"{about}\n", table(("Column", "Type", "Meaning"), rows)]
    return "\n".join(parts)


ABOUT = {
    "v_history": "Who changed what, when: one row for each changed record of a transaction.",
    "v_timeline": "What happened, and with whom: interactions, stages that leads and deals went through, and that\n"
    "they were won, lost, reopened, converted or merged into another one. `entity` and `id` name the row it\n"
    "comes from: an interaction in `v_interaction`, a stage_move in `v_stage_move`, a history in `v_history`.\n"
    "Whoever entered what happened at another time is not its author.",
    "v_doctor_score": "How the book did, by the day: 100 * (records - faulty) / records is its score.",
    "v_reminder": "What became of each reminder: one row for its task, moment and channel.",
}


def column_of(kind: Entity | None, column: str) -> tuple[str, str]:
    """(type, meaning) of a column of a view. Raises KeyError for one that nobody has explained."""
    for field in kind.fields if kind else ():
        if column not in (field.name, field.column, f"{field.name}_minor", f"{field.name}_bp", f"{field.name}_id"):
            continue
        if isinstance(field.type, Ref) and column.endswith("_id"):
            return "integer", f"Number of the {field.label.lower()} in `v_{view_of(field.type.entity)}`"
        if isinstance(field.type, Choice) and field.type.numbers:
            return "integer", f"{field.label}: " + ", ".join(f"{i} {word}" for i, word in enumerate(field.type.options))
        number = column.endswith(tuple(UNITS))
        unit = next((words for suffix, words in UNITS.items() if column.endswith(suffix)), "")
        return "integer" if number else SQL_TYPES.get(field.type.family, "text"), (field.help or field.label) + unit
    if column in NUMBERS:
        return "integer", PLAIN[column]
    if column == "at" or column.endswith("_at"):
        return "timestamp", PLAIN[column]
    kinds = {"before": "json", "after": "json", "custom": "json", "day": "date"}
    return kinds.get(column, "text"), PLAIN[column]


def view_of(entity: str) -> str:
    """The view of the records that a link leads to, without its `v_`."""
    return "lead`, `v_deal" if entity == "opportunity" else ENTITIES[entity].view.removeprefix("v_")


def hooks() -> str:
    """The hooks with their signatures and what they say about themselves."""
    parts = []
    for name, function in vars(hookspecs).items():
        if hasattr(function, f"{hookspecs.PROJECT}_spec"):
            signature = f"def {name}{inspect.signature(function)}: ...".replace("'", "")
            parts.append(f"### {name}\n\n```python\n{signature}\n```\n\n{inspect.getdoc(function)}\n")
    return "\n".join(parts)


def states() -> str:
    """The `is:` states of each kind of record."""
    names = {"opportunity": "lead, deal", "task": "task", "contact": "contact, company"}
    rows = [
        (f"`is:{state}`", kinds, ", ".join(_meant(place, state, text)) or "everything")
        for place, kinds in names.items()
        for state, text in query.STATES[place].items()
    ]
    return table(("State", "Of", "The same as"), rows)


def _meant(place: str, state: str, text: str) -> list[str]:
    besides = query.BESIDES.get(place, {}).get(state)
    return [f"`{text}`"] * bool(text) + ([besides.words] if besides else [])


def within(path: Path, parts: dict[str, Callable[[], str]]) -> str:
    """The page with what stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->` made anew."""

    def fresh(found: re.Match[str]) -> str:
        return f"<!-- begin: {found[1]} -->\n\n{parts[found[1]]().rstrip()}\n\n<!-- end: {found[1]} -->"

    block = re.compile(r"<!-- begin: (\w+) -->\n.*?<!-- end: \1 -->", re.DOTALL)
    return block.sub(fresh, path.read_text(encoding="utf-8"))


# --- pictures -------------------------------------------------------------------------------------------------------

SCREEN = (118, 34)
#: (file, keys pressed after the dashboard has opened)
PICTURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("board", ()),
    ("today", ("g", "t")),
    ("record", ("l", "l", "j", "enter")),
    ("help", ("question_mark",)),
)


def pictures() -> dict[str, str]:
    """The dashboard on the demo book, as SVG without references to anything outside the file."""
    from crmcli.tui.app import Dashboard
    from crmcli.tui.work import Desk

    async def take(keys: tuple[str, ...]) -> str:
        context = Context(quiet=True, plugins=False)
        desk = Desk(context.settings, plugins=False)
        try:
            app = Dashboard(desk)
            desk.opened()
            async with app.run_test(size=SCREEN) as pilot:
                await still(app, pilot)
                for key in keys:
                    await pilot.press(key)
                await still(app, pilot)
                svg: str = app.export_screenshot(title="crm")
        finally:
            desk.close()
            context.close()
        svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
        return re.sub(r"terminal-\d+", "crm", svg)

    async def still(app: Dashboard, pilot: Any) -> None:
        for _ in range(400):
            await pilot.pause()
            if not app.desk.pending:
                break
            await asyncio.sleep(0.01)
        await pilot.pause(0.1)

    return {name: asyncio.run(take(keys)) for name, keys in PICTURES}


# --- all of it ------------------------------------------------------------------------------------------------------


def home_of(folder: Path) -> None:
    """Make this process a newcomer whose clock stands at the stories' moment and whose home is `folder`."""
    for name in list(os.environ):
        if name.startswith(("CRM_", "XDG_", "LC_")) or name in ("NO_COLOR", "COLUMNS", "LINES"):
            del os.environ[name]
    os.environ.update(CRM_HOME=str(folder), CRM_NOW=story.NOW, USER="maya", LOGNAME="maya", TZ="UTC", LANG="C.UTF-8")
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    time.tzset()


def pages(folder: Path) -> dict[Path, str]:
    """What the generated pages should hold; `folder` is for the books that this needs."""
    docs = ROOT / "docs"
    home_of(folder / "empty")
    context = Context(quiet=True, plugins=False)
    context.create(context.settings.database)
    found = {
        docs / "commands.md": commands(),
        docs / "fields.md": fields(),
        docs / "settings.md": settings(),
        docs / "views.md": views(context),
        docs / "filters.md": within(docs / "filters.md", {"states": states}),
        docs / "plugins.md": within(docs / "plugins.md", {"hooks": hooks}),
    }
    context.close()
    return found


def screenshots(folder: Path) -> dict[Path, str]:
    """What the pictures should hold."""
    from crmcli.services import demo

    home_of(folder / "demo")
    context = Context(quiet=True, plugins=False)
    demo.load(context)
    context.close()
    return {ROOT / "docs" / "screenshots" / f"{name}.svg": svg for name, svg in pictures().items()}


def stale(found: dict[Path, str]) -> list[Path]:
    """The files that hold something else."""
    return [path for path, text in found.items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def retell(folder: Path) -> None:
    """Run the stories and write what is answered now; `folder` holds the demo book. Raises RuntimeError where the
    program is at fault, so that no bug becomes documentation."""
    for number, page in enumerate(story.stories()):
        tale = story.Story(page)
        name = page.relative_to(ROOT)
        if tale.missing():
            print(f"left as it is, not installed: {', '.join(tale.missing())}: {name}")
            continue
        told = tale.told(folder / f"story-{number}", folder / "demo")
        if "this is a bug" in told:
            raise RuntimeError(f"{name}: the program fails:\n" + told[told.index("this is a bug") :][:300])
        if told != tale.text:
            print(f"written: {name}")
            page.write_text(told, encoding="utf-8")


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    with tempfile.TemporaryDirectory() as name:
        found = pages(Path(name)) | screenshots(Path(name))
        old = stale(found)
        for path in old:
            print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_text(found[path], encoding="utf-8")
        if not check:
            retell(Path(name))
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())
