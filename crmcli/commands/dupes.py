"""crm dupes: records that are probably one and the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli.commands.frame import Run, noun, run_of, whole
from crmcli.commands.options import flag
from crmcli.domain.entities import entity
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.domain.fields import Entity

app = noun()


@app.command(
    "dupes",
    help="List groups of records that are probably one, with a score and the reasons; the records that fit a filter "
    "are compared with the whole book.",
    epilog="Examples:\n"
    "  crm dupes contact\n"
    "  crm dupes company city:zurich -o jsonl\n"
    "  crm dupes contact --auto --min-score 95 --dry-run\n"
    "  crm dupes contact --not-same 12 14     # never again together in a group\n"
    "\n"
    "'crm contact merge 12 14' makes one of two; the dashboard shows pairs (g u).",
)
def dupes(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="contact, company, lead or deal")],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORDS]...", help="A filter; with --not-same and --forget record numbers"),
    ] = None,
    min_score: Annotated[
        int | None,
        typer.Option(
            "--min-score", parser=whole, metavar="N",
            help="Only groups of which any two records score N or more, 0 to 99",
            show_default=False,
        ),
    ] = None,
    auto: Annotated[bool, flag("--auto", help="Merge every group from --min-score on (95 unless given)")] = False,
    not_same: Annotated[bool, flag("--not-same", help="Remember that these records are not the same")] = False,
    forget: Annotated[bool, flag("--forget", help="Forget that these records were told apart")] = False,
    apart: Annotated[bool, flag("--apart", help="List the pairs that were told apart")] = False,
) -> Any:  # fmt: skip
    from crmcli.services import duplicates

    run, about = run_of(ctx), entity(kind)
    duplicates.check_kind(about)
    if sum((auto, not_same, forget, apart)) > 1:
        raise UsageError("--auto, --not-same, --forget and --apart exclude each other")
    if min_score is not None and (not_same or forget or apart or not min_score < 100):
        raise UsageError("--min-score wants 0 to 99, and goes with a list of groups or --auto")
    if apart:
        if words:
            raise UsageError("--apart lists all pairs that were told apart; it takes no filter")
        return duplicates.apart_rows(run.context, about)
    if not_same or forget:
        verb = duplicates.tell_apart if not_same else duplicates.forget_apart
        return verb(run.context, about, _numbers(run, about, words or ()))
    run.long()
    if auto:
        return _merge(run, about, words or (), 95 if min_score is None else min_score)
    return duplicates.listing(run.context, about, duplicates.groups(run.context, about, words or (), least=min_score))


def _numbers(run: Run, kind: Entity, words: Sequence[str]) -> list[int]:
    """The records that words name, one each, or - for ids on stdin."""
    from crmcli.commands.words import with_stdin
    from crmcli.services import naming
    from crmcli.services.references import listed

    rest, _ = with_stdin(run.context, words, kind)
    parts = (part for word in rest for part in listed(word) or word.split(","))
    return [naming.resolve(run.context, kind, part) for part in parts if part.strip()]


def _merge(run: Run, kind: Entity, words: Sequence[str], score: int) -> Any:
    """Merge the groups that score enough, once whoever types has seen them and agreed."""
    from crmcli.results import Changed
    from crmcli.services import duplicates

    context = run.context
    before = duplicates.versions(context, kind)  # what is changed while the book is compared was compared as it was
    every = duplicates.groups(context, kind, words, least=score)
    found = [group for group in every if not group.rivals]
    if left := len(every) - len(found):
        look = context.settings.calling("dupes", kind.name, "--min-score", str(score))
        are = "groups are" if left > 1 else "group is"
        context.say(f"{left} {are} left for you to look at, where a record may be one with others too: {look}")
    if not found:
        none = f"no {kind.plural}{' that fit' if words else ''} score {score} or more; nothing was changed"
        said = "nothing was changed" if every else none
        return Changed((said,), entity=kind.name)
    ids = [number for group in found for number in group.ids]
    seen = {number: before.get(number, 0) for number in ids}
    question = f"Merge {len(found)} group{'s' * (len(found) > 1)} of {kind.plural}, {len(ids) - len(found)} into others"
    if not run.agree(question, duplicates.listing(context, kind, found)):
        return None
    with context.as_seen(kind.name, seen):
        return duplicates.merge_all(context, kind, found)
