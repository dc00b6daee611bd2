"""Looking a book through: what each rule finds, how the book does, and how it did before."""

from __future__ import annotations

import contextlib
import re
from shlex import quote
from typing import TYPE_CHECKING, Any

from crmcli.domain import query
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.domain.fields import suggest
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.types import Day, Flag, Integer
from crmcli.errors import CrmError, FilterError, NotFoundError, UsageError
from crmcli.results import Column, Page, Rows, Section
from crmcli.services import records
from crmcli.services.doctor import own
from crmcli.services.doctor.rules import ABOUT, RULES, Rule
from crmcli.store import read, schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crmcli.context import Context

#: The kinds whose records make the score.
SCORED = (LEAD, DEAL, CONTACT, COMPANY, TASK)
COLUMNS = (
    Column("rule", None, "Rule"), Column("about", None, "About"), Column("kind", None, "Kind"),
    Column("count", Integer(), "Count"), Column("what", None, "What"), Column("mend", None, "Mend"),
    Column("ids", None, "Records"),
)  # fmt: skip
#: So many records of a finding are named at a terminal.
SHOWN = 5
#: What mends a rule whose filter cannot be read any more.
_UNREAD = "crm doctor remove {name}  # or give it another filter: crm doctor edit {name} FILTER"
#: In a line for a shell: what stands in quotes, and the word `crm` outside of them.
_CALL = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*"|(?<![\w./-])crm(?= )""")


class Finding(Struct):
    """What a rule found: the numbers of faulty records, oldest first; `problem` says why it could not look."""

    rule: Rule
    ids: list[int]
    problem: str = ""


def every(ctx: Context) -> list[Rule]:
    """All rules, in the order in which they are told, the user's own last."""
    off = own.switched_off(ctx)
    found = sorted([*RULES, *own.rules(ctx)], key=lambda rule: ABOUT.index(rule.about))
    return [rule._replace(enabled=False) if fold(rule.name) in off else rule for rule in found]


def known(ctx: Context, names: Sequence[str] = ()) -> list[Rule]:
    """The rules of these names, and of these kinds of record about these kinds of fault ("deal", "stale": stale deals);
    every one without names. Those that are switched off only where they are named themselves. Raises NotFoundError with
    a suggestion."""
    rules = every(ctx)
    kinds = {word: rule.kind.name for rule in rules for word in (rule.kind.name, rule.kind.plural)}
    kinds |= {word: kind.name for kind in SCORED for word in (kind.name, kind.plural)}
    named, of, about = set(), set(), set()
    for name in names:
        key = fold(name)
        if key in ABOUT:
            about.add(key)
        elif key in kinds:
            of.add(kinds[key])
        elif any(fold(rule.name) == key for rule in rules):
            named.add(key)
        else:
            words = [*(rule.name for rule in rules), *ABOUT, *(kind.name for kind in SCORED)]
            raise NotFoundError(f"the doctor has no rule '{name}'", suggest(name, words, "crm doctor rules"))
    every_one = bool(of or about) or not names

    def wanted(rule: Rule) -> bool:
        fits = (not of or rule.kind.name in of) and (not about or rule.about in about)
        return fold(rule.name) in named or (every_one and fits and rule.enabled)

    return [rule for rule in rules if wanted(rule)]


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
    """Look the book through, by these rules or all that are switched on. `values` has `ok`: nothing was found, or with
    `fail_under` the score (0-100) is not below it and every rule could be looked for. The score is the share of the
    open records without a finding, in percent rounded down: 100 is a clean book. Only all rules together make one; it
    is kept for the day. Raises NotFoundError, and UsageError for a `fail_under` that no score is meant by."""
    if fail_under is not None:
        check_bound(fail_under, names)
    found = [one(ctx, rule) for rule in known(ctx, names)]
    rows = [_row(ctx, finding) for finding in found if finding.ids or finding.problem]
    count = sum(len(finding.ids) for finding in found)
    values: dict[str, Any] = {"ok": not rows, "findings": count}
    what = f"{count:,} findings" if count != 1 else "1 finding"
    if not names:
        total, faulty = _shares(ctx, found)
        score = score_of(total, faulty)
        before, off = _before(ctx), [rule.name for rule in every(ctx) if not rule.enabled]
        values |= {"score": score, "records": total, "faulty": faulty, "before": before, "disabled": off}
        what = (
            f"score {score} of 100: {what}, {faulty:,} of {total:,} open records {'has' if faulty == 1 else 'have'} one"
        )
        if before is not None:
            what += f"; it was {before['score']} on {before['day']}"
        if off:
            what += f"; switched off: {', '.join(off)}"
        _keep(ctx, total, faulty)
        if fail_under is not None:
            values["ok"] = score >= fail_under and not any(finding.problem for finding in found)
    section = Section("findings", "Findings", Rows(COLUMNS, rows, empty="nothing is wrong", numbered=False))
    return Page(what, (section,), values)


def check_bound(fail_under: int, names: Sequence[str]) -> None:
    """Raises UsageError for a bound that no score can be below or reach, or that some rules alone are to reach."""
    if fail_under > 100:
        raise UsageError(f"no score reaches {fail_under}", "write 0 to 100")
    if names:
        raise UsageError("--fail-under goes with all rules: some alone make no score", "leave out the rules, or it")


def told(ctx: Context, page: Page) -> Page:
    """The same for people at a terminal: below each finding its rule with the first of the records, and the command
    that mends it."""
    by_about: dict[str, list[dict[str, Any]]] = {}
    for row in page.sections[0].rows.rows:
        below = (_first(ctx, row), row["mend"])
        by_about.setdefault(row["about"], []).append({"count": row["count"], "what": row["what"], "below": below})
    shown = (Column("count", Integer(), "Count"), Column("what", None, "Finding"))
    sections = tuple(
        Section(
            about, f"{about.capitalize()} ({sum(row['count'] for row in rows):,})", Rows(shown, rows, below="below")
        )
        for about, rows in by_about.items()
    )
    return page._replace(sections=sections or page.sections)


def _first(ctx: Context, row: dict[str, Any]) -> str:
    """The rule of a row, and the first records that it found, with the command that lists all."""
    if not row["ids"]:
        return str(row["rule"])
    more = len(row["ids"]) - SHOWN
    named = ", ".join(f"{row['kind']}:{number}" for number in row["ids"][:SHOWN])
    behind = f" and {more:,} more: {ctx.settings.calling('doctor', 'show', row['rule'])}" if more > 0 else ""
    return f"{row['rule']}: {named}{behind}"


def unread(page: Page) -> list[str]:
    """A line for each rule that could not be looked for: its name, why, and what mends it."""
    rows = page.sections[0].rows.rows
    return [f"the rule {row['rule']}: {row['what']}; {row['mend']}" for row in rows if not row["count"]]


def numbers(page: Page) -> Page:
    """The same as a list of the records that have a finding, each once: `deal:12`."""

    def rows() -> Iterator[dict[str, Any]]:
        found = {f"{row['kind']}:{number}": None for row in page.sections[0].rows.rows for number in row["ids"]}
        yield from ({"ref": ref} for ref in found)

    return page._replace(sections=(Section("records", "Records", Rows((Column("ref", None, "Record"),), rows())),))


def _row(ctx: Context, finding: Finding) -> dict[str, Any]:
    rule = finding.rule
    return {
        "rule": rule.name, "about": rule.about, "kind": rule.kind.name, "count": len(finding.ids),
        "what": finding.problem or rule.title, "mend": advice(ctx, rule, finding.problem, finding.ids),
        "ids": finding.ids,
    }  # fmt: skip


def advice(ctx: Context, rule: Rule, problem: str = "", ids: Sequence[int] = ()) -> str:
    """The command that mends what a rule finds (`ids`), as a shell takes it, with every `crm` in it on the book in
    force; of one that could not look (`problem`) the command that forgets it, and behind a # the one that mends it."""
    calling = ctx.settings.calling()
    said = _UNREAD if problem else rule.advise(ctx, list(ids)) if rule.advise else rule.advice
    text = _CALL.sub(lambda found: calling if found[0] == "crm" else found[0], said)
    # In one word of a shell a filter that begins with a field would be a value of that.
    whole = query.join_words([rule.filter], rule.kind.by_name) == rule.filter and not rule.filter.startswith("-")
    filled = {"{name}": quote(rule.name), "{filter}": quote(rule.filter if whole else f"({rule.filter})")}
    return re.sub(r"\{(?:name|filter)\}", lambda found: filled[found[0]], text)


def _shares(ctx: Context, found: Sequence[Finding]) -> tuple[int, int]:
    """How many records the book has open, and how many of them have a finding: those that are closed or put aside may
    have findings, but are none of them."""
    faulty: dict[str, set[int]] = {}
    for finding in found:
        faulty.setdefault(finding.rule.kind.name, set()).update(finding.ids)
    total = bad = 0
    for kind in SCORED:
        some, open_ones = faulty.get(kind.name), records.bound(ctx, kind, "")
        if not some:
            total += read.count(ctx.reader, kind, open_ones)
            continue
        there = read.all_ids(ctx.reader, kind, open_ones)
        total += len(there)
        bad += len(some.intersection(there))
    return total, bad


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
    """Note how the book does today, where it can be written at once: who may only read is told all the same, and who
    looks waits for no writer."""
    today = ctx.env.now.date().isoformat()
    if ctx.rehearsing or ctx.reader.one("SELECT records, faulty FROM doctor_score WHERE day = ?", (today,)) == (
        total,
        faulty,
    ):
        return
    with contextlib.suppress(CrmError), ctx.reader.at_once(), ctx.reader.transaction():
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
        raise NotFoundError(f"{rule.filter}: {finding.problem}", advice(ctx, rule, finding.problem))
    chosen = [word.strip() for word in (columns or ",".join(rule.kind.columns)).split(",") if word.strip()]
    shown = records.columns_for(rule.kind, [field.name for field in rule.kind.fields] if chosen == ["all"] else chosen)
    fields = [rule.kind.field(column.name) for column in shown]

    def rows() -> Any:
        for start in range(0, len(finding.ids), read.PAGE):
            yield from read.hydrate(ctx.reader, rule.kind, finding.ids[start : start + read.PAGE], fields)

    return Rows(shown, rows(), empty=f"no {rule.kind.plural} have that fault")


def listing(ctx: Context) -> Rows:
    """Every rule, also those that are switched off, the user's own last."""
    columns = (
        Column("name", None, "Rule"), Column("enabled", Flag(), "On"), Column("about", None, "About"),
        Column("kind", None, "Kind"), Column("what", None, "What"), Column("fix", None, "--fix"),
        Column("filter", None, "Filter"),
    )  # fmt: skip
    rows = [
        {"name": r.name, "enabled": r.enabled, "about": r.about, "kind": r.kind.name, "what": r.title, "fix": r.fixes,
         "filter": r.filter}
        for r in every(ctx)
    ]  # fmt: skip
    return Rows(columns, rows, numbered=False)


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
