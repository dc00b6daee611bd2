"""What leads and deals have in common: won, lost, reopen, move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmcli.commands.frame import book
from crmcli.commands.records import Which, carry_out

if TYPE_CHECKING:
    from crmcli.domain.fields import Entity


def register_outcomes(app: typer.Typer, kind: Entity) -> None:
    """Give a noun the verbs won, lost, reopen and move."""
    _register_closing(app, kind)
    _register_moving(app, kind)


def _register_closing(app: typer.Typer, kind: Entity) -> None:
    @app.command("won", help=f"Mark {kind.plural} won.", epilog=f"Examples:\n  crm {kind.name} won 31")
    def won(ctx: typer.Context, which: Which) -> Any:
        from crmcli.services import deals

        return carry_out(ctx, kind, which, "Win", lambda numbers: deals.won(book(ctx), kind, numbers))

    @app.command(
        "lost",
        help=f"Mark {kind.plural} lost.",
        epilog=f'Examples:\n  crm {kind.name} lost 12 --reason "Too expensive"',
    )
    def lost(
        ctx: typer.Context,
        which: Which,
        reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why", show_default=False)] = "",
        note: Annotated[
            str, typer.Option("--note", metavar="TEXT", help="A closing note for the timeline", show_default=False)
        ] = "",
    ) -> Any:
        from crmcli.services import deals

        return carry_out(ctx, kind, which, "Lose", lambda numbers: deals.lost(book(ctx), kind, numbers, reason, note))

    @app.command("reopen", help=f"Open won or lost {kind.plural} again.")
    def reopen(ctx: typer.Context, which: Which) -> Any:
        from crmcli.services import deals

        return carry_out(ctx, kind, which, "Reopen", lambda some: deals.reopen(book(ctx), kind, some), over=True)


def _register_moving(app: typer.Typer, kind: Entity) -> None:
    @app.command(
        "move",
        help="Move to another stage; the last word is the stage.",
        epilog=f"Examples:\n  crm {kind.name} move 31 proposition",
    )
    def move(
        ctx: typer.Context,
        words: Annotated[list[str], typer.Argument(metavar="WHICH... STAGE", help="Which records, then the stage")],
    ) -> Any:
        from crmcli.errors import UsageError
        from crmcli.services import deals

        if len(words) < 2:
            raise UsageError("which stage?", f"as in 'crm {kind.name} move 31 proposition'")
        return carry_out(ctx, kind, words[:-1], "Move", lambda numbers: deals.move(book(ctx), kind, numbers, words[-1]))
