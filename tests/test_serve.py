"""`crm serve` as a process: what a program that subscribes is answered, and how the server ends."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest
from icalendar import Calendar

from tests.support.program import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Protocol

    from tests.support.program import Finished

    class RunCrm(Protocol):
        def __call__(self, *arguments: str) -> Finished: ...


class Served:
    """A running server: its base URL and its lines so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"https?://\S+?:\d+", line)
        assert found, line + process.stderr.read()
        self.url = found[0]

    def end(self, with_signal: int = signal.SIGINT) -> tuple[int, str]:
        """End it; its exit code and what it said."""
        self.process.send_signal(with_signal)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@contextlib.contextmanager
def serving(*options: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "crmcli", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.communicate()


def feed(run_crm: RunCrm, name: str = "mine") -> str:
    """Make a feed; the path of its address."""
    done = run_crm("calendar", "feed", "add", name)
    assert done.returncode == 0, done
    return done.stdout.splitlines()[-1].removeprefix("http://127.0.0.1:8765")


def test_a_program_subscribes(run_crm: RunCrm) -> None:
    run_crm("task", "add", "Call \u06af\u0641\u062a\u06af\u0648", "--due", "2027-01-15 09:00")
    path = feed(run_crm)
    with serving() as server, httpx2.Client(base_url=server.url) as client:
        assert re.match(r"http://127\.0\.0\.1:", server.url)
        first = client.get(path)
        assert (first.status_code, first.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
        assert first.headers["cache-control"] == "private, no-cache"
        assert [str(event["SUMMARY"]) for event in Calendar.from_ical(first.content).walk("VEVENT")] == [
            "Call \u06af\u0641\u062a\u06af\u0648"
        ]
        tag = first.headers["etag"]
        for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            same = client.get(path, headers={"If-None-Match": asked})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
        head = client.head(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
        assert client.get(path, headers={"Accept-Encoding": "identity"}).content == first.content

        run_crm("task", "edit", "1", "due=2027-01-16")
        second = client.get(path, headers={"If-None-Match": tag})
        assert second.status_code == 200
        (event,) = Calendar.from_ical(second.content).walk("VEVENT")
        assert event["SEQUENCE"] == 1
        code, said = server.end()
    assert code == 0
    assert path.rsplit("/", 1)[1][:-4] not in said
    assert "200 mine 127.0.0.1" in said


def test_who_does_not_know_the_address_learns_nothing(run_crm: RunCrm) -> None:
    path = feed(run_crm)
    with serving() as server, httpx2.Client(base_url=server.url) as client:
        answers = {
            (answer.status_code, answer.content)
            for answer in (
                client.get("/"),
                client.get("/feeds/"),
                client.get("/feeds/x.ics"),
                client.get(path[:-5] + ".ics"),
                client.get("/feeds/" + "x" * 5000 + ".ics"),
                client.get("/feeds/..%2f..%2fetc%2fpasswd.ics"),
                client.post(path, content=b"x"),
                client.put(path, content=b"x"),
            )
        }
        assert answers == {(404, b"nothing here\n")}
        assert client.get(path).status_code == 200
        run_crm("calendar", "feed", "rotate", "mine")
        assert client.get(path).status_code == 404
        assert "server" not in client.get("/").headers


def test_a_feed_that_cannot_be_made_ends_no_server(run_crm: RunCrm) -> None:
    run_crm("task", "add", "One", "--due", "2027-01-15", "--tags", "vip")
    path = run_crm("calendar", "feed", "add", "vip", "tag:vip").stdout.splitlines()[-1].split(":8765")[1]
    other = feed(run_crm)
    run_crm("tag", "rename", "vip", "key")
    with serving() as server, httpx2.Client(base_url=server.url) as client:
        assert client.get(path).status_code == 500
        assert client.get(other).status_code == 200
        assert "tag" in server.end(signal.SIGTERM)[1]


def test_what_cannot_be_served_is_said(run_crm: RunCrm) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_crm("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot be served" in done.stderr
    assert "--port" in done.stderr
    assert "a key without its certificate" in run_crm("serve", "--key", "x.pem").stderr
    assert "the certificate cannot be read" in run_crm("serve", "--port", "0", "--cert", "nowhere.pem").stderr
    assert "cannot be served" in run_crm("serve", "--host", "nobody.invalid").stderr


def test_over_tls(run_crm: RunCrm, tmp_path: Path) -> None:
    path = feed(run_crm)
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    try:
        subprocess.run([*made, *names], cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with serving("--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem")) as server:
        assert server.url.startswith("https://")
        with httpx2.Client(base_url=server.url, verify=trusted) as client:
            assert client.get(path).status_code == 200


def test_who_listens_for_everybody_without_tls_is_warned(run_crm: RunCrm) -> None:
    feed(run_crm)
    with serving("--host", "0.0.0.0") as server:
        assert server.process.stderr is not None
        assert "anybody on the way can read it" in server.process.stderr.readline()
