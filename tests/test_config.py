"""Settings: what the file, the environment and the flags say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from phonenumbers import SUPPORTED_REGIONS

from crmcli import config
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.errors import NotFoundError, UsageError


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
    assert set(config.REGIONS.split()) == SUPPORTED_REGIONS


@pytest.mark.parametrize(
    ("name", "value", "complaint", "hint"),
    [
        ("region", "zz", "not a country", "ISO 3166"),
        ("currency", "EURO", "not a currency", "ISO 4217"),
        ("columns.lead", "id,nmae", "column 'nmae'", "did you mean 'name'?"),
        ("columns.task", "id,stage", "a task has no such field", "crm fields task"),
        ("limit", "many", "whole number", ""),
        ("calendar", "lunar", "one of", ""),
    ],
)
def test_a_word_that_means_nothing_is_refused_wherever_it_stands(
    name: str, value: str, complaint: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, _, leaf = name.rpartition(".")
    head = f"[{table}]\n" if table else ""
    with pytest.raises(UsageError, match=complaint):
        settings(f'{head}{leaf} = "{value}"\n')[name]
    settings("")
    monkeypatch.setenv(config.SETTINGS[name].variable, value)
    with pytest.raises(UsageError, match=complaint):
        Settings()[name]
    monkeypatch.delenv(config.SETTINGS[name].variable)
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
