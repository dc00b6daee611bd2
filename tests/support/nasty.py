"""A book of nasty rows, the same on every engine: letters that fold, marks, NULLs, big numbers, many currencies."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from crmcli.domain import custom as custom_fields
from crmcli.services import custom

if TYPE_CHECKING:
    from crmcli.context import Context

TEXTS = (
    "Ada Lovelace",
    "ada lovelace",
    "ADA",
    "straße",
    "STRASSE",
    "ẞ",
    "İstanbul",
    "ıstanbul",
    "istanbul",
    "ſervice",
    "ŉ",
    "µ",
    "μ",
    "ΐ",
    "ς Σ σ",
    "ﬁne",
    "fine",
    "علي",
    "علی",
    "كتاب",
    "کتاب",
    "۱۲۳",
    "٣",
    "123",
    "می\u200cخواهم",
    "میخواهم",
    "100%",
    "100_",
    "50\\50",
    "a%b",
    "a_b",
    "axb",
    "o'brien",
    'say "hi"',
    "a,b",
    "(x)",
    "field:value",
    "not",
    "or",
    "\u200c",
    "é",
    "e\u0301",
    "Zürich",
    "zurich",
    "  two   spaces  ",
    "🙂",
    "a\u202eb",
    "tab\tin",
    "x" * 300,
    "-",
    ".",
)
LONG = (*TEXTS, "line one\nline two", "=1+1", "{}", "NULL")
PHONES = ("+98 21 8888 7777", "021 8888 7777", "+1 212 555 0100", "12345", "ext 9", "۰۹۱۲۱۲۳۴۵۶۷", "+49 30 123456", "0")
EMAILS = ("ada@engines.example", "a.b+c@xn--bcher-kva.example", "ADA@engines.example".lower(), "o'brien@x.example")
URLS = ("https://x.example/?a=1&b=%20", "x.example", "https://STRASSE.example/ß")
AMOUNTS = (0, 1, -1, 100, 12_345, 99_999, 100_000, 2**53 + 1, 10**15, -(10**12), 1_000_005)
CURRENCIES = ("EUR", "JPY", "KWD", "IRR", "USD")
DAYS = ("2026-11-20", "2026-11-21", "2026-11-22", "2024-02-29", "1970-01-01", "2038-01-19", "2026-12-31")
INSTANTS = (
    "2026-11-21T09:59:59.999Z",
    "2026-11-21T10:00:00.000Z",
    "2026-11-21T10:00:00.001Z",
    "2026-11-20T23:59:59.999Z",
    "2026-11-21T00:00:00.000Z",
    "2026-03-29T01:00:00.000Z",
    "1999-12-31T23:59:59.999Z",
    "2026-12-01T00:00:00.000Z",
)
NUMBERS = (0, 1, -1, 5, 90, 2**53 + 1, 2**53, -(2**63) + 1, 2**63 - 1)
OPTIONS = ("Straße", "Food", "علی", "100%", "a_b", 'say "hi"', "50\\50", "x.y", "o'brien", "not")
CODES = ("C1", "c1", "ß", "ss", "۱۲", "12", "a.b", "İ", "z\u200c", "true", "null", "1", "{}")
#: By type: what fields of people's own hold, as stored.
OWN: dict[str, tuple[Any, ...]] = {
    "text": TEXTS,
    "long-text": (*TEXTS, "line one\nline two", "=1+1", "{}", "NULL"),
    "integer": NUMBERS,
    "number": (*NUMBERS, 33_490_000, 1_000_000, 90_000_000, 12_500_000),
    "percent": (0, 1, 3349, 5000, 10_000),
    "date": DAYS,
    "instant": INSTANTS,
    "flag": (True, False),
    "choice": OPTIONS,
    "email": EMAILS,
    "phone": PHONES,
    "url": URLS,
    "identifier": CODES,
}
TAGS = ("vip", "Straße", "علی", "a_b", "100%", "with space", "ﬁ")
WORDS = ("web", "Web site", "ẞource", "كمپین", "x%y")
ROWS = 60


def fill(ctx: Context) -> None:
    """Put the rows into a new book; the same rows with the same ids every time."""
    chance = random.Random(20261121)

    def some(values: Any, empty: float = 0.3) -> Any:
        return None if chance.random() < empty else chance.choice(values)

    with ctx.writing("nasty") as tx:
        tags = [tx.add("tag", {"name": name}) for name in TAGS]
        words = {
            v: [tx.add(v, {"name": name}) for name in WORDS] for v in ("source", "medium", "campaign", "lost_reason")
        }
        users = [tx.add("user", {"name": name}) for name in ("tester", "Grâce", "علی")]
        tx.flush()
        stages = [row[0] for row in tx.connection.rows("SELECT id FROM stage ORDER BY id")]
        types = [row[0] for row in tx.connection.rows("SELECT id FROM task_type ORDER BY id")]

        def life() -> dict[str, Any]:
            return {
                "description": some(LONG),
                "tags": sorted(chance.sample(tags, chance.choice((0, 0, 1, 2, 5)))),
                "created_at": chance.choice(INSTANTS),
                "updated_at": chance.choice(INSTANTS),
                "removed_at": some(INSTANTS, 0.9),
            }

        def person() -> dict[str, Any]:
            return {
                "email": some(EMAILS),
                "phone": some(PHONES),
                "website": some(URLS),
                "street": some(TEXTS),
                "city": some(TEXTS),
                "region": some(TEXTS),
                "postal_code": some(("01234", "1234 AB", "۱۲۳")),
                "country": some(TEXTS),
                "owner_id": some(users),
                "archived_at": some(INSTANTS, 0.8),
                **{f"{v}_id": some(words[v], 0.5) for v in ("source", "medium", "campaign")},
            }

        def deal() -> dict[str, Any]:
            status = chance.choice(("open", "open", "won", "lost"))
            return {
                "stage_id": chance.choice(stages),
                "pipeline_id": 1,
                "status": status,
                "value_minor": some(AMOUNTS),
                "currency": some(CURRENCIES, 0.1),
                "probability_bp": chance.choice((0, 1, 3349, 5000, 10_000)),
                "probability_manual": chance.random() < 0.5,
                "close_on": some(DAYS),
                "recurring_minor": some(AMOUNTS),
                "plan": some(("monthly", "quarterly", "yearly", "3 years", "5 years")),
                "referred_by": some(TEXTS),
                "priority": chance.choice((0, 1, 2, 3)),
                "lost_reason_id": some(words["lost_reason"], 0.7),
                "job_title": some(TEXTS),
                "contact_name": some(TEXTS),
                "company_name": some(TEXTS),
                "stage_since": some(INSTANTS),
                "assigned_at": some(INSTANTS),
                "closed_at": some(INSTANTS),
                "position": chance.randrange(10),
            }

        for i in range(ROWS):
            company = {
                "name": chance.choice(TEXTS),
                "parent_id": some(range(1, i + 1)) if i else None,
                "industry": some(TEXTS),
                "domain": some(("x.example", "straße.example")),
                "employees": some((0, 1, 2**53 + 1)),
                "revenue_minor": some(AMOUNTS),
                "currency": some(CURRENCIES),
                "external_id": some((f"c{i}",)),
            }
            tx.add("company", {**company, **person(), **life()})
        for i in range(ROWS):
            contact = {
                "name": chance.choice(TEXTS),
                "company_id": some(range(1, ROWS + 1)),
                "job_title": some(TEXTS),
                "mobile": some(PHONES),
                "birthday": some(DAYS),
                "language": some(("fa", "de")),
                "external_id": some((f"p{i}",)),
            }
            tx.add("contact", {**contact, **person(), **life()})
        for i in range(2 * ROWS):
            kind = "lead" if i % 2 else "deal"
            links = (
                {"contact_id": some(range(1, ROWS + 1)), "company_id": some(range(1, ROWS + 1))}
                if kind == "deal"
                else {}
            )
            row = {"kind": kind, "name": chance.choice(TEXTS), "external_id": some((f"o{i}",))}
            tx.add(kind, {**row, **links, **person(), **deal(), **life()})
        tx.flush()
        hangs = ("opportunity_id", "contact_id", "company_id")
        for i in range(ROWS):
            on = {column: some(range(1, ROWS + 1), 0.5) for column in hangs}
            task = {
                "name": chance.choice(TEXTS),
                "type_id": some(types),
                "due_on": some(DAYS),
                "due_at": some(INSTANTS, 0.6),
                "minutes": some((0, 5, 90)),
                "priority": chance.choice((0, 3)),
                "owner_id": some(users),
                "done_at": some(INSTANTS, 0.6),
                "feedback": some(LONG, 0.7),
                "external_id": some((f"t{i}",)),
            }
            tx.add("task", {**task, **on, **life()})
        for i in range(ROWS):
            on = {column: some(range(1, ROWS + 1), 0.5) for column in hangs}
            said = {
                "kind": chance.choice(("note", "call", "email")),
                "at": chance.choice(INSTANTS),
                "body": some(LONG),
                "direction": some(("in", "out")),
                "minutes": some((0, 5)),
                "author_id": some(users),
                "task_id": some(range(1, ROWS + 1), 0.7),
                "external_id": some((f"i{i}",)),
            }
            rest = {k: v for k, v in life().items() if k not in ("tags", "description")}
            tx.add("interaction", {**said, **on, **rest})


def fill_own(ctx: Context) -> None:
    """Give the records of a book that `fill` filled fields of people's own, one of each type, and values in them."""
    chance = random.Random(20261122)
    for table, kinds in custom_fields.TABLES.items():
        for kind in OWN:
            name = f"my_{kind.replace('-', '_')}"
            custom.add(ctx, table, name, kind, OPTIONS if kind == "choice" else (), label=f"{kind} of mine")
        with ctx.writing("nasty") as tx:
            for number in range(1, ROWS + 1):
                values = {
                    f"custom.my_{kind.replace('-', '_')}": chance.choice(some)
                    for kind, some in OWN.items()
                    if chance.random() < 0.6
                }
                tx.change(kinds[0].name, number, values)
