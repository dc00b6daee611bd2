"""The filter language: text -> tree -> bound tree, which SQL (`store.sql`) and Python (`matches`) read alike.

    acme   not TERM   TERM or TERM   ( ... )   field:a,b   field:=exact   field:1..5   no:field   has:field   is:state

tree      what a filter is made of, as written and as bound
parse     text -> the tree as written
spelling  the way back: quotes, canonical text, the words of a shell
bind      names and values get their meaning for one kind of record
ranges    the values that have an order: numbers, amounts, days, instants
states    is:STATE, and what a list leaves out
match     the meaning in Python

Every leaf is true or false for every row, never unknown, so that `not` is a true complement.
"""

from __future__ import annotations

from crmcli.domain.query.bind import Book, bind, read
from crmcli.domain.query.match import matches
from crmcli.domain.query.parse import TERM, parse
from crmcli.domain.query.spelling import canonical, join_words, narrowed, quote
from crmcli.domain.query.states import BESIDES, STATES
from crmcli.domain.query.tree import (
    EVERYTHING,
    And,
    Anywhere,
    Compare,
    Contains,
    Empty,
    LinkedTo,
    MoneyCompare,
    Node,
    Not,
    OneOf,
    Or,
    Tagged,
    Term,
    Value,
    Word,
    name_links,
    threshold,
)

__all__ = [
    "BESIDES",
    "EVERYTHING",
    "STATES",
    "TERM",
    "And",
    "Anywhere",
    "Book",
    "Compare",
    "Contains",
    "Empty",
    "LinkedTo",
    "MoneyCompare",
    "Node",
    "Not",
    "OneOf",
    "Or",
    "Tagged",
    "Term",
    "Value",
    "Word",
    "bind",
    "canonical",
    "join_words",
    "matches",
    "name_links",
    "narrowed",
    "parse",
    "quote",
    "read",
    "threshold",
]
