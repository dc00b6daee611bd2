"""The doctor's rules that users write themselves, in the filter language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import suggest
from crmcli.domain.text import check_text, fold
from crmcli.errors import ConflictError, NotFoundError, UsageError
from crmcli.results import Changed
from crmcli.services import records
from crmcli.services.doctor.rules import RULES, Rule

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: The kinds of record that a rule may be about.
KINDS = ("lead", "deal", "contact", "company", "task")


def add(ctx: Context, name: str, kind: Entity, text: str, advice: str = "") -> Changed:
    """Look for the records of a kind that fit a filter from now on, over an earlier rule of that name. Raises
    UsageError for a name that cannot be one or a kind without rules, FilterError, ConflictError for a name of ours."""
    name = " ".join(check_text(name).split())
    if not re.fullmatch(r"\w[\w .,'()%/+-]*", name) or len(name) > 80:
        raise UsageError(f"'{name}' cannot name a rule", "use letters, digits and spaces, 80 at the most")
    if kind.name not in KINDS:
        raise UsageError(f"there are no rules for {kind.plural.replace('_', ' ')}", f"--on {', '.join(KINDS)}")
    if fold(name) in {rule.name for rule in RULES}:
        raise ConflictError(f"the doctor has a rule '{name}' of its own", "give yours another name")
    records.bound(ctx, kind, text)
    if not text.strip():
        raise UsageError(
            f"a rule needs a filter, or all {kind.plural} are faulty", 'as in "stage:proposition no:value"'
        )
    row = {"entity": kind.name, "filter": text, "advice": advice.strip() or None}
    with ctx.writing() as tx:
        number = tx.word("doctor_rule", name, create=False)
        was = None if number is None else tx.row("doctor_rule", number)
        if number is None:
            number = tx.add("doctor_rule", {"name": name, **row})
        else:
            tx.change("doctor_rule", number, row)
    lines = [f"the doctor looks for {kind.plural} that fit {text} now: {name}"]
    if was and (was["entity"], was["filter"]) != (kind.name, text):
        lines.append(
            f"in place of: --on {was['entity']} {was['filter']}; '{ctx.settings.calling('undo')}' brings that back"
        )
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (number,), "doctor_rule")


def remove(ctx: Context, name: str) -> Changed:
    """Forget a rule of the user's own. Raises NotFoundError."""
    with ctx.writing() as tx:
        number = tx.word("doctor_rule", name, create=False)
        if number is None:
            if fold(name) in {rule.name for rule in RULES}:
                raise UsageError(
                    f"the rule '{name}' is the doctor's own", "'crm doctor NAME ...' looks for some rules alone"
                )
            hint = suggest(name, ctx.names("doctor_rule"), "crm doctor rules")
            raise NotFoundError(f"you have no rule '{name}'", hint)
        tx.delete("doctor_rule", number)
    return Changed((f"removed the rule {name}",), tuple(tx.changes), ctx.batch, (), "doctor_rule")


def rules(ctx: Context) -> list[Rule]:
    """The user's own rules, by name."""
    found = ctx.reader.rows("SELECT name, entity, filter, advice FROM doctor_rule ORDER BY name_key")
    return [
        Rule(name, "own", ENTITIES[entity], name, advice or f"crm {entity} list {{filter}}", text or "")
        for name, entity, text, advice in found
        if entity in KINDS
    ]
