"""What an import would do, before anything is written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from crmcli.domain.types import Integer
from crmcli.results import Column, Page, Rows, Section
from crmcli.services.imports import new_fields
from crmcli.services.imports.imported import WITHHELD
from crmcli.services.imports.resuming import unfinished
from crmcli.services.imports.running import run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crmcli.context import Context
    from crmcli.services.imports.columns import Misfit
    from crmcli.services.imports.imported import Imported
    from crmcli.services.imports.planning import Plan
    from crmcli.services.imports.resuming import Cut
    from crmcli.services.imports.together import Together

_FEW = (Column("column", None, "Column"), Column("field", None, "Field"), Column("sample", None, "Sample"))
_NUMBER = Integer()
_COLUMNS = (
    Column("column", None, "Column"), Column("field", None, "Field"), Column("type", None, "Type"),
    Column("filled", _NUMBER, "Filled"), Column("empty", _NUMBER, "Empty"), Column("misfits", _NUMBER, "Misfits"),
    Column("example", None, "Misfit"), Column("read_as", None, "Read as"), Column("sample", None, "Sample"),
)  # fmt: skip
_REFUSED = (
    Column("line", None, "Line"), Column("column", None, "Column"), Column("value", None, "Value"),
    Column("reason", None, "Reason"),
)  # fmt: skip


def described(made: Plan, misfits: Mapping[str, Misfit] | None) -> list[dict[str, Any]]:
    """What is said of each column: its field, and where the plan has looked (`Plan.looks`) what its values are, how
    many cells are filled and do not fit the field, with the first of these, and how days, amounts and digits are read.
    `misfits` None: nobody has looked for any."""
    found, made_of = [], {one.header: one.type for one in made.new_fields}
    for column in made.columns:
        row: dict[str, Any] = {"column": column.header, "field": column.shown, "sample": column.sample[:40]}
        if made.looks and column.place < len(made.looks):
            look, misfit = made.looks[column.place], (misfits or {}).get(column.header)
            read_as = [words for words in (made.read_as.get(column.place, ""), look.digits) if words]
            row |= {
                "type": made_of.get(column.header, look.guess.type), "filled": look.filled, "empty": look.empty,
                "misfits": None if misfits is None else misfit.cells if misfit else 0,
                "example": f"line {misfit.line}: {misfit.value}" if misfit else "", "read_as": "; ".join(read_as),
            }  # fmt: skip
        found.append(row)
    return found


def _shown(made: Plan, misfits: Mapping[str, Misfit] | None) -> tuple[Column, ...]:
    if not made.looks:
        return _FEW
    unknown = ("misfits", "example") if misfits is None else ()
    return tuple(column for column in _COLUMNS if column.name not in unknown)


def preview(
    ctx: Context,
    made: Plan,
    *,
    counts: bool = True,
    checked: bool = False,
    whole: bool = False,
    cut: Cut | None = None,
    progress: Callable[[int, int], None] | None = None,
    together: Together | None = None,
) -> Page:
    """The mapping as a table, what the import would do with the rows (`counts`: reads the whole file), and the first
    rows that it would refuse. Nothing is written. `values` has the counts, `notes` and, with counts, their `gist`.
    `checked` reads all cells without counts, to say which do not fit their fields; new fields are always checked.
    `whole`, `cut`, `progress` and `together` are those of `run`."""
    found: dict[str, Any] = {
        "file": made.called or made.path, "kind": made.kind.name if made.kind else None, "rows": made.rows,
        "blank_rows": made.blank, "profile": made.profile.values if made.profile else None,
    }  # fmt: skip
    notes = _notes(ctx, made, cut)
    sections: list[Section] = []
    misfits: Mapping[str, Misfit] | None = None
    if counts and made.kind is not None:
        done = run(ctx, made, dry_run=True, whole=whole, cut=cut, progress=progress, together=together)
        found |= _counts(done)
        notes += [note for note in done.notes if note not in notes]
        misfits = done.misfits
        sections.append(Section("listed", "Rows left out", Rows(_REFUSED, done.refusals, empty="none")))
    elif (checked or made.new_fields) and made.kind is not None:
        misfits = new_fields.unfit(ctx, made, watch=partial(_checked, made.rows, progress) if progress else None)
    sections.insert(0, Section("mapping", "Mapping", Rows(_shown(made, misfits), described(made, misfits))))
    found["notes"] = notes
    what = f" of {made.kind.plural}" if made.kind else f", {made.problem}"
    rows = f"{made.rows:,} row{'s' if made.rows != 1 else ''}"
    return Page(f"{made.called or made.path}: {rows}{what}", tuple(sections), found)


def _checked(rows: int, progress: Callable[[int, int], None], seen: int) -> None:
    progress(seen, rows)


def _notes(ctx: Context, made: Plan, cut: Cut | None) -> list[str]:
    """What is to be said of a plan beside its mapping."""
    notes = [*([made.profile.told] if made.profile else []), *made.notes]
    if made.problem:
        notes.append(made.problem)
    read_as = ((column.header, made.read_as.get(column.place)) for column in made.columns)
    notes += [f"column {header}: {told}" for header, told in read_as if told]
    if made.new_fields:
        notes.append("new fields: " + "; ".join(one.told for one in made.new_fields))
    if made.new_stages:
        stages = (f"{s.pipeline + ': ' if s.pipeline else ''}{s.stage or '(pipeline)'}" for s in made.new_stages)
        notes.append("new stages: " + ", ".join(stages))
    if made.kind is not None and cut is None and (left := unfinished(ctx, made)):
        notes.append(left.told)
    return notes


def _counts(done: Imported) -> dict[str, Any]:
    """What would become of the rows."""
    names = ("new", "updated", "same", "repeated", "refused", "passed", "rows", "kept", "before", "withheld")
    return {
        **{name: getattr(done, name) for name in names},
        "gist": f"{WITHHELD}: {done.gist}" if done.withheld else done.gist,
        "conflicts": done.clashes,
    }
