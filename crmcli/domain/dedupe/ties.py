"""What else two records have: e-mail, telephone, company, job, subject and whatever identifies them."""

from __future__ import annotations

from math import inf, log2
from typing import TYPE_CHECKING

from crmcli.domain.dedupe import likeness
from crmcli.domain.dedupe.likeness import DIFFERENT, NEAR

if TYPE_CHECKING:
    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read
    from crmcli.domain.dedupe.tally import Tally


def email(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.email or not b.email:
        return
    if a.email == b.email:
        if not (bits := counts.bits("email", a.email)):
            return
        family = -2.0 if a.role or tally.given == DIFFERENT else -5.0  # a family may have a firm
        tally.add(-0.5, -bits, family, -1.0 if a.role else -8.4)
        tally.key = tally.key or not a.role
        tally.mark("role" if a.role else "email", a.email, b.email)
    elif likeness.slips(a.email, b.email, 1) <= 1 and len(a.email) > 8 and not likeness.numbered(a.email, b.email):
        tally.add(-4.5, -11.0, -6.0, -6.0)
        tally.mark("email-near", a.email, b.email)
    else:
        tally.add(-1.3, 0.0, -0.1, -0.1)


def phone(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.phones or not b.phones:
        return
    for phone in a.phones:
        if phone in b.phones:
            if not (bits := counts.bits("phone", phone)):
                continue
            tally.add(-0.5, -bits, -0.7, _colleagues_line(counts, a, b, phone))
            tally.key = tally.key or (a.name == b.name and len(a.words) > 1 and a.generation == b.generation)
            tally.mark("phone", phone, phone)
            return
    if any(likeness.numbers(one, other) == NEAR for one in a.phones for other in b.phones):
        tally.add(-4.5, -10.0, -6.0, -2.5)
        tally.mark("phone-near", a.phones[0], b.phones[0])
    else:
        tally.add(-1.0, 0.0, -0.3, -0.3)


def _colleagues_line(counts: Counts, a: Read, b: Read, phone: str) -> float:
    """The chance, as log2, that two colleagues have a number in common: a switchboard is that of all of them, a number
    that two of a hundred have is rarely two people's."""
    if not a.company or a.company != b.company:
        return -1.0
    shared = (counts.holders(phone) - 1.0) / (counts.fellows(a.company) - 1.0)
    return min(-1.0, log2(shared))


def company(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    """Company, its tree and its domain, which say much the same: the one that says most, and a little for the next."""
    worth, known = _employer(counts, a, b, tally)
    if worth:
        tally.add(-0.4, -worth, -min(worth, 4.5 if a.company and b.company else 1.3), -0.1)
    elif known and a.company and b.company and likeness.texts(a.company, b.company) == NEAR:
        tally.add(-2.5, -8.0, -6.0, -2.5)
        tally.mark("company-near", a.shown_company, b.shown_company)
    elif known:
        tally.add(-1.7, 0.0, -0.2, -5.0)
    else:
        tally.add(0.0, 0.0, 0.0, -6.0)  # nothing says that they work together


def _employer(counts: Counts, a: Read, b: Read, tally: Tally | None = None) -> tuple[float, bool]:
    """What it is worth that company, tree or domain are the same, in bits, and whether one is known of both; what is
    the same is marked on the tally."""
    worth, known = 0.0, False
    for field, mine, other in (
        ("company", a.company, b.company), ("tree", a.tree, b.tree), ("domain", a.domain, b.domain),
    ):  # fmt: skip
        if mine and other:
            known = True
            if mine == other:
                worth = max(worth, counts.bits(field, str(mine)))
                if tally:
                    whole = (a.shown_company, b.shown_company) if field == "company" else (str(mine), str(other))
                    tally.mark(field, *whole)
    return worth, known


def job(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    _same_words(counts, "job", a.job, b.job, 5.0, tally)


def extra(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.extra or not b.extra:
        return
    for name, value in a.extra.items():
        other = b.extra.get(name)
        if not other:
            continue
        telling = counts.tells(name, value) and counts.tells(name, other)
        if value == other:
            bits = counts.bits("extra", f"{name}\n{value}")
            tally.add(-0.3, -bits, -min(bits, 10.0 if telling else 3.0), -min(bits, 7.0 if telling else 2.0))
            tally.mark("extra", name, value)
        elif telling and likeness.numbers(value, other) == NEAR:
            tally.add(-4.0, -11.0, -8.0, -8.0)
            tally.mark("extra-near", name, f"{value} / {other}")
        else:
            tally.add(-3.5 if telling else -1.5, 0.0, 0.0, 0.0)


def subject(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    _same_words(counts, "subject", a.subject, b.subject, 8.0, tally)


def _same_words(counts: Counts, field: str, a: str, b: str, most: float, tally: Tally) -> None:
    """Words that are the same say something, `most` bits of it at the most; others say little against."""
    if a and b and a == b:
        bits = min(counts.bits(field, a), most)
        tally.add(-1.0, -bits, -bits, -bits)
        tally.mark(field, a, b)
    elif a and b:
        tally.add(-0.6, 0.0, 0.0, 0.0)


# --- the most that it can be: what each of these adds against strangers, in bits, or more, at less cost ---


def email_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.email or not b.email:
        return 0.0
    if a.email == b.email:
        return counts.bits("email", a.email) if a.role else inf  # a key may be enough whatever else is said
    near = abs(len(a.email) - len(b.email)) <= 1 and likeness.slips(a.email, b.email, 1) <= 1
    return 6.5 if near else -1.3


def phone_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.phones or not b.phones:
        return 0.0
    most = max([counts.bits("phone", phone) for phone in a.phones if phone in b.phones], default=0.0)
    if most and a.name == b.name:
        return inf  # a key may be enough whatever else is said
    if most or any(likeness.numbers(one, other) >= NEAR for one in a.phones for other in b.phones):
        return max(most, 5.5)
    return -1.0


def company_at_most(counts: Counts, a: Read, b: Read) -> float:
    worth, known = _employer(counts, a, b)
    if worth:
        return worth - 0.4
    if a.company and b.company and likeness.texts(a.company, b.company) == NEAR:
        return 5.5
    return -1.7 if known else 0.0


def job_at_most(counts: Counts, a: Read, b: Read) -> float:
    return min(counts.bits("job", a.job), 5.0) - 1.0 if a.job and a.job == b.job else 0.0


def extra_at_most(counts: Counts, a: Read, b: Read) -> float:
    most = 0.0
    if a.extra and b.extra:
        for name, value in a.extra.items():
            if other := b.extra.get(name):
                most += max(counts.bits("extra", f"{name}\n{value}"), 7.0) if value == other else 7.0
    return most


def subject_at_most(counts: Counts, a: Read, b: Read) -> float:
    return min(counts.bits("subject", a.subject), 8.0) - 1.0 if a.subject and a.subject == b.subject else 0.0
