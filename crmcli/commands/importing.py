"""crm import: read tables, workbooks, vCards and JSON into the book."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from crmcli.commands import import_options as opt
from crmcli.commands.frame import UNWRITTEN, Run, noun, run_of
from crmcli.commands.import_talk import LeftError, Talk
from crmcli.commands.options import flag, grouped, text
from crmcli.commands.progress import looking, watching
from crmcli.domain.text import visible
from crmcli.errors import ReadError, UsageError
from crmcli.results import Changed, Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.domain.fields import Entity
    from crmcli.services.imports import Cut, Imported, Options, Plan

app = noun()


def settled_conflicts(
    *,
    update: Annotated[
        bool, flag("--update", help="Give known records the file's values; an empty cell clears nothing")
    ] = False,
    only_empty: Annotated[bool, flag("--only-empty", help="Update only what known records have empty")] = False,
    on_conflict: Annotated[
        str,
        text(
            "--on-conflict",
            metavar="keep|replace|newest",
            help="Update; where the book has another value: keep it, replace it (as --update does), or what was "
            "changed last by the file's own column",
        ),
    ] = "",
) -> str:
    """What an update does where the book has another value, "" where known records stay as they are. Raises
    UsageError."""
    from crmcli.services.imports import updating

    known = (updating.KEEP, updating.REPLACE, updating.NEWEST)
    if on_conflict and on_conflict not in known:
        raise UsageError(f"--on-conflict wants {', '.join(known[:-1])} or {known[-1]}, not '{on_conflict}'")
    if only_empty and on_conflict in (updating.REPLACE, updating.NEWEST):
        raise UsageError(
            f"--only-empty and --on-conflict {on_conflict} exclude each other: --only-empty replaces nothing",
            "--on-conflict keep goes with it",
        )
    return updating.EMPTY if only_empty else on_conflict or (updating.REPLACE if update else "")


@app.command(
    "import",
    help="Read a CSV, XLSX, XLS, ODS, vCard or JSON file into the book. The mapping is shown before anything is "
    "written; rows that are refused go into a file beside the reason, and one 'crm undo' takes "
    "the rest back. Files that belong together (companies, their people, their deals) are imported in the order "
    "in which they link up.",
    epilog="Examples:\n"
    "  crm import leads.xlsx --dry-run\n"
    "  crm import people.csv --as contact --map 'Company Name=company' --match email\n"
    "  crm import leads.csv --update --yes\n"
    "  crm import accounts.csv contacts.csv opportunities.csv\n"
    "  crm import a.csv b.csv --as a.csv=company --as b.csv=contact\n"
    "  ssh server cat leads.csv | crm import - --as lead",
)
@grouped(conflicts=settled_conflicts, table=opt.Table)
def import_(
    ctx: typer.Context,
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="The file, or several that belong together; '-' reads standard input"),
    ],
    *,
    kind: opt.Kinds = None,
    mapping: opt.Columns = None,
    every: Annotated[
        bool, flag("--new-fields", help="Make a field for every column that fills none; --map 'COLUMN=+' makes one")
    ] = False,
    match: opt.Match = "",
    id_column: opt.IdColumn = "",
    profile: Annotated[
        list[str] | None,
        text(
            "--profile",
            metavar="NAME|FILE",
            help="What the file is an export of; recognised unless given, 'none' for nothing ('crm import profile'); "
            "for several files it may be repeated: each goes to the files that it fits",
        ),
    ] = None,
    no_profile: Annotated[bool, flag("--no-profile", help="The same as --profile none")] = False,
    conflicts: str,
    go_on: Annotated[
        bool, flag("--continue", help="Take in the rest where rows are refused (as it does anyway)")
    ] = False,
    whole: Annotated[bool, flag("--all-or-nothing", help="Save nothing if a row is refused")] = False,
    resume: Annotated[bool, flag("--resume", help="Go on with an import of this file that was cut")] = False,
    table: opt.Table,
    lossless: Annotated[bool, flag("--lossless", help="Take apostrophes before = + - @ as they are")] = False,
    allow_rejects: Annotated[bool, flag("--allow-rejects", help="Exit code 0 although rows were refused")] = False,
) -> Any:
    run = run_of(ctx)
    ways = Ways(allow_rejects, whole, resume)
    ways.check(go_on=go_on)
    run.long()
    options = opt.of_file(
        table, mapping=mapping, match=match, id_column=id_column,
        profiles=opt.profiles(profile or [], files, none=no_profile),
    )  # fmt: skip
    looking = run.dry_run or run.output in ("json", "jsonl") or run.can_ask
    options |= {
        "update": bool(conflicts), "conflicts": conflicts or "replace", "guarded": not lossless, "looking": looking,
    }  # fmt: skip
    from crmcli.exchange.tables import keeping_sheets

    with keeping_sheets():
        return _import_files(run, files, opt.kinds(kind or [], files), options, ways, every=every)


def _import_files(
    run: Run, files: list[str], kinds: list[Entity | None], options: Options, ways: Ways, *, every: bool
) -> Any:
    """Import one file, a whole book, or several files that belong together; `kinds` are what is said of each."""
    from crmcli.exchange.piped import holds_nothing, stored
    from crmcli.services import relocating

    if files[0] == "profile" and not os.path.exists("profile"):
        raise UsageError("there is no file 'profile'", "for profiles: crm import profile VERB, with options behind it")
    if len(files) > 1:
        if every:
            raise UsageError("--new-fields looks at one file", "import the files one by one")
        from crmcli.commands.import_together import import_files

        return import_files(run, files, kinds, options, ways)
    options["kind"] = kinds[0]
    with stored(files[0]) as (path, called):
        if called and holds_nothing(path):
            return _nothing(run, path, called, kinds[0])
        if relocating.is_book(path):
            return relocating.import_book(run.context, path, called=called, dry_run=run.dry_run)
        asks = run.can_ask and not run.flags.get("yes")
        talk = Talk(run.context, path, called, options, every=every) if asks else None
        try:
            return _import(run, talk.plan() if talk else _planned(run, path, called, options, every=every), ways, talk)
        except LeftError:
            run.context.say("nothing was imported")
            return None


def _nothing(run: Run, path: str, called: str, kind: Entity | None) -> Any:
    """What becomes of a pipe that brings no row, such as an export of nothing. Raises ReadError unless its `kind` was
    said, for then a header might be missing as well as rows."""
    from crmcli.services import imports

    if kind is None:
        raise ReadError(f"{called} is empty.", "if no rows are no mistake, say what they would be: --as KIND")
    made = imports.Plan(path, kind, (), {}, (), 0, 0, called=called)
    page = Page("", (), {"file": called, "kind": kind.name, "profile": None, "notes": []})
    return outcome(run, made, imports.Imported(kind.plural, 0, 0, 0, 0, 0, 0), page)


def _planned(run: Run, path: str, called: str, options: Options, *, every: bool) -> Plan:
    """The plan of a file where nobody is asked about it."""
    from crmcli.services import imports

    with looking(called or path, quiet=run.quiet) as watch:
        options["watch"] = watch
        return imports.planned(run.context, path, every=every, **options)._replace(called=called)


class Ways(NamedTuple):
    """How an import goes: whether refused rows are no failure, all rows or none come in, one that was cut goes on."""

    allow_rejects: bool = False
    whole: bool = False
    resume: bool = False

    def check(self, *, go_on: bool) -> None:
        """Raises UsageError for ways that exclude each other."""
        for other, name, why in (
            (go_on, "--continue", "takes in the rest where rows are refused"),
            (self.resume, "--resume", "goes on where part of the file is in"),
            (self.allow_rejects, "--allow-rejects", "is content with refused rows, for which nothing would be saved"),
        ):
            if self.whole and other:
                raise UsageError(f"--all-or-nothing and {name} exclude each other: {name} {why}")


def _import(run: Run, made: Plan, ways: Ways, talk: Talk | None) -> Any:
    """Show the plan, ask where there is somebody to ask, and import; of a dry run what would become of the rows."""
    from crmcli.services import imports

    if made.kind is None and (talk is None or run.dry_run):
        run.show(imports.preview(run.context, made))
        imports.check(made)
    cut = imports.resumable(run.context, made) if ways.resume and made.kind else None
    with watching(run, start=cut.settled if cut else 0) as progress:
        showing = _Showing(run, ways, talk, cut, progress)
        if run.dry_run:
            return _tried(run, showing.tried(made), ways)
        showing(made, False)
        if talk:
            agreed = talk.agree(made, made.rows - (cut.settled if cut else 0), showing)
            if agreed is None:
                run.context.say("nothing was imported")
                return None
            if agreed is not made:
                made, cut = agreed, imports.resumable(run.context, agreed) if ways.resume else None
        with talk.keeping(made) if talk else contextlib.nullcontext():
            if progress:
                progress.begin(cut.settled if cut else 0)
            done = imports.run(run.context, made, whole=ways.whole, cut=cut, progress=progress)
    # Of an import that was cut, the rows that it refused before are in its file still.
    if (done.refused or (done.before and done.rejects)) and not ways.allow_rejects:
        run.failed = True
        if run.quiet:  # what was refused is said even then
            sys.stderr.write("".join(visible(line) + "\n" for line in done.lines))
    return outcome(run, made, done, showing.page)


class _Showing:
    """Shows plans, and keeps the `page` that was shown last."""

    def __init__(
        self, run: Run, ways: Ways, talk: Talk | None, cut: Cut | None, progress: Callable[[int, int], None] | None
    ) -> None:
        self.page = Page("", (), {})
        self._run, self._ways, self._talk, self._cut, self._progress = run, ways, talk, cut, progress

    def tried(self, made: Plan, *, counts: bool = True, checked: bool = False) -> Page:
        """The page of a plan, with what would become of its rows (`counts`)."""
        from crmcli.services import imports

        self.page = imports.preview(
            self._run.context, made, counts=counts, checked=checked, whole=self._ways.whole, cut=self._cut,
            progress=self._progress,
        )  # fmt: skip
        return self.page

    def __call__(self, made: Plan, counts: bool) -> None:
        page = self.tried(made, counts=counts, checked=self._talk is not None)
        if not self._run.quiet or self._talk:
            self._run.show(page)
        for note in [*([page.values["gist"]] if counts else []), *page.values["notes"]]:
            self._run.context.say(note)


def _tried(run: Run, page: Page, ways: Ways) -> Page:
    """What a dry run found; the gist on stderr, so that it is seen whatever becomes of the page."""
    run.failed = bool(page.values["refused"]) and not ways.allow_rejects
    for line in (
        f"{page.values['file']}: {page.values['gist']}",
        *page.values["notes"],
        UNWRITTEN,
    ):
        run.context.say(line)
    return page


def outcome(run: Run, made: Plan, done: Imported, page: Page) -> Changed | Page:
    """What became of the rows: lines for people, with -o json every count and the mapping, as a dry run has them;
    `page` is the plan as it was shown, notes included."""
    from crmcli.services import imports

    if run.output in ("json", "jsonl"):
        aside = ("listed", "conflicts", "misfits")
        values = {name: value for name, value in done._asdict().items() if name not in aside}
        values |= {
            "file": page.values["file"], "kind": page.values["kind"], "blank_rows": made.blank, "gist": done.gist,
            "profile": page.values["profile"], "notes": [*page.values["notes"], *done.notes],
            "mapping": imports.described(made, done.misfits),
        }  # fmt: skip
        values |= {"listed": done.refusals, "conflicts": done.clashes}
        return Page("", (), {**values, "ok": not run.failed})
    listed = [
        f"  line {line}: {column}: {value!r}: {reason}" if column else f"  line {line}: {reason}"
        for line, column, value, reason in done.listed
    ]
    listed += [
        f"  line {line}: {column}: {given!r}: the book keeps {kept!r}" for line, column, given, kept in done.conflicts
    ]
    return Changed((*done.lines, *listed), (), done.batch, (), done.kind)
