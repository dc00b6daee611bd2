"""Which batches can be taken back: the newest that stands, undos of undos, and what stands again when one is undone.

An undo is about a batch, or about one transaction of it alone; those that take it back and bring it back by turns are
in line, and the last in line is what can be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import ConflictError, NotFoundError, RefusedError
from crmcli.services.batch import Batch, older_parts, stands
from crmcli.services.undo_merges import HALVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.context import Context


class Root(NamedTuple):
    """What a line of undos is about: a batch that is no undo, or one transaction of it alone (`step`: its place)."""

    batch: int
    step: int = 0


def newest(ctx: Context) -> int:
    """The batch of this actor that took effect last: one that was brought back did so when it was. Raises
    NotFoundError, naming the newest batch of another actor, where there is none, and RefusedError where a part of it
    was taken back alone."""
    standing = (
        "undone_by IS NULL AND undoes IS NULL AND source NOT IN ('init', 'purge', 'undo')"
        # A purge may have forgotten all that a batch did, or all of it been taken back bit by bit.
        " AND EXISTS (SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq WHERE x.batch_id = batch.id"
        f" AND (j.before IS NOT NULL OR j.after IS NOT NULL) AND {stands(ctx.reader)})"
    )
    found = ctx.reader.value(
        f"SELECT id FROM batch WHERE {standing} AND actor = ? ORDER BY id DESC LIMIT 1", (ctx.actor,)
    )
    if found is not None:
        roots = _roots(ctx)
        since = {root.batch: number for number, root in roots.items() if not root.step}
        best = int(found)
        for root, number in since.items():
            if number > since.get(best, best) and ctx.reader.one(
                f"SELECT 1 FROM batch WHERE id = ? AND {standing} AND actor = ?", (root, ctx.actor)
            ):
                best = root
        _check_whole(ctx, best, roots)
        return best
    other = ctx.reader.one(f"SELECT id, actor FROM batch WHERE {standing} ORDER BY id DESC LIMIT 1")
    undo = ctx.settings.calling("undo", str(other[0]) if other else "--list")
    hint = f"the newest change is {other[1]}'s: {undo}" if other else f"'{undo}' shows all"
    raise NotFoundError("there is nothing of yours to undo", hint)


def _check_whole(ctx: Context, number: int, roots: Mapping[int, Root]) -> None:
    """Refuse to go on with the rest of a batch of which a merge was taken apart alone: whoever did that kept the
    others, and nobody named them now. Raises RefusedError."""
    apart = _last(roots, *(Root(number, step) for step in Batch(ctx.reader, number).taken_back_alone()))
    if apart:
        calling = ctx.settings.calling
        raise RefusedError(
            f"the newest change is batch {number}, of which batch {apart} took a merge apart alone",
            f"'{calling('undo', str(number))}' takes back the rest too,"
            f" '{calling('undo', str(apart))}' brings that merge back",
        )


def _roots(ctx: Context) -> dict[int, Root]:
    """undo -> what it takes back or brings back in the end; the oldest undo first."""
    roots = {number: Root(*part) for number, part in older_parts(ctx.reader).items()}
    sql = "SELECT id, undoes, undoes_seq FROM batch WHERE undoes IS NOT NULL ORDER BY id"
    for number, target, step in ctx.reader.rows(sql):
        roots[number] = Root(target, step) if step else roots.get(target, Root(target))
    return dict(sorted(roots.items()))


def _last(roots: Mapping[int, Root], *about: Root) -> int:
    """The newest undo about any of these; 0 where there is none."""
    return max((number for number, root in roots.items() if root in about), default=0)


def in_force(ctx: Context, number: int) -> int:
    """The batch that an undo brought back where both stand; else the number itself, and for an undo that is about one
    transaction alone."""
    root = _roots(ctx).get(number, Root(number))
    stands = "SELECT 1 FROM batch WHERE id = ? AND undone_by IS NULL"
    both = all(ctx.reader.one(stands, (one,)) for one in (number, root.batch))
    return root.batch if both and not root.step else number


def check(ctx: Context, number: int, step: int = 0, *, alone: bool = False) -> None:
    """Refuse what cannot be undone: a batch, or one transaction of it (`step`). `alone` keeps others from undoing it
    too until the transaction ends. Raises NotFoundError, RefusedError and ConflictError."""
    roots, calling = _roots(ctx), ctx.settings.calling
    if alone and ctx.reader.dialect == "postgresql":
        ctx.reader.rows("SELECT 1 FROM batch WHERE id = ? FOR UPDATE", (roots.get(number, Root(number)).batch,))
        roots = _roots(ctx)  # with what whoever had it before has done
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
    if step in Batch(ctx.reader, number).taken_back_alone():
        apart = _last(roots, Root(number, step))
        raise ConflictError(
            f"that merge of batch {number} was taken apart before, by batch {apart}",
            f"'{calling('undo', str(apart))}' brings it back",
        )
    if number in roots:
        _check_last(ctx, number, roots)


def _check_last(ctx: Context, number: int, roots: Mapping[int, Root]) -> None:
    """Refuse an undo that is not the last in its line, or that is about a part of a batch which is undone. Raises
    ConflictError."""
    root, calling = roots[number], ctx.settings.calling
    if root.step:
        undone_by = ctx.reader.value("SELECT undone_by FROM batch WHERE id = ?", (root.batch,))
        if undone_by is not None and number < undone_by:  # books from before `undoes_seq` may have a later one
            raise ConflictError(
                f"batch {number} is about a merge of batch {root.batch}, all of which is undone",
                f"'{calling('undo', str(undone_by))}' brings that back first",
            )
        parts: set[Root] = set()
    else:
        parts = {one for one in roots.values() if one.batch == root.batch and one.step}
    last = _last(roots, root, *parts)
    if last != number:
        hint = f"'{calling('undo', str(last))}' takes that back"
        if roots[last] != root:  # a part of the batch came or went alone since: what stands of it, it knows itself
            hint = f"'{calling('undo', str(root.batch))}' takes back what stands of batch {root.batch}"
        raise ConflictError(f"batch {number} was overtaken by batch {last}", hint)


def _blanked(ctx: Context, number: int) -> bool:
    """Whether a purge left nothing of what a batch did."""
    sql = "SELECT 1 FROM journal_tx x JOIN journal j ON j.seq = x.seq WHERE x.batch_id = ?"
    left = f"{sql} AND (j.before IS NOT NULL OR j.after IS NOT NULL) LIMIT 1"
    return ctx.reader.one(left, (number,)) is None and ctx.reader.one(f"{sql} LIMIT 1", (number,)) is not None


def reinstate(ctx: Context, number: int) -> None:
    """An undo that is undone puts the batch it took back in force again, and so on down the line. A batch of which it
    took one transaction back alone stood all the time."""
    sql = "SELECT undoes FROM batch WHERE id = ? AND undoes_seq IS NULL"
    child, stands = number, True
    target = ctx.reader.value(sql, (number,))
    while target is not None:
        ctx.reader.run("UPDATE batch SET undone_by = ? WHERE id = ?", (None if stands else child, target))
        child, stands = target, not stands
        target = ctx.reader.value(sql, (target,))
