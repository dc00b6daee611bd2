"""crm import profile, and several files at once, as people type them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.commands.conftest import Crm

ORDERS = "Bestellung;Wer;Wieviel;Stand\nA1;Ada;1.234,50;heiß\n"
ACCOUNTS = "Account ID,Account Name\n001A,Engines\n001B,شرکت رويش\n"
PEOPLE = "Contact ID,First Name,Last Name,Email,Account ID\n1,Ada,King,ada@x.example,001A\n2,آذر,كاشاني,bad,001B\n"


@pytest.fixture
def file(tmp_path: Path) -> Any:
    """Write a file and give its path."""

    def write(text: str, name: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRM_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "config" / "profiles"


def test_looking_at_profiles_makes_no_book(crm: Crm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_HOME", str(tmp_path / "fresh"))
    monkeypatch.delenv("CRM_DB", raising=False)
    for words in (("list",), ("show", "hubspot-deals")):
        assert crm("import", "profile", *words).code == 0
    assert not list(tmp_path.glob("fresh/**/*.db"))


def test_profiles_are_made_shown_listed_and_used(crm: Crm, file: Any, home: Path) -> None:
    path = file(ORDERS, "orders.csv")
    words = ("--as", "deal", "--map", "Bestellung=name", "--map", "Wieviel=value", "--map", "Stand=stage")
    more = ("--id", "Bestellung", "--value", "stage:heiß=Qualified", "--set", "source=Laden")
    dry = crm("import", "profile", "new", "laden", path, *words, *more, "--dry-run")
    assert (dry.code, list(home.glob("*"))) == (0, [])
    assert '"heiß" = "Qualified"' in dry.out
    assert crm("import", "profile", "new", "laden", path, *words, *more).code == 0
    assert oct((home / "laden.toml").stat().st_mode)[-3:] == "600"
    again = crm("import", "profile", "new", "laden", path, *words)
    assert (again.code, "'crm import profile edit laden' changes it" in again.err) == (4, True)
    rows = {row["name"]: row for row in crm("import", "profile", "list", "-o", "json").json}
    assert rows["laden"]["origin"] == str(home / "laden.toml")
    assert rows["hubspot-deals"]["origin"] == "built-in"
    assert crm("import", "profile", "show", "laden").out == (home / "laden.toml").read_text()
    dry = crm("import", path, "--dry-run", "-o", "json")
    assert dry.json["profile"] == {"name": "laden", "title": "laden", "confidence": 1.0, "asked": False, "tied": []}
    real = crm("import", path, "-o", "json")
    assert (real.code, real.json["new"], real.json["profile"]) == (0, 1, dry.json["profile"])
    assert "profile: laden (laden), confidence 100 %" in real.err
    assert crm("import", path, "--no-profile", "--dry-run", "-o", "json").json["profile"] is None
    shared = file((home / "laden.toml").read_text(), "shared.toml")
    (home / "laden.toml").unlink()
    assert crm("import", path, "--profile", shared, "--dry-run", "-o", "json").json["same"] == 1


def test_the_editor_s_text_is_checked(crm: Crm, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def edits(script: str) -> None:
        monkeypatch.setenv("EDITOR", script)

    edits("true")
    assert "nothing was changed" in crm("import", "profile", "edit", "stripe-customers").out
    edits('sed -i \'s/source = "Stripe"/source = "Kasse"/\'')
    assert crm("import", "profile", "edit", "stripe-customers").code == 0
    assert 'source = "Kasse"' in (home / "stripe-customers.toml").read_text()
    before = (home / "stripe-customers.toml").read_text()
    for script, told in (
        ("sed -i 's/^kind/kind kind/'", "is no TOML: Expected '=' after a key"),
        ('sed -i \'s/"city"/"cty"/\'', "contact has no field 'cty' for 'Card Address City'"),
    ):
        edits(script)
        bad = crm("import", "profile", "edit", "stripe-customers")
        assert bad.code == 2
        assert told in bad.err
        assert "line " in bad.err
        assert "your text is kept in " in bad.err
        assert (home / "stripe-customers.toml").read_text() == before
    # one that is broken can be mended where it is
    (home / "stripe-customers.toml").write_text("kind =")
    edits("sed -i 's/kind =/kind = \"contact\"/'")
    assert crm("import", "profile", "edit", "stripe-customers").code == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("show", "nope"), 3, "there is no profile 'nope'"),
        (("show", "./nope.toml"), 3, "there is no file ./nope.toml"),
        (("edit", "../../x"), 2, "'../../x' is no name for a profile"),
        (("new", "list", "x.csv"), 2, "no profile can be called 'list'"),
        (("new", "ok", "x.csv", "--value", "stage"), 2, "--value wants FIELD:WORD=OURS, not 'stage'"),
        (("new", "ok", "x.csv", "--set", "stage"), 2, "--set wants FIELD=TEXT, not 'stage'"),
        (("frob",), 2, "'crm import profile frob' is not a command"),
    ],
)
def test_words_that_mean_nothing(crm: Crm, home: Path, words: tuple[str, ...], code: int, told: str) -> None:
    done = crm("import", "profile", *words)
    assert (done.code, told in done.err) == (code, True), done.err


def test_a_file_called_profile(crm: Crm, file: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file("Name,Email\nZed,zed@x.example\n", "profile")
    monkeypatch.chdir(tmp_path)
    assert "laden" not in crm("import", "profile", "list").out
    done = crm("import", "./profile", "--as", "contact", "-o", "json")
    assert (done.code, done.json["new"]) == (0, 1)
    (tmp_path / "profile").unlink()
    done = crm("import", "--json", "profile", "list")
    assert (done.code, "for profiles: crm import profile VERB" in done.err) == (2, True)


# --- several files ----------------------------------------------------------------------------------------------------


def test_several_files_are_one_plan_one_batch_and_one_undo(crm: Crm, file: Any) -> None:
    files = (file(PEOPLE, "people.csv"), file(ACCOUNTS, "accounts.csv"))
    dry, real = crm("import", *files, "--dry-run", "-o", "json"), crm("import", *files, "-o", "json")
    assert (dry.code, real.code) == (1, 1)
    names = ("file", "kind", "rows", "new", "updated", "same", "repeated", "refused", "listed", "mapping", "gist")
    for one, two in zip(dry.json["files"], real.json["files"], strict=True):
        assert [one[name] for name in names] == [two[name] for name in names]
    assert [one["kind"] for one in real.json["files"]] == ["company", "contact"]
    assert [os.path.basename(one["file"]) for one in real.json["files"]] == ["accounts.csv", "people.csv"]
    assert "2 files, in this order: 4 rows" in real.err
    rejects = real.json["files"][1]["rejects"]
    assert [row.split(",")[0] for row in Path(rejects).read_text().splitlines()] == ["crm_line", "3"]
    assert crm("import", *files, "--allow-rejects").code == 0
    assert crm("contact", "list", "Ada King", "-o", "json").json[0]["company"] == "Engines"
    assert crm("undo", str(real.json["batch"]), "--yes").code == 0
    assert crm("company", "list", "Engines -o ids").out.count("\n") <= 1


def test_no_option_is_named_that_several_files_refuse(crm: Crm, file: Any) -> None:
    ours = "uid,created_at,updated_at,name,sector\n,,,Nowhere,Steel\n"
    files = (file(ours, "contacts.csv"), file(ACCOUNTS, "accounts.csv"))
    told = crm("import", *files, "--as", "contacts.csv=contact", "--dry-run").err
    assert "no such field: sector; 'crm field add contact.sector TYPE' before the import makes it" in told
    assert "--new-fields" not in told


def test_all_or_nothing_of_several_files(crm: Crm, file: Any) -> None:
    files = (file(PEOPLE, "people.csv"), file(ACCOUNTS, "accounts.csv"))
    before = crm("sql", "select count(*) from v_company").out
    tried = crm("import", *files, "--all-or-nothing", "--dry-run", "-o", "json")
    assert (tried.code, tried.json["withheld"]) == (1, True)
    assert "--all-or-nothing: nothing would be saved of the 2 files" in tried.err
    done = crm("import", *files, "--all-or-nothing")
    assert done.code == 1
    assert done.out.count("nothing was saved") == 2
    assert crm("sql", "select count(*) from v_company").out == before
    good = file(PEOPLE.replace("bad", "azar@x.example"), "people.csv")
    done = crm("import", good, files[1], "--all-or-nothing", "-o", "json")
    assert (done.code, [one["new"] for one in done.json["files"]]) == (0, [2, 2])
    assert crm("undo", str(done.json["batch"]), "--yes").code == 0
    assert crm("sql", "select count(*) from v_company").out == before


def test_one_of_several_files_may_be_standard_input(crm: Crm, file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = file(ACCOUNTS, "accounts.csv")
    with open(file(PEOPLE, "people.csv"), encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        done = crm("import", "-", accounts, "--allow-rejects", "-o", "json")
    assert done.code == 0, done.err
    assert [one["file"] for one in done.json["files"]] == [accounts, "standard input"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-", "-"), "standard input can be read only once"),
        (("{people}", "{people}"), "is given twice"),
        (("{people}", "{accounts}", "--resume"), "--resume goes on with one file"),
        (("{people}", "{odd}"), "no column is recognised as a name"),
        (("{people}", "{accounts}", "--map", "Nope=name"), "no file has a column 'Nope'"),
        (
            ("{people}", "{accounts}", "--profile", "x", "--no-profile"),
            "--no-profile and --profile x exclude each other",
        ),
    ],
)
def test_what_several_files_do_not_take(crm: Crm, file: Any, words: tuple[str, ...], told: str) -> None:
    paths = {"people": file(PEOPLE, "p.csv"), "accounts": file(ACCOUNTS, "a.csv"), "odd": file("a,b\n1,2\n", "odd.csv")}
    before = crm("sql", "select count(*) from v_contact").out
    done = crm("import", *(word.format(**paths) for word in words))
    assert (done.code, told in done.err) == (2, True), done.err
    assert crm("sql", "select count(*) from v_contact").out == before


def test_a_missing_file_among_several_stops_before_anything_is_written(crm: Crm, file: Any) -> None:
    done = crm("import", file(ACCOUNTS, "a.csv"), "/nowhere/x.csv")
    assert done.code == 3
    assert json.loads(crm("company", "list", "name:شرکت", "-o", "json").out) == []


def test_several_profiles_are_for_several_files(crm: Crm, tmp_path: Path) -> None:
    profiles = []
    for name, kind, title in (("firms", "company", "Alpha"), ("people", "contact", "Beta")):
        path = tmp_path / f"{name}.toml"
        path.write_text(f'kind = "{kind}"\nheaders = ["{title}"]\n[columns]\n"{title}" = "name"\n')
        (tmp_path / f"{name}.csv").write_text(f"{title}\nOne {kind}\n")
        profiles += ["--profile", str(path)]
    files = [str(tmp_path / "firms.csv"), str(tmp_path / "people.csv")]
    done = crm("import", *files, *profiles, "--yes")
    assert done.code == 0, done.err
    assert "One company" in crm("company", "list", "-c", "name").out
    assert "One contact" in crm("contact", "list", "-c", "name").out
    alone = crm("import", files[0], *profiles)
    assert (alone.code, "exclude each other: a file is of one profile" in alone.err.replace("\n  ", ": ")) == (2, True)
    assert crm("import", *files, "--profile", "none", *profiles).code == 2
