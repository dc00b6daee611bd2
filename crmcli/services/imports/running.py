"""An import from its start to its end: tried first where it must be, and what is said of one that is cut."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

from crmcli.errors import CrmError
from crmcli.services.imports import new_fields, standing
from crmcli.services.imports.planning import Plan, check
from crmcli.services.imports.taking import Import, RefusedRowError
from crmcli.store import connect

if TYPE_CHECKING:
    from collections.abc import Callable

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
    with contextlib.suppress(RefusedRowError):
        with ctx.writing("import", command=ctx.command or f"import {made.path}", alone=True) as tx:
            assert made.kind is not None
            new_fields.make(tx, made.kind, made.new_fields)
            if whole:
                done = _run(Import(ctx, made, whole=True), progress)
                if done.withheld:
                    raise RefusedRowError
        if not whole:
            return _run(Import(ctx, made, batch=ctx.batch), progress)
    assert done is not None
    return done if done.withheld else done.of_batch(ctx.batch, ctx.settings.calling("undo", str(ctx.batch)))


def _rehearse(
    ctx: Context,
    made: Plan,
    cut: Cut | None,
    progress: Callable[[int, int], None] | None,
    together: Together | None,
) -> Imported:
    """A dry run. What plugins say to it they say to what is written, so its new fields are written then, too."""
    assert made.kind is not None
    with contextlib.ExitStack() as stack:
        if ctx.plugins_on and ctx.settings["plugins"] and made.new_fields:
            stack.enter_context(ctx.rehearsal())
            with ctx.writing("import", alone=True) as tx:
                new_fields.make(tx, made.kind, made.new_fields)
        else:
            stack.enter_context(new_fields.supposed(ctx, made.kind, made.new_fields))
        return _run(Import(ctx, made, dry_run=True, cut=cut, together=together), progress)


def _run(job: Import, progress: Callable[[int, int], None] | None) -> Imported:
    ctx = job.ctx
    collecting = gc.isenabled()
    gc.disable()  # nothing here makes cycles, and every row makes containers that the collector would walk
    try:
        return job.run(progress)
    except KeyboardInterrupt:
        if job.batch:
            ctx.say(f"stopped: {standing.told(ctx, job.batch, job.settled_so_far)}")
        else:
            ctx.say("stopped: nothing was imported")
        raise
    except CrmError as error:
        if job.batch and not isinstance(error, standing.UndoneError):
            error.message = error.message.removesuffix(connect.UNSAVED)
            told = standing.told(ctx, job.batch, job.settled_so_far)
            error.hint = f"{told}\n  {error.hint}" if error.hint else told
        raise
    finally:
        if job.together:
            job.together.batch, job.together.settled = job.batch, job.settled_so_far
        job.rejects.close()
        if collecting:
            gc.enable()
