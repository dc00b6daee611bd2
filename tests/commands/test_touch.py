"""crm touch, crm rhythm and crm occasion, as they are typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.commands.test_complete import tab

if TYPE_CHECKING:
    from tests.commands.conftest import Crm


@pytest.fixture
def known(crm: Crm) -> Crm:
    """The small book with نگار, called 40 days ago, Charles, who wrote three days ago, and rhythms for both."""
    for words in (
        ("contact", "add", "نگار رضایی", "company=تهران", "tags=vip", "birthday=1980-11-25", "owner=me"),
        ("log", "call", "contact:2", "سلام", "--at", "-40d"),
        ("log", "email", "cb@engines.example", "when will", "the engine be ready?", "--in", "--at", "-3d"),
        ("log", "email", "deal:4", "the offer", "--out", "--at", "-20d"),
        ("rhythm", "set", "tag:vip", "30d"),
        ("rhythm", "set", "contact:1", "2d"),
    ):
        assert crm(*words).code == 0, words
    return crm


def test_who_is_due_as_a_table(known: Crm) -> None:
    assert known("touch", "due", "-o", "table").out == (
        "ID  Name             Company             Overdue  Every  By       Last touch        Kind   Owner\n"
        " 1  Charles Babbage  Analytical Engines        1      2  own      2026-11-18 00:00  email\n"
        " 2  نگار رضایی       تهران                    10     30  tag:vip  2026-10-12 00:00  call   tester\n"
    )


def test_who_is_due_for_programs(known: Crm) -> None:
    (row,) = known("touch", "due", "owner:me", "-o", "json").json
    assert row == {
        "id": 2, "name": "نگار رضایی", "company": "تهران", "company_id": 2, "overdue": 10,
        "rhythm": 30, "why": "tag:vip", "last_touch": "2026-10-12T00:00:00.000Z", "kind": "call", "owner": "tester",
        "owner_id": 1,
    }  # fmt: skip
    assert known("touch", "due", "-o", "ids").out == "1\n2\n"
    assert known("touch", "due", "-o", "csv").out.splitlines()[0] == (
        "id,name,company,overdue,rhythm,why,last_touch,kind,owner"
    )
    assert known("touch", "tag:vip", "-o", "ids").out == "2\n"
    assert known("touch", "due", "--limit", "1").err == "1 more are due: --limit 0 shows all\n"
    soon = known("touch", "due", "--within", "60d", "--limit", "1")
    assert soon.err == "1 more will be due: --limit 0 shows all\n"
    wrong = known("touch", "due", "--on", "deal")
    assert (wrong.code, wrong.err.splitlines()[0]) == (2, "crm: 'deal' has no rhythm")


def test_what_has_no_rhythm_is_refused_with_what_has_one(known: Crm) -> None:
    for kind in ("foo", "deal"):
        refused = known("touch", "due", "--on", kind)
        assert refused.err == f"crm: '{kind}' has no rhythm\n  say --on contact or --on company\n"
    near = known("touch", "due", "--on", "compani")
    assert near.err == "crm: 'compani' has no rhythm\n  did you mean 'company'?\n"


def test_an_occasion_that_is_not_there_says_where_to_look(known: Crm) -> None:
    for words in (("edit", "99", "name=x"), ("remove", "99")):
        refused = known("occasion", *words)
        assert (refused.code, refused.err) == (3, "crm: there is no occasion 99\n  'crm occasion list' shows them\n")


def test_a_period_that_ends_before_it_starts_says_how_to_write_one(known: Crm) -> None:
    refused = known("touch", "report", "--from", "2026-05-01", "--to", "2026-01-01")
    assert refused.err.splitlines()[1:] == ["  --from is its first day, --to its last: change them about"]


def test_a_list_of_occasions_is_as_long_as_it_is_wanted(known: Crm) -> None:
    assert known("occasion", "add", "Wedding", "--on", "contact:1", "--date", "06-15").code == 0
    short = known("occasion", "list", "-n", "1")
    assert (short.out.count("\n"), short.err) == (1 + 1, "1 more come later: --limit 0 shows all\n")
    assert known("occasion", "list", "-n", "0").out.count("\n") == 1 + 2
    for words in (("occasion", "list"), ("touch", "due")):
        refused = known(*words, "--within", "-1d")
        assert (refused.code, refused.err.splitlines()[0]) == (2, "crm: '-1d' is no length of time ahead")


def test_rhythms_are_said_listed_and_removed(known: Crm) -> None:
    assert known("rhythm", "set", "company", "city:rome", "or", "has:domain", "1y").out == (
        "a touch is due every 365 days for companies that fit city:rome or has:domain\n"
    )
    assert known("rhythm", "-o", "csv").out.splitlines() == [
        "rule,kind,days,fit,due,wrong",
        "own,contact,,1,1,",
        "tag:vip,contact,30,1,1,",
        "city:rome or has:domain,company,365,1,0,",
    ]
    assert known("rhythm", "set", "Charles Babbage", "never").out == "changed contact:1\n"
    assert known("contact", "show", "1", "-o", "json").json["rhythm"] == 0
    assert re.search("^Rhythm +never$", known("contact", "show", "1", "-o", "table").out, re.MULTILINE)
    assert known("contact", "list", "rhythm:never", "-o", "ids").out == "1\n"
    assert known("rhythm", "remove", "contact:1").code == 0
    assert known("rhythm", "remove", "company", "city:rome or has:domain").out == (
        "removed the rhythm for company city:rome or has:domain\n"
    )
    assert known("rhythm", "remove", "tag:old").code == 3
    for words, code in (
        (("set", "tag:vip"), 2), (("set", "tag:vip", "often"), 2), (("set", "deal:4", "30d"), 2),
        (("set", "nobody here", "30d"), 3), (("set", "contact:1", "0d"), 2),
    ):  # fmt: skip
        assert known("rhythm", *words).code == code, words


def test_a_touch_is_put_off(known: Crm) -> None:
    assert known("touch", "snooze", "2", "+2w").out == "no touch is due before Sat 2026-12-05: contact:2 نگار رضایی\n"
    assert known("touch", "due", "-o", "ids").out == "1\n"
    assert known("undo", "--yes").code == 0
    assert known("touch", "snooze", "tag:vip", "--to", "mon").code == 0
    assert known("touch", "snooze", "company:1", "+1w", "--dry-run").code == 0
    assert known("touch", "snooze", "+2w").code == 2


def test_who_waits_for_whom(known: Crm) -> None:
    (row,) = known("touch", "owed", "-o", "json").json
    assert (row["ref"], row["who"], row["days"], row["text"]) == (
        "contact:1", "Charles Babbage", 3, "when will the engine be ready?",
    )  # fmt: skip
    assert known("touch", "waiting", "-o", "table").out == (
        "Record  What          Who                 Days  Since             Kind   Said       Owner\n"
        "deal:4  Engine no. 2  Analytical Engines    20  2026-11-01 00:00  email  the offer\n"
    )
    assert known("deal", "list", "is:waiting", "-o", "ids").out == "4\n"
    assert known("contact", "list", "is:owed", "-o", "ids").out == "1\n"


def test_a_report_of_the_year(known: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert known("contact", "add", "Nobody").code == 0
    assert known("touch", "report", "-o", "table").out == (
        "Reached 2 of 3 contacts (66.67%), 2026-01-01 to 2026-12-31\n"
        "\n"
        "By owner (2)\n"
        "  Owner   All  Reached  Not reached  Rate  Touches\n"
        "            2        1            1   50%        1\n"
        "  tester    1        1            0  100%        1\n"
        "\n"
        "How and by whom (2)\n"
        "  Kind   By      Touches  Reached\n"
        "  call   tester        1        1\n"
        "  email  tester        1        1\n"
        "\n"
        "Not reached (1)\n"
        "  ID  Name    Company  Owner  Last touch\n"
        "   3  Nobody\n"
    )
    assert known("touch", "report", "--list", "missed", "-o", "ids").out == "3\n"
    assert known("touch", "report", "--list", "all", "name:نگار", "-o", "json").json[0]["ways"] == "call 1"
    assert known("touch", "report", "-o", "json").json["reached"] == 2
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    assert known("touch", "report", "--year", "1405", "-o", "table").out.startswith(
        "Reached 2 of 3 contacts (66.67%), 1405-01-01 to 1405-12-29\n"
    )
    assert known("touch", "report", "--year", "soon").code == 2


def test_a_report_of_the_year_that_is_not_named(known: Crm) -> None:
    this, alone = known("touch", "report"), known("touch", "report", "--year")
    assert (alone.code, alone.out) == (0, this.out)
    assert known("touch", "report", "--year", "--list", "all", "-o", "ids").out.split() == ["2", "1"]
    assert known("touch", "report", "--year", "2019").out != this.out


def test_occasions_are_added_listed_changed_and_removed(known: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert known("occasion", "add", "Wedding day", "--on", "contact:1", "--date", "02-29").out == (
        "added occasion:1 Wedding day of contact:1 Charles Babbage: 02-29\n"
    )
    monkeypatch.setenv("CRM_CALENDAR", "jalali")
    assert known("occasion", "add", "سالگرد", "--on", "company:2", "--date", "۳۰ اسفند").out == (
        "added occasion:2 سالگرد of company:2 تهران: 12-30 jalali\n"
    )
    monkeypatch.delenv("CRM_CALENDAR")
    assert known("occasion", "-o", "table").out == (
        "ID  Day         When         Occasion     Record     Who              Turns  Date          Owner\n"
        "    2026-11-25  in 4 days    birthday     contact:2  نگار رضایی          46  1980-11-25    tester\n"
        " 1  2027-02-28  in 99 days   Wedding day  contact:1  Charles Babbage         02-29\n"
        " 2  2027-03-20  in 119 days  سالگرد       company:2  تهران                   12-30 jalali\n"
    )
    assert known("occasion", "list", "owner:me", "--within", "1w", "-o", "json").json == [
        {"id": None, "on": "2026-11-25", "when": "in 4 days", "name": "birthday", "ref": "contact:2",
         "who": "نگار رضایی", "turns": 46, "date": "1980-11-25", "owner": "tester"},
    ]  # fmt: skip
    assert known("occasion", "edit", "1", "date=1999-02-28").code == 0
    assert known("occasion", "remove", "occasion:1", "2").out == (
        "removed occasion:1 Wedding day\nremoved occasion:2 سالگرد\n"
    )
    assert known("occasion", "remove", "1").code == 3
    for words in (("add", "Wedding day", "--on", "contact:1"), ("remove", "x"), ("edit", "1", "x")):
        assert known("occasion", *words).code == 2, words


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("to",), "touch"),
        (("touch", "ow"), "owed"),
        (("touch", "due", "ci"), "city:"),
        (("touch", "due", "--on", "com"), "company"),
        (("touch", "report", "--list", "mi"), "missed"),
        (("rhythm", "set", "tag", ":", "v"), "vip"),
        (("rhythm", "set", "tag:vip", "30"), "30d"),
        (("rhythm", "set", "com"), "company"),
        (("occasion", "add", "x", "--on", "con"), "contact:"),
        (("deal", "list", "is", ":", "ow"), "owed"),
    ],
)
def test_a_shell_offers_their_words(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], offered: str
) -> None:
    assert offered in tab(crm, monkeypatch, *words)
