"""Looking a book through: what each rule finds, how the book does, and how it did before."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.fields import suggest
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import Day, Integer
from crmcli.errors import CrmError, FilterError, NotFoundError
from crmcli.results import Column, Page, Rows, Section
from crmcli.services import records
from crmcli.services.doctor import own
from crmcli.services.doctor.rules import ABOUT, RULES, Rule
from crmcli.store import read, schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context

#: The kinds whose records make the score.
SCORED = (LEAD, DEAL, CONTACT, COMPANY, TASK)
COLUMNS = (
    Column("rule", None, "Rule"), Column("about", None, "About"), Column("kind", None, "Kind"),
    Column("count", Integer(), "Count"), Column("what", None, "What"), Column("mend", None, "Mend"),
    Column("ids", None, "Records"),
)  # fmt: skip


class Finding(Struct):
    """What a rule found: the numbers of faulty records, oldest first; `problem` says why it could not look."""

    rule: Rule
    ids: list[int]
    problem: str = ""


def known(ctx: Context, names: Sequence[str] = ()) -> list[Rule]:
    """The rules of these names (or of these kinds of record, or about these kinds of fault), every one without names.
    Raises NotFoundError with a suggestion."""
    every = sorted([*RULES, *own.rules(ctx)], key=lambda rule: ABOUT.index(rule.about))
    if not names:
        return every
    found: list[Rule] = []
    for name in names:
        key = fold(name)
        fitting = [rule for rule in every if key in (fold(rule.name), rule.about, rule.kind.name, rule.kind.plural)]
        words = [*(rule.name for rule in every), *ABOUT, *(kind.name for kind in SCORED)]
        if not fitting and name not in words:
            raise NotFoundError(f"the doctor has no rule '{name}'", suggest(name, words, "crm doctor rules"))
        found += [rule for rule in fitting if rule not in found]
    return found


def one(ctx: Context, rule: Rule) -> Finding:
    """What a rule finds now. A filter that can no longer be read, because what it names is gone, is a problem."""
    if rule.find is not None:
        return Finding(rule, rule.find(ctx))
    try:
        node = records.bound(ctx, rule.kind, rule.filter)
    except FilterError as error:
        return Finding(rule, [], f"its filter cannot be read any more: {error.message}")
    return Finding(rule, read.all_ids(ctx.reader, rule.kind, node))


def examine(ctx: Context, names: Sequence[str] = (), *, fail_under: int | None = None) -> Page:
    """Look the book through, by these rules or all. `values` has `ok`: nothing was found, or with `fail_under` the
    score (0-100) is not below it. The score is the share of the open records without a finding, in percent rounded
    down: 100 is a clean book. Only all rules together make one; it is kept for the day."""
    rules = known(ctx, names)
    found = [one(ctx, rule) for rule in rules]
    rows = [_row(ctx, finding) for finding in found if finding.ids or finding.problem]
    count = sum(len(finding.ids) for finding in found)
    values: dict[str, Any] = {"ok": not rows, "findings": count}
    what = f"{count:,} findings" if count != 1 else "1 finding"
    if not names:
        total, faulty = _shares(ctx, found)
        score = score_of(total, faulty)
        before = _before(ctx)
        values |= {"score": score, "records": total, "faulty": faulty, "before": before}
        what = f"score {score} of 100: {what}, {faulty:,} of {total:,} records have one"
        if before is not None:
            what += f"; it was {before['score']} on {before['day']}"
        _keep(ctx, total, faulty)
    if fail_under is not None and "score" in values:
        values["ok"] = values["score"] >= fail_under
    section = Section("findings", "Findings", Rows(COLUMNS, rows, empty="nothing is wrong", numbered=False))
    return Page(what, (section,), values)


def told(page: Page) -> Page:
    """The same for people at a terminal: each finding with the command that mends it below, where no column cuts it."""
    by_about: dict[str, list[dict[str, Any]]] = {}
    for row in page.sections[0].rows.rows:
        lines = by_about.setdefault(row["about"], [])
        lines.append({"count": row["count"], "what": f"{row['what']} ({row['rule']})"})
        lines.append({"count": None, "what": f"  {row['mend']}"})
    shown = (Column("count", Integer(), "Count"), Column("what", None, "What, and what mends it"))
    sections = tuple(
        Section(about, f"{about.capitalize()} ({sum(row['count'] or 0 for row in rows):,})", Rows(shown, rows))
        for about, rows in by_about.items()
    )
    return page._replace(sections=sections or page.sections)


def _row(ctx: Context, finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.name, "about": rule.about, "kind": rule.kind.name, "count": len(finding.ids),
        "what": finding.problem or rule.title, "mend": advice(ctx, rule), "ids": finding.ids,
    }  # fmt: skip


def advice(ctx: Context, rule: Rule) -> str:
    """The command that mends what a rule finds, as a shell takes it."""
    import shlex

    text = rule.advice.replace("{name}", shlex.quote(rule.name)).replace("{filter}", shlex.quote(rule.filter))
    return str(ctx.settings.aimed(text))


def _shares(ctx: Context, found: Sequence[Finding]) -> tuple[int, int]:
    """How many records the book has open, and how many of them have a finding."""
    faulty: dict[str, set[int]] = {}
    for finding in found:
        faulty.setdefault(finding.rule.kind.name, set()).update(finding.ids)
    total = sum(read.count(ctx.reader, kind, records.bound(ctx, kind, "")) for kind in SCORED)
    bad = sum(len(faulty.get(kind.name, ())) for kind in SCORED)
    return total, min(bad, total)


def score_of(total: int, faulty: int) -> int:
    """The share of records without a finding, in percent rounded down; an empty book has nothing wrong."""
    return 100 * (total - faulty) // total if total else 100


def _before(ctx: Context) -> dict[str, Any] | None:
    """The last day before today that the book was looked through on."""
    today = ctx.env.now.date().isoformat()
    sql = "SELECT day, records, faulty FROM doctor_score WHERE day < ? ORDER BY day DESC LIMIT 1"
    row = ctx.reader.one(sql, (today,))
    return None if row is None else {"day": Day().from_db(row[0]), "score": score_of(row[1], row[2])}


def _keep(ctx: Context, total: int, faulty: int) -> None:
    """Note how the book does today, where it can be written: who may only read is told all the same."""
    today = ctx.env.now.date().isoformat()
    if ctx.rehearsing or ctx.reader.one("SELECT records, faulty FROM doctor_score WHERE day = ?", (today,)) == (
        total,
        faulty,
    ):
        return
    with contextlib.suppress(CrmError), ctx.reader.transaction():
        schema.hold(ctx.reader)
        ctx.reader.run(
            "INSERT INTO doctor_score (day, records, faulty) VALUES (?, ?, ?)"
            " ON CONFLICT (day) DO UPDATE SET records = excluded.records, faulty = excluded.faulty",
            (today, total, faulty),
        )


def show(ctx: Context, name: str, *, columns: str = "") -> Rows:
    """The records that one rule finds, as a list of their kind. Raises NotFoundError."""
    rule = next((rule for rule in known(ctx, [name]) if fold(rule.name) == fold(name)), None)
    if rule is None:
        raise NotFoundError(f"'{name}' is not one rule", "'crm doctor rules' lists them")
    finding = one(ctx, rule)
    if finding.problem:
        raise NotFoundError(finding.problem, f"'crm doctor add' writes the rule anew: {rule.filter}")
    chosen = [word.strip() for word in (columns or ",".join(rule.kind.columns)).split(",") if word.strip()]
    shown = records.columns_for(rule.kind, [field.name for field in rule.kind.fields] if chosen == ["all"] else chosen)
    fields = [rule.kind.field(column.name) for column in shown]

    def rows() -> Any:
        for start in range(0, len(finding.ids), read.PAGE):
            yield from read.hydrate(ctx.reader, rule.kind, finding.ids[start : start + read.PAGE], fields)

    return Rows(shown, rows(), empty=f"no {rule.kind.plural} have that fault")


def listing(ctx: Context) -> Rows:
    """Every rule, the user's own last."""
    titles = {"name": "Rule", "about": "About", "kind": "Kind", "what": "What", "fix": "--fix", "filter": "Filter"}
    rows = [
        {"name": r.name, "about": r.about, "kind": r.kind.name, "what": r.title, "fix": r.fixes, "filter": r.filter}
        for r in known(ctx)
    ]
    return Rows(tuple(Column(name, None, label) for name, label in titles.items()), rows, numbered=False)


def scores(ctx: Context) -> Rows:
    """How the book did, day by day, the last first."""
    columns = (
        Column("day", Day(), "Day"), Column("score", Integer(), "Score"), Column("records", Integer(), "Records"),
        Column("faulty", Integer(), "With a finding"),
    )  # fmt: skip
    rows = [
        {"day": Day().from_db(day), "score": score_of(total, faulty), "records": total, "faulty": faulty}
        for day, total, faulty in ctx.reader.rows("SELECT day, records, faulty FROM doctor_score ORDER BY day DESC")
    ]
    return Rows(columns, rows, empty="the book was not looked through yet: crm doctor", bars="score", numbered=False)
