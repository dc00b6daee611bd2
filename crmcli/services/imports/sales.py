"""Tables of sales: whether a file is one, and what shows it (by which column its sales are called says `choosing`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.entities import DEAL, LEAD
from crmcli.domain.text import fold
from crmcli.services.imports import headings, titles
from crmcli.services.imports.people_names import are_people
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from crmcli.domain.fields import Entity
    from crmcli.services.imports.first_rows import FirstRows
    from crmcli.services.imports.mapping import Mapped

#: Fields of a sale, beside which a status may well be a stage.
FIGURES = frozenset(("value", "recurring", "probability", "close_on"))
#: Those, and where a sale stands.
STEPS = FIGURES | {"stage", "pipeline"}
#: How somebody is reached: rows with these are about people.
REACHED = frozenset(("email", "phone", "mobile"))
#: Words for numbers in titles, squeezed: those on either side of what is numbered, before it alone, behind it alone.
_NUMBER, _BEFORE, _BEHIND = "no|nr|num|numero", "شماره", "number|nummer"
#: Words for bills in titles, and for all that is sent for sales, squeezed; German ones may have an s before a number.
_BILLS = "invoice|rechnung|facture|factura|fatura|فاکتور"
_PAPERS = (
    f"{_BILLS}|order|quote|quotation|offer|proposal|receipt|rechnungs|auftrags?|angebots?|bestellung|bestell|beleg|devis"
    "|commande|presupuesto|pedido|teklif|siparis|سفارش"
)
#: How titles end that head the numbers of sales, or what is sold, squeezed.
_GOODS = re.compile(
    rf"(?:{_NUMBER}|{_BEFORE}|{_BEHIND}|{_BILLS}"
    r"|product|item|service|article|produkt|artikel|produit|producto|articulo|محصول|کالا)$"
)
#: Titles that head the numbers of sales and of what is sent for them, squeezed.
_NUMBERS = re.compile(rf"(?:{_NUMBER}|{_BEFORE}|n)?(?:{_PAPERS})(?:{_NUMBER}|{_BEHIND}|n|id|ref|reference)?")
#: Where one in so many sales is to a buyer of another one, a table is one of sales.
_OFTEN = 10


def sells(rows: FirstRows) -> bool:
    """Whether the rows are sales, with figures, whose buyers or people they name, and in a column that fills nothing
    what they are: called by these people, several sales of one would be one."""
    if _numbered(rows):
        return True
    columns = rows.columns(LEAD)
    filled = {to for column in columns for to in column.to}
    named = [column for column in columns if not {"name", "contact_name"}.isdisjoint(column.to)]
    people = any(headings.of_contacts(LEAD.name, column.header) for column in named)
    if not _has_figures(columns, filled) or filled & REACHED:
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
    return any(map(str.isalpha, rows.samples[first.place])) and rows.places(LEAD).keys().isdisjoint(REACHED)


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
    return not rows.places(LEAD).keys().isdisjoint(STEPS | {"status", "source", "medium", "campaign"})


def loses(rows: FirstRows, kind: Entity) -> bool:
    """Whether two columns or more with cells, of which one has figures of a sale, would be lost in records of this
    kind."""
    said = {column.place for column in rows.columns(kind) if column.to}
    lost = [column for column in rows.columns(LEAD) if column.place not in said and rows.filled(column.place)]
    told = {to for column in lost for to in column.to} & STEPS
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
