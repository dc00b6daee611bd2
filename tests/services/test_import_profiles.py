"""Profiles: which export a file is, how sure that is, and what a profile adds to the recognition of titles."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, LEAD, TASK
from crmcli.errors import ConflictError, CrmError, NotFoundError, UsageError
from crmcli.services import imports, records, vocabulary
from crmcli.services.imports import profile_writing, profiles
from crmcli.services.imports.mapping import Mapped
from crmcli.services.imports.titles import squeeze
from tests.support.exports import EXPORTS
from tests.support.importing import counts, listed, take
from tests.support.workbooks import xlsx

if TYPE_CHECKING:
    from crmcli.context import Context
    from tests.support.exports import Export


def own(name: str, text: str) -> None:
    """Put a profile of one's own into the folder of profiles."""
    path = Path(profiles.own_path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: f"{export.profile}-{export.language}")
def test_an_export_is_recognised_and_comes_in(book: Context, put: Any, export: Export) -> None:
    if export.kind == "interaction":  # nothing happens with nobody
        records.add(book, CONTACT, {"name": "Ada Lovelace"})
    path = put(export.text)
    made = imports.plan(book, path)
    assert made.profile is not None
    assert made.profile.profile.name == export.profile
    assert made.profile.confidence >= 0.85
    assert made.profile.tied == ()
    assert made.kind is not None
    assert made.kind.name == export.kind
    assert counts(take(book, path)) == (1, 1, 0, 0, 0, 0)
    (row,) = listed(book, export.kind)
    assert {name: row[name] for name in export.record} == export.record
    for update in (False, True) if export.kind != "interaction" else (False,):  # which no key tells
        again = imports.run(book, imports.plan(book, path, update=update))
        assert counts(again) == (1, 0, 0, 1, 0, 0)


# --- recognition ------------------------------------------------------------------------------------------------------


def fit(book: Context, path: str, **options: Any) -> tuple[str, int]:
    """(name of the profile, confidence in percent); ("", 0) for none."""
    found = imports.plan(book, path, **options).profile
    return (found.profile.called, found.percent) if found else ("", 0)


def test_the_confidence_is_its_formula(book: Context) -> None:
    profile = profiles.find("trello-cards")  # five titles of its own
    own = ["Card ID", "Card Name", "Card URL", "List Name", "Board Name"]
    assert profiles.confidence(profile, own) == pytest.approx(1.0)
    assert profiles.confidence(profile, own[:4]) == pytest.approx(0.8)
    assert profiles.confidence(profile, [*own, "Due Date", "Xyzzy", "Plugh"]) == pytest.approx(0.7 + 0.3 * 6 / 8)
    assert profiles.confidence(profile, own[:2]) < profiles.THRESHOLD
    assert profiles.confidence(profile, ["CARD id", "card_name", "CardURL", " list name", "Board-Name"]) == 1.0
    assert profiles.confidence(profile, []) == 0.0


def test_below_the_threshold_no_profile_is_used(book: Context, put: Any) -> None:
    path = put("Card ID,Card Name,Email,Phone\n1,Ada,ada@x.example,1234567\n")
    assert fit(book, path) == ("", 0)
    assert "profile" not in " ".join(imports.preview(book, imports.plan(book, path), counts=False).values["notes"])


def test_a_profile_is_forced_or_left_away(book: Context, put: Any) -> None:
    path = put("First Name,Last Name,URL,Connected On,Position\nAda,Lovelace,https://x.example,02 Jan 2026,Dr\n")
    assert fit(book, path) == ("linkedin-connections", 100)
    assert fit(book, path, profiles=["none"]) == ("", 0)
    assert fit(book, path, profiles=["stripe-customers"])[0] == "stripe-customers"
    with pytest.raises(UsageError, match="is of contacts, and --as says deal"):
        imports.plan(book, path, profiles=["linkedin-connections"], kind=DEAL)
    with pytest.raises(NotFoundError, match="there is no profile 'linkedin'") as raised:
        imports.plan(book, path, profiles=["linkedin"])
    assert raised.value.hint == "'crm import profile list' shows all; a file is ./NAME.toml"


def test_what_is_said_by_hand_goes_before_a_profile(book: Context, put: Any) -> None:
    path = put("First Name,Last Name,URL,Connected On,Position\nAda,Lovelace,https://x.example,02 Jan 2026,Dr\n")
    made = imports.plan(book, path, mapping={"url": "description"})
    assert [column.to for column in made.columns][2] == ("description",)
    assert imports.plan(book, path, kind=LEAD).profile is None  # a profile of contacts


def test_tickets_are_refused_with_the_reason(book: Context, put: Any) -> None:
    path = put("Ticket ID,Ticket Name,Pipeline,Ticket Status,Ticket owner\n1,Help,Support,New,Grace\n")
    made = imports.plan(book, path)
    assert (made.kind, made.rows) == (None, 1)
    assert made.problem.startswith("HubSpot tickets are requests to a help desk, and the book has no kind for tickets")
    page = imports.preview(book, made)
    assert page.values["profile"]["name"] == "hubspot-tickets"
    with pytest.raises(UsageError, match="no kind for tickets"):
        imports.check(made)
    again = imports.plan(book, path, profiles=["none"], kind=TASK, mapping={"Ticket Name": "name"})
    assert counts(imports.run(book, again)) == (1, 1, 0, 0, 0, 0)


def test_ties_are_told(book: Context, put: Any) -> None:
    for name in ("one", "two"):
        own(name, 'kind = "contact"\nheaders = ["Alpha", "Name"]\n')
    made = imports.plan(book, put("Alpha,Name\n1,Ada\n"))
    assert made.profile is not None
    assert (made.profile.profile.name, made.profile.tied) == ("one", ("two",))
    note = imports.preview(book, made, counts=False).values["notes"][0]
    assert note == "profile: one (one), confidence 100 %; as sure: two (--profile takes one)"


def test_one_s_own_goes_before_the_built_in_of_its_name(book: Context, put: Any) -> None:
    path = put("First Name,Last Name,URL,Connected On,Position\nAda,Lovelace,https://x.example,02 Jan 2026,Dr\n")
    own("linkedin-connections", 'title = "Ours"\nkind = "lead"\nheaders = ["URL", "Connected On"]\n')
    made = imports.plan(book, path)
    assert made.kind is LEAD
    own("linkedin-connections", 'title = "Ours"\nkind = ')
    made = imports.plan(book, path)
    assert any("the profile linkedin-connections is not used: " in note for note in made.notes)
    assert made.profile is None


# --- what a profile says ----------------------------------------------------------------------------------------------

OURS = """
kind = "deal"
headers = ["Nr", "Was", "Wer"]
id = "Nr"
prefix = "shop:"
dates = "mdy"
decimal = ","

[columns]
"Was" = "name"
"Wer" = "owner"
"Stand" = "stage"
"Wichtig" = "priority"
"Summe" = "value"
"Tag" = "close_on"
"Firma-Nr" = "company id"

[values.stage]
"Gewonnen!" = "won"
"Kalt" = "lost"
"Läuft" = "Qualified"

[values.owner]
"grace@navy.example" = "grace"

[values.priority]
"***" = "high"

[set]
source = "Webshop"
tags = "shop"
currency = "USD"
"""


def test_values_prefixes_and_what_is_set_for_every_row(ctx: Context, put: Any) -> None:
    own("ours", OURS)
    path = put(
        "Nr,Was,Wer,Stand,Wichtig,Summe,Tag,Firma-Nr\n"
        '1,One,GRACE@navy.example,gewonnen!,***,"1,500",03/04/2026,9\n'
        '2,Two,Bob,Läuft,low,"2,5",03/04/2026,\n'
        "3,Three,,Kalt,,,,\n"
    )
    records.add(ctx, COMPANY, {"name": "Acme", "external_id": "shop:9"})
    records.add(ctx, COMPANY, {"name": "Other", "external_id": "9"})
    stages = ctx.reader.rows("SELECT name FROM stage ORDER BY id")
    assert counts(take(ctx, path)) == (3, 3, 0, 0, 0, 0)
    one, two, three = listed(ctx, "deal")
    assert (one["status"], one["owner"], one["priority"], one["company"]) == ("won", "grace", 3, "Acme")
    assert (one["value"], one["currency"], one["close_on"]) == (150, "USD", "2026-03-04")
    assert (two["stage"], two["status"], two["owner"]) == ("Qualified", "open", "Bob")
    assert (three["status"], three["source"], three["tags"]) == ("lost", "Webshop", ["shop"])
    assert [row["external_id"] for row in (one, two, three)] == ["shop:1", "shop:2", "shop:3"]
    assert ctx.reader.rows("SELECT name FROM stage ORDER BY id") == stages
    assert counts(take(ctx, path)) == (3, 0, 0, 3, 0, 0)
    records.edit(ctx, DEAL, [one["id"]], {"source": "Fair"})
    assert counts(take(ctx, path, update=True)) == (3, 0, 0, 3, 0, 0)
    assert listed(ctx, "deal")[0]["source"] == "Fair", "what is set for every row is for new records"


def test_an_owner_s_address_is_the_colleague_who_has_it(ctx: Context, put: Any) -> None:
    take(ctx, put("Name,Email,Owner\nAda,ada@x.example,grace\n"), kind=CONTACT)
    vocabulary.user_edit(ctx, "grace", {"email": "Grace@navy.example"})
    take(
        ctx, put("Name,Email,Owner\nBo,bo@x.example,grace@NAVY.example\nCy,cy@x.example,jean@x.example\n"), kind=CONTACT
    )
    assert [row["owner"] for row in listed(ctx, "contact")] == ["grace", "grace", "jean@x.example"]


def test_the_ids_of_two_programs_with_prefixes_are_two(ctx: Context, put: Any) -> None:
    for name in ("aaa", "bbb"):
        own(name, f'kind = "contact"\nheaders = ["{name} id", "Name"]\nid = "{name} id"\nprefix = "{name}:"\n')
    for name, person in (("aaa", "Ada"), ("bbb", "آذر")):
        assert counts(take(ctx, put(f"{name} id,Name\n101,{person}\n", f"{name}.csv"))) == (1, 1, 0, 0, 0, 0)
    assert [row["external_id"] for row in listed(ctx, "contact")] == ["aaa:101", "bbb:101"]


def test_where_the_table_stands_is_kept(ctx: Context, put: Any) -> None:
    """The next file of the same titles is read from the same place, unless it has it elsewhere."""
    lines = ["Preis,liste,von,uns", "Nr,Was,Wer,Wann", "Id,Deal,Owner,Day", "1,Ofen,Léa,2026-01-02", "2,,Léa,", ""]
    path = put("\n".join(lines).encode("cp1252"))
    by_hand: dict[str, Any] = {"header_row": 3, "skip_rows": 1, "encoding": "cp1252", "kind": DEAL}
    made = imports.plan(ctx, path, mapping={"Day": "close_on"}, **by_hand)
    profile_writing.save(profile_writing.drafted("ours", made, {}, {}))
    said = profiles.find("ours").said
    assert (said.header_row, said.skip_rows, said.encoding, said.sheet, said.opens) == (3, 1, "cp1252", "", True)
    for asked in ("", "ours"):
        again = imports.plan(ctx, path, profiles=[asked])
        assert again.profile is not None
        assert (again.profile.profile.name, again.header, again.rows) == ("ours", ("Id", "Deal", "Owner", "Day"), 2)
    done = imports.run(ctx, again)
    assert [row["owner"] for row in listed(ctx, "deal")] == ["Léa"]
    assert done.again.endswith(" --as deal --profile ours --id Id --encoding utf-8 --delimiter , --header-row 1")
    mended = Path(done.rejects).read_text().replace(",,Léa", ",Herd,Léa")
    Path(done.rejects).write_text(mended)
    options: dict[str, Any] = {"encoding": "utf-8", "delimiter": ",", "header_row": 1}
    assert imports.run(ctx, imports.plan(ctx, done.rejects, profiles=["ours"], **options)).new == 1
    plain = imports.plan(ctx, put("Id,Deal,Owner,Day\n3,Rost,Bo,\n", "plain.csv"))
    assert plain.profile is not None
    assert (plain.profile.profile.name, plain.rows, plain.header[1]) == ("ours", 1, "Deal")


def test_the_sheet_is_kept_where_the_file_has_it(book: Context, tmp_path: Path, put: Any) -> None:
    rows = [["Nr", "Was", "Wer"], ["1", "Ofen", "Bo"]]
    book_of_two = openpyxl.load_workbook(xlsx(tmp_path / "two.xlsx", rows, "Alt"))
    for row in (*rows, ["2", "Herd", "Bo"]):
        (book_of_two["Neu"] if "Neu" in book_of_two else book_of_two.create_sheet("Neu")).append(row)
    book_of_two.save(path := str(tmp_path / "two.xlsx"))
    made = imports.plan(book, path, sheet="Neu", kind=DEAL, mapping={"Was": "name", "Wer": "owner"})
    profile_writing.save(profile_writing.drafted("ours", made, {}, {}))
    assert profiles.find("ours").said.sheet == "Neu"
    assert imports.plan(book, path).rows == imports.plan(book, path, profiles=["ours"]).rows == 2
    assert imports.plan(book, path, sheet="Alt").rows == 1
    assert imports.plan(book, put("Nr,Was,Wer\n1,Ofen,Bo\n"), profiles=["ours"]).rows == 1


def test_the_command_for_rejects_names_the_profile(ctx: Context, put: Any) -> None:
    own("ours", OURS)
    path = put(
        "Nr,Was,Wer,Stand,Wichtig,Summe,Tag,Firma-Nr\n1,One,,Läuft,,1,13/13/2026,\n2,Two,,Läuft,,1,03/04/2026,\n"
    )
    done = imports.run(ctx, imports.plan(ctx, path))
    assert counts(done) == (2, 1, 0, 0, 0, 1)
    assert " --as deal --profile ours" in done.again
    assert "--map" not in done.again
    by_hand = {"Was": "name", "Tag": "close_on", "Summe": "-"}  # of which the profile says the currency
    bare = imports.run(ctx, imports.plan(ctx, path, profiles=["none"], mapping=by_hand, kind=DEAL, dates="mdy"))
    assert counts(bare) == (2, 0, 0, 1, 0, 1)
    assert " --as deal --no-profile --map Was=name " in bare.again


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('kind = "contact"\nheaders = [', "x.toml is no TOML: ", ""),
        ('kind = "contct"\n', "x.toml, line 1: there is no kind 'contct'", "did you mean 'contact'?"),
        ("headers = []\n", "x.toml: a profile says its kind, or refuse and why", 'as in: kind = "contact"'),
        ('kind = "deal"\nrefuse = "no"\n', "x.toml: a profile says its kind, or refuse and why", ""),
        ('kind = "deal"\nheadrs = []\n', "x.toml, line 2: a profile has no 'headrs'", "did you mean 'headers'?"),
        ('kind = "deal"\n\n[columns]\n"Summe" = "valu"\n', "x.toml, line 4: deal has no field 'valu' for 'Summe'",
         "did you mean 'value'?"),
        ('kind = "deal"\n[columns]\n"A" = "mrr"\n', "x.toml, line 3: mrr of a deal is set by the program", ""),
        ('kind = "deal"\n[columns]\n"A" = 5\n', "x.toml, line 3: A wants a text in quotation marks, not 5", ""),
        ('kind = "deal"\ncolumns = "A"\n', "x.toml, line 2: columns wants a table", "write [columns]"),
        ('kind = "deal"\n[values.stag]\n"a" = "b"\n', "x.toml, line 2: deal has no field 'stag' for 'stag'",
         "did you mean 'stage'?"),
        ('kind = "deal"\n[values.status]\n"a" = "wn"\n', "x.toml, line 3: status has no 'wn'", "did you mean 'won'?"),
        ('kind = "deal"\n[values.priority]\n"a" = "hi"\n', "x.toml, line 3: priority has no 'hi'", ""),
        ('kind = "deal"\n[values.value]\n"a" = "1"\n', "x.toml, line 2: [values.value]: amounts and days have no words",
         ""),
        ('kind = "deal"\n[set]\nname = "x"\n', "x.toml, line 3: [set] cannot give every row the same name", ""),
        ('kind = "deal"\n[set]\ncurrency = "XXQ"\n', "x.toml, line 3: 'XXQ' is not a currency", "use an ISO 4217"),
        ('kind = "deal"\ndates = "dym"\n', "x.toml, line 2: dates wants dmy or mdy", ""),
        ('kind = "deal"\nencoding = "utf-9"\n', "x.toml, line 2: there is no encoding 'utf-9'", "as in utf-8"),
        *((f'kind = "deal"\nencoding = "{name}"\n', f"x.toml, line 2: there is no encoding '{name}'", "as in utf-8")
          for name in ("rot13", "base64", "idna", "punycode")),
        ('kind = "deal"\n[values.stage]\n"value" = "x"\n[columns]\n"x" = "value"\n"value" = "nope"\n',
         "x.toml, line 6: deal has no field 'nope' for 'value'", ""),
        ('kind = "deal"\ntitle = "match"\n[columns]\n"match" = "-"\n[set]\n"match" = "a"\n',
         "x.toml, line 6: deal has no field 'match' for 'match'", ""),
        ('kind = "deal"\nheaders = ["encoding"]\nencoding = "x-y"\n', "x.toml, line 3: there is no encoding 'x-y'", ""),
        ('kind = "deal"\ndelimiter = ";;"\n', "x.toml, line 2: delimiter wants one character, not ';;'", ""),
        ('kind = "deal"\nheader_row = -1\n', "x.toml, line 2: header_row wants the number of a line, not -1", ""),
        ('kind = "deal"\nskip_rows = true\n', "x.toml, line 2: skip_rows wants the number of a line, not True", ""),
        ('kind = "deal"\nmatch = ["nme"]\n', "x.toml, line 2: deal has no field 'nme' for 'match'",
         "did you mean 'name'?"),
        ('kind = "deal"\nheaders = "A"\n', "x.toml, line 2: headers wants a list of titles", ""),
        ('kind = "deal"\ntitle = "a\\u0000b"\n', "x.toml, line 2: title: ", ""),
        ("kind = " + "[" * 5000 + "]" * 5000, "x.toml is no ", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_profile_is_named_with_its_line(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        profiles.parse(text, "x", "x.toml", "x.toml")
    assert raised.value.message.startswith(message)
    assert hint in raised.value.hint


def test_files_that_are_no_profiles(tmp_path: Path) -> None:
    (tmp_path / "bin.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_100_000)
    for name, error in (("bin", UsageError), ("big", UsageError), ("none", NotFoundError)):
        with pytest.raises(error):
            profiles.find(str(tmp_path / f"{name}.toml"))
    with pytest.raises(CrmError):
        profiles.find(str(tmp_path) + os.sep)


def test_every_built_in_profile_has_its_words(book: Context) -> None:
    found, bad = profiles.every()
    assert bad == []
    assert {export.profile for export in EXPORTS} == {one.name for one in found} - {"hubspot-tickets"}
    for profile in found:
        assert profile.said.title, profile.name
        assert len(profile.said.headers) >= 3, profile.name
        # a title alone must not make a profile
        assert all(profiles.confidence(profile, [titles[0]]) < profiles.THRESHOLD for titles in profile.said.headers)


# --- one's own --------------------------------------------------------------------------------------------------------

TITLES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    str.strip
)


@given(
    st.lists(TITLES, min_size=1, max_size=6, unique_by=squeeze),
    TITLES,
    TITLES,
    st.text("aą\"\\\u200c#[]=', ی", max_size=9),
)
@settings(max_examples=40, deadline=None)
def test_a_profile_that_is_written_reads_as_it_was_meant(titles: list[str], word: str, ours: str, source: str) -> None:
    titles = [title for title in titles if squeeze(title)]
    header = ("Name", *(title for title in titles if squeeze(title) != "name"))
    columns = [Mapped(0, "Name", ("name",))]
    columns += [Mapped(i, title, ("description",) if i % 2 else ()) for i, title in enumerate(header[1:], 1)]
    made = imports.Plan("x", CONTACT, tuple(columns), {}, header, 1, 0, keys=(("email",), ("phone",)))
    profile = profile_writing.drafted("ours", made, {"source": {word: ours}}, {"source": source})
    assert profile.said.headers == tuple((title,) for title in header)
    assert list(profile.said.columns) == list(header)
    assert profile.given(header, {}) == {c.header: c.to[0] if c.to else "" for c in columns}
    assert profile.said.values == {"source": {word: ours}}
    assert profile.said.set == ({"source": source} if source.strip() else {})
    assert profiles.confidence(profile, header) == pytest.approx(1.0)


def test_a_profile_made_of_a_file_takes_the_next_one_alone(ctx: Context, put: Any) -> None:
    first = put("Bestellung;Wer;Wieviel;Stand\nA1;Ada;1.234,50;heiß\n", "first.csv")
    made = imports.plan(
        ctx,
        first,
        kind=DEAL,
        mapping={"Bestellung": "name", "Wieviel": "value", "Stand": "stage"},
        id_column="Bestellung",
    )
    profile_writing.save(profile_writing.drafted("shop", made, {"stage": {"heiß": "Qualified"}}, {"source": "shop"}))
    second = put("Bestellung;Wer;Wieviel;Stand\nB1;Bo;1.500;HEISS\nB2;Cy;2,5;x\n", "second.csv")
    assert fit(ctx, second) == ("shop", 100)
    assert counts(take(ctx, second)) == (2, 2, 0, 0, 0, 0)
    one, two = listed(ctx, "deal")
    assert (one["stage"], one["value"], one["external_id"], one["source"]) == ("Qualified", 150_000, "B1", "shop")
    assert two["value"] == 250


# --- titles in other languages ----------------------------------------------------------------------------------------

GERMAN = "Vorname;Name;Firma;Telefon;Handy;Straße;Hausnummer;PLZ;Ort;Land;E-Mail-Adresse;Notizen"
FRENCH = "Prénom;Nom;Société;Téléphone;Portable;Rue;Code postal;Ville;Pays;Adresse e-mail;Commentaires"
SPANISH = "Nombre;Apellidos;Empresa;Teléfono;Móvil;Calle;Código postal;Ciudad;País;Correo electrónico;Observaciones"
TURKISH = "Ad;Soyad;Şirket;Telefon;Cep Telefonu;Sokak;Posta Kodu;Şehir;Ülke;E-posta;Açıklama"


@pytest.mark.parametrize(
    ("header", "row", "record"),
    [
        (GERMAN, "Jutta;Weiß;Weiß GmbH;0221 1;0170 2;Hauptstr.;7;50667;Köln;Deutschland;j@weiss.example;gut",
         {"name": "Jutta Weiß", "company": "Weiß GmbH", "street": "Hauptstr. 7", "postal_code": "50667",
          "city": "Köln", "country": "Deutschland", "phone": "0221 1", "mobile": "0170 2"}),
        (FRENCH, "Émile;Zola;L'Aurore;01 2;06 3;Rue Montmartre 142;75002;Paris;France;e@aurore.example;accuse",
         {"name": "Émile Zola", "company": "L'Aurore", "street": "Rue Montmartre 142", "city": "Paris",
          "email": "e@aurore.example", "description": "accuse", "mobile": "06 3"}),
        (SPANISH, "Miguel;Unamuno;USAL;923 1;600 2;Patio 1;37008;Salamanca;España;m@usal.example;niebla",
         {"name": "Miguel Unamuno", "company": "USAL", "city": "Salamanca", "postal_code": "37008",
          "email": "m@usal.example", "description": "niebla"}),
        (TURKISH, "Işıl;Öztürk;Güneş A.Ş.;0212 1;0532 2;İstiklal 1;34430;İstanbul;Türkiye;isil@gunes.example;fuar",
         {"name": "Işıl Öztürk", "company": "Güneş A.Ş.", "street": "İstiklal 1", "city": "İstanbul",
          "country": "Türkiye", "email": "isil@gunes.example", "description": "fuar"}),
    ],
    ids=["de", "fr", "es", "tr"],
)  # fmt: skip
def test_plain_titles_in_other_languages(
    book: Context, put: Any, header: str, row: str, record: dict[str, Any]
) -> None:
    path = put(f"{header}\n{row}\n")
    made = imports.plan(book, path)
    assert made.kind is CONTACT
    assert [column.header for column in made.columns if not column.to] == []
    assert counts(take(book, path)) == (1, 1, 0, 0, 0, 0)
    (found,) = listed(book, "contact")
    assert {name: found[name] for name in record} == record


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("Firma;Branche;Webseite;Ort\nA;b;https://c.example;d\n", "company", ["name", "industry", "website", "city"]),
        ("Titel;Betrag;Phase;Abschlussdatum;Firma\na;1;b;2026-01-31;c\n", "deal",
         ["name", "value", "stage", "close_on", "company"]),
        ("Objet;Échéance;Priorité\na;2026-01-31;low\n", "task", ["name", "due_on", "priority"]),
        ("Vorname;Voller Name;Nachname\na;b;c\n", "contact", ["first name", "(ignored)", "last name"]),
        ("First Name;Name\nAda;Ada King\n", "contact", ["first name", "name"]),
        ("name;company_id;stage_id\na;My Company;New\n", "deal", ["name", "(ignored)", "stage"]),
        ("name;company_id;stage_id\na;۷۷;New\n", "deal", ["name", "company id", "stage"]),
    ],
)  # fmt: skip
def test_what_titles_in_other_languages_mean(book: Context, put: Any, text: str, kind: str, shown: list[str]) -> None:
    made = imports.plan(book, put(text), kind=ENTITIES[kind])
    assert [column.shown for column in made.columns] == shown


def test_people_with_a_title_and_an_amount_are_no_deals(book: Context, put: Any) -> None:
    path = put("First Name,Last Name,Title,Company,Email,Amount,Account ID\na,b,c,d,e@x.example,5,1\n")
    assert imports.plan(book, path).kind is LEAD


def test_first_and_last_names_of_deals_make_their_contacts(ctx: Context, put: Any) -> None:
    path = put(
        "Deal ID,Deal Name,Deal Stage,Amount,First Name,Last Name,Email\n"
        "1,One,New,5,Ada,King,ada@x.example\n2,Two,New,5,آذر,كاشاني,\n3,Three,New,5,,,\n4,Four,New,5,Ada,King,ada@x.example\n"
    )
    assert counts(take(ctx, path)) == (4, 4, 0, 0, 0, 0)
    assert [row["contact"] for row in listed(ctx, "deal")] == ["Ada King", "آذر كاشاني", None, "Ada King"]
    assert [(row["name"], row["email"]) for row in listed(ctx, "contact")] == [
        ("Ada King", "ada@x.example"), ("آذر كاشاني", None),
    ]  # fmt: skip
    assert counts(take(ctx, path)) == (4, 0, 0, 4, 0, 0)


# --- what built-in profiles know --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "cells"), [("", ("", "")), (",IsClosed", (",true", ",false"))])
def test_tasks_of_salesforce_are_done_by_their_status_where_nothing_else_says_so(
    book: Context, put: Any, column: str, cells: tuple[str, str]
) -> None:
    text = (
        f"Id,WhoId,WhatId,Subject,ActivityDate,Status,OwnerId{column}\n"
        f"00T5g00000AAAAAAA1,,,Call,2026-11-01,Completed,{cells[0]}\n"
        f"00T5g00000AAAAAAA2,,,Write,2026-11-02,Not Started,{cells[1]}\n"
    )
    made = imports.plan(book, put(text))
    assert made.profile is not None
    assert made.profile.profile.name == "salesforce-task"
    assert [c.header for c in made.columns if "is done" in c.to] == [column.strip(",") or "Status"]
    imports.run(book, made)
    assert [row["name"] for row in listed(book, "task")] == ["Write"]


@pytest.mark.parametrize("titles", [
    "id,name,partner_name,contact_name,email_from,expected_revenue,stage_id,user_id,team_id,type",
    "External ID,Opportunity,Company Name,Contact Name,Email,Expected Revenue,Stage,Salesperson,Sales Team,Type",
])  # fmt: skip
@pytest.mark.parametrize("first", ["deal", "lead"])
def test_leads_and_opportunities_of_odoo_are_told_apart(book: Context, put: Any, titles: str, first: str) -> None:
    rows = {
        "deal": "x_1,Sale,Acme,Ann,a@x.example,100,Qualified,Me,Team,Opportunity",
        "lead": "x_2,Web,Beta,Bob,b@x.example,0,New,Me,Team,lead",
    }
    other = "lead" if first == "deal" else "deal"
    path = put(f"{titles}\n{rows[first]}\n{rows[other]}\n")
    done = take(book, path)
    assert (done.kind, counts(done)) == (f"{first}s", (2, 1, 0, 0, 0, 0))
    column = titles.rpartition(",")[2]
    told = f"column {column} says that they are {other}s, which --as {other} takes in"
    assert any(told in note for note in done.notes)
    assert counts(take(book, path, kind=ENTITIES[other])) == (2, 1, 0, 0, 0, 0)
    (deal,), (lead,) = listed(book, "deal"), listed(book, "lead")
    assert (deal["name"], deal["company"], deal["contact"]) == ("Sale", "Acme", "Ann")
    assert (lead["name"], lead["company"], lead["contact_name"]) == ("Web", "Beta", "Bob")


def test_lines_that_go_on_below_a_record_of_odoo_are_passed_over(book: Context, put: Any) -> None:
    titles = "id,name,partner_name,contact_name,email_from,expected_revenue,stage_id,user_id,team_id,message_ids/body"
    text = f"{titles}\nx_1,Sale,Acme,Ann,a@x.example,100,New,Me,Team,One\n,,,,,,,,,Two\n,,Beta,,,,,,,Three\n"
    done = take(book, put(text))
    assert (done.new, done.passed, done.refused) == (1, 1, 1)
    assert any(
        "further lines of the record above, which columns such as message_ids/body have" in n for n in done.notes
    )


def test_the_parents_of_hubspot_are_ids(ctx: Context, put: Any) -> None:
    titles = "Record ID,Company name,Company Domain Name,Company owner"
    rows = "101,Acme,acme.example,Me,\n102,Sub,sub.example,Me,101\n103,Lost,lost.example,Me,999\n"
    done = take(ctx, put(f"{titles},Parent Company\n{rows}"))
    named = [(row["name"], row["parent"]) for row in listed(ctx, "company")]
    assert named == [("Acme", None), ("Sub", "Acme"), ("Lost", None)]
    assert any("no company with the id 999" in note for note in done.notes)
    take(ctx, put(f"{titles},Parent Company IDs\n104,Next,next.example,Me,101\n"))
    assert listed(ctx, "company")[-1]["parent"] == "Acme"
    take(ctx, put("Company name,Parent Company\nNumbered,1848\n"), kind=COMPANY)
    assert ("Numbered", "1848") in [(row["name"], row["parent"]) for row in listed(ctx, "company")], "it has no ids"


def test_what_is_set_stands_in_empty_cells_of_new_records(ctx: Context, put: Any) -> None:
    own(
        "fair",
        'kind = "contact"\nheaders = ["Wer", "Woher"]\nid = "Nr"\n[columns]\n"Wer" = "name"\n"Woher" = "source"\n'
        '"Marken" = "tags"\n"Sprache" = "language"\n"Wem" = "owner"\n'
        '[set]\nsource = "Fair"\ntags = "fair"\nlanguage = "de"\nowner = "grace"\n',
    )
    text = "Nr,Wer,Woher,Marken,Sprache,Wem\n1,Ada,Web,vip,en,jean\n2,Bo,,,,\n3,Cy,N/A,,,\n"
    made = imports.plan(ctx, put(text))
    assert [c.header for c in made.columns if c.fixed] == ["(rows without it)"] * 4
    imports.run(ctx, made)
    said = [(row["source"], row["tags"], row["language"], row["owner"]) for row in listed(ctx, "contact")]
    assert said == [("Web", ["vip"], "en", "jean"), *[("Fair", ["fair"], "de", "grace")] * 2]
    records.edit(ctx, CONTACT, [2], {"source": "Phone", "language": "fr", "owner": "jean", "tags": ""})
    done = take(ctx, put(text.replace("Ada", "Ada L")), update=True)
    assert counts(done) == (3, 0, 1, 2, 0, 0)
    row = listed(ctx, "contact")[1]
    assert (row["source"], row["language"], row["owner"], row["tags"]) == ("Phone", "fr", "jean", []), "not of old ones"


# --- what is said of profiles -----------------------------------------------------------------------------------------


def test_one_s_own_in_place_of_a_built_in_one_is_told(book: Context, put: Any) -> None:
    linkedin = put(
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
        "Ada,Lovelace,https://x.example,a@x.example,Acme,Dr,02 Jan 2026\n"
    )
    made = imports.plan(book, linkedin)
    with pytest.raises(ConflictError, match="linkedin-connections is a built-in profile"):
        profile_writing.drafted("linkedin-connections", made, {}, {})
    own("linkedin-connections", 'kind = "lead"\nheaders = ["Alpha", "Beta"]\n')
    made = imports.plan(book, linkedin)
    assert made.profile is None
    assert any("the built-in profile linkedin-connections, which " in note for note in made.notes)
    made = imports.plan(book, put("Alpha,Beta,Name\n1,2,Ada\n"))
    assert made.profile is not None
    assert "your own in place of the built-in one" in made.profile.told


def test_what_a_profile_says_of_columns_that_the_file_has_not_is_told(book: Context, put: Any) -> None:
    own("shop", 'kind = "contact"\nheaders = ["Wer"]\nid = "Nr"\n[columns]\n"Wer" = "name"\n"Wo" = "city"\n')
    made = imports.plan(book, put("Wer,Ort\nAda,Rome\n"), profiles=["shop"])
    assert [note for note in made.notes if note.startswith("profile shop: ")] == [
        "profile shop: [columns] names what the file has not: Wo",
        "profile shop: the file has no column Nr of ids",
    ]
    made = imports.plan(book, put("Nr,Wer,Wo\n1,Ada,Rome\n"), profiles=["shop"])
    assert [note for note in made.notes if note.startswith("profile shop: ")] == []


def test_several_profiles_go_to_the_files_that_they_fit(book: Context, put: Any, tmp_path: Path) -> None:
    paths = []
    for name, kind, title in (("firms", "company", "Alpha"), ("people", "contact", "Beta")):
        path = tmp_path / f"{name}.toml"
        path.write_text(f'kind = "{kind}"\nheaders = ["{title}"]\n[columns]\n"{title}" = "name"\n')
        paths.append(str(path))
    files = [(put("Alpha\nAcme\n", "a.csv"), ""), (put("Beta\nAda\n", "b.csv"), "")]
    files.append((put("Record ID,Company name,Company Domain Name,Company owner\n1,X,x.example,Me\n", "c.csv"), ""))
    plans = imports.plan_all(book, files, profiles=paths)
    said = [made.profile.profile.called for made in plans if made.profile]
    assert sorted(said) == sorted([*paths, "hubspot-companies"])
    with pytest.raises(UsageError, match="no file speak of the profile stripe-customers"):
        imports.plan_all(book, files, profiles=[*paths, "stripe-customers"])


def test_a_profile_names_columns_of_json_by_the_joined_names_of_their_keys(book: Context, put: Any) -> None:
    own(
        "crm-api",
        """
kind = "contact"
headers = ["properties.email", "firm.name", "properties.full"]
id = "properties.no"
[columns]
"properties.full" = "name"
"firm.name" = "company"
"properties.boss.name" = "owner"
""",
    )
    rows = [
        {"firm": {"id": n, "name": "Acme"}, "properties": {
            "no": f"F{n}", "full": f"Ada {n}", "email": f"{n}@x.example", "boss": {"id": 7, "name": "Grace"}}}
        for n in (1, 2)
    ]  # fmt: skip
    path = put("".join(json.dumps(row) + "\n" for row in rows), "people.jsonl")
    assert fit(book, path)[0] == "crm-api"
    done = take(book, path)
    assert (done.new, [note for note in done.notes if "the file has" in note]) == (2, [])
    assert [(row["name"], row["company"], row["owner"], row["external_id"]) for row in listed(book, "contact")] == [
        ("Ada 1", "Acme", "Grace", "F1"), ("Ada 2", "Acme", "Grace", "F2"),
    ]  # fmt: skip
    given = {"firm.name": "-"}  # by hand goes first, by the joined name too
    assert [c.shown for c in imports.plan(book, path, mapping=given).columns if c.header == "firm"] == ["(ignored)"]
