"""The verbs that every kind of record has: add, list, show, edit, remove, restore, archive, purge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli.commands.adding import add_record, adding
from crmcli.commands.frame import Run, book, run_of, whole
from crmcli.domain import custom, figures
from crmcli.errors import UsageError
from crmcli.results import Changed, Rows
from crmcli.services import linking, naming, records, values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WORDS]...", help="A filter: free words, field:value, tag:vip, not ..., a or b"),
]
Which = Annotated[
    list[str],
    typer.Argument(metavar="WHICH...", help="A number, name, e-mail, several numbers, a filter, or - for ids on stdin"),
]
Name = Annotated[list[str], typer.Argument(metavar="NAME", help="Its name")]
MaybeName = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]", help="Its name; that which is usual for its type unless given")
]
Values = Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...")]
MaybeValues = Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE]...")]


def register(app: typer.Typer, kind: Entity, *, example: str = "") -> None:
    """Give a noun the verbs that every kind of record has."""
    listed(app, kind, example=example)
    _register_showing(app, kind)
    if kind.name in figures.KINDS:
        _register_why(app, kind)
    _register_writing(app, kind)
    purging(app, kind)


def listed(app: typer.Typer, kind: Entity, *, noun: str = "", example: str = "") -> None:
    """The verb `list`; `noun` is the word it stands behind, where that is not the kind's name."""
    noun = noun or kind.name
    second = "name" if "name" in kind.by_name else kind.columns[1]

    @app.command(
        "list",
        help=f"List {kind.plural}.",
        epilog=f"Examples:\n"
        f"  crm {noun} list {example or 'tag:vip'}\n"
        f"  crm {noun} list --columns id,{second} --sort -created -o json\n"
        f"\n"
        f"'crm fields {kind.name}' lists the fields of filters and columns.",
    )
    def list_(
        ctx: typer.Context,
        words: Words = None,
        columns: Annotated[
            str,
            typer.Option(
                "--columns",
                "-c",
                metavar="A,B",
                help="The columns; 'all' for every field, +A,B for some more",
                show_default=False,
            ),
        ] = "",
        sort: Annotated[
            str,
            typer.Option("--sort", "-s", metavar="FIELD", help="The order; -FIELD turns it round", show_default=False),
        ] = "",
        limit: Annotated[
            int | None,
            typer.Option("--limit", "-n", parser=whole, metavar="N", help="How many rows; 0 = all", show_default=False),
        ] = None,
        page: Annotated[
            str, typer.Option("--page", metavar="CURSOR", help="Go on where the last list ended", show_default=False)
        ] = "",
    ) -> Rows:
        return records.list_records(book(ctx), kind, words or (), columns=columns, sort=sort, limit=limit, page=page)


def _register_showing(app: typer.Typer, kind: Entity) -> None:
    called = "ada@engines.example" if "email" in kind.by_name else "'Call Ada'"

    @app.command(
        "show",
        help=f"Show one {kind.name} with all that hangs on it.",
        epilog=f"Examples:\n  crm {kind.name} show 12\n  crm {kind.name} show {called} -o json",
    )
    def show(
        ctx: typer.Context,
        which: Annotated[
            list[str], typer.Argument(metavar="WHICH", help="A number, UUID, name, e-mail, phone or domain")
        ],
    ) -> Any:
        context = book(ctx)
        return records.show(context, kind, naming.resolve(context, kind, " ".join(which)))


def _register_why(app: typer.Typer, kind: Entity) -> None:
    @app.command(
        "why",
        help=f"Why {kind.one} is as urgent as it is: each term with its factor, its coefficient and the reason.",
        epilog=f"Examples:\n"
        f"  crm {kind.name} why 12\n"
        f"  crm {kind.name} list --sort -urgency --columns +urgency\n"
        f"\n"
        f"'crm config set urgency.tags 0' changes a coefficient; see 'crm config list'.",
    )
    def why(
        ctx: typer.Context,
        which: Annotated[
            list[str], typer.Argument(metavar="WHICH", help="A number, UUID, name, e-mail, phone or domain")
        ],
    ) -> Rows:
        from crmcli.services import urgency

        context = book(ctx)
        return urgency.why(context, kind, naming.resolve(context, kind, " ".join(which)))


def _register_writing(app: typer.Typer, kind: Entity) -> None:
    _register_adding(app, kind)

    @app.command(
        "edit",
        help=f"Change one {kind.name}, or all that fit a filter.",
        epilog=f"Examples:\n"
        f"  crm {kind.name} edit 12 owner=grace\n"
        f"  crm {kind.name} edit tag:vip owner=grace tags=+hot,-cold --dry-run\n"
        f"  crm {kind.name} list tag:vip -o ids | crm {kind.name} edit - owner=",
    )
    def edit(
        ctx: typer.Context,
        words: Annotated[
            list[str],
            typer.Argument(metavar="WHICH... FIELD=VALUE...", help="Whom to change, and the new values; FIELD= clears"),
        ],
    ) -> Changed | None:
        return edit_records(ctx, kind, words)

    for verb, done, service, text in (
        ("remove", "Remove", records.remove, f"Hide {kind.plural} everywhere; restore or undo brings them back."),
        ("archive", "Archive", records.archive, f"Put {kind.plural} aside; 'is:archived' lists them."),
        ("restore", "Restore", records.restore, f"Bring removed, archived or lost {kind.plural} back."),
    ):
        if verb == "archive" and "archived_at" not in kind.by_name:
            continue
        marking(app, kind, verb, done, service, text)


def _register_adding(app: typer.Typer, kind: Entity) -> None:
    command = app.command(
        "add",
        cls=adding(kind),
        help=f"Add a {kind.name}; only the name is needed.",
        epilog=f'FIELD=VALUE works too: crm {kind.name} add "Ada Lovelace" owner=grace'
        + ("\nFields of your own ('crm field list') are options as well." if kind.table in custom.TABLES else ""),
    )
    if kind.table not in linking.CARRYING:

        @command
        def add_alone(ctx: typer.Context, name: MaybeName = None) -> Changed | None:
            return add_record(ctx, kind, name or ())

        return

    @command
    def add(
        ctx: typer.Context,
        name: Name,
        note: Annotated[
            str, typer.Option("--note", metavar="TEXT", help="A first note on its timeline", show_default=False)
        ] = "",
    ) -> Changed | None:
        return add_record(ctx, kind, name, note)


def purging(app: typer.Typer, kind: Entity) -> None:
    """The verb `purge`."""

    @app.command("purge", help=f"Forget {kind.plural} for good, in the journal too. This cannot be undone.")
    def purge(ctx: typer.Context, which: Which) -> Any:
        from crmcli.services import history

        context = book(ctx)
        numbers = naming.stand_for(context, kind, chosen(context, kind, which)[0])
        if not numbers:
            return nothing(kind)
        return agreed(
            run_of(ctx),
            kind,
            numbers,
            lambda some: f"Forget {counted(kind, some)} for good",
            lambda some: listing(context, kind, some),
            lambda: history.purge(context, kind, numbers),
            rehearsed=False,
        )


def marking(
    app: typer.Typer,
    kind: Entity,
    verb: str,
    done: str,
    service: Callable[..., Changed],
    text: str,
    *,
    noun: str = "",
    example: str = "tag:old",
) -> None:
    """A verb that takes records and nothing else (`noun`: see `listed`)."""
    noun = noun or kind.name

    @app.command(verb, help=text, epilog=f"Examples:\n  crm {noun} {verb} 12\n  crm {noun} {verb} {example} --dry-run")
    def mark(ctx: typer.Context, which: Which) -> Any:
        # Who restores what was merged means that very record; and nothing that is in lists anyway.
        again = verb == "restore"
        return carry_out(
            ctx, kind, which, done, lambda numbers: service(book(ctx), kind, numbers), merged=again, over=again
        )


def edit_records(
    ctx: typer.Context, kind: Entity, words: Sequence[str], service: Callable[..., Changed] | None = None
) -> Changed | None:
    """Change the records that words name; many found by a filter only after a look at them. `service` does it where
    the kind has rules of its own, else `records.edit`."""
    from crmcli.services import rehearsal

    run, context = run_of(ctx), book(ctx)
    rest, assigned = records.split_words(words)
    if not assigned:
        raise UsageError("nothing to change", f"write FIELD=VALUE, as in 'crm {kind.command} edit 12 owner=grace'")
    context.learn()
    for name in assigned:
        if values.alias(kind, name) not in kind.by_name and name not in values.SUGAR:
            values.check_field(kind, name)
    numbers, filtered = chosen(context, kind, rest)
    if not numbers:
        return nothing(kind)

    def verb(some: Sequence[int]) -> Changed:
        return service(context, some, assigned) if service else records.edit(context, kind, some, assigned)

    return agreed(
        run,
        kind,
        numbers,
        lambda some: f"Change {counted(kind, some)}",
        lambda some: rehearsal.preview(context, kind, some, assigned, verb),
        lambda: verb(numbers),
        asking=filtered and len(numbers) > 1,
    )


def assignments(words: Sequence[str]) -> dict[str, str]:
    """FIELD=VALUE words and nothing else. Raises UsageError."""
    rest, assigned = records.split_words(words)
    if rest:
        raise UsageError(f"'{rest[0]}' is not FIELD=VALUE")
    return assigned


def chosen(
    context: Context, kind: Entity, words: Sequence[str], *, merged: bool = False, over: bool = False
) -> tuple[list[int], bool]:
    """The records that words or standard input name, and whether a filter found them; `merged` and `over`: see
    `naming.resolve`."""
    from crmcli.commands.words import with_stdin

    rest, empty = with_stdin(context, words, kind)
    return ([], False) if empty else records.choose(context, kind, rest, merged=merged, over=over)


def carry_out(
    ctx: typer.Context,
    kind: Entity,
    words: Sequence[str],
    done: str,
    verb: Callable[[list[int]], Changed],
    *,
    merged: bool = False,
    over: bool = False,
) -> Changed | None:
    """Do something with the records that words name, once whoever types has agreed where a filter found several; None
    when they did not. `done` says it in the question. `merged` and `over`: see `naming.resolve`."""
    context, run = book(ctx), run_of(ctx)
    numbers, filtered = chosen(context, kind, words, merged=merged, over=over)
    if not numbers:
        return nothing(kind)
    return agreed(
        run,
        kind,
        numbers,
        lambda some: f"{done} {counted(kind, some)}",
        None if run.dry_run else lambda some: listing(context, kind, some),
        lambda: verb(numbers),
        asking=filtered and len(numbers) > 1,
    )


def agreed(
    run: Run,
    kind: Entity,
    numbers: Sequence[int],
    question: Callable[[Sequence[int]], str],
    preview: Callable[[Sequence[int]], Rows] | None,
    verb: Callable[[], Changed],
    *,
    asking: bool = True,
    rehearsed: bool = True,
) -> Changed | None:
    """Do something with these records once whoever types has agreed to it (see `Run.agree`); None when they did not.
    What was asked about is what is done: a record that somebody changed since it was shown is a conflict.

    A verb that can be `rehearsed` is tried first: what it refuses is refused unasked, `question` and `preview` get the
    records that it would change, and where there are none nobody is asked."""
    context = run.context
    asking = asking and not run.dry_run and not run.flags.get("yes")
    # Before the preview: what changes while that is made is a conflict too.
    seen = records.versions(context, kind, numbers) if asking else {}
    concerned = numbers
    if asking and rehearsed:
        from crmcli.services import rehearsal

        concerned = rehearsal.would(context, verb).ids
        asking = bool(concerned)
    shown = preview(concerned) if preview and (asking or run.dry_run) else None
    if not run.agree(question(concerned) if asking else "", shown, asking=asking):
        return None
    with context.as_seen(kind.name, seen):
        return verb()


def nothing(kind: Entity) -> Changed:
    return Changed((f"no {kind.plural} fit; nothing was changed",), entity=kind.name)


def told(done: Changed, what: str) -> Changed:
    """The result of an edit; where it changed nothing, that is what it says."""
    return done if done.changes else done._replace(lines=(f"nothing to change in {what}",))


def counted(kind: Entity, numbers: Sequence[int]) -> str:
    return f"{kind.name}:{numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} {kind.plural}"


def listing(context: Context, kind: Entity, numbers: Sequence[int]) -> Rows:
    """The records of these numbers, a screenful of them, as a list to look at before they are changed."""
    some = ",".join(str(number) for number in numbers[:200])
    return records.list_records(context, kind, [f"id:{some}", "(is:any or is:removed)"], limit=0)
