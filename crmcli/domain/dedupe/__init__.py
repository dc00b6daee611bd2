"""Duplicates: which records are probably one and the same, with a score from 0 to 100 and the reasons in words.

entry     what goes in and comes out: Entry, Pair, Group
reading   a record as it is compared: words of names, their sound, folded values
names     which given names are short for which others
counts    how common each value is in the book
census    how common it is in a book that is not read, by its indexes and a sample
blocking  which pairs are worth comparing
likeness  how alike two values are that are not equal
weighing  what a pair says for and against being one: persons, places, ties and firms, added up in a tally
certain   what only one record can have, where all else that is known is equal, and what two of one family may
habits    what the whole book says about pairs that cannot be settled one by one
reasons   the words
finding   pairs, groups, one pair, the likes of one new record

bits(pair) = log2(prior) + sum over fields of log2(P(found | one record) / P(found | others)), the sum of Fellegi and
Sunter (JASA 64, 1969) with weights by the frequency of values (Newcombe 1959, Winkler 1988), taken against the
likeliest of three sorts of others: strangers, relatives, colleagues. A pair has one score, with what the whole book
says; a group has that of the two in it that are least alike. The prior is that a record has 0.1 duplicates among the
records of the book and 1,000 more, or as many as the book turns out to have.
score = 100 / (1 + 2^(-(bits + 5.5) / 6)): 50 at -5.5 bits, 75 (`THRESHOLD`, listed) at 4, 95 (may be merged unasked)
at 20. An e-mail address that no office has, and the domain or whole name of a company, make 76 by themselves unless
something else speaks against it. One whole name with a mailbox of one's own, or a company's name with its domain, makes
95 by itself where nothing that is known of both differs. People whose given names or birthdays differ stay below
95; a mailbox that only one person can have lifts that for a slip in the name. An e-mail address, telephone number or
domain that 21 or more others have says nothing at all (Odoo's rule).
"""

from __future__ import annotations

from crmcli.domain.dedupe.counts import TOO_MANY
from crmcli.domain.dedupe.entry import KINDS, Entry, Group, Pair
from crmcli.domain.dedupe.finding import APART, THRESHOLD, Finder, compare, groups, near, pairs, probe_keys, surest

__all__ = [
    "APART",
    "KINDS",
    "THRESHOLD",
    "TOO_MANY",
    "Entry",
    "Finder",
    "Group",
    "Pair",
    "compare",
    "groups",
    "near",
    "pairs",
    "probe_keys",
    "surest",
]
