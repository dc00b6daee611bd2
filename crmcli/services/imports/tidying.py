"""Cells of other programs before they are typed: as they are meant, and one thing in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.services.imports import facts, moments, parts, roles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.services.imports.mapping import Mapped

#: What spreadsheets are told to leave as it is, by an apostrophe.
_MARKED = ("external_id", "postal_code", "phone", "mobile", roles.MORE_PHONE)
_REACHED = ("email", "phone", "mobile", roles.CONTACT_EMAIL, roles.PERSON_EMAIL, roles.PERSON_PHONE)
_TELEPHONES = frozenset(("phone", "mobile", roles.PERSON_PHONE))


def tidied(
    turned: list[list[str]],
    by: Mapping[str, Sequence[Mapped]],
    dated: Sequence[Mapped],
) -> list[dict[int, str]]:
    """Change the cells of a block, column by column: marks of spreadsheets go, counted days become moments, and one
    address, number or day stays where there are several; the rest, as lines by row.

    `by` is the columns of the file by field and role, `dated` those of days and moments.
    """
    for to in _MARKED:
        for column in by.get(to, ()):
            turned[column.place] = parts.without_text_marks(turned[column.place])
    more = []
    for to in _REACHED:
        for column in by.get(to, ()):
            cells, telephones = turned[column.place], to in _TELEPHONES
            turned[column.place], others = parts.several(cells, column.header, telephones=telephones)
            more.append(others)
    for column in dated:
        if column.unit == facts.SECONDS:
            turned[column.place] = moments.from_seconds(turned[column.place])
        turned[column.place], others = moments.without_ends(turned[column.place], column.header)
        more.append(others)
    return more
