"""What `crm doctor --fix` does by itself: changes that need no question and that one undo takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import CONTACT, DEAL, TASK
from crmcli.results import Changed
from crmcli.services.doctor import looking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.doctor.rules import Rule
    from crmcli.store.write import Transaction


def mend(ctx: Context, rules: Sequence[Rule], found: dict[str, list[int]]) -> Changed:
    """Carry out the fixes of these rules on the records found (rule -> ids): one batch. A record that somebody mended
    or removed meanwhile is left.

    It is alone in the book: rule by rule it takes people, deals, tasks and names, in another order than other writers
    do, and two who wait for each other end with one of them refused."""
    lines, ids = [], []
    with ctx.writing(alone=True) as tx:
        for rule in rules:
            assert rule.fix is not None
            before = len(tx.changes)
            rule.fix(ctx, tx, found[rule.name])
            done = {change.id for change in [*tx.changes, *tx.flush()][before:] if change.entity == rule.kind.name}
            ids += sorted(done)
            if done:
                lines.append(f"{rule.name}: {len(done)} of {len(found[rule.name])} mended")
    return Changed(tuple(lines) or ("nothing to mend",), tuple(tx.changes), ctx.batch, tuple(ids))


def mendable(rules: Sequence[Rule]) -> list[Rule]:
    """Those of these rules whose findings can be mended without asking anybody about each."""
    return [rule for rule in rules if rule.fix is not None]


def _rows(tx: Transaction, kind: Entity, numbers: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The present rows of those that still are there and in sight."""
    rows = tx.rows(kind.name, list(numbers))
    return {number: row for number, row in rows.items() if not row.get("removed_at")}


def link_companies(ctx: Context, tx: Transaction, numbers: list[int]) -> None:
    """Link people to the company that has the domain of their e-mail address."""
    rows = _rows(tx, CONTACT, numbers)
    for number, company in looking.companies_by_email(ctx, rows).items():
        tx.change("contact", number, {"company_id": company})


def drop_marks(kind: Entity) -> Callable[[Context, Transaction, list[int]], None]:
    """Takes invisible marks out of names; one that is nothing else stays."""

    def fix(_ctx: Context, tx: Transaction, numbers: list[int]) -> None:
        for number, row in _rows(tx, kind, numbers).items():
            plain = looking.UNSEEN.sub("", row["name"]).strip()
            if plain:
                tx.change(kind.name, number, {"name": plain})

    return fix


def remove_tasks(ctx: Context, tx: Transaction, numbers: list[int]) -> None:
    """Remove open tasks whose records were removed."""
    still = set(looking.tasks_of_the_removed(ctx))
    for number in _rows(tx, TASK, numbers):
        if number in still:
            tx.change("task", number, {"removed_at": tx.stamp})


def close_when_created(ctx: Context, tx: Transaction, numbers: list[int]) -> None:
    """Let deals that ended before they began end when they began, as an import does with what its file says."""
    still = set(looking.closed_before_created(ctx))
    for number, row in _rows(tx, DEAL, numbers).items():
        if number in still:
            tx.change("deal", number, {"closed_at": row["created_at"]})


def delete_tags(ctx: Context, tx: Transaction, numbers: list[int]) -> None:
    """Delete tags that nothing carries."""
    still = set(looking.unused_tags(ctx))
    for number in numbers:
        if number in still:
            tx.delete("tag", number)
