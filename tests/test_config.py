"""Settings: what the file, the environment and the flags say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from phonenumbers import SUPPORTED_REGIONS

from crmcli import config
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.errors import NotFoundError, UsageError
from crmcli.settings import REGIONS, SETTINGS


def settings(text: str) -> Settings:
    """The settings of a file with this text."""
    path = Path(config.config_file())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Settings()


def test_the_file_goes_before_the_default_and_the_environment_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    own = settings('currency = "USD"\n[columns]\nlead = ["id", "name"]\n')
    assert own.find("currency") == ("USD", config.config_file())
    assert own["columns.lead"] == "id,name"
    monkeypatch.setenv("CRM_CURRENCY", "IRR")
    assert own.find("currency") == ("IRR", "CRM_CURRENCY")


def test_the_regions_are_those_of_the_library() -> None:
    assert set(REGIONS.split()) == SUPPORTED_REGIONS


@pytest.mark.parametrize(
    ("name", "value", "complaint", "hint"),
    [
        ("region", "zz", "not a country", "ISO 3166"),
        ("currency", "EURO", "not a currency", "ISO 4217"),
        ("columns.lead", "id,nmae", "column 'nmae'", "did you mean 'name'?"),
        ("columns.task", "id,stage", "a task has no such field", "crm fields task"),
        ("limit", "many", "whole number", ""),
        ("limit", "-3", "from 0 to 999999999", ""),
        ("silent_days", "99999999999", "from 0 to 36500", ""),
        ("new_days", "-1", "from 0 to 36500", ""),
        ("busy_timeout", "-1", "from 0 to 86400", ""),
        ("urgency.due", "much", "wants a number from -1000 to 1000", ""),
        ("urgency.due", "1000.01", "with at most two decimals, not '1000.01'", ""),
        ("urgency.blocked", "-0.005", "at most two decimals", ""),
        ("db", "mysql://ada:hunter2@db/x", "ada:[*]{3}@db/x is no store", "postgresql://"),
        ("calendar", "lunar", "one of", ""),
        ("workdays", "mon-fry", "names no working days of a week", "sat-wed"),
        ("user", "  ", "the setting user wants more than blanks", ""),
        ("user", "\u200b", "more than blanks", ""),
        ("pager", " ", "more than blanks", ""),
    ],
)
def test_a_word_that_means_nothing_is_refused_wherever_it_stands(
    name: str, value: str, complaint: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, _, leaf = name.rpartition(".")
    head = f"[{table}]\n" if table else ""
    with pytest.raises(UsageError, match=rf"config\.toml: .*{complaint}"):
        settings(f'{head}{leaf} = "{value}"\n')[name]
    settings("")
    monkeypatch.setenv(SETTINGS[name].variable, value)
    with pytest.raises(UsageError, match=f"{SETTINGS[name].variable}: .*{complaint}"):
        Settings()[name]
    monkeypatch.delenv(SETTINGS[name].variable)
    with pytest.raises(UsageError, match=complaint) as refused:
        config.write(name, value)
    assert hint in str(refused.value.hint or "")
    assert Path(config.config_file()).read_text(encoding="utf-8") == ""


def test_columns_may_be_all_and_have_spaces() -> None:
    config.write("columns.lead", "id, name,value")
    config.write("columns.deal", "all")
    assert Settings()["columns.lead"] == "id, name,value"


def test_a_slip_in_the_file_is_said_and_can_be_taken_out(book_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '# mine\ncurency = "USD"\n[columns]\nlaed = "id"\n'
    unknown = settings(text).unknown()
    assert [line.partition(": ")[2] for line in unknown] == [
        "there is no setting 'curency'; did you mean 'currency'?",
        "there is no setting 'columns.laed'; did you mean 'columns.lead'?",
    ]
    context = Context(Settings({"db": str(book_path)}), plugins=False)
    context.reader.value("SELECT 1")
    context.close()
    assert capsys.readouterr().err.splitlines() == unknown
    config.write("curency", None)
    assert Path(config.config_file()).read_text(encoding="utf-8") == text.replace('curency = "USD"\n', "")
    with pytest.raises(UsageError, match="no setting 'curency'"):
        config.write("curency", None)
    with pytest.raises(NotFoundError):
        config.write("currency", None)


@pytest.mark.parametrize("value", ["inf", "nan", "2.5", "true", "[]", "2026-01-01"])
def test_what_toml_has_besides_whole_numbers_is_none(value: str) -> None:
    with pytest.raises(UsageError, match=r"config\.toml: the setting limit wants a whole number"):
        settings(f"limit = {value}\n")["limit"]


@pytest.mark.parametrize("value", ["inf", "nan", "true", "[]", "2026-01-01", "2.555"])
def test_what_toml_has_besides_numbers_is_none(value: str) -> None:
    with pytest.raises(UsageError, match=r"config\.toml: the setting urgency.due wants a number"):
        settings(f"urgency.due = {value}\n")["urgency.due"]


def test_numbers_stand_in_the_file_as_they_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("12", "-3.25", "0.1"):
        config.write("urgency.due", value)
        assert Path(config.config_file()).read_text(encoding="utf-8") == f"[urgency]\ndue = {value}\n"
        assert str(Settings()["urgency.due"]) == value
    monkeypatch.setenv("CRM_URGENCY_DUE", "7.50")
    assert Settings()["urgency.due"] == 7.5
    assert settings("urgency.due = 4.0\n").file == {"urgency.due": 4.0}


@pytest.mark.parametrize("word", ["next", "Key account", "v1.0", "پیگیری", 'a "b"'])
def test_a_word_of_the_book_has_a_setting(word: str) -> None:
    name = f"urgency.tag.{word}"
    assert Settings()[name] == 0
    config.write(name, "2.5")
    own = Settings()
    assert own.unknown() == []
    assert own.find(name) == (2.5, config.config_file())
    assert own.of_words("urgency.tag.") == {word: 2.5}
    assert own.of_words("urgency.type.") == {}
    config.write(name, None)
    assert Settings().of_words("urgency.tag.") == {}


@pytest.mark.parametrize(
    ("family", "first", "second"),
    [("tag", "vip", "VIP"), ("stage", "new", "New"), ("tag", "كلید", "کلید"), ("type", "email", "E-mail")],
)
def test_a_word_has_one_setting_however_it_is_spelt(family: str, first: str, second: str) -> None:
    start = f"urgency.{family}."
    config.write(start + first, "3")
    config.write(start + second, "4")
    assert Settings().of_words(start) == {first: 4}
    assert (Settings()[start + first], Settings()[start + second]) == (4, 4)
    by_hand = settings(f'[urgency.{family}]\n"{first}" = 1\n"{second}" = 2\n')
    assert (by_hand.of_words(start), by_hand[start + second]) == ({first: 1}, 1)
    config.write(start + second, None)
    assert Settings().file == {}


def test_a_word_with_dots_leaves_room_for_its_beginning() -> None:
    config.write("urgency.tag.a.b", "2")
    config.write("urgency.tag.a", "3")
    assert Settings().of_words("urgency.tag.") == {"a.b": 2, "a": 3}
    settings("[urgency.tag.a]\nb = 2\n")
    config.write("urgency.tag.a.b", None)
    config.write("urgency.tag.a", "3")
    assert Settings().of_words("urgency.tag.") == {"a": 3}


@pytest.mark.parametrize("value", ["۵٫۵", "5.5", "٥٫٥"])
def test_numbers_are_typed_in_any_digits(value: str) -> None:
    config.write("urgency.due", value)
    assert Settings()["urgency.due"] == 5.5


def test_a_family_without_a_word_says_what_is_missing() -> None:
    (line,) = settings("[urgency]\ntag = 5\n").unknown()
    assert line.endswith("there is no setting 'urgency.tag'; put a tag of the book behind it: urgency.tag.TAG")
    for name in ("urgency.tag", "urgency.tag."):
        with pytest.raises(UsageError) as refused:
            Settings()[name]
        assert refused.value.hint == "put a tag of the book behind it: urgency.tag.TAG"


def test_a_word_without_a_family_is_no_setting() -> None:
    own = settings("[urgency.tga]\nnext = 1\n[urgency.tag]\nnext = 'lots'\n")
    assert [line.partition(": ")[2] for line in own.unknown()] == [
        "there is no setting 'urgency.tga.next'; did you mean 'urgency.tag.next'?"
    ]
    with pytest.raises(UsageError, match=r"config\.toml: the setting urgency.tag.next wants a number"):
        own.of_words("urgency.tag.")
    for name in ("urgency.tga.next", "urgency.tag.", "urgency.tag. "):
        with pytest.raises(UsageError, match="there is no setting"):
            config.write(name, "1")


@pytest.mark.parametrize(
    ("text", "name", "complaint"),
    [
        ('columns = "id,name"\n', "columns.lead", r"a line \[columns\], and under it lead ="),
        ("[limit]\nlead = 5\n", "limit", "has a table .limit."),
    ],
)
def test_a_file_in_which_something_else_has_the_place_of_a_setting_wants_mending(
    text: str, name: str, complaint: str
) -> None:
    settings(text)
    with pytest.raises(UsageError, match=complaint):
        config.write(name, "5" if name == "limit" else "id")
    assert Path(config.config_file()).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("text", "value", "after"),
    [
        ('"columns.lead" = "id" # mine\nlimit = 5\n', "name", '"columns.lead" = "name" # mine\nlimit = 5\n'),
        ('"columns.lead" = "id"\nlimit = 5\n', None, "limit = 5\n"),
        ('columns.lead = "id"\ncolumns.deal = "id"\n', None, 'columns.deal = "id"\n'),
        ('"columns.lead" = "id"\n[columns]\nlead = "name"\n', None, "[columns]\n"),
        ('columns = {lead = "id"}\r\n', "name", 'columns = {lead = "name"}\r\n'),
        ('[columns]\ndeal = "id"\n', "name", '[columns]\ndeal = "id"\nlead = "name"\n'),
    ],
)
def test_a_setting_is_changed_where_it_stands(text: str, value: str | None, after: str) -> None:
    settings("")
    Path(config.config_file()).write_bytes(text.encode())
    config.write("columns.lead", value)
    assert Path(config.config_file()).read_bytes().decode() == after
    assert Settings().find("columns.lead")[0] == (value or "")


def test_the_path_of_a_book_means_the_same_file_everywhere(
    isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config.write("db", "book.db")
    assert Settings().database == str(tmp_path / "book.db")
    assert settings('db = "books/a.db"\n').database == str(isolated / "config" / "books" / "a.db")
    assert settings('db = "~/a.db"\n').database == str(isolated.parent / "a.db")
    assert settings('db = "postgresql://db.example/crm"\n').database == "postgresql://db.example/crm"


def test_a_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    path = Path(config.config_file())
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "dotfiles.toml")
    config.write("currency", "USD")
    config.write("limit", "7")
    assert path.is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text(encoding="utf-8") == 'currency = "USD"\nlimit = 7\n'


def test_a_mark_at_the_start_of_the_file_is_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows Notepad saves one."""
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xef\xbb\xbflimit = 3\n")
    assert Settings()["limit"] == 3
    config.write("limit", "4")
    assert Settings()["limit"] == 4
