"""The doctor's rules that users write themselves, in the filter language, and the rules that they switch off."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category

from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import suggest
from crmcli.domain.text import check_text, fold
from crmcli.errors import ConflictError, NotFoundError, UsageError
from crmcli.results import Changed
from crmcli.services import records
from crmcli.services.doctor.rules import ABOUT, RULES, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

#: The kinds of record that a rule may be about.
KINDS = ("lead", "deal", "contact", "company", "task")
#: The verbs of `crm doctor`, which a rule of that name could not be asked for beside.
VERBS = ("check", "show", "rules", "scores", "add", "edit", "remove", "disable", "enable")
#: What stands for a rule, of the doctor's own or of the user's, that is switched off: a row of this mark and the rule's
#: name, without a filter. No rule's name begins so.
OFF = "-"
#: What joins and parts the letters of a word in Persian and other scripts: nobody sees it, and it belongs to the word.
JOINERS = "\u200c\u200d"
LONGEST_NAME = 80


# --- rules of one's own ----------------------------------------------------------------------------------------------


def add(ctx: Context, name: str, kind: Entity, text: str, advice: str = "") -> Changed:
    """Look for the records of a kind that fit a filter from now on, in place of an earlier rule of that name. Raises
    UsageError for a name that cannot be one or a kind without rules, FilterError, ConflictError for a name of ours."""
    name = _checked_name(name)
    row = _row(ctx, kind, text, advice)
    with ctx.writing() as tx:
        number = tx.word("doctor_rule", name, create=False)
        was = None if number is None else tx.row("doctor_rule", number)
        if number is None:
            number = tx.add("doctor_rule", {"name": name, **row})
        else:
            tx.change("doctor_rule", number, row)
        _turn(tx, name, on=True)
    lines = [f"the doctor looks for {kind.plural} that fit {text} now: {name}"]
    if was and any(was[column] != value for column, value in row.items()):
        told = f"--on {was['entity']} {was['filter']}" + (f" --advice '{was['advice']}'" if was["advice"] else "")
        lines.append(f"in place of: {told}; '{ctx.settings.calling('undo')}' brings that back")
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (number,), "doctor_rule")


def edit(
    ctx: Context, name: str, *, kind: Entity | None = None, words: Sequence[str] = (), advice: str | None = None
) -> Changed:
    """Give a rule of the user's own another kind, filter (shell words) or advice; what is not given stays, and an
    empty advice takes it away. Raises NotFoundError, UsageError and FilterError as `add` does."""
    if kind is None and not words and advice is None:
        raise UsageError("nothing to change", "write a new filter, --on KIND or --advice TEXT")
    with ctx.writing() as tx:
        number = _found(ctx, tx, name)
        was = tx.row("doctor_rule", number)
        kind = kind or ENTITIES[was["entity"]]
        text = records.filter_text(kind, words) if words else was["filter"]
        row = _row(ctx, kind, text, was["advice"] if advice is None else advice)
        changed = tx.change("doctor_rule", number, row)
    line = f"the doctor looks for {kind.plural} that fit {row['filter']} now: {was['name']}"
    return Changed((line if changed else f"nothing to change in {was['name']}",), tuple(tx.changes), ctx.batch,
                   (number,), "doctor_rule")  # fmt: skip


def remove(ctx: Context, names: Sequence[str]) -> Changed:
    """Forget rules of the user's own. Raises NotFoundError, UsageError for one of ours."""
    some = {fold(name): name for name in names}.values()
    with ctx.writing() as tx:
        for name in some:
            tx.delete("doctor_rule", _found(ctx, tx, name))
            _turn(tx, name, on=True)
    lines = tuple(f"removed the rule {name}" for name in some)
    return Changed(lines, tuple(tx.changes), ctx.batch, (), "doctor_rule")


def rules(ctx: Context) -> list[Rule]:
    """The user's own rules, by name."""
    found = ctx.reader.rows("SELECT name, entity, filter, advice FROM doctor_rule ORDER BY name_key")
    return [
        Rule(name, "own", ENTITIES[entity], name, advice or f"crm {entity} edit {{filter}} FIELD=VALUE", text or "")
        for name, entity, text, advice in found
        if entity in KINDS
    ]


def _checked_name(name: str) -> str:
    """The name of a rule as it is kept. Raises UsageError, ConflictError."""
    name = " ".join(check_text(name).split())
    seen = all(category(char)[0] in "LMNPSZ" or char in JOINERS for char in name)
    begun = name[:1].isalnum() and not fold(name).startswith(OFF)  # a letter may be nothing to a key
    if not begun or not seen or len(name) > LONGEST_NAME:
        raise UsageError(
            f"'{name}' cannot name a rule",
            f"begin with a letter or a digit, and use what can be seen, {LONGEST_NAME} characters at the most",
        )
    words = {*ABOUT, *VERBS, *(word for kind in (*KINDS, "tag") for word in (kind, ENTITIES[kind].plural))}
    if fold(name) in words:
        raise ConflictError(f"'{name}' is a word of 'crm doctor' itself", "give the rule another name")
    if fold(name) in {rule.name for rule in RULES}:
        raise ConflictError(f"the doctor has a rule '{name}' of its own", "give yours another name")
    return name


def _row(ctx: Context, kind: Entity, text: str, advice: str | None) -> dict[str, str | None]:
    """What is kept of a rule beside its name. Raises UsageError, FilterError."""
    if kind.name not in KINDS:
        raise UsageError(f"there are no rules for {kind.plural.replace('_', ' ')}", f"--on {', '.join(KINDS)}")
    records.bound(ctx, kind, text)
    if not text.strip():
        raise UsageError(
            f"a rule needs a filter, or all {kind.plural} are faulty", 'as in "stage:proposition no:value"'
        )
    return {"entity": kind.name, "filter": text, "advice": (advice or "").strip() or None}


def _found(ctx: Context, tx: Transaction, name: str) -> int:
    """The number of a rule of the user's own. Raises NotFoundError, UsageError for one of ours."""
    number = None if name.startswith(OFF) else tx.word("doctor_rule", name, create=False)
    if number is None:
        if fold(name) in {rule.name for rule in RULES}:
            off = ctx.settings.calling("doctor", "disable", fold(name))
            raise UsageError(f"the rule '{name}' is the doctor's own", f"to look for it no more: {off}")
        raise NotFoundError(
            f"you have no rule '{name}'", suggest(name, [rule.name for rule in rules(ctx)], "crm doctor rules")
        )
    return number


# --- switched off ----------------------------------------------------------------------------------------------------


def switched_off(ctx: Context) -> set[str]:
    """The folded names of the rules that are switched off."""
    found = ctx.reader.rows("SELECT name_key FROM doctor_rule WHERE filter IS NULL")
    return {key.removeprefix(OFF) for (key,) in found if key.startswith(OFF)}


def disable(ctx: Context, names: Sequence[str]) -> Changed:
    """Look for these rules, the doctor's own or the user's, no more unless they are named. Raises NotFoundError."""
    return _switch(ctx, names, on=False)


def enable(ctx: Context, names: Sequence[str]) -> Changed:
    """Look for these rules again. Raises NotFoundError."""
    return _switch(ctx, names, on=True)


def _switch(ctx: Context, names: Sequence[str], *, on: bool) -> Changed:
    lines = []
    with ctx.writing() as tx:
        tx.names_alone()  # two who switch the same rule off do it once
        known = {fold(rule.name): rule.name for rule in (*RULES, *rules(ctx))}
        for name in {fold(name): name for name in names}.values():
            if fold(name) not in known:
                raise NotFoundError(
                    f"the doctor has no rule '{name}'", suggest(name, list(known.values()), "crm doctor rules")
                )
            changed = _turn(tx, known[fold(name)], on=on)
            lines.append(f"switched {'on' if on else 'off'}{'' if changed else ' already'}: {known[fold(name)]}")
    return Changed(tuple(lines), tuple(tx.changes), ctx.batch, (), "doctor_rule")


def _turn(tx: Transaction, name: str, *, on: bool) -> bool:
    """Switch a rule on or off; whether that changed anything."""
    number = tx.word("doctor_rule", OFF + name, create=False)
    if on == (number is None):
        return False
    if number is None:
        tx.add("doctor_rule", {"name": OFF + name})
    else:
        tx.delete("doctor_rule", number)
    return True
