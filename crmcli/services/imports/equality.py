"""Rows without any key are the records that they equal in everything that the file says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

#: Columns that get a value where the file gives none.
FILLED = frozenset((
    "created_at", "stage_since", "assigned_at", "closed_at", "archived_at", "done_at", "currency", "type_id",
))  # fmt: skip
#: Columns in which a series is more than the file says: its rule names its days, and it has a first one.
SETTLED = frozenset(("repeat", "due_on"))


def equal_rows(
    rows: Sequence[int],
    columns: Mapping[str, Sequence[Any]],
    full: Mapping[int, Mapping[str, Any]],
    gone: Container[int],
    ours: Callable[[int], bool],
    found: list[int],
) -> dict[int, int]:
    """Put the outcomes of rows (`Matcher.outcomes`) into `found`: of those that equal one of the records `full`, and of
    those that repeat another row. For rows that are new otherwise the removed records (`gone`) that they equal, row ->
    id. Two programs write the same letters in other ways: where no row equals a record, that is the one which differs
    in the writing alone, unless it is one of `ours`, which this file has itself."""
    exact, alike = _Index(columns, full, gone, _plain), _Index(columns, full, gone, _folded)
    chunk: dict[Any, int] = {}
    removed: dict[int, int] = {}
    for row in rows:
        own = tuple(_plain(column[row]) for column in columns.values())
        same = next(iter(exact.of(row)), None)
        if same is not None and same not in gone:
            found[row] = same
        elif own in chunk:
            found[row] = -1 - chunk[own]
        else:
            chunk[own] = row
            if same is not None:
                removed[row] = same
    taken = {number for number in found if number > 0}
    for row in rows if full else ():
        if found[row] < 0 < found[-1 - found[row]]:
            found[row] = found[-1 - found[row]]
        if found[row] or row in removed:
            continue
        same = next((n for n in alike.of(row) if n not in taken and n not in gone and not ours(n)), None)
        if same is not None:
            found[row] = same
            taken.add(same)
    return removed


class _Index:
    """Records by what rows say of them, each value in the form in which `form` compares it."""

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any]],
        full: Mapping[int, Mapping[str, Any]],
        gone: Container[int],
        form: Callable[[Any], Any],
    ) -> None:
        self._columns, self._full, self._form = columns, full, form
        aside = FILLED | (SETTLED if any(columns.get("repeat") or ()) else frozenset())
        self._firm = [name for name in columns if name not in aside]
        self._known: dict[tuple[Any, ...], list[int]] = {}
        for number in sorted(full, key=lambda number: (number in gone, number)):
            key = tuple(form(full[number].get(name)) for name in self._firm)
            self._known.setdefault(key, []).append(number)

    def of(self, row: int) -> list[int]:
        """The records that a row equals, those in sight first."""
        if not self._known:
            return []
        key = tuple(self._form(self._columns[name][row]) for name in self._firm)
        return [number for number in self._known.get(key, ()) if self._equal(row, self._full[number])]

    def _equal(self, row: int, record: Mapping[str, Any]) -> bool:
        rule = self._columns["repeat"][row] if "repeat" in self._columns else None
        return all(
            ((value := column[row]) is None and (name in FILLED or (name == "due_on" and rule is not None)))
            or self._form(value) == self._form(record.get(name))
            or (name == "repeat" and rule is not None and _is_rule(rule, record))
            for name, column in self._columns.items()
        )


def _is_rule(rule: str, record: Mapping[str, Any]) -> bool:
    """Whether a rule is that of a task, which has named the days that it takes from its first."""
    from crmcli.domain.recurrence import anchored

    day = record.get("series_on") or record.get("due_on")
    return bool(day and record.get("repeat") == anchored(rule, date.fromisoformat(day)))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _folded(value: Any) -> Any:
    return fold(value) if type(value) is str else _plain(value)


def same_writing(value: Any, others: Container[Any]) -> bool:
    """Whether a value is one of `others`, which are in the form in which texts are compared."""
    return _folded(value) in others


def written(values: Sequence[Any]) -> set[Any]:
    """Values in the form in which texts are compared."""
    return set(map(_folded, values))
