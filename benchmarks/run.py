"""`make bench`: what a command, a million leads, an import and the board cost, as ratios to bare scripts.

Each figure comes from rounds in which ours and its floor take turns, so that a busy machine slows both. `--million`
adds a book of 1,000,000 leads (some minutes to make, 2 GB; kept when `--keep DIR` names where).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import books, calendars, duplicates, floors, workbooks
from benchmarks.measure import (
    PROGRAM,
    PYTHON,
    ROOT,
    FailedError,
    Figure,
    compare,
    cpu_ms,
    environment,
    peak_mb,
    quiet,
    read_until,
    terminal,
    timed,
    timed_on_terminal,
)
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import LEAD
from crmcli.services import records

SECTIONS = ("start", "import", "workbooks", "board", "duplicates", "calendars")
IMPORT_ROWS = 100_000
KEYS = 40


class Bench:
    """One run: the folder of the books, the number of rounds, and what was found."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder, self.rounds = folder, rounds
        self.figures: list[Figure] = []

    def note(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(line(figure), flush=True)

    def book(self, leads: int, deals: int = 0) -> Path:
        """The book of that size, made when it is not there."""
        path = self.folder / f"book-{leads}-{deals}.db"
        if not path.exists():
            print(f"making a book of {leads:,} leads and {deals:,} deals ...", file=sys.stderr)
            books.make(str(path), leads, deals)
        return path

    def env(self, book: Path, **more: str) -> dict[str, str]:
        return environment(self.folder / "home", CRM_DB=str(book), **more)

    # --- start-up ---

    def start(self) -> None:
        """One command on 10,000 leads against the same SQL in a bare script."""
        book = self.book(10_000)
        env = self.env(book)
        ours = {
            "lead list, piped": (["lead", "list", "--limit", "20"], floors.LIST, [], 4.0),
            "lead show": (["lead", "show", "5000"], floors.SHOW, ["5000"], 4.0),
            "--version": (["--version"], floors.OPEN, [], 3.5),
        }
        for name, (words, floor, arguments, bound) in ours.items():
            low = partial(timed, [*PYTHON, floor, str(book), *arguments], env)
            self.note(compare(name, partial(timed, [*PROGRAM, *words], env), low, self.rounds, bound))
        low = partial(timed, [*PYTHON, floors.LIST, str(book)], env)
        at_terminal = partial(timed_on_terminal, [*PROGRAM, "lead", "list", "--limit", "20"], env)
        floor_there = partial(timed_on_terminal, [*PYTHON, floors.LIST, str(book)], env)
        self.note(compare("lead list, terminal", at_terminal, floor_there, self.rounds, 6.0))
        completing = self.env(book, _CRM_COMPLETE="complete_bash", COMP_WORDS="crm\nlead\nlist\nsta", COMP_CWORD="3")
        self.note(compare("completion of a field", partial(timed, PROGRAM, completing), low, self.rounds, 7.0))
        self.adding(book)

    def adding(self, book: Path) -> None:
        """Adds go into a copy each of the book, so that both sides write to the same sizes."""
        copies = [self.folder / name for name in ("add-ours.db", "add-floor.db")]
        for copy in copies:
            shutil.copyfile(book, copy)
        env, numbers = self.env(copies[0]), iter(range(10_000))

        def person() -> list[str]:
            i = next(numbers)
            return [f"Ada Lovelace {i}", "Analytical Engines", f"ada{i}@engines.example", f"+98 21 4000 {i:04d}"]

        def ours() -> float:
            name, company, email, phone = person()
            words = ["lead", "add", name, "--company", company, "--email", email, "--phone", phone, "--source", "web"]
            return timed([*PROGRAM, *words, "--tag", "vip", "--value", "12000"], env)

        def floor() -> float:
            return timed([*PYTHON, floors.ADD, str(copies[1]), *person()], env)

        self.note(compare("lead add", ours, floor, self.rounds, 5.0))

    # --- a million ---

    def million(self) -> None:
        """Each command on 1,000,000 leads against itself on 10,000."""
        small, big = self.book(10_000), self.book(1_000_000)
        for name, words in self.scaled(small).items():
            other = self.scaled(big)[name]
            ours = partial(timed, [*PROGRAM, *other], self.env(big))
            low = partial(timed, [*PROGRAM, *words], self.env(small))
            self.note(compare(f"1M / 10k: {name}", ours, low, self.rounds, 1.5))

    def scaled(self, book: Path) -> dict[str, list[str]]:
        """The commands whose time may not grow with the book, with values taken from that book."""
        raw = sqlite3.connect(book)
        middle = int(raw.execute("SELECT count(*) / 2 FROM opportunity").fetchone()[0])
        name, email, phone = raw.execute(
            "SELECT name, email, phone FROM opportunity WHERE id = ?", (middle,)
        ).fetchone()
        raw.close()
        listing = ["lead", "list", "--limit", "20"]
        found = {"list": listing}
        ctx = Context(Settings({"db": str(book), "user": "grace"}), quiet=True, plugins=False)
        for field in LEAD.fields:
            for sort in (field.name, f"-{field.name}") if field.indexed else ():
                cursor = records.list_records(ctx, LEAD, (), sort=sort, limit=20).cursor
                found[f"list --sort {sort}"] = [*listing, "--sort", sort]
                found[f"list --sort {sort}, next page"] = [*listing, "--sort", sort, "--page", cursor]
        ctx.close()
        found["list stage:new tag:vip"] = [*listing, "stage:new", "tag:vip"]
        found["list is:any"] = [*listing, "is:any"]
        found["show"] = ["lead", "show", str(middle)]
        found["lookup of an e-mail"] = ["lookup", email]
        found["lookup of a number"] = ["lookup", phone]
        found["search of two words"] = ["search", name]
        return found

    # --- import ---

    def importing(self, rounds: int = 3) -> None:
        """100,000 rows of CSV into an empty book, against the same work by the sqlite3 shell."""
        if not shutil.which("sqlite3"):
            self.note(Figure("import of 100,000 rows", note="failed: there is no sqlite3 shell to measure against"))
            return
        empty = self.folder / "empty.db"
        if not empty.exists():
            Context(Settings({"db": str(empty)}), quiet=True, plugins=False).create(str(empty))
        for awkward, bound in ((False, 1.5), (True, 3.0)):
            name = f"import of {IMPORT_ROWS:,} rows" + (", each for the library" if awkward else "")
            source = self.folder / ("awkward.csv" if awkward else "ordinary.csv")
            if not source.exists():
                books.make_csv(str(source), IMPORT_ROWS, awkward=awkward)
            shutil.copyfile(source, self.folder / "import.csv")
            book, peaks, waits = self.folder / "import.db", [], []

            def ours(book: Path = book, peaks: list[float] = peaks) -> float:
                self.fresh(empty, book)
                took, peak = peak_mb(self.import_command(), self.env(book), self.folder)
                peaks.append(peak)
                return took

            def floor(book: Path = book) -> float:
                self.fresh(empty, book)
                start = time.perf_counter()
                with open(ROOT / "benchmarks" / "import_floor.sql") as script:
                    done = subprocess.run(
                        ["sqlite3", str(book)],
                        stdin=script,
                        cwd=self.folder,
                        capture_output=True,
                        text=True,
                        check=False,
                    )
                if done.returncode or "added" not in done.stdout:
                    raise FailedError(f"the sqlite3 shell: {(done.stderr or done.stdout).strip()[-200:]}")
                return (time.perf_counter() - start) * 1000

            figure = compare(name, ours, floor, rounds, bound)
            self.note(figure)
            if figure.ratio is None:
                continue
            self.note(Figure(f"{name}: memory", statistics.median(peaks), bound=200, unit="MB"))
            waits.append(self.waits(empty, book))
            self.note(Figure(f"{name}: longest wait of another writer", max(waits), bound=500))

    @staticmethod
    def import_command() -> list[str]:
        return [*PROGRAM, "import", "import.csv", "--as", "lead", "--yes"]

    @staticmethod
    def fresh(empty: Path, book: Path) -> None:
        for leftover in book.parent.glob(f"{book.name}*"):
            leftover.unlink()
        shutil.copyfile(empty, book)

    def waits(self, empty: Path, book: Path) -> float:
        """The longest that an add took, in milliseconds, while an import ran."""
        self.fresh(empty, book)
        ctx = Context(Settings({"db": str(book), "user": "grace"}), quiet=True, plugins=False)
        records.add(ctx, LEAD, {"name": "the first"})
        nothing = subprocess.DEVNULL
        running = subprocess.Popen(
            self.import_command(), env=self.env(book), cwd=self.folder, stdin=nothing, stdout=nothing, stderr=nothing
        )
        longest, number = 0.0, 0
        while running.poll() is None:
            start = time.perf_counter()
            records.add(ctx, LEAD, {"name": f"meanwhile {number}"})
            longest, number = max(longest, time.perf_counter() - start), number + 1
            time.sleep(0.02)
        ctx.close()
        return longest * 1000

    # --- the board ---

    def board(self) -> None:
        """The dashboard on 10,000 deals: process start to first paint, to the answer to a key, and time a key.

        First paint is when the first card of the first stage has come out of the terminal; the cards are drawn from
        left to right and from top to bottom, so that what is above it stands there too. The first answer is the help
        that a `?` opens which was typed as the process started: the dashboard is then ready for whatever is typed.
        Both are held against the first and only word of an empty Textual app.
        """
        book = self.book(0, 10_000)
        raw = sqlite3.connect(book)
        sql = "SELECT name FROM opportunity WHERE status = 'open' ORDER BY stage_id, position LIMIT 1"
        first = str(raw.execute(sql).fetchone()[0])
        raw.close()
        keys: list[float] = []

        def floor() -> float:
            start = time.perf_counter()
            with terminal([*PYTHON, floors.DASHBOARD], self.env(book), 160, 50) as (_, fd):
                read_until(fd, b"hello there", 20)
                return (time.perf_counter() - start) * 1000

        def answer() -> float:
            start = time.perf_counter()
            with terminal([*PROGRAM, "tui"], self.env(book), 160, 50) as (_, fd):
                os.write(fd, b"?")
                read_until(fd, b"Everywhere", 20)
                return (time.perf_counter() - start) * 1000

        name = "board of 10,000 deals: first paint"
        paint = partial(self.first_paint, book, first, keys)
        found = compare(f"{name}, to an empty Textual app", paint, floor, self.rounds)
        self.note(found)
        if found.ours is not None:
            self.note(Figure(name, found.ours, bound=500))
        name = "board of 10,000 deals: first answer to a key, to an empty app"
        self.note(compare(name, answer, floor, self.rounds))
        if keys:
            self.note(Figure("board of 10,000 deals: processor time a key", statistics.median(keys), bound=16))

    def first_paint(self, book: Path, card: str, keys: list[float]) -> float:
        """Milliseconds from the start of the dashboard until `card` stands there. On Linux the milliseconds of
        processor time that a key takes afterwards are added to `keys`."""
        start = time.perf_counter()
        with terminal([*PROGRAM, "tui"], self.env(book), 160, 50) as (pid, fd):
            read_until(fd, card.encode(), 20)
            took = (time.perf_counter() - start) * 1000
            if sys.platform == "linux":
                quiet(fd, 0.5)
                before = cpu_ms(pid)
                for number in range(KEYS):
                    os.write(fd, b"j" if number % 10 else b"l")
                    quiet(fd, 0.03)
                keys.append((cpu_ms(pid) - before) / KEYS)
        return took

    # --- duplicates ---

    def duplicates(self) -> None:
        """Records that are probably one, among 25,000, 50,000 and 100,000 contacts."""
        rounds = min(self.rounds, 3)
        for figure in (*duplicates.measured(rounds), *duplicates.commanded(self.folder, self.env, rounds)):
            self.note(figure)


def line(figure: Figure) -> str:
    """A figure as a line of the table."""
    if figure.note:
        return f"{figure.name:<62} {figure.note}"
    floor = f"{figure.floor:>9.1f}" if figure.floor is not None else " " * 9
    ratio = f"{figure.ratio:>6.2f}" if figure.ratio is not None else " " * 6
    bound = f"<= {figure.bound:g}" if figure.bound is not None else ""
    verdict = {True: "", False: "  OVER", None: ""}[figure.good]
    return f"{figure.name:<62} {figure.ours or 0:>9.1f} {figure.unit} {floor} {ratio}  {bound}{verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each comparison (default 15)")
    parser.add_argument("--only", choices=(*SECTIONS, "million"), action="append", help="measure only this part")
    parser.add_argument("--million", action="store_true", help="also measure a book of 1,000,000 leads")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    parser.add_argument("--keep", metavar="DIR", help="make the books in DIR and leave them there for the next run")
    arguments = parser.parse_args()
    chosen = arguments.only or [*SECTIONS, *(["million"] if arguments.million else [])]
    with tempfile.TemporaryDirectory(prefix="crm-bench-") as temporary:
        folder = Path(arguments.keep or temporary).absolute()
        (folder / "home").mkdir(parents=True, exist_ok=True)
        bench = Bench(folder, arguments.rounds)
        subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "crmcli")], check=False)
        print(f"{'':<62} {'ours':>12} {'floor':>9} {'ratio':>6}  bound")
        parts: dict[str, Any] = {
            "start": bench.start,
            "import": bench.importing,
            "workbooks": partial(workbooks.run, bench),
            "board": bench.board,
            "duplicates": bench.duplicates,
            "calendars": partial(calendars.run, bench),
            "million": bench.million,
        }
        for name in chosen:
            parts[name]()
    if arguments.json:
        told = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "machine": platform.platform()}
        figures = [{**figure._asdict(), "good": figure.good} for figure in bench.figures]
        Path(arguments.json).write_text(
            json.dumps({**told, "rounds": arguments.rounds, "figures": figures}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
