"""merge: make one record of several that are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli.commands.frame import book, run_of
from crmcli.commands.records import agreed
from crmcli.errors import UsageError
from crmcli.services import naming
from crmcli.services.references import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def register_merge(app: typer.Typer, kind: Entity) -> None:
    """Give a noun the verb merge."""
    mixed = f"  crm {kind.name} merge lead:14 deal:12\n" if kind.kind else ""

    @app.command(
        "merge",
        help=f"Make one of several {kind.plural} that are the same; undo takes it apart again.",
        epilog=f"Examples:\n"
        f"  crm {kind.name} merge 12 14\n{mixed}"
        f"  crm {kind.name} merge 12 14 15 --into 14 --keep email=12 --keep description=14\n"
        f"  crm {kind.name} merge 12 14 --dry-run",
    )
    def merge(
        ctx: typer.Context,
        which: Annotated[
            list[str], typer.Argument(metavar="WHICH...", help="Numbers, names or e-mails, or - for ids on stdin")
        ],
        into: Annotated[
            str, typer.Option("--into", metavar="WHICH", help="The one that stays", show_default=False)
        ] = "",
        keep: Annotated[
            list[str] | None,
            typer.Option(
                "--keep",
                metavar="FIELD=WHICH",
                help="Whose value a field has then, also where it is empty; 'address' is all of it",
                show_default=False,
            ),
        ] = None,
        many: Annotated[bool, typer.Option("--many", help="More than five at once")] = False,
    ) -> Any:
        return merge_records(ctx, kind, which, into=into, keep=keep or (), many=many)


def merge_records(
    ctx: typer.Context, kind: Entity, words: Sequence[str], *, into: str, keep: Sequence[str], many: bool
) -> Any:
    """Merge the records that words name, once whoever types has seen what comes of it and agreed."""
    from crmcli.commands.words import with_stdin
    from crmcli.services import merge_preview, merging

    context, run = book(ctx), run_of(ctx)
    rest, _ = with_stdin(context, words, kind)
    numbers = [named(context, kind, part) for word in rest for part in listed(word) or [word]]
    stays = named(context, kind, into) if into.strip() else None
    if stays is not None:
        numbers.append(stays)
    numbers = list(dict.fromkeys(numbers))
    kept: dict[str, int] = {}
    for text in keep:
        field, sign, of = text.partition("=")
        if not (field.strip() and sign and of.strip()):
            hint = f"write --keep {field.strip() or 'email'}={numbers[-1]}"
            raise UsageError(f"--keep {text} does not say whose value", hint)
        number, field = named(context, kind, of), field.strip()
        if kept.setdefault(field, number) != number:
            raise merging.contradiction(field, kept[field], field, number)
    planned = merging.plan(context, kind, numbers, stays, kept, many=many)
    for line in merge_preview.objections(context, kind, numbers):
        context.say(line)
    noun = planned.kind.name
    others = ", ".join(planned.called[1:])
    along = merge_preview.along(context, planned)
    return agreed(
        run,
        planned.kind,
        numbers,
        lambda _: f"Merge {others} into {noun}:{planned.stays['id']}{along and f', with {along}'}",
        lambda _: merge_preview.preview(context, planned),
        lambda: merging.merge(context, kind, numbers, stays, kept, many=many),
    )


def named(context: Context, kind: Entity, text: str) -> int:
    """The record that a word names; a lead or deal also by its kind, as `deal:12`."""
    if kind.kind and text.partition(":")[0] in ("lead", "deal"):
        return naming.resolve_any(context, text, ("lead", "deal"))[1]
    return naming.resolve(context, kind, text)
