"""Tables as people make them: titles, groups, units, comments, several tables, and what is decided about each."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from crmcli.exchange.footers import COMMENT, HEADER
from crmcli.exchange.further_tables import BELONGS, OTHER, UNITS
from crmcli.exchange.tables import open_table

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.exchange.tables import Row

NONE: Any = None


def sheet(path: Path, rows: list[list[Any]], *merged: str) -> Path:
    book = openpyxl.Workbook()
    made = book.active
    assert made is not None
    for row in rows:
        made.append(row)
    for cells in merged:
        made.merge_cells(cells)
    book.save(path)
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> tuple[list[str], list[Row], int, list[str]]:
    with open_table(str(path), **options) as table:
        return table.header, list(table.rows), table.source.header_line, table.source.notes


BELOW = [["Name", "E-mail", "Name", "City"], ["Ada", "a@x.example", "Acme", "Bern"]]
GROUPED = ["Contact Name", "E-mail", "Company Name", "City"]


@pytest.mark.parametrize(
    ("rows", "merged", "header", "line", "joined"),
    [
        ([["Contact", NONE, "Company", NONE], *BELOW], ("A1:B1", "C1:D1"), GROUPED, 2, True),
        ([["Report"], [], ["Contact", NONE, "Company", NONE], *BELOW], ("A3:B3", "C3:D3"), GROUPED, 4, True),
        ([["ID", *["Contact", NONE, "Company", NONE]], [NONE, *BELOW[0]], [1, *BELOW[1]]],
         ("A1:A2", "B1:C1", "D1:E1"), ["ID", *GROUPED], 2, True),
        ([["ID", *["Contact", NONE, "Company", NONE]], [NONE, *BELOW[0]], [1, *BELOW[1]]],
         ("B1:C1", "D1:E1"), ["ID", *GROUPED], 2, True),
        ([["Name", "Address", NONE], [NONE, "Street", "City"], ["Ada", "1 Row", "Bern"]],
         ("A1:A2", "B1:C1"), ["Name", "Street", "City"], 2, True),
        ([["نام", "تماس", NONE], [NONE, "تلفن", "ایمیل"], ["علی", "۰۹۱۲", "a@x.example"]],
         ("A1:A2", "B1:C1"), ["نام", "تلفن", "ایمیل"], 2, True),
        ([["Company", NONE, "Contact", NONE], ["Name", "City", "Full name", "Phone"], ["Acme", "Bern", "Ada", 1]],
         ("A1:B1", "C1:D1"), ["Company Name", "City", "Full name", "Phone"], 2, True),
        ([["Name", "Phone", NONE], ["Ada", "home", "work"], ["Bob", "car", "boat"]],
         ("B1:C1",), ["Name", "Phone", "column 3"], 1, False),
        ([["Contacts of 2026", NONE, NONE], [], ["Name", "City", "Phone"], ["Ada", "Bern", "1"]],
         ("A1:C1",), ["Name", "City", "Phone"], 3, False),
        ([["First\nName", "E-\nmail", "Phone\r\n(work)"], ["Ada", "a@x.example", 1]],
         (), ["First Name", "E-mail", "Phone (work)"], 1, False),
        ([[], [], ["ACME"], [], ["Export", "2026-01-02"], [], ["Name", "City", "Phone"], ["A", "B", 1], ["C", "D", 2]],
         (), ["Name", "City", "Phone"], 7, False),
        ([[NONE, NONE, "Name", "City"], [NONE, NONE, "Ada", "Bern"]], (), ["Name", "City"], 1, False),
    ],
)  # fmt: skip
def test_headers_of_sheets(
    tmp_path: Path, rows: list[list[Any]], merged: tuple[str, ...], header: list[str], line: int, joined: bool
) -> None:
    found, records, at, notes = read(sheet(tmp_path / "t.xlsx", rows, *merged))
    assert (found, at) == (header, line)
    assert [row.problem for row in records] == [NONE] * (len(rows) - line)
    assert any(f"-{line}: {'; '.join(header)}" in note for note in notes) == joined


@pytest.mark.parametrize(
    ("content", "header", "line"),
    [
        ("Contact,,Company,\nName,E-mail,Name,City\nAda,a@x.example,Acme,Bern\n", GROUPED, 2),
        ("Contact,Contact,Company,Company\nName,E-mail,Name,City\nAda,a@x.example,Acme,Bern\n", GROUPED, 2),
        ("name,,city,\nAda,x,Bern,y\nBob,z,Rome,w\n", ["name", "column 2", "city", "column 4"], 1),
        ("name,name,city,city\nAda,x,Bern,y\nBob,z,Rome,w\n", ["name", "name 2", "city", "city 2"], 1),
        ("# made, by, hand\nname,city,phone\nAda,Bern,12\n", ["name", "city", "phone"], 2),
        ("# of people,name\n5,Acme\n6,Bolt\n", ["# of people", "name"], 1),
        ("Report:,Open,,\nUser:,Grace,,\n\nName,Stage,Value,Close\nA,New,1,2026-01-01\n",
         ["Name", "Stage", "Value", "Close"], 4),
        ("1,2,3\nname,city,phone\nAda,Bern,12\n", ["name", "city", "phone"], 2),
        ("1,2,3\n4,5,6\n7,8,9\n", ["1", "2", "3"], 1),
        ("گزارش مشتریان,,\nنام,شهر,تلفن\nعلی,تهران,۰۹۱۲\n", ["نام", "شهر", "تلفن"], 2),
    ],
)  # fmt: skip
def test_headers_of_texts(tmp_path: Path, content: str, header: list[str], line: int) -> None:
    found, records, at, notes = read(text(tmp_path / "t.csv", content))
    assert (found, at) == (header, line)
    assert all(row.problem is None for row in records)
    assert bool(notes) == (line > 1 or "1,2,3\n4" in content), "what was decided is said"


FIRM, BOTH, KUNDE = "Company,,,Contact,,", "Company,,Contact,,,", "Kunde,,Ansprechpartner,,"


@pytest.mark.parametrize(
    ("groups", "titles", "header"),
    [
        (BOTH, "Name,City,First name,Last name,Phone,E-mail", "Company Name,City,First name,Last name,Phone,E-mail"),
        (BOTH, "Name,City,Full name,E-mail,Phone,Fax", "Company Name,City,Full name,E-mail,Phone,Fax"),
        (FIRM, "Name,City,Phone,First name,Last name,E-mail",
         "Company Name,City,Company Phone,First name,Last name,E-mail"),
        (FIRM, "ID,Name,E-mail,First name,Last name,Phone",
         "Company ID,Company Name,Company E-mail,First name,Last name,Phone"),
        ("Company,Contact,,", "Name,First name,Last name,Phone", "Company Name,First name,Last name,Phone"),
        ("Company,,Address,", "Name,Phone,Street,City", "Company Name,Phone,Street,City"),
        ("Customer,,Contact,,", "Name,City,Full name,E-mail,Phone", "Customer Name,City,Full name,E-mail,Phone"),
        ("Customer,,Address,", "Name,Phone,Street,City", "Name,Phone,Street,City"),
        ("Contact,,Address,", "Name,Phone,Street,City", "Name,Phone,Street,City"),
        ("General,,Details,", "Name,E-mail,City,Phone", "Name,E-mail,City,Phone"),
        (KUNDE, "Name,Ort,Vorname,Nachname,Telefon", "Kunde,Ort,Vorname,Nachname,Telefon"),
        ("Person,,,Firma,", "Vorname,Nachname,Telefon,Name,Ort", "Vorname,Nachname,Telefon,Firma,Ort"),
        ("Firma,,Ansprechpartner,,", "Name,Ort,Vorname,Name,Telefon", "Firma,Ort,Vorname,Name,Telefon"),
        ("Firma,Ansprechpartner,,", "Name,Vorname,Name,Telefon", "Firma,Vorname,Name,Telefon"),
        ("Société,,Contact,,", "Nom,Ville,Prénom,Nom,Téléphone", "Société,Ville,Prénom,Nom,Téléphone"),
        ("شرکت,,شخص,", "نام,شهر,نام,تلفن", "نام شرکت,شهر,نام,تلفن"),
    ],
)  # fmt: skip
def test_whose_name_it_is_the_group_says(tmp_path: Path, groups: str, titles: str, header: str) -> None:
    numbers = ("Phone", "Telefon", "Téléphone", "تلفن")
    cells = ",".join("+41 44 123 45 60" if title in numbers else "x" for title in titles.split(","))
    found, rows, at, _ = read(text(tmp_path / "t.csv", f"{groups}\n{titles}\n{cells}\n"))
    assert (found, len(rows), at) == (header.split(","), 1, 2)


def test_the_line_that_is_asked_for_is_taken_alone(tmp_path: Path) -> None:
    path = sheet(tmp_path / "t.xlsx", [["Contact", NONE, "Company", NONE], *BELOW], "A1:B1", "C1:D1")
    header, rows, _, notes = read(path, header_row=2)
    assert (header, len(rows), notes) == (["Name", "E-mail", "Name 2", "City"], 1, [])
    header, rows, line, _ = read(path, skip_rows=1)
    assert (header, len(rows), line) == (["Name", "E-mail", "Name 2", "City"], 1, 2)
    _, rows, line, _ = read(path, skip_rows=2, header_row=0)
    assert (len(rows), line, rows[0].line) == (1, 0, 3)


@pytest.mark.parametrize(
    "units", ["(text),(EUR),dd/mm/yyyy", ",EUR,", ",(EUR),", "text,number,date", "required,,optional"]
)
def test_a_row_of_units_is_no_record(tmp_path: Path, units: str) -> None:
    _, rows, _, _ = read(text(tmp_path / "t.csv", f"name,value,close\n{units}\nAda,5,2026-01-02\n"))
    assert [row.problem for row in rows] == [UNITS if units != ",EUR," else NONE, NONE]


def test_a_record_that_looks_like_units_further_down_stays_one(tmp_path: Path) -> None:
    _, rows, _, _ = read(text(tmp_path / "t.csv", "code,word\nXAU,gold\nEUR,text\n"))
    assert [row.problem for row in rows] == [NONE, NONE]


def test_comments_between_records_are_none(tmp_path: Path) -> None:
    _, rows, _, _ = read(text(tmp_path / "t.csv", "name,city\nAda,Bern\n# checked until here,\n#1 Pizza,Rome\n#2,\n"))
    assert [row.problem for row in rows] == [NONE, COMMENT, NONE, NONE]


TWO = "name,email,since\nAda,a@x.example,2026-01-02\nBob,b@x.example,2026-02-03\n\n"


def test_another_table_below_is_not_taken_for_rows_of_the_first(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", TWO + "company,sector,revenue\nAcme,Tools,5\n\nBolt,Nuts,6\n")
    _, rows, _, _ = read(path)
    belongs = BELONGS.format(line=5)
    assert [row.problem for row in rows] == [NONE, NONE, OTHER, belongs, belongs]


def test_the_first_header_again_ends_another_table(tmp_path: Path) -> None:
    other = "company,sector,revenue\nAcme,Tools,5\n\n"
    path = text(tmp_path / "t.csv", f"{TWO}{other}More,,\nname,email,since\nEve,e@x.example,2026-01-02\n")
    _, rows, _, _ = read(path)
    belongs = BELONGS.format(line=5)
    assert [row.problem for row in rows] == [NONE, NONE, OTHER, belongs, belongs, HEADER, NONE]


PHONES = "name,phone,zip\n" + "".join(f"N{n},+41 44 123 45 6{n},800{n}\n" for n in range(3)) + "\n"


@pytest.mark.parametrize(
    "rows",
    [
        ["Grace,unknown,none"],
        ["Grace,unknown,none", "Dan,+41 44 123 45 70,8004", "Eve,+41 44 123 45 71,8005"],
        ["Grace,unknown,none", "Heidi,unknown,8009"],
        ["Grace,unknown,none", "Heidi,none,unknown", "Ivan,lost,gone"],
        ["Grace,unknown,none", "Heidi,lost,8009", "", "Ivan,gone,8010", "Dan,+41 44 123 45 70,8004"],
        ["Grace,unknown,none", "", "Heidi,lost,gone", "", "Ivan,away,left"],
    ],
)
def test_a_record_of_which_little_is_known_is_no_header(tmp_path: Path, rows: list[str]) -> None:
    _, found, _, _ = read(text(tmp_path / "t.csv", PHONES + "\n".join(rows) + "\n"))
    assert [row.problem for row in found] == [NONE] * (3 + sum(map(bool, rows)))
    assert [row.cells for row in found[3:]] == [row.split(",") for row in rows if row]


def test_one_row_does_not_say_what_a_table_holds(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "name,phone,zip\nAda,1,2\n\nGrace,unknown,none\nEve,lost,3\n")
    _, rows, _, _ = read(path)
    assert [row.problem for row in rows] == [NONE] * 3


@pytest.mark.parametrize(
    "row", ["Eve,e@x.example,2026-03-04", "Eve,unknown,", "Eve,,soon", "Eve,none,none", "Eve,?,2026"]
)
def test_a_record_below_a_blank_row_stays_one(tmp_path: Path, row: str) -> None:
    _, rows, _, _ = read(text(tmp_path / "t.csv", f"{TWO}{row}\nJoe,j@x.example,2026-03-05\n"))
    assert [row.problem for row in rows] == [NONE] * 4


def test_what_was_no_record_is_none_when_it_is_fed_again(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    header = ["name", "email", "since"]
    belongs, lost = BELONGS.format(line=9), BELONGS.format(line=5)
    refused = [
        (UNITS, ["text", "e-mail", "date"], UNITS), (HEADER, header, HEADER), (belongs, ["a", "b", "1"], None),
        (OTHER, ["a", "b", "c"], OTHER), (belongs, ["a", "b", "1"], belongs), ("", ["a", "b", "1"], None),
        (OTHER, ["Grace", "g@x.example", "none"], None), (lost, ["a", "b", "1"], None),
        (COMMENT, ["# until here", "", ""], COMMENT),
        (COMMENT, ["Ada", "", ""], None), (UNITS, ["Ada", "a@x.example", "2026-01-02"], None),
        ("", ["Eve", "", ""], None),
    ]  # fmt: skip
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["crm_line", "crm_reason", *header], *(["9", why, *own] for why, own, _ in refused)]
        )
    _, rows, _, _ = read(path)
    assert [row.problem for row in rows] == [problem for _, _, problem in refused]


@pytest.mark.parametrize(
    ("groups", "titles", "header"),
    [
        ("Kunde,,Kontakt,", "Name,Ort,Name,E-Mail", "Firma,Ort,Name,E-Mail"),
        ("Kunde,,Kontakt,", "Name,Ort,Vollständiger Name,E-Mail", "Firma,Ort,Vollständiger Name,E-Mail"),
        ("Cliente,,Contacto,", "Nombre,Ciudad,Nombre,Email", "Empresa,Ciudad,Nombre,Email"),
        ("Müşteri,,Kişi,", "Ad,Şehir,Ad Soyad,E-posta", "Şirket,Şehir,Ad Soyad,E-posta"),
        ("مشتری,,رابط,", "نام,شهر,نام,ایمیل", "نام شرکت,شهر,نام,ایمیل"),
        ("Lieferant,,Kontakt,", "Name,Ort,Name,E-Mail", "Lieferant,Ort,Name,E-Mail"),
        ("Firma,,,Ansprechpartner,,", "Name,Straße,Telefon,Name,Telefon,E-Mail",
         "Firma,Straße,Telefon (Firma),Name,Telefon,E-Mail"),
        ("Kunde,,,Ansprechpartner,,", "Name,E-Mail,Telefon,Vorname,Nachname,E-Mail",
         "Kunde,E-Mail (Kunde),Telefon,Vorname,Nachname,E-Mail"),
        ("Firma,Ansprechpartner,,Kontaktperson,", "Name,Name,Telefon,Name,Telefon",
         "Firma,Ansprechpartner Name,Ansprechpartner Telefon,Kontaktperson Name,Kontaktperson Telefon"),
        ("Company,,,Contact,,", "Name,Street,Phone,Name,Phone,Email",
         "Company Name,Street,Company Phone,Contact Name,Contact Phone,Email"),
    ],
)  # fmt: skip
def test_what_a_firm_and_its_people_both_have_is_theirs_by_its_bare_title(
    tmp_path: Path, groups: str, titles: str, header: str
) -> None:
    numbers = ("Phone", "Telefon")
    cells = ",".join("+41 44 123 45 60" if title in numbers else "x@y.example" for title in titles.split(","))
    found, rows, at, _ = read(text(tmp_path / "t.csv", f"{groups}\n{titles}\n{cells}\n"))
    assert (found, len(rows), at) == (header.split(","), 1, 2)
