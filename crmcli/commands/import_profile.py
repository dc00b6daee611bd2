"""crm import profile: what exports of other programs look like, the built-in ones and one's own."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli.commands import import_options as opt
from crmcli.commands.frame import book, noun, run_of
from crmcli.commands.options import grouped, text
from crmcli.errors import CrmError
from crmcli.results import Column, Note, Rows

if TYPE_CHECKING:
    from crmcli.context import Context

app = noun(
    "Examples:\n"
    "  crm import profile list\n"
    "  crm import profile show hubspot-deals\n"
    "  crm import profile new our-shop orders.csv --as deal --set source=shop\n"
    "  crm import profile edit our-shop      # opens $EDITOR\n"
    "  crm import orders.csv --profile ./shared/our-shop.toml\n"
    "A file that is really called profile is imported as ./profile."
)


def _opened(ctx: typer.Context) -> Context:
    """The context, with the fields that people added to the book, where there is one: profiles may name them."""
    context = book(ctx)
    with contextlib.suppress(CrmError):
        context.learn()
    return context


@app.command("list", help="All profiles: the built-in ones, and your own, which go before those of the same name.")
def list_(ctx: typer.Context) -> Rows:
    from crmcli.services.imports import profiles

    context = _opened(ctx)
    found, bad = profiles.every()
    for line in bad:
        context.say(f"warning: {line}")
    for one in [one for one in found if one.displaces]:
        context.say(f"{one.name}: your own is in place of the built-in one")
    rows = [
        {"name": one.name, "title": one.title, "kind": one.said.kind or "(refused)", "origin": one.origin}
        for one in sorted(found, key=lambda one: one.name)
    ]
    columns = (("name", "Name"), ("title", "Title"), ("kind", "Kind"), ("origin", "From"))
    return Rows(tuple(Column(name, None, label) for name, label in columns), rows, numbered=False)


@app.command("show", help="The text of a profile: its titles, fields and words for values.")
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A profile by its name, or a file by its path")],
) -> Note:
    from crmcli.services.imports import profiles

    _opened(ctx)
    return Note(profiles.find(name).text.rstrip("\n"))


@app.command(
    "new",
    help="Write a profile from a file: its titles, and the fields that its columns fill. What is said here by hand is "
    "kept, so that the next file of the same titles needs nothing.",
    epilog="Examples:\n"
    "  crm import profile new our-shop orders.csv --as deal --map 'Betrag=value'\n"
    "  crm import profile new fair fair.xlsx --set source=Fair\n"
    "  crm import profile new shop x.csv --value 'stage:Hot=Qualified'",
)
@grouped(table=opt.Table)
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="An export of the program; '-' reads standard input")],
    *,
    kind: opt.Kind = "",
    mapping: opt.Columns = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="FIELD:WORD=OURS", help="Another word for a value; may be repeated"),
    ] = None,
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=TEXT", help="A value for every row; may be repeated"),
    ] = None,
    id_column: opt.IdColumn = "",
    match: opt.Match = "",
    base: Annotated[
        str,
        text("--profile", metavar="NAME|FILE", help="The profile to begin with; recognised unless given"),
    ] = "",
    table: opt.Table,
) -> Note:
    from crmcli.exchange.piped import stored
    from crmcli.services import imports
    from crmcli.services.imports import profile_writing, profiles

    run = run_of(ctx)
    path = profiles.own_path(name)
    words = profile_writing.words_of(values or [])
    every = profile_writing.fields_of(fixed or [], "--set", "FIELD=TEXT")
    options = opt.of_file(
        table, kind=kind, mapping=mapping, match=match, id_column=id_column, profiles=opt.profiles([base], [file])
    )
    with stored(file) as (place, called):
        made = imports.plan(run.context, place, **options)._replace(called=called)
        imports.check(made)
        profile = profile_writing.drafted(name, made, words, every)
    if run.dry_run:
        return run.would(f"write {path}:\n{profile.text}".rstrip("\n"))
    profile_writing.save(profile)
    taken = sum(to not in ("", "-") for to in profile.said.columns.values())
    return Note(
        f"{path}: {taken} of {len(profile.said.columns)} columns fill a field;"
        f" 'crm import profile edit {name}' changes it"
    )


@app.command(
    "edit",
    help="Change a profile of your own in $EDITOR; of a built-in one a copy of your own is made, which goes before it. "
    "It is checked when the editor is closed.",
    epilog="Examples:\n  crm import profile edit our-shop\n  EDITOR='code -w' crm import profile edit hubspot-deals",
)
def edit(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Which profile")]) -> Any:
    from crmcli.commands.editor import composed
    from crmcli.services.imports import profile_writing, profiles

    run = run_of(ctx)
    _opened(ctx)
    path = profiles.own_path(name)
    text, copied = profile_writing.opened(name)
    if run.dry_run:
        return run.would(f"open {path} in an editor")
    about = f"Profile {name}" + (", your own copy of a built-in one" if copied else "")
    with composed(about, text.rstrip("\n"), say=run.context.say) as written:
        if not written or written == text.strip():
            return Note("nothing was changed", data=False)
        profile = profiles.parse(written + "\n", name, path, path)
        profile_writing.save(profile)
    return Note(f"{path} is written")
