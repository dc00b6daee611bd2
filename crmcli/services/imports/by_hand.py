"""What is said of columns by hand, as `--map COLUMN=FIELD` has it: their titles and the fields as people spell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.fields import suggest
from crmcli.errors import UsageError
from crmcli.exchange import json_pages
from crmcli.services.imports.roles import KINDS, ROLES, TAKEN_OVER
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity


def place_of(header: Sequence[str], title: str) -> int | None:
    """The place of a column by its title, else by the joined name of the JSON key that the column holds:
    `properties.email` means `email`, and `owner.name` means `owner`. None where the file has no such column."""
    for same in (lambda h: h == title, lambda h: squeeze(h) == squeeze(title)):
        for index, name in enumerate(header):
            if same(name):
                return index
    called = json_pages.columns((title, f"{title.removesuffix('name')}id"))[title]
    return place_of(header, called) if called != title else None


def column_of(header: Sequence[str], title: str) -> int:
    """The place of a column by its title, as `place_of` finds it. Raises UsageError with the known ones."""
    index = place_of(header, title)
    if index is None:
        raise UsageError(f"the file has no column '{title}'", f"its columns: {', '.join(header)}")
    return index


def field_of(kind: Entity, to: str) -> str | None:
    """The field or role of a kind that a mapping by hand means: "" for none, None for what the kind has not."""
    to = to.strip()
    if to in ("", "-"):
        return ""
    field = kind.by_name.get(to) or kind.by_name.get({"due": "due_on"}.get(to, ""))
    if field is not None:
        return field.name
    return to if to in ROLES and has(kind, to) else None


def has(kind: Entity, role: str) -> bool:
    """Whether files of records of a kind have columns with this role."""
    return not ROLES[role].kinds or kind.name in ROLES[role].kinds


def places(kind: Entity, header: Sequence[str], given: Mapping[str, str]) -> dict[int, str]:
    """Place of a column -> the field or role of this kind that it fills by hand, "" for none. Raises UsageError."""
    fixed: dict[int, str] = {}
    for title, to in given.items():
        index = column_of(header, title)
        name = field_of(kind, to)
        if name is None:
            to = to.strip()
            known = [n for n, f in kind.by_name.items() if f.settable] + [role for role in ROLES if has(kind, role)]
            raise UsageError(
                f"{kind.name} has no field '{to}' to map '{title}' to", suggest(to, known, f"crm fields {kind.name}")
            )
        field = kind.by_name.get(name)
        if field is not None and not field.settable and field.name not in TAKEN_OVER:
            raise UsageError(f"{kind.name}.{field.name} is set by the program and cannot be imported")
        fixed[index] = name
    return fixed


def check_given(header: Sequence[str], given: Mapping[str, str]) -> None:
    """UsageError for a column that the file has not, and for a field that no kind has."""
    for title, to in given.items():
        column_of(header, title)
        if all(field_of(kind, to) is None for kind in KINDS):
            known = [name for kind in KINDS for name, field in kind.by_name.items() if field.settable] + list(ROLES)
            raise UsageError(
                f"there is no field '{to.strip()}' to map '{title}' to",
                suggest(to.strip(), list(dict.fromkeys(known)), "crm fields lead"),
            )
