"""Code pages: known by the words that they make, asked for where several make words, never silently wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmcli.errors import ReadError
from crmcli.exchange.codepages import guess
from crmcli.exchange.tables import Unclear, open_table

if TYPE_CHECKING:
    from pathlib import Path

CLEAR = [
    ("cp1256", "نام,شهر\nعلي,تهران\nمريم,شيراز\n"), ("cp1256", "name,city\nAda,تهران\n"),
    ("cp1256", "name,note\nپريسا,«سلام دنيا»، خوبی؟\nگيتي,كتاب\n".replace("ی", "ي")),
    ("cp1256", "nom,ville\nHélène,Orléans\nمريم,شيراز\nReza,كرمان\n"),
    ("cp1252", "name\nAndré\n"), ("cp1252", "name\nMÜLLER\nÉCOLE\n"), ("cp1252", "name\nØyvind\nKjærgård\n"),
    ("cp1252", "name,sum\nAda,€ 100\nBob,£ 5\n"), ("cp1252", "name\nIt’s – “so”\n"),
    ("cp1252", "name\nStraße\nœuvre\n"), ("cp1252", "temp\n10 °C\n5 m²\nAndré\n"),
    ("cp1250", "jméno\nDvořák\nPlzeň\nŽižkov\n"), ("cp1251", "имя,город\nМария,Москва\nПётр,Казань\n"),
    ("cp1251", "имя\nмария\nпётр\n"), ("cp1254", "ad,şehir\nAyşe Yılmaz,İstanbul\nOğuz,Beşiktaş\n"),
    ("cp1253", "όνομα,πόλη\nΓιώργος,Αθήνα\nΜαρία,Πάτρα\n"),
]  # fmt: skip

ASKED = [
    ("cp1256", "name\nعلي\n"), ("cp1250", "imię\nPaweł Łukasz\nKraków\nŻółć\n"), ("koi8-r", "имя\nМария\nМосква\n"),
    ("cp866", "имя\nМария\nМосква\n"), ("mac-cyrillic", "имя\nМария\nМосква\n"), ("cp1255", "שם,עיר\nשלום,חיפה\n"),
    ("gb18030", "姓名,城市\n王小明,北京\n"), ("cp932", "氏名,都市\n山田太郎,東京\nすずき,オオサカ\n"),
    ("big5", "姓名,城市\n王小明,北京\n"), ("cp949", "이름,도시\n김철수,서울\n"),
    ("cp437", "name\nAndré\nBräcke\nJürgen\n"), ("cp850", "name\nJürgen\n"), ("mac-roman", "name\nAndré\nFrançois\n"),
    ("mac-roman", "name\nJosé\n"), ("cp1257", "vardas\nŽalgiris\nKėdainių\n"), ("iso8859-2", "imię\nPaweł\nŁódź\n"),
    ("cp852", "imię\nPaweł\nŚwięto\nŁódź\n"), ("iso8859-15", "Deal name;Betrag;Währung\nMüller;99,50 €;EUR\n"),
    ("iso8859-15", "nom\nHélène\nLecœur\n"), ("iso8859-6", "الاسم,Email\nعلي,ali@x.example\n"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "text"), CLEAR, ids=[f"{name} {n}" for n, (name, _) in enumerate(CLEAR)])
def test_what_is_clear_is_taken(encoding: str, text: str) -> None:
    found = guess(text.encode(encoding))
    assert text.encode(encoding).decode(found.name) == text
    assert found.words
    assert found.doubt is None or (found.doubt.taken, found.doubt.choices[0][0]) == (found.name, found.name)


@pytest.mark.parametrize(("encoding", "text"), ASKED, ids=[f"{name} {n}" for n, (name, _) in enumerate(ASKED)])
def test_what_is_unclear_or_rare_is_asked_with_the_right_one_among_the_choices(encoding: str, text: str) -> None:
    found = guess(text.encode(encoding))
    assert found.name == ""
    assert found.doubt is not None
    assert (found.doubt.option, found.doubt.taken) == ("encoding", "")
    right = [sample for name, sample in found.doubt.choices if text.encode(encoding).decode(name, "replace") == text]
    assert right, found.doubt.choices
    assert all(word in text for word in right[0].split(", "))


@pytest.mark.parametrize(
    ("encoding", "text", "other"),
    [
        ("cp1252", "name\nPeña\n", ("cp1250", "Peńa")),
        ("cp1250", "město\nPlzeň\n".replace("ě", "e"), ("cp1250", "Plzeň")),
        ("cp1254", "ad\nYılmaz\n", ("cp1252", "Yýlmaz")),
    ],
)
def test_one_word_that_reads_well_twice_is_a_doubt(encoding: str, text: str, other: tuple[str, str]) -> None:
    found = guess(text.encode(encoding))
    assert found.doubt is not None
    assert other in found.doubt.choices


def test_a_doubt_comes_with_the_table_and_an_unclear_file_with_its_choices(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("name,city\nPeña,Roma\n".encode("cp1252"))
    with open_table(str(path)) as table:
        (doubt,) = table.source.doubts
        assert table.source.notes == [
            "not UTF-8; read as cp1252 (a guess): Peña; as cp1250 they are Peńa; use --encoding if these look wrong"
        ]
    assert doubt == ("encoding", (("cp1252", "Peña"), ("cp1250", "Peńa")), "cp1252")
    path.write_bytes("name,city\nعلي,Roma\n".encode("cp1256"))
    with pytest.raises(Unclear, match="as cp1256 it has علي; as cp1251 it has Ъбн") as caught:
        open_table(str(path))
    assert isinstance(caught.value, ReadError)
    assert "--encoding cp1256 or --encoding cp1251" in caught.value.hint
    option, choices = caught.value.doubt.option, caught.value.doubt.choices
    with open_table(str(path), **{option: choices[0][0]}) as table:  # type: ignore[arg-type]
        assert table.source.doubts == ()
        assert next(table.rows).cells == ["علي", "Roma"]


WORDS = st.lists(
    st.text(st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويپچژگ"), min_size=2, max_size=9), min_size=1, max_size=8
)


@example(["اف"])
@given(WORDS)
def test_persian_of_windows_is_right_or_asked_and_never_something_else(words: list[str]) -> None:
    text = "name\n" + "\n".join(words) + "\n"
    found = guess(text.encode("cp1256"))
    if found.name:
        assert text.encode("cp1256").decode(found.name) == text
    else:
        assert found.doubt is not None


@given(st.binary(min_size=1, max_size=60))
def test_any_bytes_are_guessed_or_asked(data: bytes) -> None:
    found = guess(data)
    assert found.name or (found.doubt and len(found.doubt.choices) > 0)
