"""What the names, domains and terms of two companies or two deals say."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from crmcli.domain.dedupe import likeness
from crmcli.domain.dedupe.likeness import NEAR, SAME
from crmcli.domain.dedupe.tally import KEY_BITS, NAMESAKES

if TYPE_CHECKING:
    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read
    from crmcli.domain.dedupe.tally import Tally


def firm_name(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.words or not b.words:
        return
    whole = a.shown_name, b.shown_name
    if _same_words(a, b):
        bits = min(sum(counts.bits("word", word) for word in a.words), 25.0)
        if counts.named(a.name) <= NAMESAKES:
            bits = max(bits, KEY_BITS + 0.7 - tally.strangers)  # few companies may have one name: it is a key
        tally.add(-0.4, -bits, -9.0, 0.0)
        tally.mark("firm", *whole)
        return
    pairs, left_a, left_b = likeness.matched(a.words, b.words)
    shared = sum(min(counts.bits("word", a.words[i]), counts.bits("word", b.words[j])) for i, j, _ in pairs)
    if not left_a and not left_b:
        tally.add(-2.0, -min(max(shared - 1.5, 2.0), 20.0), -7.0, 0.0)
        tally.mark("firm-near", *whole)
    elif pairs and not (left_a and left_b):
        tally.add(-4.5, -min(shared, 18.0), -2.0, 0.0)
        tally.mark("firm-part", *whole)
    else:
        tally.add(-6.0, -min(shared, 4.0), -1.0, 0.0)
        tally.mark("firms-differ", *whole)


def firm_domain(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.domain or not b.domain:
        return
    if a.domain == b.domain:
        if not (bits := counts.bits("domain", a.domain)):
            return
        tally.add(-0.4, -bits, -2.5, 0.0)
        tally.key = True
        tally.mark("firm-domain", a.domain, b.domain)
    else:
        tally.add(-2.0, 0.0, -0.3, 0.0)


def _same_words(a: Read, b: Read) -> bool:
    """Whether two names are the same but for spaces or the order of their words."""
    return a.name == b.name or (len(a.name) == len(b.name) and sorted(a.words) == sorted(b.words))


def deal_name(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.words or not b.words:
        return
    whole = a.shown_name, b.shown_name
    if _same_words(a, b):
        bits = min(sum(counts.bits("word", word) for word in a.words), 20.0)
        tally.add(-0.3, -bits, -bits, -3.6)
        tally.mark("deal", *whole)
        return
    pairs, left_a, left_b = likeness.matched(a.words, b.words)
    bits = min(sum(min(counts.bits("word", a.words[i]), counts.bits("word", b.words[j])) for i, j, _ in pairs), 15.0)
    if not (left_a and left_b) and len(pairs) * 2 > max(len(a.words), len(b.words)):
        tally.add(-1.5, -max(bits - 2.0, 2.0), 0.0, -5.0)
        tally.mark("deal-near", *whole)
    else:
        tally.add(-4.5, -min(bits, 3.0), -min(bits, 3.0), -0.4)


def customer(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    """The customer of two deals: their company, or the person's address where there is none."""
    if a.company and b.company:
        if a.company == b.company:
            tally.add(-0.3, -counts.bits("company", a.company), 0.0, -0.1)
            tally.mark("company", a.shown_company, b.shown_company)
        elif a.tree is not None and a.tree == b.tree:
            tally.add(-2.0, -counts.bits("tree", str(a.tree)), 0.0, -2.0)
            tally.mark("tree")
        elif likeness.texts(a.company, b.company) == NEAR:
            tally.add(-3.0, -8.0, 0.0, -5.0)
            tally.mark("company-near", a.shown_company, b.shown_company)
        else:
            tally.add(-4.0, 0.0, 0.0, -6.0)
    if a.email and a.email == b.email:
        tally.add(-0.5, -counts.bits("email", a.email), 0.0, -0.5)
        tally.mark("email", a.email, b.email)


def terms(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    """Value and close date of two deals."""
    if a.value and b.value:
        if a.value == b.value:
            tally.add(-0.5, -counts.bits("value", a.value), 0.0, -4.0)
            tally.mark("value", a.value, b.value)
        else:
            tally.add(-2.5, 0.0, 0.0, -0.1)
    if a.close_on and b.close_on:
        grade = likeness.days(a.close_on, b.close_on)
        if grade == SAME:
            tally.add(-1.0, -counts.bits("close_on", a.close_on), 0.0, -5.0)
            tally.mark("close", a.close_on, b.close_on)
        else:
            tally.add(-2.0, 0.0, 0.0, -0.1)


# --- the most that it can be: what each of these adds against strangers, in bits, or more, at less cost ---


def words_at_most(counts: Counts, a: Read, b: Read) -> float:
    """What two names can say, whatever their words are: all those of one of them; of `a` where only spaces differ."""
    mine = sum([counts.bits("word", word) for word in a.words])
    if a.name == b.name:
        return mine
    return max(min(mine, sum([counts.bits("word", word) for word in b.words])), 0.5)


def firm_words_at_most(counts: Counts, a: Read, b: Read) -> float:
    """The same for companies: of few that have one name it is a key, which says enough whatever its words do."""
    return inf if _same_words(a, b) and counts.named(a.name) <= NAMESAKES else words_at_most(counts, a, b)


def firm_name_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.words or not b.words:
        return 0.0
    return _name_at_most(a, b, firm_words_at_most(counts, a, b), near=0.0, other=-2.0)


def deal_name_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.words or not b.words:
        return 0.0
    return _name_at_most(a, b, words_at_most(counts, a, b), near=0.5, other=-1.5, shared=0.5)


def _name_at_most(a: Read, b: Read, most: float, *, near: float, other: float, shared: float = 0.0) -> float:
    """What two names can say that say `most` where they are the same: where they are near, less than that, and no less
    than `near`; else `other`. They are near if one has nothing that the other has not, and more than that share of the
    longer one's words is in both."""
    if _same_words(a, b):
        return most
    pairs, left_a, left_b = likeness.matched(a.words, b.words)
    if (left_a and left_b) or len(pairs) <= shared * max(len(a.words), len(b.words)):
        return other
    return max(most - 3.5, near)


def firm_domain_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.domain or not b.domain:
        return 0.0
    if a.domain == b.domain:
        return inf if counts.bits("domain", a.domain) else 0.0
    return -2.0


def customer_at_most(counts: Counts, a: Read, b: Read) -> float:
    most = counts.bits("email", a.email) if a.email and a.email == b.email else 0.0
    if a.company and b.company:
        if a.company == b.company:
            most += counts.bits("company", a.company)
        elif a.tree is not None and a.tree == b.tree:
            most += counts.bits("tree", str(a.tree))
        else:
            most += 5.0 if likeness.texts(a.company, b.company) == NEAR else -4.0
    return most


def terms_at_most(counts: Counts, a: Read, b: Read) -> float:
    most = 0.0
    if a.value and b.value:
        most += counts.bits("value", a.value) if a.value == b.value else -2.5
    if a.close_on and b.close_on:
        most += counts.bits("close_on", a.close_on) if a.close_on == b.close_on else -2.0
    return most
