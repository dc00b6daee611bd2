"""What a plugin may make of a change: the same record, known columns, values of the right form."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from crmcli.domain.change import Change
from crmcli.domain.entities import ENTITIES
from crmcli.domain.money import LARGEST
from crmcli.domain.types import Choice, Env, Integer, Type, read_instant, show_instant
from crmcli.errors import CrmError, FieldError, RefusedError

if TYPE_CHECKING:
    from crmcli.domain.fields import Field

#: Columns that are the program's own: who and what the record is, when it was made and changed.
FIXED = frozenset(["id", "uid", "kind", "version", "created_at", "updated_at"])
# None of the types read below asks for the moment; the interface wants one.
_ENV = Env(datetime(2000, 1, 1, tzinfo=UTC))


def copied(change: Change) -> Change:
    """The same change with dicts and lists of its own: whoever alters it alters nothing else."""
    return change._replace(before=_copy(change.before), after=_copy(change.after))


def _copy(values: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else {c: list(v) if isinstance(v, list) else v for c, v in values.items()}


def accept(change: Change, answer: Any) -> Change | None:
    """The change as amended by `answer`; None when nothing of it is left to write.

    Raises RefusedError, saying what the answer may not do. Columns that come out as they were before are dropped.
    """
    if not isinstance(answer, Change):
        raise RefusedError(f"it returned {type(answer).__name__} instead of a Change or None")
    same = all(getattr(answer, name) == getattr(change, name) for name in ("entity", "id", "before", "table"))
    if not same or (answer.after is None) != (change.after is None):
        raise RefusedError("it may amend only what is in 'after'")
    if change.after is None or answer.after is None or answer.after == change.after:
        return change
    if not isinstance(answer.after, dict):
        raise RefusedError("it may amend only what is in 'after'")
    fields = {f.column or "tags": f for f in ENTITIES[change.entity].fields if f.column or f.type.family == "tags"}
    after: dict[str, Any] = {}
    for column in dict.fromkeys([*change.after, *answer.after]):
        old, new = change.after.get(column), answer.after.get(column)
        if type(new) is type(old) and new == old:
            after[column] = old
        else:
            after[column] = _value(change, fields.get(column), column, new)
    if change.before is None:
        return change._replace(after={c: v for c, v in after.items() if v is not None and v != []})
    kept = {c: v for c, v in after.items() if v != change.before[c]}
    if not set(kept) - {"updated_at"}:
        return None
    return change._replace(before={c: change.before[c] for c in kept}, after=kept)


def _value(change: Change, field: Field | None, column: str, value: Any) -> Any:
    if field is None or field.derived or column in FIXED:
        raise RefusedError(f"it may not set '{column}' of a {change.entity}")
    if change.before is not None and column not in change.before:
        raise RefusedError(f"it may not set '{column}' of a {change.entity} whose edit does not touch it")
    if value is None or value == "":
        if field.required:
            raise RefusedError(f"it may not empty '{column}' of a {change.entity}")
        return None
    try:
        if isinstance(value, str):
            field.type.check_length(value)
    except FieldError as error:
        raise RefusedError(f"'{column}' of a {change.entity}: {error.message}") from None
    try:
        return stored(field.type, value)
    except (CrmError, TypeError, ValueError):
        raise RefusedError(
            f"{value!r} is no {field.type.name} in stored form, for '{column}' of a {change.entity}"
        ) from None


def stored(kind: Type, value: Any) -> Any:
    """`value` if it has the stored form of the type (text normalised). Raises CrmError, TypeError or ValueError."""
    if kind.family in ("number", "money", "ref") or (isinstance(kind, Choice) and kind.numbers):
        low, high = _range(kind)
        if type(value) is not int or not low <= value <= high:
            raise ValueError(value)
    elif kind.family == "flag":
        if type(value) is not bool:
            raise ValueError(value)
    elif kind.family == "tags":
        if not isinstance(value, list) or any(type(tag) is not int or tag < 1 for tag in value):
            raise ValueError(value)
        return sorted(set(value))
    elif kind.family == "day":
        return date.fromisoformat(value).isoformat()
    elif kind.family == "instant":
        moment = read_instant(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return show_instant(moment)
    elif not isinstance(value, str):
        raise TypeError(value)
    else:
        return kind.parse(value, _ENV)
    return value


def _range(kind: Type) -> tuple[int, int]:
    if isinstance(kind, Choice):
        return 0, len(kind.options) - 1
    if kind.name == "percent":
        return 0, 10_000
    if isinstance(kind, Integer):
        return kind.low, kind.high
    if kind.family == "money":  # the currency's own limit may be lower: the book knows which one it is
        return -LARGEST, LARGEST
    return 1, 2**63 - 1
