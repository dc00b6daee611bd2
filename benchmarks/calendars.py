"""What calendars cost on a book of 10,000 tasks: a feed made and asked for again, a file in, the agenda, lists by
urgency."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from benchmarks import floors
from benchmarks.measure import PROGRAM, PYTHON, Figure, compare, timed
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.services import feeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.run import Bench

TASKS, CONTACTS = 10_000, 2_000
#: Milliseconds: the first answer of a feed of so many events, and one to somebody who has it.
FIRST, UNCHANGED = 5000, 50


def run(bench: Bench) -> None:
    """Note all figures."""
    book = _book(bench.folder)
    with contextlib.closing(Context(Settings({"db": str(book)}), quiet=True, plugins=False)) as ctx:
        address = feeds.add(ctx, f"bench {time.time_ns()}", "").answer
    path = re.sub(r".*?(/feeds/)", r"\1", address)
    env = bench.env(book)
    firsts, polls = [], []
    for _ in range(min(bench.rounds, 5)):
        with _served(env) as base:
            first, tag = _asked(base + path, "")
            firsts.append(first)
            polls += [_asked(base + path, tag)[0] for _ in range(20)]
    name = f"feed of {TASKS:,} events"
    bench.note(Figure(f"{name}: first answer", sorted(firsts)[len(firsts) // 2], bound=FIRST))
    bench.note(Figure(f"{name}: unchanged, the slowest of {len(polls)}", max(polls), bound=UNCHANGED))
    floor = partial(timed, [*PYTHON, floors.CALENDAR, str(book)], env)
    ours = partial(timed, [*PROGRAM, "calendar", "export"], env)
    bench.note(compare(f"{name}: calendar export, to its lines alone", ours, floor, bench.rounds))
    plain = partial(timed, [*PROGRAM, "task", "list"], env)
    for words in (["agenda"], ["agenda", "free"], ["task", "next"], ["task", "list", "--sort", "-urgency"]):
        ours = partial(timed, [*PROGRAM, *words], env)
        bench.note(compare(f"{' '.join(words)}, to task list", ours, plain, bench.rounds))
    _importing(bench, book)


def _importing(bench: Bench, book: Path) -> None:
    """The export of the book into an empty one, and once more."""
    file, other = bench.folder / "tasks.ics", bench.folder / "imported.db"
    with file.open("wb") as out:
        subprocess.run([*PROGRAM, "calendar", "export"], env=bench.env(book), stdout=out, check=True)
    other.unlink(missing_ok=True)
    env = bench.env(other)
    subprocess.run([*PROGRAM, "db", "init"], env=env, check=True, capture_output=True)
    for what in ("new", "known"):
        took = timed([*PROGRAM, "calendar", "import", str(file)], env)
        bench.note(Figure(f"calendar import of {TASKS:,} events, {what}", took))


def _book(folder: Path) -> Path:
    path = folder / f"tasks-{TASKS}.db"
    if not path.exists():
        with contextlib.closing(Context(Settings({"db": str(path)}), quiet=True, plugins=False)) as ctx:
            ctx.create(str(path))
            with ctx.writing() as tx:
                people = [
                    tx.add("contact", {"name": f"Person {n}", "phone": f"+49 30 {n:06}"}) for n in range(CONTACTS)
                ]
                for n in range(TASKS):
                    tx.add("task", _task(n, people[n % CONTACTS]))
    return path


def _task(number: int, contact: int) -> dict[str, Any]:
    day = f"2027-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return {
        "name": f"Call {number}", "due_on": day, "due_at": f"{day}T09:30:00.000Z" if number % 2 else None,
        "contact_id": contact, "remind": "15" if number % 3 else None, "description": "What to say\nand what not",
        "repeat": "FREQ=WEEKLY;BYDAY=MO" if number % 10 == 0 else None, "type_id": 1,
    }  # fmt: skip


@contextlib.contextmanager
def _served(env: dict[str, str]) -> Iterator[str]:
    """The base URL of a server of its own process."""
    process = subprocess.Popen([*PROGRAM, "serve", "--port", "0"], env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        found = re.search(r"http://\S+?:\d+", process.stderr.readline())
        assert found is not None
        yield found[0]
    finally:
        process.kill()
        process.wait()


def _asked(url: str, tag: str) -> tuple[float, str]:
    """Milliseconds until the whole answer is there, and its entity tag."""
    request = urllib.request.Request(url, headers={"If-None-Match": tag} if tag else {})
    start = time.perf_counter()
    try:
        with urllib.request.urlopen(request) as answer:
            answer.read()
            headers, status = answer.headers, answer.status
    except HTTPError as unchanged:
        headers, status = unchanged.headers, unchanged.code
    took = (time.perf_counter() - start) * 1000
    assert status == (304 if tag else 200)
    return took, headers["etag"]
