"""The search for duplicates among 25,000, 50,000 and 100,000 contacts, against a bare script that compares names, and
as a command on a book whose names are made of few syllables."""

from __future__ import annotations

import csv
import random
import time
from typing import TYPE_CHECKING, Any

from benchmarks.books import CITIES, TITLES, TRADES, word
from benchmarks.measure import PROGRAM, FailedError, Figure, spent, timed
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.dedupe import Entry, Finder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIZES = (25_000, 50_000, 100_000)
#: Seconds that the largest book may take; what twice the records may cost.
LONGEST, GROWTH = 15.0, 2.6
#: Megabytes that the command may take for the largest book.
ROOM = 250
LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Forty syllables: of names that are made of two or three of these many sound alike.
SYLLABLES = tuple(one + other for one in "bdfgklmn" for other in "aeiou")
HEADERS = ("Name", "Company", "Email", "Phone", "Job Title", "City", "Street", "Postal Code", "Birthday")


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


# --- the command, where names are made of few syllables ---


def make_csv(path: Path, count: int, seed: int = 32) -> None:
    """A file of so many people: most work for one of many firms and have an e-mail address, few have a street or a
    birthday, and one in twenty stands there twice, with a slip or two in its name and less beside it."""
    dice = random.Random(seed)
    firms = [f"{_name(dice)} {dice.choice(TRADES)}" for _ in range(count // 25)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADERS)
        rows = 0
        while rows < count:
            row = _row(dice, rows, firms)
            out.writerow(row)
            rows += 1
            if dice.random() < 0.05 and rows < count:
                again = [_slip(dice, row[0]), *row[1:]]
                if dice.random() < 0.3:
                    again[0] = _slip(dice, again[0])
                again[2] = ""  # the import takes who has one e-mail address for one
                for place in (1, 3):
                    if dice.random() < 0.5:
                        again[place] = ""
                out.writerow(again)
                rows += 1


def _name(dice: random.Random) -> str:
    return "".join(dice.choices(SYLLABLES, k=dice.choice((2, 2, 3))))


def _row(dice: random.Random, number: int, firms: list[str]) -> list[str]:
    given, family = _name(dice), _name(dice)
    firm = dice.choice(firms) if dice.random() < 0.8 else ""
    domain = f"{firm.split()[0]}.example" if firm and dice.random() < 0.7 else "gmail.com"
    local = f"{given}.{family}{'' if dice.random() < 0.5 else number}"
    day = f"{dice.randrange(1940, 2006)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
    street = f"{dice.randrange(1, 150)} {_name(dice)} street"
    every = (
        (f"{given} {family}".title(), 1.0), (firm.title(), 1.0), (f"{local}@{domain}", 0.85),
        (f"+98 21 {20_000_000 + number}", 0.6), (dice.choice(TITLES), 0.8), (dice.choice(CITIES), 1.0), (street, 0.3),
        (str(dice.randrange(10_000, 99_999)), 0.3), (day, 0.25),
    )  # fmt: skip
    return [value if dice.random() < share else "" for value, share in every]


def _slip(dice: random.Random, name: str) -> str:
    """A name with a letter exchanged, added or left out, or two transposed."""
    at = dice.randrange(len(name) - 1)
    middle = dice.choice((dice.choice(LETTERS) + name[at + 1], dice.choice(LETTERS) + name[at : at + 2], name[at],
                          name[at + 1] + name[at]))  # fmt: skip
    return name[:at] + middle + name[at + 2 :]


def commanded(folder: Path, env_of: Callable[[Path], dict[str, str]], rounds: int) -> list[Figure]:
    """Milliseconds of processor time of `crm dupes contact` on 50,000 and 100,000 contacts from its start to its end,
    the growth from one to the other, and its memory."""
    figures: list[Figure] = []
    before = 0.0
    for size in SIZES[1:]:
        name = f"crm dupes contact, {size:,} of few syllables"
        book = folder / f"syllables-{size}.db"
        try:
            if not book.exists():
                source = folder / "syllables.csv"
                make_csv(source, size)
                Context(Settings({"db": str(book)}), quiet=True, plugins=False).create(str(book))
                # Some have another's e-mail address by chance, and are refused.
                importing = ["import", str(source), "--as", "contact", "--yes", "--allow-rejects"]
                timed([*PROGRAM, *importing], env_of(book))
            command = [*PROGRAM, "dupes", "contact", "-o", "jsonl"]
            some = sorted([spent(command, env_of(book), folder) for _ in range(rounds)], key=lambda one: one.cpu)
        except (FailedError, OSError) as error:
            return [*figures, Figure(name, note=f"failed: {error}")]
        ours = some[len(some) // 2]
        figures.append(Figure(name, ours.cpu, bound=LONGEST * 1000))
        if before:
            figures.append(Figure(f"{name}, to half as many", ours.cpu, before, ours.cpu / before, GROWTH))
            figures.append(Figure(f"{name}: memory", ours.peak, bound=ROOM, unit="MB"))
        before = ours.cpu
    return figures
