"""Leads to won deals: convert, move, won, lost, re-open, restore (the rules are in `domain.pipeline`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import pipeline
from crmcli.domain.address import company_domain
from crmcli.domain.change import written
from crmcli.domain.entities import ENTITIES, LEAD
from crmcli.domain.text import fold
from crmcli.errors import FieldError, RefusedError, UsageError
from crmcli.results import Changed
from crmcli.services import apart, naming, next_activity, values
from crmcli.services.records import each
from crmcli.services.stages import check_there, every_stage, next_position, stage_by_id, stage_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

PARTS = ("contact", "company", "deal")
#: What a new company takes over from the lead it comes from, and what a new person does: a lead's telephone and e-mail
#: address are the person's, not the firm's.
COMPANY_TAKES = (
    "website",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "owner_id",
    "source_id",
    "medium_id",
    "campaign_id",
)
CONTACT_TAKES = ("email", "phone", "job_title", *COMPANY_TAKES)


def convert(
    ctx: Context,
    number: int,
    to: Sequence[str] = PARTS,
    *,
    name: str = "",
    merge: Sequence[int] = (),
    source: str = "cli",
) -> Changed:
    """Turn a lead into what `to` names: a contact, a company, a deal; where it is the same as others (`merge`: leads or
    deals), it is merged with them first, and what stays of them is what is turned.

    An existing person (by e-mail, then by phone, then by name) or company (by name, then by domain) is linked, else one
    is made; of several the one with the lead's domain, name or company is taken, else the oldest, and that is said.
    With "deal" the lead itself becomes the deal: it keeps its number, history and timeline. Without it the lead stays.
    Others that may be the same, and how to merge them, are said. Raises RefusedError for a lead that is not open,
    UsageError for unknown words.
    """
    wanted = [part.strip() for part in to if part.strip()]
    unknown = [part for part in wanted if part not in PARTS]
    if unknown or not wanted:
        raise UsageError(f"a lead cannot be converted to '{', '.join(unknown)}'", f"choose from {', '.join(PARTS)}")
    merged: tuple[str, ...] = ()
    with ctx.writing(source, alone=bool(merge)) as tx:
        tx.names_alone()  # two leads of one company make it once
        lead = tx.row("lead", number)
        _check_open(lead)
        person = lead.get("contact_name") or lead["name"]  # a deal that it is merged into has the name of a sale
        if merge:
            from crmcli.services import merging

            done = merging.merge(ctx, LEAD, [number, *merge], many=True)
            merged, (number,) = done.lines, done.ids
        lead = tx.row("lead", number)
        became = _become(ctx, tx, {**lead, "contact_name": lead.get("contact_name") or person}, wanted, name)
        kind = tx.row("lead", number)["kind"]
    lines = tuple(
        f"{what} {'deal' if of_kind == 'lead' else of_kind}:{of} {written(tx.changes, of_kind, of, 'name', meant)}"
        for what, of_kind, of, meant in became
    )
    if kind == "deal":
        _tell_alike(ctx, number)
    return Changed((*merged, *lines), tuple(tx.changes), ctx.batch, (number,), kind)


def _check_open(lead: dict[str, Any]) -> None:
    if lead["status"] != "open" or lead.get("removed_at") or lead.get("archived_at"):
        verb = "reopen" if lead["status"] == "won" and not lead.get("removed_at") else "restore"
        state = "removed" if lead.get("removed_at") else lead["status"] if lead["status"] != "open" else "archived"
        raise RefusedError(f"lead {lead['id']} is not open but {state}", f"first: crm lead {verb} {lead['id']}")


def _become(
    ctx: Context, tx: Transaction, lead: dict[str, Any], wanted: Sequence[str], name: str
) -> list[tuple[str, str, int, str]]:
    """Turn a lead, or a deal that leads were merged into, into what is wanted; what was done with which record."""
    number = lead["id"]
    became: list[tuple[str, str, int, str]] = []
    changes: dict[str, Any] = {}
    if "company" in wanted and lead.get("company_name"):
        company, made = _company(ctx, tx, lead)
        changes["company_id"] = company
        became.append(("made" if made else "linked", "company", company, tx.row("company", company)["name"]))
    if "contact" in wanted:
        contact, made = _contact(ctx, tx, lead, changes.get("company_id"))
        changes["contact_id"] = contact
        became.append(("made" if made else "linked", "contact", contact, tx.row("contact", contact)["name"]))
    if "deal" in wanted and name.strip():
        changes["name"] = " ".join(name.split())
    if "deal" in wanted and lead["kind"] == "lead":
        changes.update(kind="deal", converted_at=tx.stamp, position=next_position(tx, lead["stage_id"]))
        if lead.get("owner_id") is None:
            changes.update(owner_id=tx.word("user", ctx.actor), assigned_at=tx.stamp)
        became.insert(0, (f"lead:{number} is now", "lead", number, changes.get("name", lead["name"])))
    if "deal" not in wanted and not changes:
        raise UsageError("there is nothing to convert: the lead names no company")
    tx.change("lead", number, changes)
    return became


def _tell_alike(ctx: Context, number: int) -> None:
    """Say which open leads and deals have the e-mail address or the person of a new deal, and how to merge them."""
    own = ctx.reader.one("SELECT email_key, contact_id FROM opportunity WHERE id = ?", (number,))
    asked = [(column, value) for column, value in zip(("email_key", "contact_id"), own or (), strict=False) if value]
    others = {number for pair in apart.pairs(ctx.reader, "opportunity", [number]) for number in pair} | {number}
    found: dict[int, str] = {}
    for column, value in asked:
        sql = (
            f"SELECT id, kind FROM opportunity WHERE {column} = ? AND id NOT IN ({', '.join('?' * len(others))})"
            " AND status = 'open' AND archived_at IS NULL AND removed_at IS NULL ORDER BY id LIMIT 4"
        )
        found.update((of, f"{kind}:{of}") for of, kind in ctx.reader.rows(sql, (value, *others)))
    if found:
        some = [found[of] for of in sorted(found)][:4]
        words = ctx.settings.calling("deal", "merge", f"deal:{number}", *some)
        are = "has" if len(some) == 1 else "have"
        ctx.say(f"{', '.join(some)} {are} the same e-mail address or person; if they are one sale: {words}")


def _company(ctx: Context, tx: Transaction, lead: dict[str, Any]) -> tuple[int, bool]:
    """The lead's company: an existing one of that name or domain, else a new one; and whether it was made."""
    if lead.get("company_id"):
        return int(lead["company_id"]), False
    domain = company_domain(lead.get("website"), lead.get("email"))
    for sql, value in (("name_key = ?", fold(lead["company_name"])), ("domain = ?", domain)):
        sql = f"SELECT id, domain FROM company WHERE {sql} AND removed_at IS NULL ORDER BY id"
        found = ctx.reader.rows(sql, (value,)) if value else []
        if found:
            return _one_of(ctx, "company", found, domain), False
    for where, value in (("name_key = ?", fold(lead["company_name"])), ("domain = ?", domain)):
        ends = naming.ended(ctx, ENTITIES["company"], where, (value,), seen=True) if value else {}
        if ends:
            return _one_of(ctx, "company", [(end, None) for end in dict.fromkeys(ends.values())], domain), False
    fixed = {c: lead.get(c) for c in COMPANY_TAKES} | {"name": lead["company_name"], "domain": domain}
    return _made_of(ctx, tx, lead, "company", fixed, "company"), True


def _one_of(ctx: Context, kind: str, found: Sequence[tuple[Any, ...]], mark: str | None) -> int:
    """The number of one of several (number, what tells it from others), oldest first: the one whose mark it is, else
    the oldest, which is said."""
    marked = [row for row in found if mark and row[1] == mark]
    if len(found) > 1 and len(marked) != 1:
        others = ", ".join(f"{kind}:{row[0]}" for row in found[:10])
        ctx.say(f"{others}{' ...' if len(found) > 10 else ''} all fit; {kind}:{(marked or found)[0][0]} is the oldest")
    return int((marked or found)[0][0])


def _contact(ctx: Context, tx: Transaction, lead: dict[str, Any], company: int | None) -> tuple[int, bool]:
    """The lead's person: an existing one by e-mail, phone or name, else a new one; and whether it was made. One without
    a company gets the lead's."""
    known = lead.get("contact_id") or _known_contact(ctx, lead) or _namesake(ctx, lead, company)
    if known:
        if company and tx.row("contact", int(known)).get("company_id") is None:
            tx.change("contact", int(known), {"company_id": company})
        return int(known), False
    fixed = {c: lead.get(c) for c in CONTACT_TAKES} | {
        "name": lead.get("contact_name") or lead["name"], "company_id": company, "tags": lead.get("tags") or None,
    }  # fmt: skip
    return _made_of(ctx, tx, lead, "contact", fixed, "contact_name"), True


def _made_of(ctx: Context, tx: Transaction, lead: dict[str, Any], kind: str, fixed: dict[str, Any], named: str) -> int:
    """A company or person made of a lead, whose field `named` says what it is called. Raises FieldError for what the
    lead may have and they may not, with the command that changes it there."""
    try:
        return values.create(ctx, tx, ENTITIES[kind], {}, fixed=fixed)
    except FieldError as error:
        field = {"name": named, "domain": "website" if lead.get("website") else "email"}.get(error.field, error.field)
        hint = f"crm {lead['kind']} edit {lead['id']} {field}=..."
        raise FieldError(f"{lead['kind']}:{lead['id']}: {error.message}", field, hint) from None


def _known_contact(ctx: Context, lead: dict[str, Any]) -> int | None:
    """The person in the book who has the lead's e-mail address, or else its phone."""
    phone = LEAD.field("phone").type.key(lead.get("phone"), ctx.env)
    for sql, params in (("email_key = ?", (lead.get("email"),)), ("(phone_key = ? OR mobile_key = ?)", (phone, phone))):
        sql = f"SELECT id, name_key FROM contact WHERE {sql} AND removed_at IS NULL ORDER BY id"
        found = ctx.reader.rows(sql, params) if params[0] else []
        if found:
            return _one_of(ctx, "contact", found, fold(lead.get("contact_name") or lead["name"]))
    keys = (("email_key", lead.get("email")), ("phone_key", phone), ("mobile_key", phone))
    for column, key in keys:
        ends = naming.ended(ctx, ENTITIES["contact"], f"{column} = ?", (key,), seen=True) if key else {}
        if ends:
            return _one_of(ctx, "contact", [(end, None) for end in dict.fromkeys(ends.values())], None)
    return None


def _namesake(ctx: Context, lead: dict[str, Any], company: int | None) -> int | None:
    """The person in the book who has the lead's name, where neither another company nor another e-mail address says
    that it is somebody else; of several one in the same company goes before others."""
    sql = (
        "SELECT t.id, t.company_id, c.name_key, t.email_key FROM contact t LEFT JOIN company c ON c.id = t.company_id"
        " WHERE t.name_key = ? AND t.removed_at IS NULL ORDER BY t.id"
    )
    firm, email = fold(lead.get("company_name") or ""), lead.get("email")
    found = []
    for number, of, of_name, address in ctx.reader.rows(sql, (fold(lead.get("contact_name") or lead["name"]),)):
        same = of is not None and (of == company if company else of_name == firm)
        if not (of is not None and firm and not same) and not (email and address and address != email):
            found.append((number, "same" if same else ""))
    return _one_of(ctx, "contact", found, "same") if found else None


def move(
    ctx: Context, kind: Entity, numbers: Sequence[int], stage: str, *, position: int | None = None, source: str = "cli"
) -> Changed:
    """Put leads or deals into a stage of their own pipeline (a won stage wins them); `position` is a place in the
    column of the board. Deals that have no next step there are said."""
    names: dict[str, None] = {}

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        to = stage_named(ctx, stage, row.get("pipeline_id"))
        names[to["name"]] = None
        moved = _enter(tx, kind, row, to)
        return tx.change(kind.name, row["id"], {"position": position}) or moved if position is not None else moved

    done = each(ctx, kind, numbers, step, lambda: f"moved to {', '.join(names) or stage}:", source, named=True)
    next_activity.tell_idle(ctx, done.ids)
    return done


def won(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Win: into the next won stage after the present one, else the last one before it."""

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        own = [s for s in every_stage(ctx) if s["pipeline_id"] == row["pipeline_id"]]
        goals = [s for s in own if s["is_won"]]
        if not goals:
            raise UsageError("the pipeline has no won stage", "mark one: crm stage edit NAME won=yes")
        here = next((s["position"] for s in own if s["id"] == row["stage_id"]), 0)
        if row["status"] == "won":
            return False
        return _enter(tx, kind, row, next((s for s in goals if s["position"] > here), goals[-1]))

    return each(ctx, kind, numbers, step, "won", source, named=True)


def lost(
    ctx: Context, kind: Entity, numbers: Sequence[int], reason: str = "", note: str = "", *, source: str = "cli"
) -> Changed:
    """Lose, with a reason (a new one joins the list) and a note if there is something to say; one that is lost already
    takes another reason and a note. A won one is refused."""
    from crmcli.services import timeline

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        why = tx.word("lost_reason", reason) if reason.strip() else None
        changes = {"lost_reason_id": why or row.get("lost_reason_id")}
        if row["status"] != "lost":
            changes = pipeline.lose(row, why, tx.stamp)
        if note.strip():
            timeline.write(ctx, tx, kind, row["id"], "note", note)
        return tx.change(kind.name, row["id"], changes) or bool(note.strip())

    return each(ctx, kind, numbers, step, "lost", source, named=True)


def reopen(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Open a closed one again: a won one goes back to the stage it came from, a lost one stays in its stage."""

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        if row["status"] == "lost":
            return _back(ctx, tx, kind, row)
        if row["status"] == "open":
            return False
        return _enter(tx, kind, row, _stage_before(ctx, row))

    return each(ctx, kind, numbers, step, "re-opened", source, named=True)


def restore(ctx: Context, kind: Entity, numbers: Sequence[int], *, source: str = "cli") -> Changed:
    """Bring lost, archived and removed ones back; a lost one is open again, its reason cleared: where its stage has
    become a won one, in the open stage it was in before that."""

    def step(tx: Transaction, row: dict[str, Any]) -> bool:
        return _back(ctx, tx, kind, row)

    return each(ctx, kind, numbers, step, "restored", source, named=True, removed=True)


def _back(ctx: Context, tx: Transaction, kind: Entity, row: dict[str, Any]) -> bool:
    """Bring one back into its stage, with what follows from the stage as it is now."""
    stage = stage_by_id(ctx, row["stage_id"])
    changes = pipeline.restore(row, stage)
    after = {**row, **changes}
    if stage is None or (after["status"] == "won" and stage["is_won"]):
        return tx.change(kind.name, row["id"], changes)
    to = _stage_before(ctx, row) if stage["is_won"] else stage
    return tx.change(kind.name, row["id"], {**changes, **_into(tx, after, to)})


def _enter(tx: Transaction, kind: Entity, row: dict[str, Any], stage: dict[str, Any]) -> bool:
    if row["stage_id"] == stage["id"] and (row["status"] == "won") == bool(stage["is_won"]) and row["status"] != "lost":
        return False
    return tx.change(kind.name, row["id"], _into(tx, row, stage))


def _into(tx: Transaction, row: dict[str, Any], stage: dict[str, Any]) -> dict[str, Any]:
    """What changes where one enters a stage, at its end if it was in another; its way there is written down."""
    check_there(tx, stage)
    changes, moved = pipeline.enter(row, stage, tx.stamp)
    if moved:
        tx.add("stage_move", moved)
        changes["position"] = next_position(tx, stage["id"])
    return changes


def _stage_before(ctx: Context, row: dict[str, Any]) -> dict[str, Any]:
    """The open stage that one in a won stage was in last; without history the last open stage of its pipeline."""
    every = {s["id"]: s for s in every_stage(ctx)}
    moves = ctx.reader.rows(
        "SELECT stage_id FROM stage_move WHERE opportunity_id = ? ORDER BY left_at DESC, id DESC", (row["id"],)
    )
    for (number,) in moves:
        if number in every and not every[number]["is_won"]:
            return every[number]
    own = [s for s in every.values() if s["pipeline_id"] == row["pipeline_id"] and not s["is_won"]]
    if not own:
        raise FieldError("the pipeline has no open stage", "stage", "add one: crm stage add NAME")
    return own[-1]
