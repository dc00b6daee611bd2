"""The conversation before an import, in a real terminal; and what is left out of it where there is none."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import struct
import termios
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.commands.import_talk import Talk, read_pair
from crmcli.commands.progress import Progress
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, DEAL, LEAD
from crmcli.errors import UsageError
from crmcli.services.imports import taking
from tests.support.terminal import converse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmcli.services.imports import Plan
    from tests.commands.conftest import Crm
    from tests.conftest import RunCrm

LEADS = "Name,Mail,Sector,Close date\nAda,ada@x.example,Steel,13/01/2027\nBob,bob@x.example,Food,03/02/2027\n"
TWO = (
    "Name,Mail,Sector,Size\nAda,ada@x.example,Steel,12\nBob,bob@x.example,Steel,7\n"
    "Eve,eve@x.example,Food,3\nMax,max@x.example,Food,2\n"
)


@pytest.fixture
def file(tmp_path: Path, book_path: Path) -> Any:
    """Write a file beside the test's own book, and give its path."""

    def write(text: str | bytes, name: str = "people.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def listed(run_crm: RunCrm, *words: str) -> Any:
    return json.loads(run_crm(*words, "-o", "json").stdout)


def test_yes_no_and_the_end_of_input(file: Any, run_crm: RunCrm) -> None:
    path = file(LEADS)
    for answer, said in (
        ("n\n", "nothing was imported"),
        ("\n", "nothing was imported"),
        ("\x04", "nothing was imported"),
    ):
        code, shown = converse("import", path, "--as", "lead", says=[("Import 2 rows of leads?", answer)])
        assert (code, said in shown) == (0, True), shown
    code, shown = converse(
        "import", path, "--as", "lead", says=[("[q]uit", "?\n"), ("[q]uit", "x\n"), ("[q]uit", "y\n")]
    )
    assert code == 0
    assert "m changes what the columns are" in shown
    assert "'x' is none of them" in shown
    assert "2 rows of leads: 2 new" in shown
    assert "Save this as a profile?" not in shown, "nothing was changed"


def test_columns_are_changed_and_made_fields(file: Any, run_crm: RunCrm) -> None:
    code, shown = converse(
        "import", file(TWO), "--as", "contact",
        says=[
            ("[q]uit", "m\n"), ("Column and field:", "2 phone\n"), ("Column and field:", "۲ email\n"),
            ("Column and field:", "Sector=+\n"), ("Column and field:", "4 nonsense\n"), ("has no field", "9 email\n"),
            ("no column '9'", "Size=+headcount:integer\n"), ("Column and field:", "\n"), ("[q]uit", "t\n"),
            ("4 rows of contacts: 4 new", ""), ("[q]uit", "y\n"), ("Save this as a profile?", "\n"),
        ],
    )  # fmt: skip
    assert code == 0, shown
    assert "new fields: sector (choice: Steel, Food); headcount (integer)" in shown
    found = listed(run_crm, "contact", "list", "--columns", "name,email,sector,headcount", "--sort", "id")
    assert found[0] == {"name": "Ada", "email": "ada@x.example", "sector": "Steel", "headcount": 12}
    run_crm("undo")
    assert listed(run_crm, "contact", "list") == listed(run_crm, "field", "list") == []


def test_what_is_left_out_stays_out(file: Any, run_crm: RunCrm) -> None:
    code, shown = converse(
        "import", file(LEADS), "--as", "lead",
        says=[("[q]uit", "m\n"), ("field:", "4 -\n"), ("field:", "\n"), ("[q]uit", "y\n"), ("profile?", "no\n")],
    )  # fmt: skip
    assert (code, "saved the profile" in shown) == (0, False), shown
    assert [row["close_on"] for row in listed(run_crm, "lead", "list", "--columns", "close_on")] == [None, None]


def test_a_mapping_is_kept_as_a_profile(file: Any, run_crm: RunCrm) -> None:
    says = [
        ("[q]uit", "m\n"),
        ("field:", "3 source\n"),
        ("field:", "\n"),
        ("[q]uit", "y\n"),
        ("profile?", "Yes\n"),
        ("profile?", "our-fair\n"),
    ]
    code, shown = converse("import", file(TWO), "--as", "lead", says=says)
    assert (code, "saved the profile our-fair" in shown) == (0, True), shown
    done = run_crm("import", file(TWO.replace("@x", "@y"), "next.csv"), "--profile", "our-fair", "--as", "lead")
    assert done.returncode == 0, done
    assert {row["source"] for row in listed(run_crm, "lead", "list", "--columns", "source")} == {"Steel", "Food"}


def test_a_profile_may_name_fields_that_the_import_makes(file: Any, run_crm: RunCrm) -> None:
    says = [
        ("[q]uit", "m\n"), ("field:", "3 +sector:choice\n"), ("field:", "\n"), ("[q]uit", "y\n"),
        ("profile?", "our-fair\n"),
    ]  # fmt: skip
    code, shown = converse("import", file(TWO), "--as", "lead", says=says)
    assert (code, shown.count("saved the profile our-fair")) == (0, 1), shown
    done = run_crm("import", file(TWO.replace("@x", "@y"), "next.csv"), "--profile", "our-fair", "--as", "lead")
    assert done.returncode == 0, done
    assert {row["sector"] for row in listed(run_crm, "lead", "list", "--columns", "sector")} == {"Steel", "Food"}


def test_no_profile_names_fields_that_were_not_made(file: Any, run_crm: RunCrm) -> None:
    says = [
        ("[q]uit", "m\n"), ("field:", "3 +sector:choice\n"), ("field:", "\n"), ("[q]uit", "y\n"),
        ("profile?", "our-fair\n"),
    ]  # fmt: skip
    code, shown = converse("import", file(TWO.replace("@", "")), "--as", "lead", says=says)
    assert (code, "the profile our-fair is not saved" in shown) == (1, True), shown
    assert run_crm("import", "profile", "show", "our-fair").returncode == 3
    assert listed(run_crm, "field", "list") == []


def test_the_order_of_days_is_asked(file: Any, run_crm: RunCrm) -> None:
    path = file("Name,Close date\nAda,03/04/2027\n")
    piped = run_crm("import", path, "--as", "lead")
    assert (piped.returncode, "say --dates dmy" in piped.stderr) == (2, True)
    code, shown = converse(
        "import", path, "--as", "lead", says=[("Which dates?", "7\n"), ("dates?", "2\n"), ("[q]uit", "y\n")]
    )
    assert code == 0, shown
    assert "1  dmy  day first: 03/04/2027 is day 3 of month 4 of 2027" in shown
    assert "'7' is none of them" in shown
    assert listed(run_crm, "lead", "list", "--columns", "close_on") == [{"close_on": "2027-03-04"}]


def test_any_word_for_days_is_an_answer(talk: Callable[..., Talk]) -> None:
    text = b"Name,Close date,Created at\nAda,05/02/12,Thu 05/02/12\n"
    made = talk(text, "jalali-ydm\njalali-ymd\n", kind=LEAD).plan()
    assert [one.dates.said for one in made.days] == ["jalali-ymd", "jalali-ymd"]
    made = talk(text, "dmy\njalali-ymd\n", kind=LEAD, column_dates={"Created at": "jalali"}).plan()
    assert {one.header: one.dates.said for one in made.days} == {"Close date": "dmy", "Created at": "jalali-ymd"}


def test_the_decimal_sign_is_asked(file: Any, run_crm: RunCrm) -> None:
    path = file("Name,Value\nAda,1.500\n")
    code, shown = converse("import", path, "--as", "lead", says=[("Which decimal?", ",\n"), ("[q]uit", "y\n")])
    assert (code, "decimal point: 1.500 is 1.500" in shown) == (0, True), shown
    assert listed(run_crm, "lead", "list", "--columns", "value") == [{"value": 1500, "currency": "EUR"}]


def test_the_code_page_is_asked(file: Any, run_crm: RunCrm) -> None:
    path = file("Name,Email\nЖанна Агузарова,a@x.example\n".encode("cp1251"))
    assert run_crm("import", path, "--as", "lead").returncode == 1
    code, shown = converse("import", path, "--as", "lead", says=[("Which encoding?", "cp1251\n"), ("[q]uit", "y\n")])
    assert (code, "cp1251  Жанна, Агузарова" in shown) == (0, True), shown
    assert listed(run_crm, "lead", "list", "--columns", "name") == [{"name": "Жанна Агузарова"}]


def test_what_the_rows_are_and_where_the_titles_stand_is_said(file: Any, run_crm: RunCrm) -> None:
    path = file("A,B\nx,y\nName,Email\nAda,ada@x.example\n")
    says = [
        ("What now?", "h\n"), ("Which line has the titles?", "3\n"), ("[q]uit", "k\n"),
        ("Which kind?", "lead\n"), ("Import 1 row of leads?", "k\n"), ("Which kind?", "contact\n"),
        ("Import 1 row of contacts?", "y\n"), ("profile?", "\n"),
    ]  # fmt: skip
    code, shown = converse("import", path, says=says)
    assert code == 0, shown
    assert "  3  Name | Email" in shown
    assert listed(run_crm, "contact", "list", "--columns", "name") == [{"name": "Ada"}]


NAMELESS = "Firma;Kontakt;Mail;Preis\nAcme;Ada;ada@x.example;5\n"


def test_which_column_is_the_name_is_asked_where_the_kind_was_said(file: Any, run_crm: RunCrm) -> None:
    path = file(NAMELESS)
    piped = run_crm("import", path, "--as", "deal")
    assert (piped.returncode, "say which one is: --map 'COLUMN=name'" in piped.stderr) == (2, True)
    says = [
        ("What now?", "m\n"), ("field:", "4 nonsense\n"), ("deal has no field", "2 name\n"), ("field:", "4 value\n"),
        ("field:", "\n"), ("Import 1 row of deals?", "y\n"), ("profile?", "\n"),
    ]  # fmt: skip
    code, shown = converse("import", path, "--as", "deal", says=says)
    assert (code, "no column is recognised as a deal's name" in shown) == (0, True), shown
    assert listed(run_crm, "deal", "list", "--columns", "name,value")[0]["name"] == "Ada"


@pytest.fixture
def talk(book_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Talk]]:
    """A conversation about a file of this text, in which all is typed in advance."""
    ctx = Context(Settings({"db": str(tmp_path / "talk.db")}), quiet=True, plugins=False)
    ctx.create(str(tmp_path / "talk.db"))

    def hold(text: bytes, typed: str, **options: Any) -> Talk:
        path = tmp_path / "people.csv"
        path.write_bytes(text)
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return Talk(ctx, str(path), "", {"mapping": {}, **options}, every=False)  # type: ignore[typeddict-item]

    yield hold
    ctx.close()


def nothing(_made: Plan, _counts: bool) -> None:
    """Shows nothing."""


def test_a_change_that_fails_leaves_everything_as_it_was(talk: Callable[..., Talk]) -> None:
    one = talk(LEADS.encode(), "h\n99\nm\n3 source\n\ny\n", kind=LEAD)
    agreed = one.agree(one.plan(), 2, nothing)
    assert agreed is not None
    assert (agreed.rows, agreed.columns[2].to, "header_row" in one.options) == (2, ("source",), False)
    assert one.changed


@pytest.mark.parametrize(
    ("typed", "shown", "fields"),
    [
        ("1 name\n2 name\n", "Name -> -: name takes one value, and Mail has it now", [(), ("name",)]),
        ("1 +x:text\n2 +x:text\n", "Name -> -: x takes one value", [(), ("x",)]),
        ("1 name\n2 email\n3 closed_at\n4 closed_at\n", "", [("name",), ("email",)]),
    ],
)
def test_a_field_goes_from_one_column_to_another(
    talk: Callable[..., Talk], capsys: pytest.CaptureFixture[str], typed: str, shown: str, fields: list[Any]
) -> None:
    text = typed.replace("1 +x", "3 name\n1 +x")
    one = talk(LEADS.encode(), f"m\n{text}\ny\n", kind=LEAD)
    agreed = one.agree(one.plan(), 2, nothing)
    assert agreed is not None
    said = capsys.readouterr().err
    assert (shown in said, "takes one value" in said) == (True, bool(shown)), said
    assert [column.to for column in agreed.columns[:2]] == fields


@pytest.mark.parametrize("typed", ["h\n99\ny\n", "h\n\ny\n", "m\n\ny\n", "m\n2 nonsense\n\ny\n"])
def test_what_changed_nothing_is_nothing_to_keep(talk: Callable[..., Talk], typed: str) -> None:
    one = talk(LEADS.encode(), typed, kind=LEAD)
    assert one.agree(one.plan(), 2, nothing) is not None
    assert not one.changed


def test_a_kind_without_a_name_column_is_kept_and_the_column_asked_for(talk: Callable[..., Talk]) -> None:
    one = talk(NAMELESS.encode(), "k\ndeal\nm\n2 name\n\ny\n", kind=COMPANY)
    agreed = one.agree(one.plan(), 1, nothing)
    assert agreed is not None
    assert (agreed.kind, agreed.columns[1].to) == (DEAL, ("name",))


def test_an_answer_that_the_file_cannot_be_read_with_is_asked_for_again(
    talk: Callable[..., Talk], capsys: pytest.CaptureFixture[str]
) -> None:
    """The likeliest code page has no letter for one byte of the file."""
    text = "Name,Email\nЖанна Агузарова,a@x.example\n".encode("cp1251") + b"Ada \x98,b@x.example\n"
    made = talk(text, "cp1251\nmac-cyrillic\n", kind=LEAD).plan()
    shown = capsys.readouterr().err
    assert (made.opening["encoding"], shown.count("Which encoding?")) == ("mac-cyrillic", 2)
    assert "is not cp1251: line 3, byte 0x98" in shown


def test_nobody_is_asked_in_a_pipe_nor_with_yes(file: Any, run_crm: RunCrm) -> None:
    done = run_crm("import", file(LEADS), "--as", "lead")
    assert done.returncode == 0
    assert "[y]es" not in done.stderr
    assert "\r" not in done.stderr
    code, shown = converse("import", file(LEADS), "--as", "lead", "--yes")
    assert (code, "[y]es" in shown) == (0, False)


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("2 email", ("Mail", "email")), ("2=email", ("Mail", "email")), ("Mail=email", ("Mail", "email")),
        ("mail = email", ("Mail", "email")), ("Full name=+", ("Full name", "+")), ("۱ -", ("Full name", "-")),
        ("7=name", ("7", "name")), ("7 name", ("7", "name")),
    ],
)  # fmt: skip
def test_pairs(line: str, pair: tuple[str, str]) -> None:
    assert read_pair(("Full name", "Mail", "7"), line) == pair


@pytest.mark.parametrize("line", ["", "email", "9 email", "=email", "Mail=", "Male=email"])
def test_pairs_that_say_nothing(line: str) -> None:
    with pytest.raises(UsageError):
        read_pair(("Full name", "Mail"), line)


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--on-conflict", "newer"), "--on-conflict wants keep, replace or newest, not 'newer'"),
        (("--only-empty", "--on-conflict", "replace"), "--only-empty and --on-conflict replace exclude each other"),
        (("--only-empty", "--on-conflict", "newest"), "--only-empty replaces nothing"),
        (("--all-or-nothing", "--continue"), "--all-or-nothing and --continue exclude each other"),
        (("--all-or-nothing", "--resume"), "--all-or-nothing and --resume exclude each other"),
        (("--all-or-nothing", "--allow-rejects"), "--all-or-nothing and --allow-rejects exclude each other"),
        (("--map", "Sector=+sector:colour"), "'colour' is not a type"),
        (("--map", "Sector=+name:text"), "a field cannot be called 'name'"),
        (("--map", "Nowhere=+"), "the file has no column 'Nowhere'"),
    ],
)
def test_words_that_do_not_go_together(file: Any, run_crm: RunCrm, words: tuple[str, ...], said: str) -> None:
    done = run_crm("import", file(LEADS), "--as", "lead", *words)
    assert (done.returncode, said in done.stderr) == (2, True), done
    assert listed(run_crm, "lead", "list") == []


def test_continue_is_what_it_does_anyway(file: Any, run_crm: RunCrm) -> None:
    done = run_crm("import", file(LEADS.replace("bob@x.example", "bad")), "--as", "lead", "--continue")
    assert (done.returncode, "1 new, 1 refused" in done.stdout) == (1, True), done


def test_all_or_nothing_names_the_rows(file: Any, run_crm: RunCrm) -> None:
    path = file(LEADS.replace("bob@x.example", "bad"))
    for more in ((), ("--dry-run",)):
        done = run_crm("import", path, "--as", "lead", "--all-or-nothing", *more)
        assert done.returncode == 1
        assert "nothing was saved: 2 rows of leads: 1 new, 1 refused" in done.stdout + done.stderr
        assert "bad" in done.stdout
    found = listed(run_crm, "import", path, "--as", "lead", "--all-or-nothing")
    assert (found["withheld"], found["batch"], found["rejects"], found["ok"]) == (True, 0, "", False)
    assert [row["line"] for row in found["listed"]] == [3]
    assert run_crm("import", file(LEADS), "--as", "lead", "--all-or-nothing").returncode == 0


def test_an_import_that_was_cut_is_mentioned_and_goes_on(
    crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "people.csv"
    rows = "".join(f"P {n},{'bad' if n == 3 else f'p{n}@x.example'}\n" for n in range(40))
    path.write_text(f"Name,Email\n{rows}")
    words = ("import", str(path), "--as", "contact")
    real, times = taking.Import._wrote, []

    def cut(self: taking.Import) -> None:
        real(self)
        times.append(1)
        if len(times) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        for name in ("FIRST_BLOCK", "MOST", "LEAST"):
            patched.setattr(taking, name, 10)
        patched.setattr(taking, "LONGEST", 0.0)
        patched.setattr(taking.Import, "_wrote", cut)
        first = crm(*words)
    assert (first.code, "with --resume goes on" in first.err, first.err.count("back")) == (130, True, 1), first
    assert "20 of 40 rows of this file are in from an import that was cut" in crm(*words, "--dry-run").err
    assert crm(*words, "--resume", "--match", "name").code == 2
    tried = crm(*words, "--resume", "--dry-run", "-o", "json").json
    assert (tried["rows"], tried["new"], tried["before"]) == (20, 20, 20)
    done = crm(*words, "--resume")
    assert done.code == 1, "a row was refused, as it was before the cut"
    assert "20 rows of contacts: 20 new; 20 rows were in before" in done.out
    assert crm(*words, "--resume").code == 3
    assert len(crm("contact", "list", "name:P", "--limit", "0", "-o", "json").json) == 39


# --- the line of progress ---------------------------------------------------------------------------------------------


class Screen:
    """A terminal that keeps what is written on it, of this width."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)

    def flush(self) -> None:
        pass

    def fileno(self) -> int:
        raise OSError


def test_progress_has_rate_and_time_left() -> None:
    screen, now = Screen(), [0.0]
    progress = Progress(screen, clock=lambda: now[0])  # type: ignore[arg-type]
    progress(0, 100_000)
    now[0] = 1.5
    progress(12_000, 100_000)
    assert screen.written[-1] == "\r12,000 of 100,000 rows, 8,000 a second, 11 s left\x1b[K\r"
    drawn = len(screen.written)
    now[0] += 0.05
    progress(12_500, 100_000)
    assert len(screen.written) == drawn, "it is drawn ten times a second at the most"
    now[0] = 10.0
    progress(100_000, 100_000)
    assert screen.written[-1] == "\r\x1b[K"
    written = len(screen.written)
    progress.close()
    assert len(screen.written) == written, "what is gone needs no taking away"


def test_progress_after_a_cut_and_after_a_trial() -> None:
    now = [0.0]
    progress = Progress(Screen(), start=50_000, clock=lambda: now[0])  # type: ignore[arg-type]
    now[0] = 10.0
    progress(51_000, 100_000)
    assert progress.line(51_000, 100_000, 10.0) == "51,000 of 100,000 rows, 100 a second, 8 min left"
    progress(100_000, 100_000)
    now[0] = 20.0
    progress(0, 100_000)
    assert progress.line(10_000, 100_000, 21.0) == "10,000 of 100,000 rows, 10,000 a second, 9 s left"
    assert progress.line(1, 10_000_000, 21.0).endswith("1 a second, 2777 h 46 min left")


def test_the_rate_counts_from_where_the_work_begins() -> None:
    now = [0.0]
    progress = Progress(Screen(), clock=lambda: now[0])  # type: ignore[arg-type]
    now[0] = 30.0  # the plan was looked at, and a question answered
    progress.begin()
    assert progress.line(8_000, 100_000, 31.0) == "8,000 of 100,000 rows, 8,000 a second, 12 s left"
    progress.begin(50_000)
    assert progress.line(51_000, 100_000, 31.0) == "51,000 of 100,000 rows, 1,000 a second, 49 s left"


def test_how_much_was_looked_at_is_drawn_where_it_takes_long() -> None:
    screen, now = Screen(), [0.0]
    progress = Progress(screen, "people.csv", clock=lambda: now[0])  # type: ignore[arg-type]
    progress.look(5_000)
    assert screen.written == []
    now[0] = 1.0
    progress.look(75_000)
    assert screen.written == ["\rlooking at people.csv: 75,000 rows\x1b[K\r"]
    progress.look(80_000)
    assert len(screen.written) == 1, "it is drawn ten times a second at the most"
    progress.close()
    assert screen.written[-1] == "\r\x1b[K"


def test_progress_is_no_wider_than_the_terminal() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 24, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        now = [0.0]
        progress = Progress(stream, clock=lambda: now[0])
        now[0] = 1.0
        progress(1000, 9000)
        progress(9000, 9000)
        wanted, shown = "\r1,000 of 9,000 rows, 1,\x1b[K\r\r\x1b[K", ""
        while len(shown) < len(wanted):  # a terminal hands on what was written piece by piece
            shown += os.read(ours, 1000).decode()
    os.close(ours)
    assert shown == wanted
