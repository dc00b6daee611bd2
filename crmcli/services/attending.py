"""Who takes part in a task: mailboxes, each of which is a contact's by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.address import email_key
from crmcli.domain.entities import CONTACT, LEAD
from crmcli.domain.mailboxes import ONE, Mailbox, listed, read_list
from crmcli.domain.text import check_text
from crmcli.errors import FieldError
from crmcli.services import naming
from crmcli.services.aliases import in_sight
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


def contacts(connection: Connection, emails: Iterable[str], *, merged: bool = True) -> dict[str, int]:
    """E-mail address, as given -> the contact who has it: of several the one that was entered first, of those in sight;
    archived ones are, behind the others. One that was merged is whom it was merged into, unless `merged` is False."""
    keys = {email: key for email in emails if (key := _key(email))}
    rows: list[tuple[bool, int, str]] = []  # those that are not behind others before those that are
    merges: set[int] = set()
    for some, marks in portions(sorted({*keys.values()})):
        sql = (
            "SELECT email_key, id, archived_at IS NOT NULL, merged_into_id IS NOT NULL FROM contact"
            f" WHERE email_key IN ({marks}) AND (removed_at IS NULL OR merged_into_id IS NOT NULL)"
        )
        for key, number, archived, elsewhere in connection.rows(sql, some):
            rows.append((bool(archived or elsewhere), number, key))
            merges |= {number} if elsewhere else set()
    ends = in_sight(connection, CONTACT.table, merges) if merges and merged else {}
    found: dict[str, int] = {}
    for _, number, key in sorted(rows):
        if number not in merges or number in ends:
            found.setdefault(key, ends.get(number, number))
    return {email: found[key] for email, key in keys.items() if key in found}


def leads(connection: Connection, emails: Iterable[str]) -> dict[str, int]:
    """E-mail address, as given -> the lead that has it: of several an open one, of those the one that was touched last,
    else the newest. One that was merged is what it was merged into."""
    keys = {email: key for email in emails if (key := _key(email))}
    having: dict[int, str] = {}
    for some, marks in portions(sorted({*keys.values()})):
        sql = (
            f"SELECT id, email_key FROM {LEAD.table} WHERE kind = '{LEAD.kind}' AND email_key IN ({marks})"
            " AND (removed_at IS NULL OR merged_into_id IS NOT NULL)"
        )
        having |= dict(connection.rows(sql, some))
    ends = in_sight(connection, LEAD.table, having)
    standing: dict[int, tuple[bool, bool, Any, int]] = {}
    for some, marks in portions(sorted({*ends.values()})):
        sql = f"SELECT id, status, last_touch FROM {LEAD.table} WHERE id IN ({marks})"
        for number, status, touched in connection.rows(sql, some):
            standing[number] = (status == "open", touched is not None, touched, number)
    # What stands highest has the last word.
    found = {having[number]: ends[number] for number in sorted(ends, key=lambda number: standing[ends[number]])}
    return {email: found[key] for email, key in keys.items() if key in found}


def _key(email: str) -> str:
    try:
        return email_key(email)
    except FieldError:
        return ""


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
