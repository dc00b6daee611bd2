"""`crm serve` as a process: what a program that subscribes is answered, and how the server ends."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn
from icalendar import Calendar

from crmcli import serve
from crmcli.config import Settings
from crmcli.context import Context
from crmcli.services.feeds import Rendered
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
                client.get(path + "/"),
                client.get(path + "/", headers={"Host": "elsewhere.example"}),
                client.get("/feeds/x.ics/"),
                client.get("/feeds"),
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


def test_what_is_wrong_with_a_feed_is_said_once(run_crm: RunCrm) -> None:
    run_crm("task", "add", "One", "--due", "2027-01-15", "--tags", "vip")
    path = run_crm("calendar", "feed", "add", "of vip", "tag:vip").stdout.splitlines()[-1].split(":8765")[1]
    run_crm("tag", "rename", "vip", "key")
    with serving() as server, httpx2.Client(base_url=server.url) as client:
        for _ in range(3):
            assert client.get(path).status_code == 500
        run_crm("tag", "rename", "key", "vip")
        assert client.get(path).status_code == 200
        run_crm("tag", "rename", "vip", "key")
        assert client.get(path).status_code == 500
        said = server.end()[1]
    assert said.count("the feed of vip cannot be made: there is no tag 'vip'") == 2


def test_a_book_of_a_newer_version_is_waited_for(run_crm: RunCrm) -> None:
    path = feed(run_crm)
    with serving() as server, httpx2.Client(base_url=server.url) as client:
        assert client.get(path).status_code == 200
        with contextlib.closing(Context(Settings(), quiet=True)) as ctx, ctx.reader.transaction():
            ctx.reader.run("UPDATE alembic_version SET version_num = '9999'")
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "60")
        assert "newer" in server.end()[1]


def test_packed_and_plain_bytes_have_tags_of_their_own(run_crm: RunCrm) -> None:
    run_crm("task", "add", "Long", "--due", "2027-01-15", "--description", "long " * 1000)
    path = feed(run_crm)
    with serving() as server, httpx2.Client(base_url=server.url) as client:
        packed, plain = (client.get(path, headers={"Accept-Encoding": coding}) for coding in ("gzip", "identity"))
        assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
        assert packed.headers["etag"] != plain.headers["etag"]
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        for coding, answer in (("br;q=1, gzip;q=0.5", packed), ("gzip;q=0, deflate", plain), ("", plain)):
            headers = {"Accept-Encoding": coding, "If-None-Match": answer.headers["etag"]}
            same = client.get(path, headers=headers)
            assert (same.status_code, same.headers["etag"]) == (304, answer.headers["etag"]), coding
        lines = [
            ("If-None-Match", '"other"'),
            ("If-None-Match", plain.headers["etag"]),
            ("Accept-Encoding", "identity"),
        ]
        assert client.get(path, headers=lines).status_code == 304


@contextlib.contextmanager
def listening(content: bytes = b"x") -> Iterator[tuple[str, int]]:
    """A server in this process, as patient as the module says, whose every feed has this content; where it listens."""

    class Feeds:
        def get(self, _word: str) -> Rendered:
            return Rendered("one", content, '"tag"')

    with ThreadPoolExecutor(1) as book:
        server = uvicorn.Server(serve._config(uvicorn, serve.app(Feeds(), book), "", ""))  # type: ignore[arg-type]
        bound = serve._bound("127.0.0.1", 0)
        where = bound.getsockname()
        running = threading.Thread(target=server.run, args=([bound],))
        running.start()
        try:
            yield where
        finally:
            server.should_exit = True
            running.join(20)


def ended(client: socket.socket, seconds: float = 5) -> bool:
    """Whether the server ends a connection before so many seconds are over, whatever it says until then."""
    client.settimeout(seconds)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def test_who_says_nothing_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "ASKING", 3)
    monkeypatch.setattr(serve, "MOST_CONNECTIONS", 8)
    with contextlib.ExitStack() as stack:
        where = stack.enter_context(listening())
        url = "http://{}:{}/feeds/x.ics".format(*where)
        silent = [stack.enter_context(socket.create_connection(where)) for _ in range(8)]
        assert httpx2.get(url).status_code == 503
        assert all(map(ended, silent))
        assert httpx2.get(url).status_code == 200


@pytest.mark.parametrize(
    "begin",
    [b"", b"GET /feeds/x.ics HTTP/1.1\r\n", b"GET /feeds/x.ics HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n",
     b"GET /feeds/x.ics HTTP/1.1\r\nHost: x\r\n\r\n"],
)  # fmt: skip
def test_who_asks_for_ever_is_sent_away(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte by byte: a head, a body, a second request on the same connection."""
    monkeypatch.setattr(serve, "ASKING", 0.5)
    with listening() as where, socket.create_connection(where) as client:
        client.sendall(begin)
        until = time.monotonic() + 5
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < until:
                client.sendall(b"G")
                time.sleep(0.05)
        assert time.monotonic() < until
        assert ended(client)


def test_who_asks_again_in_time_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "ASKING", 2)
    with listening() as where, socket.create_connection(where) as client:
        for _ in range(5):
            client.sendall(b"GET /feeds/x.ics HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"\r\n\r\nx"):
                some = client.recv(65_536)
                assert some
                answer += some
            time.sleep(0.5)  # a machine at work may add a second to it, and all of them take longer than ASKING


#: More than the buffers of both ends hold.
MUCH = b"much" * 8_000_000


def test_who_does_not_take_the_answer_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "TAKING", 0.5)
    with listening(MUCH) as where, socket.create_connection(where) as client:
        client.sendall(b"GET /feeds/x.ics HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(3)
        got = 0
        with contextlib.suppress(ConnectionError):
            while some := client.recv(1 << 20):
                got += len(some)
        assert got < len(MUCH)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_though_somebody_reads_slowly(run_crm: RunCrm, number: int) -> None:
    path = feed(run_crm)
    with contextlib.closing(Context(Settings(), quiet=True, plugins=False)) as ctx, ctx.writing() as tx:
        for each in range(16):
            tx.add("task", {"name": f"{each}", "due_on": "2027-01-15", "description": "much " * 100_000})
    with serving() as server, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        assert server.end(number)[0] == 0
        assert time.monotonic() - begun < serve.ENDING + 5


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
    for host in ("nobody.invalid", "..", "a..b", "a" * 70, "192.0.2.1"):
        done = run_crm("serve", "--host", host)
        assert done.returncode == 1, done
        assert f"{host}" in done.stderr
        assert "cannot be served" in done.stderr
        assert "name an address of this machine with --host" in done.stderr


def test_a_certificate_that_cannot_be_served_with_is_told_from_its_key(run_crm: RunCrm, certificate: Path) -> None:
    def refused(cert: str, key: str = "") -> str:
        done = run_crm(
            "serve",
            "--port",
            "0",
            "--cert",
            str(certificate / cert),
            *(["--key", str(certificate / key)] if key else []),
        )
        assert done.returncode == 2, done
        return done.stderr

    subprocess.run(
        ["openssl", "pkey", "-in", "key.pem", "-aes256", "-passout", "pass:x", "-out", "locked.pem"],
        cwd=certificate, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(["openssl", "genrsa", "-out", "other.pem"], cwd=certificate, check=True, capture_output=True)
    assert "the key cannot be read: there is none in" in refused("cert.pem")
    assert "with --key" in refused("cert.pem")
    assert "the key cannot be read: " in refused("cert.pem", "nowhere.pem")
    assert "the key cannot be read: there is none in" in refused("cert.pem", "cert.pem")
    assert "the certificate cannot be read: there is none in" in refused("key.pem", "key.pem")
    assert "has a pass phrase" in refused("cert.pem", "locked.pem")
    assert "is not that of the certificate" in refused("cert.pem", "other.pem")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with cert.pem and its key.pem."""
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    try:
        subprocess.run([*made, *names], cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    return tmp_path


def test_over_tls(run_crm: RunCrm, certificate: Path) -> None:
    run_crm("task", "add", "Long", "--due", "2027-01-15", "--description", "long " * 20_000)
    path = feed(run_crm)
    trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    with serving("--cert", str(certificate / "cert.pem"), "--key", str(certificate / "key.pem")) as server:
        assert server.url.startswith("https://")
        with httpx2.Client(base_url=server.url, verify=trusted) as client:
            answer = client.get(path, headers={"Accept-Encoding": "identity"})
            assert answer.content.endswith(b"END:VCALENDAR\r\n")
            assert len(answer.content) > 100_000


def test_who_listens_for_everybody_without_tls_is_warned(run_crm: RunCrm) -> None:
    feed(run_crm)
    with serving("--host", "0.0.0.0") as server:
        assert server.process.stderr is not None
        assert "anybody on the way can read it" in server.process.stderr.readline()
    command = [sys.executable, "-m", "crmcli", "serve", "--port", "0", "--host", "0.0.0.0", "--quiet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as quiet:
        assert quiet.stderr is not None
        assert "anybody on the way can read it" in quiet.stderr.readline()
        quiet.terminate()
