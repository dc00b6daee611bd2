"""A small book, made once and copied for each test, and the program run inside the test's own process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crmcli.__main__ import main
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.services import records


class Answer(NamedTuple):
    """What one command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def made_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book with three leads, a deal, a contact, a company and a task."""
    patch = pytest.MonkeyPatch()
    path = tmp_path_factory.mktemp("book") / "crm.db"
    patch.setenv("CRM_HOME", str(path.parent))
    patch.setenv("CRM_NOW", "2026-11-20T09:00:00+00:00")
    patch.setenv("USER", "tester")
    ctx = Context(Settings({"db": str(path)}), quiet=True, plugins=False)
    ctx.create(str(path))
    lead = {
        "company": "Analytical Engines",
        "email": "ada@engines.example",
        "phone": "+98 21 8888 7777",
        "source": "web",
        "tags": "vip",
        "value": "12000",
    }
    records.add(ctx, LEAD, {"name": "Ada Lovelace", **lead})
    records.add(ctx, LEAD, {"name": "Bob", "source": "web"})
    records.add(ctx, LEAD, {"name": "گریس هاپر", "source": "fair", "value": "500 KWD"})
    records.add(ctx, COMPANY, {"name": "Analytical Engines", "website": "engines.example"})
    records.add(
        ctx, CONTACT, {"name": "Charles Babbage", "company": "Analytical Engines", "email": "cb@engines.example"}
    )
    records.add(
        ctx, DEAL, {"name": "Engine no. 2", "company": "Analytical Engines", "value": "5k", "close_on": "2026-12-31"}
    )
    records.add(ctx, TASK, {"name": "Call Ada", "on": "lead:1", "due": "2026-11-27 14:30", "type": "call"})
    ctx.close()
    patch.undo()
    return path


class Crm:
    """`crm("lead", "list")` in this process on a copy of the book."""

    def __init__(self, capsysbinary: pytest.CaptureFixture[bytes], path: Path) -> None:
        self.capture = capsysbinary
        self.path = path

    def __call__(self, *words: str) -> Answer:
        self.capture.readouterr()
        code = main(list(words))
        out, err = self.capture.readouterr()
        return Answer(code, out.decode(), err.decode())


@pytest.fixture
def crm(
    isolated: Path, made_book: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Crm:
    monkeypatch.setenv("CRM_NOW", "2026-11-21T09:00:00+00:00")
    data = isolated / "data"
    data.mkdir(parents=True)
    shutil.copyfile(made_book, data / "crm.db")
    return Crm(capsysbinary, data / "crm.db")
