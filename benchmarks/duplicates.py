"""The search for duplicates among 25,000, 50,000 and 100,000 contacts, against a bare script that compares names."""

from __future__ import annotations

import random
import time
from typing import Any

from benchmarks.books import CITIES, TITLES, TRADES, word
from benchmarks.measure import Figure
from crmcli.domain.dedupe import Entry, Finder

SIZES = (25_000, 50_000, 100_000)
#: Seconds that the largest book may take; what twice the records may cost.
LONGEST, GROWTH = 15.0, 2.6
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def contacts(count: int, seed: int = 31) -> tuple[list[Entry], set[tuple[int, int]]]:
    """So many made-up contacts, and which pairs of them are one: one in twenty stands there twice, with a slip in its
    name and an address less. Half of them have a birthday and a street, half work for a company."""
    dice = random.Random(seed)
    found: list[Entry] = []
    truth: set[tuple[int, int]] = set()
    while len(found) < count:
        person = _person(dice, len(found), count)
        found.append(Entry(**person))
        if dice.random() < 0.05 and len(found) < count:
            name, at = person["name"], dice.randrange(1, 5)
            slip = dice.choice((name[at + 1] + name[at], name[at], dice.choice(LETTERS) + name[at + 1]))
            again = {**person, "id": len(found), "name": name[:at] + slip + name[at + 2 :]}
            again |= {"email": None} if dice.random() < 0.5 else {"phones": ()}
            truth.add((len(found) - 1, len(found)))
            found.append(Entry(**again))
    return found, truth


def _person(dice: random.Random, number: int, count: int) -> dict[str, Any]:
    """Names as uneven as in a country: some have thousands of bearers, and a larger book has more rare ones."""
    first, last = word(int(2_000 * dice.random() ** 3)), word(4_000 + int((2_000 + count // 5) * dice.random() ** 2))
    person: dict[str, Any] = {
        "id": number,
        "name": f"{first} {last}",
        "email": f"{first}.{last}.{number}@{dice.choice(('gmail.com', f'{word(dice.randrange(4000))}.example'))}",
        "phones": (f"+9821{20_000_000 + number}",),
        "city": dice.choice(CITIES),
    }
    if dice.random() < 0.5:
        day = f"{dice.randrange(1940, 2006)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
        street = f"{dice.randrange(1, 150)} {word(dice.randrange(4000))} street"
        person |= {"birthday": day, "street": street, "postal_code": str(dice.randrange(10_000, 99_999))}
    else:
        person |= {"company": f"{word(dice.randrange(4000))} {dice.choice(TRADES)}", "job_title": dice.choice(TITLES)}
    return person


def floor(entries: list[Entry]) -> int:
    """The bare script: names that begin alike, compared by rapidfuzz in the alphabet's order; how many are near."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.fuzz import ratio

    blocks: dict[str, list[str]] = {}
    for entry in entries:
        name = (entry.name or "").lower()
        first, _, last = name.partition(" ")
        blocks.setdefault(first[:2] + last[:3], []).append(name)
    near = 0
    for names in blocks.values():
        names.sort()
        for at, name in enumerate(names):
            for other in names[at + 1 : at + 20]:
                near += ratio(name, other) >= 90 and OSA.distance(name, other, score_cutoff=2) <= 2
    return near


def measured(rounds: int) -> list[Figure]:
    """Milliseconds of processor time for each size (it is one thread, and waits for nothing), the growth from each to
    the next, and what was found of the planted pairs."""
    figures: list[Figure] = []
    before = 0.0
    for size in SIZES:
        entries, truth = contacts(size)
        times: list[tuple[float, float]] = []
        found: set[tuple[int, int]] = set()
        for _ in range(rounds):
            start = time.process_time()
            floor(entries)
            middle = time.process_time()
            found = {(pair.a, pair.b) for pair in Finder(entries).pairs()}
            times.append((time.process_time() - middle, middle - start))
        ours, low = (sorted(some)[len(some) // 2] for some in zip(*times, strict=True))
        name = f"duplicates among {size:,} contacts"
        figures.append(Figure(f"{name}, to a bare rapidfuzz script", ours * 1000, low * 1000, ours / low))
        if size == SIZES[-1]:
            figures.append(Figure(name, ours * 1000, bound=LONGEST * 1000))
        if before:
            figures.append(Figure(f"{name}, to half as many", ours * 1000, before * 1000, ours / before, GROWTH))
        right = len(found & truth)
        told = f"precision {right / len(found):.4f}, recall {right / len(truth):.4f} of {len(truth):,} planted pairs"
        figures.append(Figure(f"{name}: found", note=told))
        before = ours
    return figures
