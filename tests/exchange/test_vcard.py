"""vCards in and out: what real programs write, what hostile ones write, and nothing lost on the way round."""

from __future__ import annotations

import io
import re
import time
import tracemalloc
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import vobject  # type: ignore[import-untyped]
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crmcli.domain.occasions import Yearly
from crmcli.domain.occasions import written as written_days
from crmcli.errors import ReadError, UsageError
from crmcli.exchange.tables import Row, open_table
from crmcli.exchange.vcard import MAX_CARD, MAX_PROPERTIES, MAX_PROPERTY, canonical, in_version, read_cards, write_card
from crmcli.exchange.vcard_fields import FIRM, MAX_KEPT, PERSON, card_of, read_fields
from crmcli.exchange.vcard_lines import ENDS, Property, escape, fold, is_harmless, parse, pieces, unescape, written

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "vcard"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside the repository")
VERSIONS = ("2.1", "3.0", "4.0")
UID = "01a20468-bc0c-75ac-a68d-dcc2c83c52a1"


class Read:
    """A file of cards read to its end."""

    def __init__(self, path: Path, **options: Any) -> None:
        with open_table(str(path), **options) as table:
            self.header, self.source = table.header, table.source
            self.rows: list[Row] = list(table.rows)

    def values(self, row: int = 0) -> dict[str, str]:
        """The filled cells of a row."""
        assert self.rows[row].problem is None, self.rows[row].problem
        return self.saved(row)

    def saved(self, row: int = 0) -> dict[str, str]:
        """The filled cells of a row that may have a problem."""
        return {name: cell for name, cell in zip(self.header, self.rows[row].cells, strict=True) if cell}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    def opened(data: bytes | str, **options: Any) -> Read:
        path = tmp_path / "people.vcf"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return Read(path, **options)

    return opened


def card(*lines: str, version: str = "3.0") -> str:
    """A card of these lines."""
    return "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""))


def fields(text: str, **options: Any) -> dict[str, str]:
    """The filled fields of the one card of a text."""
    (one,) = read_cards(io.StringIO(text, newline=None))
    assert one.problem is None, one.problem
    return {name: value for name, value in read_fields(one, **options).values.items() if value}


# --- real files -----------------------------------------------------------------------------------------------------

REAL = {
    "ez_John_Doe_GMAIL.vcf": {
        "name": "Mr. John Richter, James Doe Sr.", "company": "IBM", "job_title": "Money Counter",
        "email": "john.doe@ibm.com", "phone": "905-666-1234", "mobile": "905-555-1234", "website": "http://www.ibm.com",
        "street": "Crescent moon drive, 555-asd, Nice Area, Albaney, New York 12345, United States of America",
        "birthday": "1980-03-22", "occasions": "1975-03-01 anniversary",
    },
    "ez_John_Doe_MAC_ADDRESS_BOOK.vcf": {
        "name": "Mr. John Richter,James Doe Sr.", "company": "IBM", "job_title": "Money Counter",
        "email": "john.doe@ibm.com", "phone": "905-777-1234", "mobile": "905-555-1234", "website": "http://www.ibm.com",
        "street": "Silicon Alley 5,", "city": "New York", "region": "New York", "postal_code": "12345",
        "country": "United States of America", "birthday": "2012-06-06",
    },
    "ez_outlook-2007.vcf": {
        "name": "Mr. Michael Angstadt Jr.", "company": "TheCompany", "job_title": "TheJobTitle",
        "email": "mike.angstadt@gmail.com", "phone": "(111) 555-1111", "mobile": "(111) 555-4444",
        "website": "http://mikeangstadt.name", "street": "222 Broadway, TheOffice", "city": "New York", "region": "NY",
        "postal_code": "99999", "country": "USA", "birthday": "1922-03-10", "updated_at": "2012-08-01T18:46:31Z",
        "occasions": "2012-08-01 anniversary",
    },
    "ez_rfc6350-example.vcf": {
        "name": "Simon Perreault", "company": "Viagenie", "email": "simon.perreault@viagenie.ca",
        "phone": "+1-418-656-9254 ext. 102", "mobile": "+1-418-262-6501", "website": "http://nomis80.org",
        "street": "2875 Laurier, Suite D2-630", "city": "Quebec", "region": "QC", "postal_code": "G1V 2M2",
        "country": "Canada", "language": "fr", "occasions": "02-03 birthday\n2009-08-08 anniversary",
    },
    "khard_tel-value-uri.vcf": {
        "name": "bug 195", "mobile": "67545678", "external_id": "bf3lycta2gmsk1ts57owath965h38709zoyu",
        "updated_at": "2018-09-23T19:13:24Z",
    },
}  # fmt: skip


@needs_shared
@pytest.mark.parametrize("name", REAL)
def test_a_real_card_gives_its_fields(name: str) -> None:
    found = Read(SHARED / name)
    assert (found.source.kind, found.source.cards, len(found.rows)) == ("vcf", "individual", 1)
    values = found.values()
    values.pop("vcard")
    note = values.pop("description", "")
    assert values == REAL[name]
    last = {"ez_outlook-2007.vcf": "\nIt does not preserve the formatting"}.get(name, "\nFavotire Color: Blue")
    assert note.endswith(last) if note else name in ("ez_rfc6350-example.vcf", "khard_tel-value-uri.vcf")
    assert '"AS IS"' in note or "John_Doe" not in name


@needs_shared
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", REAL)
def test_a_real_card_comes_back_whole(name: str, version: str, tmp_path: Path) -> None:
    path = tmp_path / "back.vcf"
    before = Read(SHARED / name).values()
    path.write_bytes(card_of({"uid": UID, **before}, version))
    assert Read(path).values() == {**before, "uid": UID}


@needs_shared
def test_every_line_of_a_real_card_is_written_again() -> None:
    with open(SHARED / "ez_John_Doe_MAC_ADDRESS_BOOK.vcf", encoding="utf-8") as file:
        (one,) = read_cards(file)
    data = card_of({"uid": UID, **read_fields(one).values}, "3.0")
    (back,) = read_cards(io.StringIO(data.decode(), newline=None))
    said = {(p.group, p.name, unescape(p.value), frozenset(p.types)) for p in back.properties}
    lost = {
        (p.group, p.name, unescape(p.value), frozenset(p.types))
        for p in one.properties
        if (p.group, p.name, unescape(p.value), frozenset(p.types)) not in said
    }
    assert lost == set()
    assert len(back.properties) == len(one.properties) + 2  # PRODID, UID


# --- what programs write --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("N:Lovelace;Ada;King;Dr.;",), {"name": "Dr. Ada King Lovelace"}),
        (("FN:", "N:رضایی;علی;;;"), {"name": "علی رضایی"}),
        (("FN: ", "N:;;;;", "ORG:Acme\\, Inc.;Sales"), {"name": "Acme, Inc.", "company": "Acme, Inc."}),
        (("NICKNAME:Ada",), {"name": "Ada"}),
        (("EMAIL:ada@engines.example",), {"name": "ada@engines.example", "email": "ada@engines.example"}),
        (("FN:a\\, b\\; c\\\\d\\ne",), {"name": "a, b; c\\d e"}),
        (("FN:x", "ORG:;Sales"), {"company": "Sales"}),
        (("FN:x", "TEL:tel:+1-201-555-0123;ext=9;phone-context=x"), {"phone": "+1-201-555-0123 ext. 9"}),
        (("FN:x", "TEL;TYPE=FAX:1", "TEL;TYPE=WORK,FAX:2", "TEL;TYPE=PAGER:3"), {}),
        (("FN:x", "TEL;TYPE=FAX,VOICE:12"), {"phone": "12"}),
        (("FN:x", "TEL;TYPE=CELL:1", "TEL;TYPE=CELL,PREF:2"), {"mobile": "2", "phone": "1"}),
        (("FN:x", "TEL;TYPE=HOME:1", "TEL;TYPE=WORK;PREF=2:2", "TEL;PREF=1:3"), {"phone": "3"}),
        (("FN:x", "EMAIL:not one", "EMAIL;PREF=1:B@x.example", "EMAIL:a@x.example"), {"email": "b@x.example"}),
        (("FN:x", "item1.EMAIL;TYPE=pref:mailto:a@x.example", "item1.X-ABLabel:Office"), {"email": "a@x.example"}),
        (("FN:x", "URL:http\\://x.example/a\\,b", "URL:ftp://x"), {"website": "http://x.example/a,b"}),
        (("FN:x", "BDAY:--0412"), {"occasions": "04-12 birthday"}),
        (("FN:x", "BDAY:--02-29", "ANNIVERSARY:20150612"), {"occasions": "02-29 birthday\n2015-06-12 anniversary"}),
        (("FN:x", "X-ANNIVERSARY:2015-06-12", "X-EVOLUTION-ANNIVERSARY:2015-06-12"),
         {"occasions": "2015-06-12 anniversary"}),
        (("FN:x", "item1.X-ABDATE;VALUE=date:2015-06-12", "item1.X-ABLabel:_$!<Anniversary>!$_"),
         {"occasions": "2015-06-12 anniversary"}),
        (("FN:x", "item1.X-ABDATE:--0612", "item1.X-ABLabel:Name day", "X-ABDATE:2015-06-12"),
         {"occasions": "06-12 Name day"}),
        (("FN:x", "ANNIVERSARY:1394-03-22"), {"occasions": "1394-03-22 anniversary"}),
        (("FN:x", "ANNIVERSARY;VALUE=text:last summer", "BDAY:--0231"), {}),
        (("FN:x", "BDAY:1985-04"), {}),
        (("FN:x", "BDAY:19850412T101500Z"), {"birthday": "1985-04-12"}),
        (("FN:x", "BDAY;VALUE=text:19850412"), {}),
        (("FN:x", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12"), {"occasions": "04-12 birthday"}),
        (("FN:x", "BDAY;X-APPLE-OMIT-YEAR=1985:1985-04-12"), {"occasions": "04-12 birthday"}),
        (("FN:x", "BDAY:1985-02-30"), {}),
        (("FN:x", "BDAY:0985-02-03"), {}),
        (("FN:x", "BDAY:۱۳۵۹-۰۱-۰۲"), {"birthday": "1980-03-22"}),
        (("FN:x", "ADR:PO Box 1;Floor 2;Main St. 3;Bern;BE;3000;Switzerland"),
         {"street": "Main St. 3, Floor 2, PO Box 1", "city": "Bern", "region": "BE", "postal_code": "3000",
          "country": "Switzerland"}),
        (("FN:x", "ADR;TYPE=HOME:;;Home St.;;;;", "ADR;TYPE=WORK:;;Work St.;;;;"), {"street": "Work St."}),
        (("FN:x", "CATEGORIES:a,b\\,c", "CATEGORIES:a,d;e"), {"tags": "a, b c, d e"}),
        (("FN:x", "NOTE:one", "NOTE:two\\nthree"), {"description": "one\n\ntwo\nthree"}),
        (("FN:x", "ROLE:Boss"), {"job_title": "Boss"}),
        (("FN:x", "ROLE:Boss", "TITLE:Clerk"), {"job_title": "Clerk"}),
        (("FN:x", f"UID:urn:uuid:{UID.upper()}"), {"uid": UID, "external_id": f"urn:uuid:{UID.upper()}"}),
        (("FN:x", f"UID:urn:uuid:{UID}", "PRODID:-//crmcli//crm//EN"), {"uid": UID}),
        (("FN:x", "UID:abc-1"), {"external_id": "abc-1"}),
        (("FN:x", "REV:20180923T191324Z"), {"updated_at": "2018-09-23T19:13:24Z"}),
        (("FN:x", "REV:2018-09-23T19:13:24.123+03:30"), {"updated_at": "2018-09-23T19:13:24+03:30"}),
        (("FN:x", "REV:20180923"), {"updated_at": "2018-09-23"}),
        (("FN:x", "REV:20181323T191324Z", "REV:2018"), {}),
    ],
)  # fmt: skip
def test_what_a_card_says(lines: tuple[str, ...], wanted: dict[str, str]) -> None:
    found = fields(card(*lines))
    found.pop("vcard", None)
    assert found == {"name": "x", **wanted} if lines[0] == "FN:x" else wanted


OLD = [
    ("NOTE;QUOTED-PRINTABLE:Fran=C3=A7=\r\nois=0D=0Ax", "François\nx"),
    ("NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Fran=E7=\r\nois=3D", "François="),
    ("NOTE;CHARSET=windows-1256;ENCODING=QUOTED-PRINTABLE:=DA=E1=ED", "علي"),
    ("NOTE;ENCODING=QUOTED-PRINTABLE:ends with a stray=20=", "ends with a stray "),
    ("NOTE;ENCODING=8BIT;CHARSET=UTF-8:plain", "plain"),
    ("NOTE:folded at a space\r\n of its own", "folded at a space of its own"),
]


@pytest.mark.parametrize(("line", "wanted"), OLD)
def test_cards_of_version_2(line: str, wanted: str, read: Callable[..., Read]) -> None:
    found = read(card("N:Doe;John", "TEL;WORK;VOICE:1", line, version="2.1"))
    assert found.values() | {"vcard": ""} == {
        "name": "John Doe", "description": wanted, "phone": "1", "vcard": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "phone"),
    [
        ("TEL;X-=\r\n=D8=AF:021-1", "021-1"),
        ("TEL;X-Direkt=20=\r\nNummer;VOICE:021-1", "021-1"),
        ("TEL;X-=\r\n=D8=\r\n=AF;ENCODING=QUOTED-PRINTABLE:=30=\r\n21", "021"),
    ],
)
def test_a_label_that_goes_on_behind_a_soft_line_break(lines: str, phone: str, read: Callable[..., Read]) -> None:
    found = read(card("FN:x", lines, "EMAIL:a@x.example", version="2.1"))
    assert found.values() | {"vcard": ""} == {"name": "x", "phone": phone, "email": "a@x.example", "vcard": ""}
    back = read(card_of({"uid": UID, **found.values()}, "3.0"))
    assert back.values()["phone"] == phone


def test_a_line_that_is_no_property_takes_no_other_with_it(read: Callable[..., Read]) -> None:
    found = read(card("FN:x", "rub;bish=", "TEL:1"))
    (row,) = found.rows
    assert row.problem == "line 4: 'rub;bish=' is no property of a vCard"
    assert "rub;bish=" in found.saved(0)["vcard"]


def test_an_end_mark_of_dos_is_no_line(read: Callable[..., Read]) -> None:
    assert [row.problem for row in read(card("FN:x") + "\x1a").rows] == [None]


def test_what_is_passed_over_or_changed_is_told(read: Callable[..., Read]) -> None:
    sound = card("FN:a", "EMAIL:a@x.example", "TEL:1", "URL:x.example", "BDAY:1980-01-02", "CATEGORIES:a,b ")
    assert read(sound).source.notes == []
    some = card(
        "FN:x", "EMAIL:not an address", "BDAY:99/13/77", "CATEGORIES:a\\,b,c", "X-A:a\x1fb", "X-B:a\\nb", "NOTE:"
    )
    found = read(sound + some)
    assert found.source.notes == [
        "1 e-mail address, 1 birthday cannot be read: they stay with their cards (column vcard)",
        "1 tag has a comma or another sign that parts tags: a blank stands in its place",
        "control characters are taken out of 1 line that is kept with a card (column vcard)",
    ]
    assert found.values(1)["tags"] == "a b, c"
    more = read(some + some + card("FN:y", "TEL:none", "EMAIL:a@x.example", "EMAIL:b@x.example")).source.notes
    assert more[0].startswith("1 card has further e-mail addresses")
    assert more[1].startswith("2 e-mail addresses, 1 telephone number, 2 birthdays cannot be read")
    assert more[2].startswith("2 tags have ")
    assert more[3].endswith("2 lines that are kept with a card (column vcard)")


def test_bytes_of_a_named_character_set_without_an_encoding(read: Callable[..., Read]) -> None:
    text = card("FN;CHARSET=windows-1252:François", version="2.1").encode("cp1252")
    assert read(text).values()["name"] == "François"
    unnamed = read(card("FN:François").encode("cp1252"))
    assert unnamed.rows[0].problem == (
        "line 3: byte 0xE7 is not utf-8; give the encoding, for example --encoding windows-1252"
    )
    assert read(card("FN:François").encode("cp1252"), encoding="windows-1252").values()["name"] == "François"
    for charset in ("rot13", "zlib_codec", "utf-7", "no-such-set"):
        refused = read(card(f"FN;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:=E7", version="2.1")).rows[0]
        assert refused.problem == f"line 3: there is no character set {charset!r}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "coded", [("", "utf-8"), ("\ufeff", "utf-8"), ("\ufeff", "utf-16-le"), ("\ufeff", "utf-16-be")]
)
def test_line_ends_and_byte_order_marks(end: str, coded: tuple[str, str], read: Callable[..., Read]) -> None:
    text = (coded[0] + card("FN:علی", "NOTE:a", " b") + card("FN:Ada")).replace("\r\n", end)
    found = read(text.encode(coded[1]))
    assert [found.values(row)["name"] for row in (0, 1)] == ["علی", "Ada"]
    assert found.values()["description"] == "ab"
    assert [row.line for row in found.rows] == [1, 7]


def test_a_fold_in_the_middle_of_a_character(read: Callable[..., Read]) -> None:
    name = "سلام"
    data = name.encode()
    for cut in range(1, len(data)):
        text = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:" + data[:cut] + b"\r\n " + data[cut:] + b"\r\nEND:VCARD\r\n"
        assert read(text).values()["name"] == name


def test_base64_that_goes_on_without_a_fold(read: Callable[..., Read]) -> None:
    found = read(card("FN:x", "PHOTO;JPEG;BASE64:AAAA", "BBBB==", "", "TEL:1", version="2.1")).values()
    assert found["phone"] == "1"
    assert found["vcard"] == "TEL;X-CRM-FIELD=phone:1\nPHOTO;TYPE=JPEG;ENCODING=b:AAAABBBB=="


def test_the_card_of_an_agent_is_no_card_of_the_file(read: Callable[..., Read]) -> None:
    found = read(
        card("FN:boss", "AGENT:", "BEGIN:VCARD", "VERSION:2.1", "FN:agent", "END:VCARD", "TEL:1", version="2.1")
    )
    assert len(found.rows) == 1
    assert found.values() | {"vcard": ""} == {"name": "boss", "phone": "1", "vcard": ""}


# --- broken and hostile ones ----------------------------------------------------------------------------------------


def test_a_broken_card_is_refused_with_its_line_and_the_others_come_in(read: Callable[..., Read]) -> None:
    found = read(
        card("FN:one")
        + card("FN:two", "no property at all")
        + "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:three\r\n"
        + card("FN:four")
        + "stray\r\nlines\r\n"
        + card("FN:five")
        + "BEGIN:VCARD\r\nFN:six"
    )
    assert [(row.line, row.problem) for row in found.rows] == [
        (1, None),
        (5, "line 8: 'no property at all' is no property of a vCard"),
        (10, "it is not closed: no END:VCARD before line 13"),
        (13, None),
        (17, "line 17 stands outside of any card"),
        (19, None),
        (23, "it is not closed: the file ends before its END:VCARD"),
    ]
    assert [found.saved(row).get("name") for row in range(7)] == ["one", "two", "three", "four", None, "five", "six"]


def test_what_could_be_read_of_a_refused_card_stands_in_its_columns(read: Callable[..., Read]) -> None:
    found = read(card("FN:Ada", "N:L;Ada", "EMAIL:ada@x.example", "X-B:1", "rubbish", "TEL;TYPE=fax:7") + "FN:Bo\r\n")
    assert [row.problem is None for row in found.rows] == [False, False]
    assert found.saved() == {
        "name": "Ada",
        "email": "ada@x.example",
        "vcard": "FN;X-CRM-FIELD=name:Ada\nN:L;Ada\nX-B:1\nTEL;TYPE=fax:7\nrubbish",
    }
    assert found.saved(1) == {"name": "Bo"}
    assert card_of(found.saved(), "3.0").count(b"\r\nFN") == 1


@pytest.mark.parametrize(
    "line",
    [
        "EMAIL;T=" + "," * 5000 + '"x',
        "EMAIL" + ';A="' * 5000,
        "X" + ";" * 5000,
        "X;" + '"' * 5001 + ":a",
        "NOTE:" + "\\," * 200_000,
        "CATEGORIES:" + "\\," * 100_000 + "," * 100_000,
        "NOTE;ENCODING=QUOTED-PRINTABLE:" + "=" * 200_000,
        "a." * 5000 + "FN:x",
    ],
)
def test_no_line_takes_long(line: str) -> None:
    started = time.process_time()
    list(
        map(read_fields, (one for one in read_cards(io.StringIO(card("FN:x", line), newline=None)) if not one.problem))
    )
    assert time.process_time() - started < 2.5  # the patterns that are not linear take hours


def big(photo: int, fold_at: int) -> str:
    data = "A" * photo
    lines = "\r\n ".join(data[at : at + fold_at] for at in range(0, len(data), fold_at)) if fold_at else data
    return card("FN:before") + card("FN:big", f"PHOTO;ENCODING=b;TYPE=JPEG:{lines}", "TEL:1") + card("FN:after")


@pytest.mark.parametrize(("size", "fold_at"), [(5_000_000, 0), (2_000_000, 74)])
def test_a_photo_of_megabytes_is_left_out_and_told(size: int, fold_at: int, read: Callable[..., Read]) -> None:
    tracemalloc.start()
    found = read(big(size, fold_at))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [found.values(row)["name"] for row in range(3)] == ["before", "big", "after"]
    assert found.values(1)["phone"] == "1"
    assert "PHOTO" not in found.values(1)["vcard"]
    assert found.source.notes == ["1 picture (or sound, or key) is longer than 32 KiB and left out"]
    assert peak < 25_000_000  # the text of this test itself is in it


def test_pictures_are_kept_up_to_the_limit() -> None:
    assert "PHOTO" in fields(card("FN:x", f"PHOTO;ENCODING=b:{'A' * MAX_KEPT}"))["vcard"]
    assert "vcard" not in fields(card("FN:x", f"PHOTO;ENCODING=b:{'A' * (MAX_KEPT + 4)}"))
    assert "vcard" not in fields(card("FN:x", f"PHOTO:data:image/png;base64,{'A' * (MAX_KEPT + 4)}", version="4.0"))


@pytest.mark.parametrize("line", ["NOTE:a\0b", "NOTE;ENCODING=QUOTED-PRINTABLE:a=00b", "X-A\0:1"])
def test_a_nul_is_refused_with_its_line(line: str, read: Callable[..., Read]) -> None:
    found = read(card("FN:x", line, version="2.1") + card("FN:y"))
    assert found.rows[0].problem in (
        "line 4: it holds a NUL character",
        "line 4: 'X-A\\x00:1' is no property of a vCard",
    )
    assert found.values(1)["name"] == "y"


def test_texts_without_end_are_refused(read: Callable[..., Read]) -> None:
    found = read(card("FN:x", "NOTE:" + "a" * (MAX_PROPERTY + 100_000)) + card("FN:y"))
    assert found.rows[0].problem == f"line 4 makes it longer than {MAX_PROPERTY:,} characters"
    assert found.values(1)["name"] == "y"
    many = read(card("FN:x", *["X-A:" + "a" * 100_000] * (MAX_CARD // 100_000 + 2)))
    assert "makes it longer" in str(many.rows[0].problem)


def test_a_card_of_too_many_lines_is_refused(read: Callable[..., Read]) -> None:
    mails = ["EMAIL:a@b.example"] * MAX_PROPERTIES
    found = read(card("FN:x", *mails) + card("FN:y", *mails[:-5]))
    assert found.rows[0].problem == f"line {MAX_PROPERTIES + 2} makes it more than {MAX_PROPERTIES:,} properties"
    assert found.saved()["email"] == "a@b.example"
    assert found.saved()["vcard"].count("EMAIL") == MAX_PROPERTIES - 1  # all the others
    assert (found.rows[1].problem, found.values(1)["name"]) == (None, "y")


LINES = st.lists(
    st.sampled_from([b"BEGIN:VCARD", b"END:VCARD", b"VERSION:2.1", b"VERSION:4.0", b"FN:x", b"N:;", b"AGENT:", b" fold",
                     b"NOTE;QUOTED-PRINTABLE:a=", b"PHOTO;BASE64:AAAA", b"AAAA", b"", b"TEL;TYPE=CELL", b"KIND:org",
                     b"item1.ADR;TYPE=\"a:b\":;;a\\", b"X-A;CHARSET=cp1252:\xe7", b"BDAY:20000101", b"ORG:\\;;"])
    | st.binary(max_size=30),
    max_size=25,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, end=st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_any_lines_are_read_or_refused_in_words(lines: list[bytes], end: bytes, read: Callable[..., Read]) -> None:
    try:
        found = read(end.join([b"BEGIN:VCARD", *lines]))
    except ReadError:
        return
    for row in found.rows:
        assert len(row.cells) == len(found.header)
        if row.problem is None:
            values = dict(zip(found.header, row.cells, strict=True)) | {"uid": UID}
            data = card_of(values, "4.0", firm=found.source.cards == "org")
            again = fields(data.decode(), firm=found.source.cards == "org")
            assert card_of({"uid": UID, **again}, "4.0", firm=found.source.cards == "org") == data


def test_many_cards_are_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.vcf"
    one = card("UID:{0}", "N:رضایی;علی;;;", "FN:علی رضایی {0}", "EMAIL;TYPE=WORK:p{0}@x.example", "X-A:{0}", "NOTE:n")
    path.write_text("".join(one.format(number) for number in range(700)), encoding="utf-8", newline="")
    tracemalloc.start()
    with open_table(str(path)) as table:
        assert sum(row.problem is None for row in table.rows) == 700
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_what_is_set_for_tables_is_refused(read: Callable[..., Read]) -> None:
    with pytest.raises(UsageError, match="it has no delimiter"):
        read(card("FN:x"), delimiter=";")
    with pytest.raises(UsageError, match="it has no delimiter"):
        read(card("FN:x"), header_row=1)
    with pytest.raises(UsageError, match="no sheets"):
        read(card("FN:x"), sheet="a")
    with pytest.raises(ReadError, match="is not utf-16-le"):
        read(card("FN:x").encode("utf-16") + b"\x00")


# --- people, organisations, groups ----------------------------------------------------------------------------------

MIXED = (
    card("FN:Ada")
    + card("FN:Acme", "ORG:Acme;", "X-ABShowAs:COMPANY")
    + card("FN:Team", "KIND:group", "MEMBER:urn:uuid:1", version="4.0")
    + card("FN:Club", "X-ADDRESSBOOKSERVER-KIND:group")
    + card("FN:Bo", "KIND:individual", version="4.0")
    + card("FN:Firm", "KIND:org", "ORG:Firm", version="4.0")
)


def test_organisations_and_groups_are_told_from_people(read: Callable[..., Read]) -> None:
    people = read(MIXED)
    assert [people.values(row)["name"] for row in range(len(people.rows))] == ["Ada", "Bo"]
    assert people.source.notes == [
        "2 cards are of organisations and left out: --as company takes those",
        "2 cards are of groups of people and left out",
    ]
    firms = read(MIXED, cards="org")
    assert firms.header == list(FIRM)
    assert [firms.values(row)["name"] for row in range(len(firms.rows))] == ["Acme", "Firm"]
    assert firms.source.notes[0] == "2 cards are of people and left out: --as contact takes those"


def test_a_file_of_organisations_alone_is_one_of_companies(read: Callable[..., Read]) -> None:
    both = card("FN:Acme", "KIND:org", "X-ABShowAs:COMPANY", "EMAIL:info@acme.example", version="4.0")
    found = read(both + both)
    assert (found.source.cards, len(found.rows)) == ("org", 2)
    assert found.values() == {"name": "Acme", "email": "info@acme.example"}
    unsaid = read(card("FN:Acme") + card("FN:Firm"), cards="org")  # no card says what it is, somebody else did
    assert len(unsaid.rows) == 2


# --- round trips ----------------------------------------------------------------------------------------------------

# What a line may hold: no line ends and other controls, no halves of characters.
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)
NASTY = st.sampled_from(
    ["a,b;c:d\\e\"f'g", "\\n", "\\\\,", "علی رضایی", "می‌خواهم", "👩‍👩‍👧 x", "=1+1", "X-EVIL:1", "END:VCARD", "x" * 300,
     "ش" * 200, "👍" * 60, "^n^'", '"', ";;;", ",,", " \u200f", "tel", "http\\://x", "%0D%0A", "&lt;", "e\u0301"]
)  # fmt: skip
LINE = (WORDS | NASTY).map(str.strip)
NOTE = st.lists(WORDS | NASTY | st.sampled_from(["", "\t"]), max_size=6).map("\n".join)
PHONE = (LINE | st.from_regex(r"[+(]?[0-9 ()-]{5,15}", fullmatch=True)).map(lambda text: " ".join(f"{text} 1".split()))
TAG = (WORDS | NASTY).map(lambda text: " ".join(re.sub(r":::|[,;|،\n]", " ", text).split())).filter(bool)
EMAIL = st.sampled_from(["a@x.example", "o'neill+x@sub.x.example", "ali@xn--mgba3a.example"])
SITE = st.sampled_from(
    ["https://x.example/?a=1,2;b=3#c", "x.example", "http://x.example:80/%20/سلام", "https://ü.example"]
)
DAY = st.dates(min_value=date(1600, 1, 1), max_value=date(2500, 1, 1)).map(date.isoformat)
VALUES = st.fixed_dictionaries(
    {"name": LINE.filter(bool)},
    optional={
        "company": LINE, "job_title": LINE, "email": EMAIL, "phone": PHONE, "mobile": PHONE, "website": SITE,
        "street": LINE, "city": LINE, "region": LINE, "postal_code": LINE, "country": LINE, "birthday": DAY,
        "language": LINE, "description": NOTE, "tags": st.lists(TAG, max_size=4, unique=True).map(", ".join),
    },
)  # fmt: skip
# No line of its own: the property of a name that no field has.
KEPT = st.builds(
    Property,
    st.sampled_from(["X-FOO", "NICKNAME", "IMPP", "ANNIVERSARY", "X-ABLABEL2"]),
    (WORDS | NASTY).map(escape),
    st.lists(
        st.tuples(st.sampled_from(["TYPE", "X-P", "LABEL"]), st.lists(LINE.map(lambda t: re.sub('[",]', "", t).strip())
                  .filter(bool), min_size=1, max_size=2).map(tuple)), max_size=2, unique_by=lambda one: one[0]
    ).map(tuple),
    st.sampled_from(["", "item1", "a-b"]),
)  # fmt: skip


def lines_of(data: bytes) -> list[bytes]:
    """The lines of finished bytes, which are as RFC 6350 wants them."""
    assert data.endswith(b"\r\n")
    lines = data[:-2].split(b"\r\n")
    for line in lines:
        assert len(line) <= 75
        line.decode()  # no character is cut
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    return lines


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(values=VALUES, version=st.sampled_from(VERSIONS))
@example(values={"name": "x", "description": "a\n\n\nb\n"}, version="3.0")
@example(values={"name": "Ada", "phone": "x1", "mobile": "y2"}, version="4.0")
def test_fields_come_back_from_a_card(values: dict[str, str], version: str) -> None:
    data = card_of({"uid": UID, **values}, version)
    lines_of(data)
    wanted = {name: value for name, value in values.items() if value} | {"uid": UID}
    assert fields(data.decode()) == wanted
    assert card_of({"uid": UID, **fields(data.decode())}, version) == data


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=VALUES, kept=st.lists(KEPT, max_size=5), version=st.sampled_from(VERSIONS), other=st.sampled_from(VERSIONS)
)
def test_lines_that_no_field_holds_come_back(
    values: dict[str, str], kept: list[Property], version: str, other: str
) -> None:
    once = fields(card("UID:other-1", "FN:x", *map(written, kept)))
    first = fields(card_of({"uid": UID, **values, "vcard": once["vcard"]}, version).decode())
    assert first["vcard"].split("\n") == once["vcard"].split("\n")
    assert first["external_id"] == "other-1"
    assert fields(card_of({"uid": UID, **first}, other).decode()) == first


@settings(max_examples=150)
@given(text=st.text(max_size=300))
def test_a_text_is_one_line_whatever_it_holds(text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    line = written(Property("X-A", escape(text), (("X-P", (text,)),)))
    assert not ENDS.search(line)
    data = fold(line)
    lines_of(data)
    back = parse(data.decode().replace("\r\n ", "")[:-2])
    assert back is not None
    assert back.name == "X-A"
    if clean.isprintable():
        assert unescape(back.value) == text


@given(parts=st.lists(st.text("a\\,;n\n", max_size=8), min_size=1, max_size=6), sign=st.sampled_from(",;"))
def test_escaped_parts_are_the_parts(parts: list[str], sign: str) -> None:
    assert [unescape(part) for part in pieces(sign.join(map(escape, parts)), sign)] == parts


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\n\t", "\r\n "]
)
def test_no_text_makes_a_property(version: str, end: str) -> None:
    evil = f"x{end}X-EVIL:1{end}END:VCARD{end}BEGIN:VCARD"
    kept = f"X-A;X-P={evil}:{evil}" if end not in ("\n", "\r\n", "\n\t", "\r\n ") else ""  # its own lines end in LF
    values = dict.fromkeys(PERSON, evil) | {"uid": UID, "email": "a@x.example", "birthday": "1980-01-01", "vcard": kept}
    values["occasions"] = written_days([(evil, Yearly(date(2015, 6, 12)))])
    data = card_of(values, version)
    lines = ENDS.split(data.decode())
    assert not any(line.startswith("X-EVIL") for line in lines)
    assert [line for line in lines if line.startswith(("BEGIN", "END"))] == ["BEGIN:VCARD", "END:VCARD"]
    (one,) = read_cards(io.StringIO(data.decode(), newline=None))
    assert one.problem is None
    assert {p.name for p in one.properties if p.name.startswith("X-")} <= {"X-A", "X-ABDATE", "X-ABLABEL"}


def test_lines_of_the_frame_are_not_taken_from_what_was_kept() -> None:
    kept = "X-B;ENCODING=QUOTED-PRINTABLE;CHARSET=rot13:a\nEND:VCARD\nBEGIN:VCARD\n"
    kept += "VERSION:2.1\nno line\nREV:1\nPRODID:x\nX-A:1\nKIND:org"
    data = card_of({"uid": UID, "name": "Ada", "vcard": kept}, "3.0")
    (one,) = read_cards(io.StringIO(data.decode(), newline=None))
    assert [p.name for p in one.properties] == ["VERSION", "PRODID", "UID", "FN", "N", "X-A", "KIND"]


def test_an_edited_field_keeps_the_type_of_its_line() -> None:
    known = ("FN:Ada Lovelace", "N:Lovelace;Ada;;;", "item1.EMAIL;TYPE=HOME:a@x.example", "item1.X-ABLabel:Home")
    before = fields(card(*known, "ORG:Acme;Sales", "TEL;TYPE=WORK:1", "BDAY:--0412", "X-A:1"))
    changed = before | {"uid": UID, "email": "b@x.example", "company": "Other", "phone": "", "birthday": "1980-01-02"}
    lines = card_of(changed, "3.0").decode().split("\r\n")
    assert "item1.EMAIL;TYPE=INTERNET,HOME:b@x.example" in lines
    assert "item1.X-ABLABEL:Home" in lines
    assert "ORG:Other" in lines
    assert "BDAY:1980-01-02" in lines
    assert "BDAY:--0412" not in lines
    assert not any(line.startswith("TEL") for line in lines)
    assert "N:Lovelace;Ada;;;" in lines
    gone = card_of(changed | {"email": "", "name": "Grace Hopper"}, "3.0").decode().split("\r\n")
    assert not any("X-ABLABEL" in line or "EMAIL" in line for line in gone)
    assert "N:Hopper;Grace;;;" in gone


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("full", "name"),
    [("Mama", "Müller;Anna;;;"), ("Anna (Arzt)", "Schmidt;Anna;;;"), ("Dr. B", ";;;Dr.;"), ("A\\, B", "C;D;;;")],
)
def test_parts_of_a_name_that_the_full_one_lacks_last_until_it_is_edited(version: str, full: str, name: str) -> None:
    came = fields(card(f"FN:{full}", f"N:{name}"))
    for other in (*VERSIONS, version):  # into other books and back
        data = card_of({"uid": UID, **came}, other)
        if other != "2.1":  # which encodes such names
            assert {f"FN:{full}", f"N:{name}"} <= {*data.decode().split("\r\n")}
        assert fields(data.decode()) == {"uid": UID, **came}
    edited = card_of({**came, "uid": UID, "name": "Grace Hopper"}, version).decode()
    assert "\r\nFN:Grace Hopper\r\nN:Hopper;Grace;;;\r\n" in edited
    assert fields(edited) == {"uid": UID, "name": "Grace Hopper"}


@pytest.mark.parametrize("version", VERSIONS)
def test_companies_are_cards_too(version: str, read: Callable[..., Read]) -> None:
    values = {"uid": UID, "name": "Acme, Inc.", "email": "info@acme.example", "phone": "1", "city": "Bern", "tags": "a"}
    data = card_of(values, version, firm=True)
    assert (b"KIND:org\r\n" in data) == (version == "4.0")
    assert (b"X-ABSHOWAS:COMPANY\r\n" in data) == (version != "4.0")
    found = read(data)
    assert (found.source.cards, found.values()) == ("org", values)


def test_versions_say_the_same_in_their_own_way() -> None:
    photo = canonical(Property("PHOTO", "AAAA", (("ENCODING", ("b",)), ("TYPE", ("jpeg",)))))
    assert written(in_version(photo, "4.0")) == "PHOTO:data:image/jpeg;base64,AAAA"
    assert canonical(in_version(photo, "4.0")) == photo
    unknown = canonical(Property("LOGO", "AAAA", (("ENCODING", ("b",)), ("TYPE", ("work",)))))
    assert canonical(in_version(unknown, "4.0")) == unknown
    email = canonical(Property("EMAIL", "a@x.example", (("TYPE", ("INTERNET", "HOME")), ("PREF", ("1",)))))
    assert written(in_version(email, "3.0")) == "EMAIL;TYPE=INTERNET,HOME,pref:a@x.example"
    assert written(in_version(email, "4.0")) == "EMAIL;TYPE=HOME;PREF=1:a@x.example"


# --- an independent reader ------------------------------------------------------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(values=VALUES, version=st.sampled_from(["2.1", "3.0"]))
def test_another_library_reads_what_we_write(values: dict[str, str], version: str) -> None:
    data = card_of({"uid": UID, **values}, version)
    (found,) = vobject.readComponents(data.decode(), validate=True, allowQP=version == "2.1")
    assert found.uid.value == f"urn:uuid:{UID}"
    assert found.fn.value == values["name"]
    for name, wanted in (("note", "description"), ("title", "job_title"), ("bday", "birthday"), ("email", "email")):
        if values.get(wanted):
            assert found.getChildValue(name).replace("\r\n", "\n") == values[wanted]  # as 2.1 has line ends
    if values.get("company"):
        assert found.org.value == [values["company"]]
    if values.get("city"):
        assert found.adr.value.city == values["city"]


def test_cards_of_another_library_are_read(read: Callable[..., Read]) -> None:
    made = vobject.vCard()
    made.add("n").value = vobject.vcard.Name(family="رضایی", given="علی")
    made.add("fn").value = "علی رضایی, Jr.; x"
    made.add("note").value = "سطر یک\nسطر دو " + "ش" * 200
    made.add("org").value = ["شرکت, سهامی", "فروش"]
    found = read(made.serialize()).values()
    found.pop("vcard")
    assert found == {
        "name": "علی رضایی, Jr.; x", "company": "شرکت, سهامی", "description": "سطر یک\nسطر دو " + "ش" * 200,
    }  # fmt: skip


def test_a_card_that_would_say_something_else_is_not_given_out() -> None:
    from crmcli.errors import CrmError

    with pytest.raises(CrmError, match="not written as intended"):
        write_card([Property("X-A\r\nX-EVIL", "1")], "3.0")


@pytest.mark.parametrize(
    ("text", "harmless"),
    [("a\tb\nc\r\nd ü 👍\u200f", True), ("a\x0cb", False), ("a\x1fb", False), ("a\x7f", False), ("a\rb", False)],
)
def test_a_text_that_a_card_changes_is_known(text: str, harmless: bool) -> None:
    (back,) = read_cards(
        io.StringIO(card_of({"uid": UID, "name": "x", "description": text}, "3.0").decode(), newline=None)
    )
    assert (back.first("NOTE") == text.replace("\r\n", "\n")) == harmless == is_harmless(text)
