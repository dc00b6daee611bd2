"""crm import FILE FILE ...: files that belong together, shown as one plan and taken back as one."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from crmcli.commands.frame import UNWRITTEN
from crmcli.commands.progress import looking, watching
from crmcli.domain.text import visible
from crmcli.errors import UsageError
from crmcli.results import Changed, Column, Page, Rows, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.commands.frame import Run
    from crmcli.commands.importing import Ways
    from crmcli.domain.fields import Entity
    from crmcli.services.imports import Imported, Options, Plan


def import_files(run: Run, files: Sequence[str], kinds: Sequence[Entity | None], options: Options, ways: Ways) -> Any:
    """Show what each file is, ask once, and import them in the order in which they link up, as one batch. `kinds` are
    what their rows are, where that is said."""
    from crmcli.exchange.piped import stored
    from crmcli.services import imports, relocating

    if ways.resume:
        raise UsageError(
            "--resume goes on with one file", "the same files again, without it, find what is in by its keys"
        )
    if sum(file == "-" for file in files) > 1:
        raise UsageError("standard input can be read only once", "give '-' once")
    with contextlib.ExitStack() as stack:
        places = [stack.enter_context(stored(file)) for file in files]
        for (path, _), file in zip(places, files, strict=True):
            if relocating.is_book(path):
                raise UsageError(f"{file} is a whole book, which is imported alone", f"crm import {file}")
        options["several"] = True
        with looking("the files", quiet=run.quiet) as watch:
            options["watch"] = watch
            plans = imports.plan_all(run.context, places, kinds, **options)
        for made in [made for made in plans if made.kind is None]:
            run.show(imports.preview(run.context, made))
        for made in plans:
            imports.check(made)
        return _tried(run, plans, ways) if run.dry_run else _import(run, plans, ways)


def _import(run: Run, plans: Sequence[Plan], ways: Ways) -> Any:
    from crmcli.services import imports

    pages = [imports.preview(run.context, made, counts=False) for made in plans]
    if not run.quiet:
        run.show(_overview(plans))
        for page in pages:
            run.show(page)
    for page in pages:
        for note in page.values["notes"]:
            run.context.say(f"{page.values['file']}: {note}")
    rows = sum(made.rows for made in plans)
    if run.can_ask and not run.agree(f"Import {rows:,} rows of {len(plans)} files"):
        return None
    done = imports.run_all(run.context, plans, whole=ways.whole, watched=lambda: watching(run))
    run.failed = any(one.refused for one in done) and not ways.allow_rejects
    return _outcome(run, plans, pages, done)


def _tried(run: Run, plans: Sequence[Plan], ways: Ways) -> Page:
    """What would become of the rows of each file, after those before it."""
    from crmcli.services import imports

    together, pages = imports.Together(plans), []
    for made in plans:
        with watching(run) as progress:
            pages.append(imports.preview(run.context, made, progress=progress, together=together))
    refused = any(page.values["refused"] for page in pages)
    run.failed = refused and not ways.allow_rejects
    for page in pages:
        for line in (page.values["gist"], *page.values["notes"]):
            run.context.say(f"{page.values['file']}: {line}")
    if ways.whole and refused:
        run.context.say(f"--all-or-nothing: nothing would be saved of the {len(plans)} files")
    run.context.say(UNWRITTEN)
    values = {"files": [_values(page) for page in pages], "withheld": ways.whole and refused}
    if run.output in ("json", "jsonl"):
        return Page("", (), {**values, "ok": not run.failed})
    overview = _overview(plans)
    sections = [
        section._replace(key=f"{section.key}_{number}", title=f"{page.values['file']}: {section.title}")
        for number, page in enumerate(pages, 1)
        for section in page.sections
    ]
    return Page(overview.title, (*overview.sections, *sections), values)


def _values(page: Page) -> dict[str, Any]:
    """What is known of one file, for machines."""
    lists = {section.key: list(section.rows.rows) for section in page.sections}
    return {**page.values, **lists}


def _overview(plans: Sequence[Plan]) -> Page:
    """The files in their order, with what each one is."""
    rows = [
        {
            "file": made.called or made.path,
            "kind": made.kind.plural if made.kind else "",
            "profile": f"{made.profile.profile.title} ({made.profile.percent} %)" if made.profile else "",
            "rows": made.rows,
        }
        for made in plans
    ]
    columns = tuple(Column(name, None, name.capitalize()) for name in ("file", "kind", "profile", "rows"))
    title = f"{len(plans)} files, in this order: {sum(made.rows for made in plans):,} rows"
    return Page(title, (Section("files", "Files", Rows(columns, rows)),), {"files": rows})


def _outcome(run: Run, plans: Sequence[Plan], pages: Sequence[Page], done: Sequence[Imported]) -> Changed | Page:
    from crmcli.commands.importing import outcome

    parts = [outcome(run, *one) for one in zip(plans, done, pages, strict=True)]
    batch = max((one.batch for one in done), default=0)
    if run.quiet and run.failed:
        for one in done:
            sys.stderr.write("".join(visible(line) + "\n" for line in one.lines if one.refused))
    undo = next((one.undo for one in done if one.undo), "")
    if all(isinstance(part, Page) for part in parts):
        values = [
            {**part.values, "ok": not one.refused}
            for part, one in zip(parts, done, strict=True)
            if isinstance(part, Page)
        ]
        return Page("", (), {"files": values, "batch": batch, "undo": undo, "ok": not run.failed})
    lines: list[str] = []
    for made, part, one in zip(plans, parts, done, strict=True):
        assert isinstance(part, Changed)
        first, *rest = [line for line in part.lines if not (one.undo and line == one.lines[-1])]
        lines += [f"{made.called or made.path}: {first}", *rest]
    if undo:
        lines.append(f"'{undo}' takes all of it back")
    return Changed(tuple(lines), (), batch, (), "")
