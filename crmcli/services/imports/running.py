"""An import from its start to its end: tried first where it must be, and what is said of one that is cut."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

from crmcli.errors import CrmError
from crmcli.services.imports import new_fields, standing
from crmcli.services.imports.planning import Plan, check
from crmcli.services.imports.rejects import again
from crmcli.services.imports.taking import Import, RefusedRowError
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crmcli.context import Context
    from crmcli.services.imports.imported import Imported
    from crmcli.services.imports.resuming import Cut
    from crmcli.services.imports.together import Together


def run(
    ctx: Context,
    made: Plan,
    *,
    dry_run: bool = False,
    whole: bool = False,
    cut: Cut | None = None,
    progress: Callable[[int, int], None] | None = None,
    together: Together | None = None,
    tried: bool = False,
) -> Imported:
    """Import the file of a plan; with `dry_run` only count. `progress(done, all)` is called where rows are
    settled, between two transactions.

    Refused rows do not stop the rest: the result counts them, and they are in its `rejects` file. All blocks are one
    batch, which one undo takes back. Ctrl-C leaves the blocks that are in, says so, and goes on as KeyboardInterrupt;
    `cut` is an import of this file that ended so, and is gone on with. `together` is what it has in common with the
    files before it.

    `whole`: all rows come in, or none if one is refused. A dry run goes first and holds nobody up; then all is one
    transaction, so that others wait for as long as the writing takes. `tried`: the dry run was made before.
    """
    check(made)
    if dry_run or (whole and not tried):
        found = _rehearse(ctx, made, cut, progress, together if dry_run else None)
        if dry_run or found.refused:
            return found._replace(withheld=bool(whole and found.refused))
    if not made.new_fields:
        return _run(Import(ctx, made, whole=whole, cut=cut, together=together), progress)
    done: Imported | None = None
    at_once = whole or not _any_comes_in(ctx, made)
    with contextlib.suppress(RefusedRowError):
        with ctx.writing("import", command=ctx.command or f"import {made.path}", alone=True) as tx:
            assert made.kind is not None
            new_fields.make(tx, made.kind, made.new_fields)
            if at_once:
                done = _run(Import(ctx, made, whole=whole), progress)
                if done.withheld or not done.came_in:
                    raise RefusedRowError
        if not at_once:
            return _run(Import(ctx, made, batch=ctx.batch), progress)
    assert done is not None
    if done.withheld:
        return done
    if not done.came_in:
        more = again(made, ctx.settings, done.rejects, unmade=True) if done.rejects else ""
        return done.of_batch(0, "")._replace(again=more, notes=(*done.notes, "no row came in, so no field was made"))
    return done.of_batch(ctx.batch, ctx.settings.calling("undo", str(ctx.batch)))


def _any_comes_in(ctx: Context, made: Plan) -> bool:
    """Whether a row comes in: the fields of an import of which none does would stay behind without a value. Rows are
    tried until one is found, which mostly is in the first block."""
    tried: list[Import] = []

    def look(_done: int, _of: int) -> None:
        if tried[0].outcome.takes:
            raise _TakenError

    with contextlib.suppress(_TakenError), _with_fields(ctx, made):
        tried.append(Import(ctx, made, dry_run=True))
        _run(tried[0], look)
    return tried[0].outcome.takes


class _TakenError(Exception):
    """Ends a trial that has shown that a row comes in."""


def _rehearse(
    ctx: Context,
    made: Plan,
    cut: Cut | None,
    progress: Callable[[int, int], None] | None,
    together: Together | None,
) -> Imported:
    """A dry run."""
    with _with_fields(ctx, made):
        return _run(Import(ctx, made, dry_run=True, cut=cut, together=together), progress)


@contextlib.contextmanager
def _with_fields(ctx: Context, made: Plan) -> Iterator[None]:
    """As if the new fields of a plan were there. What plugins say to a dry run they say to what is written, so they are
    written then, too, and taken back."""
    assert made.kind is not None
    with contextlib.ExitStack() as stack:
        if ctx.plugins_on and ctx.settings["plugins"] and made.new_fields:
            stack.enter_context(ctx.rehearsal())
            with ctx.writing("import", alone=True) as tx:
                new_fields.make(tx, made.kind, made.new_fields)
        else:
            stack.enter_context(new_fields.supposed(ctx, made.kind, made.new_fields))
        yield


def _run(job: Import, progress: Callable[[int, int], None] | None) -> Imported:
    ctx, settled, several = job.ctx, job.settled, job.together is not None
    collecting = gc.isenabled()
    gc.disable()  # nothing here makes cycles, and every row makes containers that the collector would walk
    try:
        return job.run(progress)
    except KeyboardInterrupt:
        if settled.batch:  # how it is taken back, and that nothing was saved, the front door says
            ctx.say(f"stopped: {standing.told(ctx, settled.batch, settled.in_all, several=several, back=False)}")
        raise
    except CrmError as error:
        if settled.batch and not isinstance(error, standing.UndoneError):
            error.message = error.message.removesuffix(connect.UNSAVED)
            told = standing.told(ctx, settled.batch, settled.in_all, several=several)
            error.hint = f"{told}\n  {error.hint}" if error.hint else told
        raise
    finally:
        if job.together:
            job.together.batch, job.together.settled = settled.batch, settled.in_all
        settled.rejects.close()
        if collecting:
            gc.enable()
