"""Who takes part in a task: mailboxes, each of which is a contact's by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import CONTACT
from crmcli.domain.mailboxes import ONE, Mailbox, listed, read_list
from crmcli.domain.text import check_text
from crmcli.errors import FieldError
from crmcli.services import naming
from crmcli.store.sql import portions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmcli.context import Context
    from crmcli.store.connect import Connection


def edited(ctx: Context, text: str, current: str | None) -> str | None:
    """The stored attendees after what was typed: mailboxes and names of contacts with commas are all of them; with
    `+ada@x.org,-bob` some are added and taken away. Raises FieldError for a contact without an address."""
    parts = [part.strip() for part in ONE.findall(check_text(text)) if part.strip()]
    signed = [part for part in parts if part[0] in "+-"]
    if signed and len(signed) != len(parts):
        raise FieldError("some are to be added or taken away, others not", "attendees", "write +ada@x.org,-bob@y.org")
    found = {box.email: box for box in read_list(current or "")} if signed else {}
    for part in parts:
        box = _mailbox(ctx, part.lstrip("+-").strip())
        if part[0] == "-":
            found.pop(box.email, None)
        else:
            found[box.email] = Mailbox(box.email, box.name or found.get(box.email, box).name)
    return listed(found.values()) or None


def contacts(connection: Connection, emails: Iterable[str]) -> dict[str, int]:
    """E-mail address -> the contact who has it: of several the one that was entered first; those in sight only."""
    found: dict[str, int] = {}
    for some, marks in portions(sorted(set(emails))):
        sql = (
            f"SELECT email_key, min(id) FROM contact WHERE email_key IN ({marks})"
            " AND removed_at IS NULL AND merged_into_id IS NULL GROUP BY email_key"
        )
        found.update(connection.rows(sql, some))
    return found


def attending(connection: Connection, stored: str | None) -> list[int]:
    """The contacts who take part in a task, in the order in which they are named."""
    emails = [box.email for box in read_list(stored or "")]
    known = contacts(connection, emails) if emails else {}
    return list(dict.fromkeys(known[email] for email in emails if email in known))


def _mailbox(ctx: Context, text: str) -> Mailbox:
    """A mailbox as it stands, or that of a contact by name or number."""
    if "@" in text:
        return read_list(text)[0]
    number = naming.resolve(ctx, CONTACT, text)
    name, email = ctx.reader.rows("SELECT name, email FROM contact WHERE id = ?", (number,))[0]
    if not email:
        hint = f"give them one: crm contact edit {number} email=..."
        raise FieldError(f"contact:{number} {name} has no e-mail address", "attendees", hint)
    return Mailbox(email, " ".join(str(name).split()))
