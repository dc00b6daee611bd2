"""Hostile workbooks and files that only look like workbooks: each is refused in words, in no time and little memory."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crmcli.exchange import workbook_guard
from tests.exchange.hostile import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import RunCrm

MOST_SECONDS, MOST_MB = 2.0, 300

#: Opens each file that it is told in a process of its own, as small as one can be, and says what came of it.
WITNESS = """
import json, os, resource, sys, time
from crmcli.errors import CrmError
from crmcli.exchange.tables import open_table
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        start, told, rows = time.perf_counter(), "", 0
        try:
            with open_table(line.strip()) as table:
                rows = sum(1 for _ in table.rows)
        except CrmError as error:
            told = f"{type(error).__name__}: {error.message} / {error.hint}"
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        print(json.dumps({
            "told": told, "rows": rows, "wall": time.perf_counter() - start,
            "cpu": sum(one.ru_utime + one.ru_stime for one in used),
            "mb": [one.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024) for one in used],
        }), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def witness() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", WITNESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def seen(witness: subprocess.Popen[str], path: Path) -> dict[str, Any]:
    assert witness.stdin is not None
    assert witness.stdout is not None
    witness.stdin.write(f"{path}\n")
    witness.stdin.flush()
    found: dict[str, Any] = json.loads(witness.stdout.readline())
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_files_are_refused_quickly_and_in_little_memory(
    witness: subprocess.Popen[str], case: Case, tmp_path: Path
) -> None:
    path = tmp_path / case.name
    case.build(path)
    found = seen(witness, path)
    print(f"{case.name}: {found['wall']:.2f} s, {found['mb'][0]:.0f} + {found['mb'][1]:.0f} MB: {found['told'][:200]}")
    if case.says:
        assert found["told"].startswith("ReadError: ")
        assert re.search(case.says, found["told"])
        message, _, hint = found["told"].partition(" / ")
        assert message.endswith(".")
        assert hint, "a refusal says what to do"
        assert "root:" not in found["told"]
    else:
        assert found["told"] == ""
        assert found["rows"] >= 1
    assert found["cpu"] < MOST_SECONDS
    assert sum(found["mb"]) < MOST_MB


def test_a_part_that_is_read_whole_is_no_larger_than_such_parts_are(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/styles.xml", b"<styles/>".ljust(101))
        monkeypatch.setattr(workbook_guard, "MAX_SMALL_PART", 101)
        assert workbook_guard.small_part(archive, "xl/styles.xml").startswith(b"<styles/>")
        monkeypatch.setattr(workbook_guard, "MAX_SMALL_PART", 100)
        with pytest.raises(workbook_guard.Refusal, match=r"part 'xl/styles.xml' is far larger"):
            workbook_guard.small_part(archive, "xl/styles.xml")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_a_process_has_the_time_that_a_workbook_of_its_size_can_need() -> None:
    says = "limit({}); print(*resource.getrlimit(resource.RLIMIT_CPU)[:1])"
    script = "import resource; from crmcli.exchange.workbook_guard import limit; "
    script += "; ".join(says.format(size) for size in ("0", "10 << 20", "0"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["15", "20", "15"], "what is allowed for a look is no bound for the reading"


@pytest.mark.parametrize("name", ["sparse.xls", "merges.xlsx"])
def test_a_refused_workbook_leaves_nothing_behind(run_crm: RunCrm, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    next(case for case in CASES if case.name == name).build(path)
    kept = tmp_path / "temporary"
    kept.mkdir()
    run_crm("lead", "add", "Ada")
    before = run_crm("lead", "list", "--json").stdout
    done = run_crm("import", str(path), "--as", "lead", "--yes", env={"TMPDIR": str(kept)})
    assert done.returncode == 1
    assert done.stdout == ""
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert run_crm("lead", "list", "--json").stdout == before
    assert os.listdir(kept) == []
