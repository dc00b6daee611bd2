"""Tables of sales: whether a file is one, and by which of its columns its sales are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities import DEAL, LEAD
from crmcli.domain.text import fold
from crmcli.services.imports import headings, titles
from crmcli.services.imports.people_names import are_people, is_person
from crmcli.services.imports.roles import CONTACT_FIRST, CONTACT_LAST, FIRST, LAST
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.first_rows import FirstRows
    from crmcli.services.imports.mapping import Mapped

#: Fields of a sale, beside which a status may well be a stage.
FIGURES = frozenset(("value", "recurring", "probability", "close_on"))
#: Those, and where a sale stands.
_STEPS = FIGURES | {"stage", "pipeline"}
#: How somebody is reached, and what somebody is called besides: rows with these are about people.
_REACHED = frozenset(("email", "phone", "mobile"))
_SOMEBODY = _REACHED | {FIRST, LAST, CONTACT_FIRST, CONTACT_LAST}
#: The title of a member of a record that the row leads to: `person_id.phone`, `person.email`.
_OF_ANOTHER = re.compile(r"\w\.\w")
#: Whom a deal is with, and what sales have besides their buyer and their value: that, how they stand, when they close.
_PERSON = frozenset(("contact", CONTACT_FIRST, CONTACT_LAST))
_MET = _PERSON | {"stage", "status", "close_on", "probability"}
#: What a table that is kept of sales has, and one of hours has not.
_KEPT = frozenset(("source", "owner", "currency", "email", "phone"))
#: How titles end that head the numbers of sales, or what is sold, squeezed.
_GOODS = re.compile(
    r"(?:no|nr|num|number|nummer|numero|invoice|rechnung|facture|factura|fatura|شماره|فاکتور"
    r"|product|item|service|article|produkt|artikel|produit|producto|articulo|محصول|کالا)$"
)
#: Titles that head the numbers of sales and of what is sent for them, squeezed.
_NUMBERS = re.compile(
    r"(?:n|nr|no|num|numero|شماره)?(?:invoice|order|quote|quotation|offer|proposal|receipt|rechnungs?|auftrags?|angebots?"
    r"|bestellung|bestell|beleg|facture|devis|commande|factura|presupuesto|pedido|fatura|teklif|siparis|فاکتور|سفارش)"
    r"(?:n|nr|no|num|number|nummer|numero|id|ref|reference)?"
)
#: Where one in so many sales is to a buyer of another one, a table is one of sales.
_OFTEN = 10


def call(
    kind: Entity,
    chosen: dict[int, list[str]],
    header: Sequence[str],
    fixed: Mapping[int, str],
    samples: Sequence[str],
) -> None:
    """Say in `chosen` (column -> what it fills) by which column leads and deals of a table of sales are called; not
    by one that is `fixed` by hand. `samples` has a filled cell of each column, "" where there is none, or nothing."""
    if kind is DEAL:
        _forget_titles(chosen, header, fixed, samples)
    if kind.kind:
        _by_subject(kind, chosen, header, fixed, samples)
        _by_what_is_sold(kind, chosen, header, fixed, samples)


def _forget_titles(
    chosen: dict[int, list[str]], header: Sequence[str], fixed: Mapping[int, str], samples: Sequence[str]
) -> None:
    """Let no deal be called Dr. or CTO where a title stands beside whom it is with."""
    named = next((i for i, to in chosen.items() if to == ["name"]), None)
    if named is None or named in fixed or ["contact"] not in chosen.values() or not samples:
        return
    if headings.of_titles(header[named]) and headings.is_job(samples[named]):
        chosen[named] = []


def _by_subject(
    kind: Entity,
    chosen: dict[int, list[str]],
    header: Sequence[str],
    fixed: Mapping[int, str],
    samples: Sequence[str],
) -> None:
    """Beside the value of a sale and how it stands a title is the sale's and nobody's job: the sale is called by it.
    Where people are named, too, it takes the day on which it is to close, or the currency of its value: they are those
    whom it is with then. Where the rows say how to reach somebody, and not in a record that they lead to, or the
    title's cell is a job, it is that person's."""
    named = next((i for i, to in chosen.items() if "name" in to), None)
    alone = named is None or headings.of_buyers(header[named])
    filled = {to for some in chosen.values() for to in some}
    own = {to for i, some in chosen.items() for to in some if not _OF_ANOTHER.search(header[i])}
    stands = not filled.isdisjoint(("stage", "status")) and (alone or "currency" in filled)
    if "value" not in filled or not ("close_on" in filled or stands):
        return
    if own & (_SOMEBODY - {"phone"} if alone and "contact" not in filled else _SOMEBODY):
        return
    jobs = [i for i, to in chosen.items() if to == ["job_title"] and squeeze(header[i]) == "title" and i not in fixed]
    if not jobs or (samples and headings.is_job(samples[jobs[0]])):
        return
    if named is None or _may_give_way(kind, header, fixed, named, samples):
        _call_by(kind, chosen, jobs[0], named, buyer=named is not None and alone)


def _by_what_is_sold(
    kind: Entity,
    chosen: dict[int, list[str]],
    header: Sequence[str],
    fixed: Mapping[int, str],
    samples: Sequence[str],
) -> None:
    """In a table of sales, with what each is worth and whom it is with, a sale that nothing names is called by its
    project, quote or order: a deal, and a lead that would be called by the person who is asked about it."""
    named = next((i for i, to in chosen.items() if "name" in to), None)
    free = [i for i in range(len(header)) if not chosen.get(i) and i not in fixed]
    called = next((i for i in free if headings.of_sales(header[i])), None)
    if called is None or (named is not None and not _may_give_way(kind, header, fixed, named, samples)):
        return
    filled = {to for some in chosen.values() for to in some}
    budget = next((i for i in free if headings.of_budgets(header[i])), None)
    valued = bool(FIGURES & filled) or budget is not None
    met = named is not None or bool((_MET if budget is not None or kind is LEAD else _MET | _KEPT) & filled)
    with_whom = "company" in filled or (bool((_MET - _PERSON) & filled) and (named is not None or _PERSON & filled))
    if not valued or not with_whom or not met or (kind is LEAD and _REACHED & filled):
        return
    _call_by(kind, chosen, called, named)
    if "value" not in filled and budget is not None and titles.can_be_amount(samples[budget] if samples else ""):
        chosen[budget] = ["value"]


def _may_give_way(
    kind: Entity, header: Sequence[str], fixed: Mapping[int, str], named: int, samples: Sequence[str]
) -> bool:
    """Whether the column by which sales would be called names whom they are with."""
    if named in fixed:
        return False
    somebody = headings.of_contacts(kind.name, header[named]) or headings.of_buyers(header[named])
    return somebody or (bool(samples) and headings.of_names(header[named]) and is_person(samples[named], "") is True)


def _call_by(kind: Entity, chosen: dict[int, list[str]], place: int, named: int | None, *, buyer: bool = False) -> None:
    """Let a sale be called by that column, and whom the column `named` calls be the person whom it is with, or its
    `buyer`."""
    chosen[place] = ["name"]
    if named is None:
        return
    if buyer and ["company"] not in chosen.values():
        chosen[named] = ["company"]
    else:
        person = "contact" if kind is DEAL else "contact_name"
        chosen[named] = [] if [person] in chosen.values() else [person]


def sells(rows: FirstRows) -> bool:
    """Whether the rows are sales, with figures, whose buyers or people they name, and in a column that fills nothing
    what they are: called by these people, several sales of one would be one."""
    if _numbered(rows):
        return True
    columns = rows.columns(LEAD)
    filled = {to for column in columns for to in column.to}
    named = [column for column in columns if not {"name", "contact_name"}.isdisjoint(column.to)]
    people = any(headings.of_contacts(LEAD.name, column.header) for column in named)
    if not _has_figures(columns, filled) or filled & _REACHED:
        return False
    if any("name" in column.to and not _is_somebody(column) for column in columns):
        return False  # they have names of their own
    if people and "company" in filled and any(headings.of_sales(column.header) for column in columns):
        return True
    buyers = [column.place for column in columns if {"name", "contact_name", "company"} & set(column.to)]
    free = [column for column in columns if not column.to]
    if people and "company" in filled:
        return any(_says_what(column, buyers, rows) for column in free)
    return bool(named) and any(_heads_goods(column.header) and _says_what(column, buyers, rows) for column in free)


def _numbered(rows: FirstRows) -> bool:
    """Whether the rows are invoices, orders or quotes: with an amount, and numbers of which each is another."""
    value = rows.places(DEAL).get("value")
    if value is None or not rows.filled(value):
        return False
    for column in rows.columns(LEAD):
        if not column.to and _NUMBERS.fullmatch(squeeze(column.header)):
            cells = [some[column.place].strip() for some in rows.cells]
            if all(cells) and len(set(cells)) == len(cells):
                return True
    return False


def _has_figures(columns: Iterable[Mapped], filled: AbstractSet[str]) -> bool:
    return bool(FIGURES & filled) or any(headings.of_budgets(column.header) for column in columns)


def headed(rows: FirstRows) -> bool:
    """Whether rows with figures of sales begin with words that fill nothing in leads, which would be called by those
    who buy: Job, Client, Value."""
    columns = rows.columns(LEAD)
    first = next((column for column in columns if rows.samples[column.place]), None)
    called = next((column for column in columns if "name" in column.to), None)
    if first is None or called is None or first.to or not headings.of_buyers(called.header) or not figures(rows):
        return False
    return any(map(str.isalpha, rows.samples[first.place])) and rows.places(LEAD).keys().isdisjoint(_REACHED)


def figures(rows: FirstRows) -> set[str]:
    """The figures of sales that columns of leads or deals have. What somebody brings in a year is none."""
    both = (column for kind in (LEAD, DEAL) for column in rows.columns(kind))
    return {to for column in both if squeeze(column.header) not in headings.TURNOVER for to in column.to} & FIGURES


def may_be(rows: FirstRows) -> bool:
    """Whether a column says what only deals and what is to become one have, or its title names such."""
    told = any(headings.of_deals(title) or headings.of_sales(title) for title in rows.header)
    steps = {"stage", "pipeline", "closed_at", "lost_reason"}
    return told or bool(figures(rows)) or not steps.isdisjoint(rows.places(DEAL))


def speaks_of(rows: FirstRows) -> bool:
    """Whether a column says something of sales: a figure, a step, where it came from."""
    return not rows.places(LEAD).keys().isdisjoint(_STEPS | {"status", "source", "medium", "campaign"})


def loses(rows: FirstRows, kind: Entity) -> bool:
    """Whether two columns or more with cells, of which one has figures of a sale, would be lost in records of this
    kind."""
    said = {column.place for column in rows.columns(kind) if column.to}
    lost = [column for column in rows.columns(LEAD) if column.place not in said and rows.filled(column.place)]
    told = {to for column in lost for to in column.to} & _STEPS
    return len(told) > 1 and not told.isdisjoint(FIGURES)


def _is_somebody(column: Mapped) -> bool:
    """Whether a column of names names people or those who buy, and no subjects."""
    return headings.of_contacts(LEAD.name, column.header) or headings.of_buyers(column.header)


def _says_what(column: Mapped, buyers: Sequence[int], rows: FirstRows) -> bool:
    """Whether a column that fills nothing may say what is sold: in words or by its number, in no id of the row, and
    where the same `buyers` (the columns that name them) come back, with something else unless its title is one of
    goods."""
    sample = rows.samples[column.place]
    if squeeze(column.header) in map(squeeze, headings.of_ids(LEAD.name, own=False)):
        return False
    if titles.heads_ids(column.header, sample):
        return False
    goods = _heads_goods(column.header)
    sales = [(tuple(fold(cells[place]) for place in buyers), fold(cells[column.place])) for cells in rows.cells]
    several = len(sales if goods else set(sales)) - len({who for who, _ in sales})
    return several * _OFTEN > len(sales) and (goods or any(map(str.isalpha, sample)))


def _heads_goods(title: str) -> bool:
    """Whether a title heads what is sold, or the numbers of sales."""
    return bool(_GOODS.search(squeeze(title)))


def names_deals(rows: FirstRows) -> bool:
    """Whether a column calls deals by a word for these alone, and fills nothing in leads."""
    of_leads = {column.place for column in rows.columns(LEAD) if column.to}
    return any(
        "name" in column.to and column.place not in of_leads and headings.of_deals(column.header)
        for column in rows.columns(DEAL)
    )


def names_leads(rows: FirstRows) -> bool:
    """Whether a column calls leads by their own subject: no person, no buyer, no project."""
    for column in rows.columns(LEAD):
        if "name" in column.to and not (_is_somebody(column) or headings.of_sales(column.header)):
            return not are_people((cells[column.place], "") for cells in rows.cells)
    return False


def called_by_sale(columns: Iterable[Mapped]) -> bool:
    """Whether deals would be called by a column that names projects, quotes or orders."""
    return any("name" in column.to and headings.of_sales(column.header) for column in columns)
