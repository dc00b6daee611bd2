"""What the filter language cannot ask: records compared with others, and texts looked into."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.address import email_domain, is_public_domain
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, RECORDS, TASK
from crmcli.domain.hierarchy import top
from crmcli.domain.types import show_instant
from crmcli.services import needs, reminder_astray
from crmcli.services.links import LINKS
from crmcli.store.sql import by_number, portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmcli.context import Context
    from crmcli.domain.fields import Entity

#: How the providers that most people are at are misspelt; each is no provider itself.
SLIPS = {
    "gmial.com": "gmail.com", "gmai.com": "gmail.com", "gmal.com": "gmail.com", "gamil.com": "gmail.com",
    "gnail.com": "gmail.com", "gmail.con": "gmail.com", "gmail.co": "gmail.com", "gmail.cm": "gmail.com",
    "gmaill.com": "gmail.com", "gmail.comm": "gmail.com", "hotmial.com": "hotmail.com", "hotmal.com": "hotmail.com",
    "hotmai.com": "hotmail.com", "hotmail.con": "hotmail.com", "hotnail.com": "hotmail.com",
    "yaho.com": "yahoo.com", "yahooo.com": "yahoo.com", "yhoo.com": "yahoo.com", "yahoo.con": "yahoo.com",
    "outlok.com": "outlook.com", "outlook.con": "outlook.com", "otlook.com": "outlook.com",
    "iclod.com": "icloud.com", "icloud.con": "icloud.com", "icoud.com": "icloud.com",
}  # fmt: skip
#: Marks that stand for nothing one sees. Those that shape Persian and Arabic (ZWNJ, ZWJ, RLM) are not among them.
UNSEEN = re.compile("[\u00ad\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff]")
#: A number of a telephone with its area has so many digits.
LEAST_DIGITS = 7
#: A record that lists show: neither removed nor, where it can be, put aside.
SEEN = "t.removed_at IS NULL AND t.archived_at IS NULL"


def _seen(kind: Entity) -> str:
    """The condition of the open records of a kind, over its base table `t`."""
    if kind.name == "task":
        return "t.removed_at IS NULL AND t.done_at IS NULL"
    return f"t.kind = '{kind.kind}' AND t.status = 'open' AND {SEEN}" if kind.kind else SEEN


def _ids(ctx: Context, kind: Entity, where: str, *params: object) -> list[int]:
    sql = f"SELECT t.id FROM {kind.table} t WHERE {_seen(kind)} AND ({where}) ORDER BY t.id"
    return [row[0] for row in ctx.reader.rows(sql, params)]


def unreadable_phones(kind: Entity, column: str) -> Callable[[Context], list[int]]:
    """Looks for what stands in a column for telephones and has no E.164 form, under the region that is set, if one is;
    a text without digits has no key at all."""
    where = f"t.{column} IS NOT NULL AND substr(coalesce(t.{column}_key, ''), 1, 1) <> '+'"
    return lambda ctx: _ids(ctx, kind, where)


def readable_in_a_region(kind: Entity, column: str) -> Callable[[Context, list[int]], str]:
    """Advises, where no region is set and a number of these has the digits of one, to set it: numbers as people of one
    country write them are read then. Of others it is the record that is to be mended."""

    def advise(ctx: Context, ids: list[int]) -> str:
        one_by_one = f"crm {kind.name} edit ID {column}=+NUMBER"
        if ctx.env.region:
            return one_by_one
        for some, marks in portions(ids):
            sql = f"SELECT {column} FROM {kind.table} WHERE id IN ({marks})"
            if any(sum(map(str.isdecimal, text)) >= LEAST_DIGITS for (text,) in ctx.reader.rows(sql, some)):
                return f"crm config set region COUNTRY && crm db check --repair  # or one by one: {one_by_one}"
        return one_by_one

    return advise


def misspelt_providers(kind: Entity) -> Callable[[Context], list[int]]:
    """Looks for e-mail addresses at a domain that is a slip of a public provider's."""

    def find(ctx: Context) -> list[int]:
        return sorted(
            number
            for number, key in _filled(ctx, kind, "email_key")
            if email_domain(key) in SLIPS
        )  # fmt: skip

    return find


def unseen_marks(kind: Entity) -> Callable[[Context], list[int]]:
    """Looks for names with invisible marks."""
    return lambda ctx: [number for number, name in _filled(ctx, kind, "name") if UNSEEN.search(name)]


def _filled(ctx: Context, kind: Entity, column: str) -> Iterator[tuple[int, str]]:
    """(id, text) of every open record that has this column, page by page, oldest first."""
    last, scan = 0, by_number(ctx.reader.dialect)
    while page := ctx.reader.rows(
        f"SELECT t.id, t.{column} FROM {kind.table} t{scan} WHERE t.id > ? AND t.{column} IS NOT NULL AND {_seen(kind)}"
        " ORDER BY t.id LIMIT 5000",
        (last,),
    ):
        last = page[-1][0]
        yield from page


def _domains(ctx: Context) -> dict[str, list[int]]:
    """The companies by their domain; public providers stand for none."""
    found: dict[str, list[int]] = {}
    sql = f"SELECT t.domain, t.id FROM company t WHERE t.domain IS NOT NULL AND {SEEN} ORDER BY t.id"
    for domain, number in ctx.reader.rows(sql):
        if not is_public_domain(domain):
            found.setdefault(domain, []).append(number)
    return found


def companies_by_email(ctx: Context, numbers: Iterable[int]) -> dict[int, int]:
    """person -> the one company that has the domain of their e-mail address, of those of these people who have no
    company."""
    domains, found = _domains(ctx), {}
    for some, marks in portions(numbers):
        sql = (
            f"SELECT id, email_key FROM contact WHERE id IN ({marks}) AND company_id IS NULL AND email_key IS NOT NULL"
        )
        for number, key in ctx.reader.rows(sql, some):
            fitting = domains.get(email_domain(key), ())
            if len(fitting) == 1:
                found[number] = fitting[0]
    return found


def at_a_known_company(ctx: Context) -> list[int]:
    """People without a company whose e-mail address has the domain of exactly one."""
    alone = (
        f"SELECT t.id FROM contact t WHERE t.company_id IS NULL AND t.email_key IS NOT NULL AND {SEEN} ORDER BY t.id"
    )
    return sorted(companies_by_email(ctx, [row[0] for row in ctx.reader.rows(alone)]))


def other_domains(ctx: Context) -> list[int]:
    """People of one company whose e-mail address has the domain of others alone, and of none above or below theirs."""
    domains = _domains(ctx)
    parents = dict(ctx.reader.rows("SELECT id, parent_id FROM company WHERE parent_id IS NOT NULL"))
    found = []
    sql = (
        "SELECT t.id, t.company_id, t.email_key FROM contact t"
        f" WHERE t.company_id IS NOT NULL AND t.email_key IS NOT NULL AND {SEEN}"
    )
    for number, company, key in ctx.reader.rows(f"{sql} ORDER BY t.id"):
        tops = {top(other, parents) for other in domains.get(email_domain(key), ())}
        if tops and top(company, parents) not in tops:
            found.append(number)
    return found


def other_companies(ctx: Context) -> list[int]:
    """Open deals with a company whose contact works at one of another tree."""
    parents = dict(ctx.reader.rows("SELECT id, parent_id FROM company WHERE parent_id IS NOT NULL"))
    sql = (
        "SELECT t.id, t.company_id, c.company_id FROM opportunity t JOIN contact c ON c.id = t.contact_id"
        f" WHERE {_seen(DEAL)} AND t.company_id <> c.company_id ORDER BY t.id"
    )
    return [row[0] for row in ctx.reader.rows(sql) if top(row[1], parents) != top(row[2], parents)]


def closed_before_created(ctx: Context) -> list[int]:
    """Won and lost deals whose end is before their beginning. Of one that an import took in, the moment of the import
    is no beginning: its file did not say when it began."""
    imported = (
        "SELECT 1 FROM journal j JOIN journal_tx x ON x.seq = j.seq JOIN batch b ON b.id = x.batch_id"
        " WHERE j.entity = 'opportunity' AND j.record_id = t.id AND j.before IS NULL AND b.source = 'import'"
        " AND x.at = t.created_at"
    )
    sql = (
        "SELECT t.id FROM opportunity t WHERE t.kind = 'deal' AND t.removed_at IS NULL AND t.closed_at < t.created_at"
        f" AND NOT EXISTS ({imported}) ORDER BY t.id"
    )
    return [row[0] for row in ctx.reader.rows(sql)]


def tasks_of_the_lost(ctx: Context) -> list[int]:
    """Open tasks of lost leads and deals."""
    return _ids(
        ctx,
        TASK,
        "EXISTS (SELECT 1 FROM opportunity o"
        " WHERE o.id = t.opportunity_id AND o.status = 'lost' AND o.removed_at IS NULL)",
    )


def tasks_in_rings(ctx: Context) -> list[int]:
    """Open tasks that wait for themselves, by way of others that are open."""
    return sorted({number for ring in needs.in_rings(ctx.reader, unfinished=True) for number in ring})


def still_to_come(ctx: Context) -> list[int]:
    """Interactions of a moment that has not come: by them somebody seems to have been reached."""
    sql = "SELECT id FROM interaction WHERE removed_at IS NULL AND at > ? ORDER BY id"
    return [row[0] for row in ctx.reader.rows(sql, (show_instant(ctx.env.now),))]


def reminders_astray(ctx: Context) -> list[int]:
    """Open tasks with a reminder that may not have come, and that nobody tries any more."""
    return sorted({kept.task for kept in reminder_astray.astray(ctx)})


def tasks_of_the_removed(ctx: Context) -> list[int]:
    """Open tasks that hang on removed records alone."""
    links = (("opportunity", "opportunity_id"), ("contact", "contact_id"), ("company", "company_id"))
    each = [
        f"EXISTS (SELECT 1 FROM {table} x WHERE x.id = t.{column} AND x.removed_at IS {{}})" for table, column in links
    ]
    any_of = f"({' OR '.join(each)})"
    return _ids(ctx, TASK, f"{any_of.replace('{}', 'NOT NULL')} AND NOT {any_of.replace('{}', 'NULL')}")


def linked_to_removed(kind: Entity, link: str) -> Callable[[Context], list[int]]:
    """Looks for records whose company or contact was removed; what was merged has gone on to the one that it is."""
    where = f"EXISTS (SELECT 1 FROM {link} x WHERE x.id = t.{link}_id AND x.removed_at IS NOT NULL)"
    return lambda ctx: _ids(ctx, kind, where)


def alone(ctx: Context) -> list[int]:
    """Companies that nothing in sight links to, and at whose domain nobody in the book has an address."""
    # One list to look up is quick on both engines, whatever their planners know of the tables.
    linked = " UNION ALL ".join(
        f"SELECT x.{column} FROM {table} x WHERE x.{column} IS NOT NULL AND x.removed_at IS NULL"
        for table, column in LINKS["company"]
        if table in {kind.table for kind in RECORDS.values()}
    )
    found = _ids(ctx, COMPANY, f"t.id NOT IN ({linked})")
    at = {company: domain for domain, companies in _domains(ctx).items() for company in companies} if found else {}
    if not at.keys() & set(found):
        return found
    people = {email_domain(key) for kind in (CONTACT, LEAD) for _, key in _filled(ctx, kind, "email_key")}
    return [company for company in found if at.get(company) not in people]


def owners_gone(kind: Entity) -> Callable[[Context], list[int]]:
    """Looks for records of users who are no longer active."""
    where = "EXISTS (SELECT 1 FROM crm_user u WHERE u.id = t.owner_id AND u.active IS FALSE)"
    return lambda ctx: _ids(ctx, kind, where)


def unused_tags(ctx: Context) -> list[int]:
    """Tags on no record, removed ones included."""
    carried = " OR ".join(f"EXISTS (SELECT 1 FROM {table} x WHERE x.tag_id = t.id)" for table, _ in LINKS["tag"])
    return [row[0] for row in ctx.reader.rows(f"SELECT t.id FROM tag t WHERE NOT ({carried}) ORDER BY t.id")]


def doubles(kind: Entity) -> Callable[[Context], list[int]]:
    """Looks for records that are probably one with an older one of the same e-mail address, telephone or domain."""

    def find(ctx: Context) -> list[int]:
        from crmcli.services import duplicates  # what compares texts is loaded where it is asked for

        return sorted(number for group in duplicates.sharing(ctx, kind) for number in group.ids[1:])

    return find
