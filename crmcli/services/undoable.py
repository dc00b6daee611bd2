"""Which batches can be taken back: the newest that stands, undos of undos, and what stands again when one is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import ConflictError, NotFoundError, RefusedError
from crmcli.services.batch import Batch
from crmcli.services.undo_merges import HALVED, merged_by, parted_by

if TYPE_CHECKING:
    from crmcli.context import Context


def newest(ctx: Context) -> int:
    """The batch of this actor that took effect last: one that was brought back did so when it was. Raises
    NotFoundError, naming the newest batch of another actor, where there is none, and RefusedError where a merge of it
    was taken apart alone."""
    standing = (
        "undone_by IS NULL AND undoes IS NULL AND source NOT IN ('init', 'purge', 'undo')"
        # A purge may have forgotten all that a batch did.
        " AND EXISTS (SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq WHERE x.batch_id = batch.id"
        " AND (j.before IS NOT NULL OR j.after IS NOT NULL))"
    )
    found = ctx.reader.value(
        f"SELECT id FROM batch WHERE {standing} AND actor = ? ORDER BY id DESC LIMIT 1", (ctx.actor,)
    )
    if found is not None:
        since = {root: number for number, root in _roots(ctx).items()}
        best = int(found)
        for root, number in since.items():
            if number > since.get(best, best) and ctx.reader.one(
                f"SELECT 1 FROM batch WHERE id = ? AND {standing} AND actor = ?", (root, ctx.actor)
            ):
                best = root
        _check_whole(ctx, best)
        return best
    other = ctx.reader.one(f"SELECT id, actor FROM batch WHERE {standing} ORDER BY id DESC LIMIT 1")
    undo = ctx.settings.calling("undo", str(other[0]) if other else "--list")
    hint = f"the newest change is {other[1]}'s: {undo}" if other else f"'{undo}' shows all"
    raise NotFoundError("there is nothing of yours to undo", hint)


def _check_whole(ctx: Context, number: int) -> None:
    """Refuse to go on with the rest of a batch of which a merge was taken apart alone: whoever did that kept the
    others, and nobody named them now. Raises RefusedError."""
    alone = "source = 'undo' AND undoes IS NULL AND undone_by IS NULL"
    parts = ctx.reader.rows(f"SELECT id FROM batch WHERE {alone} AND id > ? ORDER BY id DESC", (number,))
    merged = {(one.table, one.number) for one in merged_by(Batch(ctx.reader, number))} if parts else set()
    for (part,) in parts:
        if not merged.isdisjoint(parted_by(Batch(ctx.reader, part))):
            calling = ctx.settings.calling
            raise RefusedError(
                f"the newest change is batch {number}, of which batch {part} took a merge apart alone",
                f"'{calling('undo', str(number))}' takes back the rest too,"
                f" '{calling('undo', str(part))}' brings that merge back",
            )


def _roots(ctx: Context) -> dict[int, int]:
    """undo -> the batch, no undo itself, that it takes back or brings back in the end; the oldest undo first."""
    roots: dict[int, int] = {}
    for number, target in ctx.reader.rows("SELECT id, undoes FROM batch WHERE undoes IS NOT NULL ORDER BY id"):
        roots[number] = roots.get(target, target)
    return roots


def in_force(ctx: Context, number: int) -> int:
    """The batch that an undo brought back and that stands by now; the number itself where there is no such batch."""
    root = _roots(ctx).get(number, number)
    return root if ctx.reader.one("SELECT 1 FROM batch WHERE id = ? AND undone_by IS NULL", (root,)) else number


def check(ctx: Context, number: int, *, alone: bool = False) -> None:
    """Refuse what cannot be undone; `alone` keeps others from undoing it too until the transaction ends. Raises
    NotFoundError, RefusedError and ConflictError."""
    root, calling = _roots(ctx).get(number, number), ctx.settings.calling
    if alone and ctx.reader.dialect == "postgresql":
        ctx.reader.rows("SELECT 1 FROM batch WHERE id = ? FOR UPDATE", (root,))
    found = ctx.reader.one("SELECT source, command, undone_by FROM batch WHERE id = ?", (number,))
    if found is None:
        raise NotFoundError(f"there is no batch {number}", f"'{calling('undo', '--list')}' shows the numbers")
    source, command, undone_by = found
    if source == "init":
        where = calling("db", "path")
        raise RefusedError("the making of the book cannot be undone", f"'{where}' names the file, if it shall go")
    if source == "purge":
        raise RefusedError("what was purged is forgotten and cannot be brought back")
    if _blanked(ctx, number):
        raise RefusedError("what was purged is forgotten and cannot be brought back")
    if source == "undo" and command == HALVED:
        raise RefusedError(
            f"batch {number} cannot be undone: it took a merge apart, and one half of that was purged since",
            "what else it took apart can be merged again",
        )
    if undone_by is not None:
        raise ConflictError(f"batch {number} is already undone", f"'{calling('undo', str(undone_by))}' brings it back")
    last = max((undo for undo, of in _roots(ctx).items() if of == root), default=number)
    if number not in (root, last):
        back = calling("undo", str(last))
        raise ConflictError(f"batch {number} was overtaken by batch {last}", f"'{back}' takes that back")


def _blanked(ctx: Context, number: int) -> bool:
    """Whether a purge left nothing of what a batch did."""
    sql = "SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq WHERE x.batch_id = ?"
    left = f"{sql} AND (j.before IS NOT NULL OR j.after IS NOT NULL) LIMIT 1"
    return ctx.reader.one(left, (number,)) is None and ctx.reader.one(f"{sql} LIMIT 1", (number,)) is not None


def reinstate(ctx: Context, number: int) -> None:
    """An undo that is undone puts the batch it took back in force again, and so on down the line."""
    child, stands = number, True
    target = ctx.reader.value("SELECT undoes FROM batch WHERE id = ?", (number,))
    while target is not None:
        ctx.reader.run("UPDATE batch SET undone_by = ? WHERE id = ?", (None if stands else child, target))
        child, stands = target, not stands
        target = ctx.reader.value("SELECT undoes FROM batch WHERE id = ?", (target,))
