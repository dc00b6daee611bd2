"""Who takes part in the tasks of a file: mailboxes, and people who are named alone, by their addresses in the book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.columnwise import derive_columns
from crmcli.domain.entities import CONTACT, TASK
from crmcli.domain.mailboxes import ONE, Mailbox, listed, read_list
from crmcli.services.imports.linked_names import key_of
from crmcli.services.imports.parts import named_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.linked_names import LinkedNames


def parted(cells: Sequence[str]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The mailboxes of each cell, as `Ada <ada@x.org>, bob@y.org`, and the names in it that have no address."""
    boxes, names = [], []
    for cell in cells:
        some = [" ".join(part.split()) for part in ONE.findall(cell) if part.strip()]
        addressed = [named_address(part) if part.endswith(")") else ("", "") for part in some]
        both = zip(some, addressed, strict=True)
        with_address = [f"{name} <{email}>" if email else part for part, (name, email) in both]
        boxes.append(", ".join(part for part in with_address if "@" in part))
        names.append(tuple(part for part in with_address if "@" not in part))
    return boxes, names


def settle(block: Block, names: LinkedNames, title: str, env: Env) -> dict[int, str]:
    """Let the people whom the rows of a block name take part by the e-mail addresses of the contacts that are called
    so; those of whom the book has none, or several, are returned as lines, behind the `title` of their column."""
    guests = block.guests or []
    keys = {name: key_of(name) for some in guests for name in some}
    if not keys:
        return {}
    found = names.find(CONTACT.name, list(dict.fromkeys(keys.values())))
    known = names.named(CONTACT.name, {number for number in found.values() if number})
    boxes = {
        name: Mailbox(one.address, " ".join(one.name.split()))
        for name, key in keys.items()
        if (one := known.get(found.get(key, 0))) and one.address
    }
    lines = {}
    column = block.columns["attendees"]
    for row, some in enumerate(guests):
        if told := [name for name in some if name not in boxes]:
            lines[row] = f"{title}: {', '.join(told)}"
        if len(told) < len(some):
            more = [boxes[name] for name in some if name in boxes]
            both = {box.email: box for box in (*read_list(column[row] or ""), *more)}
            column[row] = listed(both.values())
    block.keys = derive_columns(TASK.table, block.columns, env)
    return lines
