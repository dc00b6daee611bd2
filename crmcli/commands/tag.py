"""crm tag: free labels, and what carries them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crmcli.commands.frame import book, noun
from crmcli.commands.records import carry_out, told
from crmcli.domain.entities import RECORDS, entity
from crmcli.domain.fields import Entity
from crmcli.errors import UsageError
from crmcli.results import Changed, Rows
from crmcli.services import tags
from crmcli.services.references import by_now, listed

app = noun(
    "Examples:\n"
    "  crm tag add vip source:web stage:new\n"
    "  crm tag add vip lead:12 lead:15\n"
    "  crm lead list no:email -o ids | crm tag add incomplete -\n"
    "  crm tag rename hot warm"
)
Name = Annotated[str, typer.Argument(metavar="TAG")]
For = Annotated[
    str, typer.Option("--for", metavar="KIND", help="lead, deal, contact, company or task", show_default=False)
]
Records = Annotated[
    list[str], typer.Argument(metavar="WHICH...", help="lead:12, numbers, a filter, or - for ids on stdin")
]


@app.command("list", help="List the tags and how often they are used.")
def list_(ctx: typer.Context) -> Rows:
    return tags.tags(book(ctx))


def kind_of(
    ctx: typer.Context, command: str, words: list[str], wanted: str, usual: str = "lead"
) -> tuple[Entity, list[str]]:
    """The kind of record that is meant, and the words without it: from `lead:12` (which may be a deal by now), else
    --for, else the `usual` one. `command` is what stands before the words.

    Raises UsageError for kinds that do not go together, and for one that is named as a filter's word.
    """
    kinds = {word: kind.name for kind in RECORDS.values() for word in (kind.name, kind.plural)}
    if not wanted and words[0] in kinds:
        hint = f"crm {command} --for {kinds[words[0]]} {' '.join(words[1:])}".rstrip()
        raise UsageError(f"'{words[0]}' is a kind of record, and --for says which kind is meant", hint)
    refs = [listed(word, entity(wanted) if wanted else None) for word in words]
    named = {
        by_now(book(ctx), entity(noun), number).name
        for noun, _, number in (ref.rpartition(":") for some in refs for ref in some)
        if noun
    }
    several = sorted(named | {entity(wanted).name}) if named and wanted else sorted(named)
    if len(several) > 1:
        raise UsageError(f"these are records of several kinds: {', '.join(several)}", "name one kind at a time")
    if named and not all(refs):
        raise UsageError("numbers such as lead:12 and a filter do not go together")
    kind = entity(wanted or next(iter(named), usual))
    return kind, [ref.rpartition(":")[2] for some in refs for ref in some] if named else words


@app.command(
    "add",
    help="Put a tag on records.",
    epilog="Examples:\n"
    "  crm tag add vip source:web stage:new\n"
    "  crm tag add vip deal:31\n"
    "  crm tag add vip --for contact city:zurich",
)
def add(ctx: typer.Context, tag: Name, which: Records, kind: For = "") -> Any:
    about, words = kind_of(ctx, f"tag add {tag}", which, kind)

    def verb(numbers: list[int]) -> Changed:
        return tags.add(book(ctx), tag, about, numbers)

    return carry_out(ctx, about, words, f"Tag with '{tag}'", verb)


@app.command(
    "remove",
    help="Take a tag off records.",
    epilog="Examples:\n  crm tag remove vip lead:12\n  crm tag remove vip tag:vip stage:won --for deal",
)
def remove(ctx: typer.Context, tag: Name, which: Records, kind: For = "") -> Any:
    about, words = kind_of(ctx, f"tag remove {tag}", which, kind)

    def verb(numbers: list[int]) -> Changed:
        return tags.remove(book(ctx), tag, about, numbers)

    return carry_out(ctx, about, words, f"Take '{tag}' off", verb)


@app.command("rename", help="Give a tag another name.")
def rename(ctx: typer.Context, old: Name, new: Annotated[str, typer.Argument(metavar="NEW")]) -> Changed:
    return told(tags.rename(book(ctx), old, new), f"the tag {old}")


@app.command(
    "merge",
    help="Make one tag of two.",
    epilog="Examples:\n  crm tag merge v.i.p. vip        # what had 'v.i.p.' has 'vip' now",
)
def merge(ctx: typer.Context, old: Name, into: Annotated[str, typer.Argument(metavar="INTO")]) -> Changed:
    return tags.merge(book(ctx), old, into)


@app.command("colour", help="Give a tag a colour.")
def colour(ctx: typer.Context, tag: Name, shade: Annotated[str, typer.Argument(metavar="COLOUR")]) -> Changed:
    return told(tags.colour(book(ctx), tag, shade), f"the tag {tag}")


@app.command("color", hidden=True, help="The same as colour.")
def color(ctx: typer.Context, tag: Name, shade: Annotated[str, typer.Argument(metavar="COLOUR")]) -> Changed:
    return told(tags.colour(book(ctx), tag, shade), f"the tag {tag}")


@app.command("delete", help="Forget a tag: it comes off everything.")
def delete(ctx: typer.Context, tag: Name) -> Changed:
    return tags.delete(book(ctx), tag)
