"""crm import: read a CSV file or a spreadsheet into the book."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli.commands.frame import UNWRITTEN, Run, noun, run_of
from crmcli.domain.entities import entity
from crmcli.domain.text import visible
from crmcli.errors import UsageError
from crmcli.results import Changed, Page

if TYPE_CHECKING:
    from crmcli.services.imports import Imported, Plan

app = noun()


def text(*names: str, metavar: str, help: str) -> Any:
    return typer.Option(*names, metavar=metavar, help=help, show_default=False)


def flag(*names: str, help: str) -> Any:
    return typer.Option(*names, help=help, show_default=False)


@app.command(
    "import",
    help="Read a CSV, XLSX, XLS or ODS file into the book. The mapping is shown before anything is "
    "written; rows that are refused go into a file beside the reason, and one 'crm undo' takes "
    "the rest back.",
    epilog="Examples:\n"
    "  crm import leads.xlsx --dry-run\n"
    "  crm import people.csv --as contact --map 'Company Name=company' --match email\n"
    "  crm import leads.csv --update --yes\n"
    "  ssh server cat leads.csv | crm import - --as lead",
)
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file; '-' reads standard input")],
    kind: Annotated[
        str,
        text(
            "--as",
            metavar="KIND",
            help="lead, deal, contact, company, task or interaction; guessed from the columns unless given",
        ),
    ] = "",
    mapping: Annotated[
        list[str] | None,
        text("--map", metavar="COLUMN=FIELD", help="Which field a column is; '-' leaves it out; may be repeated"),
    ] = None,
    match: Annotated[
        str, text("--match", metavar="FIELDS", help="What makes two rows the same record: email,phone")
    ] = "",
    id_column: Annotated[str, text("--id", metavar="COLUMN", help="The column with the other system's id")] = "",
    update: Annotated[
        bool, flag("--update", help="Give known records the file's values; an empty cell clears nothing")
    ] = False,
    sheet: Annotated[str, text("--sheet", metavar="NAME", help="Which sheet of a workbook")] = "",
    header_row: Annotated[
        int, text("--header-row", metavar="N", help="The row with the titles, 0 for none; recognised unless given")
    ] = -1,
    encoding: Annotated[
        str, text("--encoding", metavar="NAME", help="The file's encoding; recognised unless given")
    ] = "",
    delimiter: Annotated[
        str, text("--delimiter", metavar="CHAR", help="What separates the cells; recognised unless given")
    ] = "",
    dates: Annotated[
        str, text("--dates", metavar="dmy|mdy", help="The order of 03/04/2026, where the column does not settle it")
    ] = "",
    decimal: Annotated[str, text("--decimal", metavar="SIGN", help="The decimal sign, . or ,")] = "",
    lossless: Annotated[bool, flag("--lossless", help="Take apostrophes before = + - @ as they are")] = False,
    allow_rejects: Annotated[bool, flag("--allow-rejects", help="Exit code 0 although rows were refused")] = False,
) -> Any:
    from crmcli.exchange.piped import stored
    from crmcli.services import imports

    run = run_of(ctx)
    run.long()
    with stored(file) as (path, called):
        made = imports.plan(
            run.context,
            path,
            kind=entity(kind) if kind else None,
            mapping=pairs(mapping or []),
            sheet=sheet or None,
            encoding=encoding or None,
            delimiter=delimiter.replace("\\t", "\t") or None,
            header_row=header_row if header_row >= 0 else None,
            id_column=id_column,
            match=[word.strip() for word in match.split(",") if word.strip()] or None,
            update=update,
            dates=dates,
            decimal=decimal,
            guarded=not lossless,
        )._replace(called=called)
        return _import(run, made, allow_rejects)


def _import(run: Run, made: Plan, allow_rejects: bool) -> Any:
    """Show the plan, ask where there is somebody to ask, and import; of a dry run what would become of the rows."""
    from crmcli.services import imports

    if made.kind is None:
        run.show(imports.preview(run.context, made))
        imports.check(made)
    if run.dry_run:
        page = imports.preview(run.context, made)
        run.failed = bool(page.values["refused"]) and not allow_rejects
        return _tried(run, page)
    page = imports.preview(run.context, made, counts=False)
    if not run.quiet:
        run.show(page)
    for note in page.values["notes"]:
        run.context.say(note)
    if _at_terminal() and not run.agree(f"Import {made.rows:,} rows"):
        return None
    done = imports.run(run.context, made, progress=_progress if not run.quiet and sys.stderr.isatty() else None)
    if done.refused and not allow_rejects:
        run.failed = True
        if run.quiet:  # what was refused is said even then
            sys.stderr.write("".join(visible(line) + "\n" for line in done.lines))
    return outcome(run, made, done, page)


def _tried(run: Run, page: Page) -> Page:
    """What a dry run found; the gist on stderr, so that it is seen whatever becomes of the page."""
    for line in (
        f"{page.values['file']}: {page.values['gist']}",
        *page.values["notes"],
        UNWRITTEN,
    ):
        run.context.say(line)
    return page


def pairs(words: list[str]) -> dict[str, str]:
    """`COLUMN=FIELD` words as a mapping. Raises UsageError."""
    found = {}
    for word in words:
        column, sign, field = word.rpartition("=")
        if not sign or not column:
            raise UsageError(f"--map wants COLUMN=FIELD, not '{word}'", "as in --map 'Company Name=company'")
        found[column] = field
    return found


def outcome(run: Run, made: Plan, done: Imported, page: Page) -> Changed | Page:
    """What became of the rows: lines for people, with -o json every count and the mapping, as a dry run has them;
    `page` is the plan as it was shown, notes included."""
    if run.output in ("json", "jsonl"):
        values = {name: value for name, value in done._asdict().items() if name != "listed"}
        refused = [dict(zip(("line", "column", "value", "reason"), row, strict=True)) for row in done.listed]
        values |= {
            "file": page.values["file"], "kind": page.values["kind"], "blank_rows": made.blank, "gist": done.gist,
            "notes": [*page.values["notes"], *done.notes],
            "mapping": [{"column": c.header, "field": c.shown, "sample": c.sample[:40]} for c in made.columns],
        }  # fmt: skip
        return Page("", (), {**values, "listed": refused, "ok": not run.failed})
    listed = [
        f"  line {line}: {column}: {value!r}: {reason}" if column else f"  line {line}: {reason}"
        for line, column, value, reason in done.listed
    ]
    return Changed((*done.lines, *listed), (), done.batch, (), done.kind)


def _at_terminal() -> bool:
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def _progress(done: int, of: int) -> None:
    """A bar on stderr, drawn over itself; it goes away with the last row."""
    wide = 30
    filled = wide * done // max(of, 1)
    end = "\r\x1b[K" if done >= of else ""
    sys.stderr.write(f"\r{'█' * filled}{'░' * (wide - filled)} {done:,} of {of:,}{end}")
    sys.stderr.flush()
