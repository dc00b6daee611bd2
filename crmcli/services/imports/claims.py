"""Which columns are said to be one field that takes one value: only one of them can have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain import custom
from crmcli.errors import UsageError
from crmcli.services.imports.by_hand import column_of, field_of
from crmcli.services.imports.roles import (
    ANY_STATUS,
    AT_TIME,
    BIRTH,
    DUE_TIME,
    KIND_OF_ROW,
    LINK_UIDS,
    MORE_EMAIL,
    MORE_PHONE,
    OF_LEAD,
    PERIOD,
    ROLES,
    SUBJECT,
    TOGETHER,
    YES_OR_NO,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity

#: What stands before a field that is to be made: `--map 'Industry=+sector:choice'`.
NEW = "+"
#: What several columns can be: fields that one of them fills in each row, and the roles of which a row can have many.
_SEVERAL = TOGETHER | ROLES.keys() - YES_OR_NO.union(
    (ANY_STATUS, AT_TIME, DUE_TIME, KIND_OF_ROW, OF_LEAD, PERIOD), BIRTH, LINK_UIDS.values()
)
#: What a further column of such values can be.
_FURTHER = {"email": MORE_EMAIL, "phone": MORE_PHONE, "mobile": MORE_PHONE, "body": SUBJECT}


def rivals(kind: Entity, header: Sequence[str], said: Mapping[str, str]) -> dict[str, list[str]]:
    """The fields that take one value and that several columns are said to be (`said`: title -> field, also one that is
    to be made), and the titles of these. Raises UsageError for a title that the file has not."""
    found: dict[str, dict[str, None]] = {}
    for title, to in said.items():
        name = field_of(kind, to)
        name = to.strip().partition(":")[0] if name is None else name
        if name not in _SEVERAL and name not in ("", NEW):
            found.setdefault(name.removeprefix(NEW), {})[header[column_of(header, title)]] = None
    return {name: list(titles) for name, titles in found.items() if len(titles) > 1}


def check(
    kind: Entity, header: Sequence[str], said: Mapping[str, str], by_hand: Mapping[str, str], *, makes: bool = True
) -> None:
    """Raises UsageError where what is said of columns (`said`), in part `by_hand`, is two things of one column, or of
    two columns what only one of them can be. `makes`: the import can make fields of columns."""
    first: dict[int, str] = {}
    for title, to in by_hand.items():
        place = column_of(header, title)
        if (earlier := first.setdefault(place, to)) != to:
            raise UsageError(
                f"column '{header[place]}' is said to be {earlier or '-'} and {to or '-'}", "a column is one field"
            )
    chosen = {header[place] for place in first}
    for field, titles in rivals(kind, header, said).items():
        if chosen.isdisjoint(titles):
            continue  # a profile names every title that a field has in some language or version of its program
        one, other = titles[0], titles[-1]
        more = [f"leave one out: --map '{one}=-'"]
        if field in _FURTHER:
            more.append(f"take the other values in beside it: --map '{other}={_FURTHER[field]}'")
        elif makes and any(kind in kinds for kinds in custom.TABLES.values()):
            more.append(f"make a field of it: --map '{other}={NEW}'")
        raise UsageError(
            f"columns {' and '.join(repr(title) for title in titles)} are both to be {field}, which takes one value",
            ", or ".join(more),
        )
