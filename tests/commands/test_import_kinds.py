"""crm import --as: what the rows of one file are, of one of several, of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.commands.import_options import kinds
from crmcli.domain.entities import COMPANY, CONTACT, LEAD
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Crm

FILES = ("a/one.csv", "b/two.csv", "b/one.csv")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [None, None, None]),
        (("lead",), [LEAD, LEAD, LEAD]),
        (("two.csv=company",), [None, COMPANY, None]),
        (("lead", "b/one.csv=contact"), [LEAD, LEAD, CONTACT]),
        (("a/one.csv=company", "b/one.csv=contact"), [COMPANY, None, CONTACT]),
        (("./a/one.csv=company", "two.csv=lead", "b/two.csv=lead"), [COMPANY, LEAD, None]),
    ],
)
def test_the_kinds_of_files(words: tuple[str, ...], expected: list[Any]) -> None:
    assert kinds(words, FILES) == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("one.csv=company",), "--as one.csv=company: several files are called 'one.csv'"),
        (("x.csv=company",), "--as x.csv=company: no file is called 'x.csv'"),
        (("lead", "contact"), "--as lead and --as contact exclude each other"),
        (("two.csv=leed",), "called 'leed'"),
        (("two.csv=",), "--as wants [FILE=]KIND, not 'two.csv='"),
        (("",), "--as wants [FILE=]KIND, not ''"),
        (("two.csv=lead", "b/two.csv=deal"), "--as b/two.csv=deal and --as b/two.csv=lead exclude each other"),
    ],
)
def test_a_kind_of_no_file_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        kinds(words, FILES)
    assert message in raised.value.message


def test_what_one_of_several_files_holds_is_said(crm: Crm, tmp_path: Path) -> None:
    (tmp_path / "a b.csv").write_text("Company,Website\nEngines,https://kinds.example\n")
    (tmp_path / "people.csv").write_text("Name,Email,Company\nAda,ada@x.example,kinds.example\n")
    paths = [str(tmp_path / "a b.csv"), str(tmp_path / "people.csv")]
    open_yet = crm("import", *paths)
    assert open_yet.code == 2
    assert "say it: --as 'a b.csv=company'" in open_yet.err
    done = crm("import", *paths, "--as", "a b.csv=company")
    assert done.code == 0, done.out[-900:] + done.err[-900:]
    assert "Engines" in crm("contact", "list", "-c", "name,company").out
    assert crm("import", paths[0], "--as", "a b.csv=company", "--dry-run").code == 0
