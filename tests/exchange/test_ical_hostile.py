"""Calendar files that are made to hurt, and whatever bytes come in."""

from __future__ import annotations

import random
import time

import pytest

from crmcli.errors import ReadError
from crmcli.exchange.ical import write_one
from tests.support.ical import CORPORA, DEFINED, PLAIN, RICH, START, plain, read, wrapped


def many(lines: int, text: str) -> str:
    return "\n".join([text] * lines)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"SUMMARY:{'x' * 1_000_001}", "its SUMMARY is longer than 1,000,000 characters"),
        (many(200_000, "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT1M\nEND:VALARM"), "it has more than 10,000 lines"),
        (many(200_000, "BEGIN:VALARM"), ""),
        (many(200_000, "BEGIN:X"), ""),
        (f"RRULE:FREQ=DAILY;BYMONTHDAY={'1,' * 400_000}1", "is no recurrence rule"),
        (f"RDATE:{'20261127T143000Z,' * 58_000}", ""),
        (f"X-A{';A=' * 300_000}:b", ""),
        (f"X-A{';' * 900_000}:b", ""),
        (f"X-A{'a' * 900_000}", ""),
        (f"ATTENDEE;CN={chr(34) * 900_000}:mailto:a@x.org", ""),
        (f"CATEGORIES:{chr(92) * 900_000}", ""),
        (f"SUMMARY:{chr(13) * 900_000}", ""),
        (f"SUMMARY:a{chr(10) * 900_000}b", ""),
        (f"SUMMARY:{chr(0x2028) * 300_000}", ""),
        (many(300_000, "junk"), ""),
        (many(50_000, "DTSTART;TZID=Europe:1"), "more than 10,000 lines"),
    ],
    ids=range(16),
)
def test_hostile_files_are_read_in_bounded_time(body: str, reason: str) -> None:
    begun = time.process_time()
    found = read(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\n{START}\n{body}\nEND:VEVENT\nEND:VCALENDAR\n")
    assert time.process_time() - begun < 8
    if reason:
        assert reason in found.refusals[0].reason
    else:
        assert len(found.items) + len(found.refusals) == 1


RULED = """BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12
END:STANDARD
"""


def test_hostile_zones_are_read_in_bounded_time() -> None:
    heavy = DEFINED.replace("BEGIN:STANDARD", RULED * 400 + "BEGIN:STANDARD")
    zones = "".join(heavy.replace("Customized", f"C{n}") for n in range(60))
    begun = time.process_time()
    assert len(read(wrapped("UID:u", "DTSTART;TZID=C9 Time Zone:20260101T000000", before=zones)).items) == 1
    assert time.process_time() - begun < 15


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(ReadError, match="larger than 64 MiB"):
        read(b" " * (64 * 1024 * 1024 + 1))
    with pytest.raises(ReadError, match="more than 200,000 items"):
        read("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nEND:VEVENT\n" * 200_001)


def seeds() -> list[bytes]:
    found = [path.read_bytes() for path in sorted(CORPORA.glob("*.ics"))] if CORPORA.is_dir() else []
    return [*found, RICH.encode(), PLAIN.encode("utf-16"), wrapped("UID:u", START, before=DEFINED).encode()]


SEEDS = seeds()
PIECES = [
    b"\r\n", b"\n ", b"BEGIN:VALARM\n", b"END:VEVENT\n", b":", b";", b",", b'"', b"\\", b"\0", b"\xff", b"99999999",
    b"T", b"Z", b"-", b"BEGIN:VEVENT\n", b"RRULE:FREQ=YEARLY\n", b"DTSTART:00010101T000000\n", b"DURATION:P9999999D\n",
    b";TZID=Asia/Tehran:", b"TZOFFSETTO:+2459\n", b"UNTIL=99991231T235959Z", b"ENCODING=QUOTED-PRINTABLE",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_no_bytes_make_it_fail(seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(4):
        data = bytearray(chosen.choice(SEEDS)[: chosen.choice([200, 900, 3000, 60_000])])
        for _ in range(chosen.randint(1, 12)):
            at = chosen.randrange(len(data) + 1)
            data[at : at + chosen.choice([0, 0, 1, 5, 60])] = chosen.choice([*PIECES, bytes([chosen.randrange(256)])])
        here = chosen.choice(["Europe/Berlin", "Pacific/Apia", "UTC"])
        try:
            found = read(bytes(data), zone=here)
        except ReadError:
            continue
        for item in found.items:
            text = "".join((item.uid, item.summary, item.location, item.url, *item.categories, *item.more))
            assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in text)
            there = here if item.floating else "Asia/Tehran"  # the same clock is another moment there
            once = write_one(item, zone=there)
            (again,) = read(once, zone=there).items
            assert plain(again)._asdict() == plain(item)._asdict()
