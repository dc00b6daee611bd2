"""Folding, checking, making harmless and measuring text."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth
from wcwidth.table_vs16 import VS16_NARROW_TO_WIDE

from crmcli.domain import text as of_text
from crmcli.domain.text import blank, check_text, clip, digits, fold, pad, unmarked, visible, width
from crmcli.errors import FieldError

SHARED = Path(__file__).parents[3] / "shared" / "data"
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
SCRIPTS = st.text(
    st.sampled_from("aÉß İıŁøæ’´ﬁ½٣۱يىیكکةهأآٱـ\u200c\u200d\u0301\u0345ᄀ가각नि्क्ष漢ｱ👨👩🏽🇮🇷\ufe0f⃣1☎\u00a0\t")
)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("  Ada   LOVELACE\n", "ada lovelace"),
        ("O`Brien", "o'brien"),
        ("O’Brien", "o'brien"),
        ("O´Brien", "o'brien"),
        ("OʼBrien", "o'brien"),
        ("Zoë Ñandú", "zoe nandu"),
        ("Zoe\u0308", "zoe"),
        ("Łódź", "lodz"),
        ("Søren Đặng", "soren dang"),
        ("Straße ẞ", "strasse ss"),
        ("İstanbul ılık", "istanbul ilik"),
        ("Æsir œuvre", "aesir oeuvre"),
        ("ﬁnance ſ", "finance s"),
        ("ŉ", "'n"),
        ("µ Σίσυφος ΐ", "μ σισυφοσ ι"),
        ("علي", "علی"),
        ("كريم", "کریم"),
        ("فاطمة", "فاطمه"),
        ("آرش أحمد إيران ٱ", "ارش احمد ایران ا"),
        ("می\u200cرود", "میرود"),
        ("عـــلی\u200f", "علی"),
        ("۰۱۲۳۴۵۶۷۸۹ ٠١٢٣٤٥٦٧٨٩", "0123456789 0123456789"),
        ("Ａｄａ\u3000１", "ada 1"),
        ("a\u00a0b\u202fc", "a b c"),
        ("", ""),
        ("\u200c", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_fold_is_stable_on_every_character(monkeypatch: pytest.MonkeyPatch) -> None:
    # It learns each character that it meets; those of this test take 190 MB, which every process forked later copies.
    monkeypatch.setattr(of_text, "_FOLDING", of_text._Folding(of_text._FOLDING))
    for start in range(0, sys.maxunicode + 1, 256):
        folded = fold("x".join(map(chr, range(start, start + 256))))
        assert fold(folded) == folded, hex(start)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202a+98 912 345 6789\u202c", "+98 912 345 6789"), ("\u200f۱۲۳۴ تومان\u200f", "۱۲۳۴ تومان"),
        ("\u2066a@b.example\u2069", "a@b.example"), ("\ufeff5\u061c\u200e\u202b\u202d\u202e\u2067\u2068", "5"),
        ("می\u200cرود", "می\u200cرود"), ("plain", "plain"), ("", ""),
    ],
)  # fmt: skip
def test_marks_of_direction_go_and_nothing_else(typed: str, kept: str) -> None:
    assert unmarked(typed) == kept


def test_persian_separators_mean_one_thing() -> None:
    assert [digits("۱٬۲۵۰٫۵", sign) for sign in (None, ".", ",")] == ["1,250.5", "1,250.5", "1.250,5"]


@pytest.mark.parametrize("piece", ["€", "ب", "漢", "a\u0301", "👩🏽"])
def test_clipping_a_long_text_looks_at_what_is_shown(piece: str) -> None:
    start = time.process_time()
    for _ in range(20):
        assert width(clip(piece * 30_000, 60)) <= 60
    assert time.process_time() - start < 1.5


@given(ANY_TEXT | SCRIPTS)
def test_fold_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_fold_treats_ascii_alike_on_both_paths(text: str) -> None:
    assert fold(text) == fold(text + "\u200c")


@given(SCRIPTS)
def test_fold_sees_no_difference_between_composed_and_decomposed(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_digits() -> None:
    assert digits("۱۲٬۳۴۵٫۶ ٧٨٩ abc") == "12,345.6 789 abc"
    assert digits("+98 912") == "+98 912"


def test_check_text_normalises_line_ends() -> None:
    assert check_text("a\r\nb\rc\nd") == "a\nb\nc\nd"
    assert check_text("علی") == "علی"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "ok\udcff"])
def test_check_text_refuses(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        check_text(text, "name")
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "^[[31mred^[[0m"),
        ("\x00\x07\x7f", "^@^G^?"),
        ("\x9b31m", "<9B>31m"),
        ("\u202egnp.exe", "<U+202E>gnp.exe"),
        ("\u2066x\u2069", "<U+2066>x<U+2069>"),
        ("\u200eعلی\u200f\u061c", "علی"),
        ("می\u200cرود", "می\u200cرود"),
        ("a\tb\nc\r\nd\re", "a b⏎c⏎d^Me"),
        ("a\u2028b", "a⏎b"),
        ("\udc9b", "<U+DC9B>"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("[/] [@click=x]:bomb:", "[/] [@click=x]:bomb:"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_visible_keeps_lines_when_asked() -> None:
    assert visible("a\r\nb\x1bc\n", multiline=True) == "a\nb^[c\n"


@given(ANY_TEXT)
def test_visible_leaves_nothing_that_steers_a_terminal(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
    assert not set(shown) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert visible(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Ada", 3), ("", 0), ("علی\u200cرضا", 6), ("é", 1), ("e\u0301", 1), ("漢字", 4), ("ｱ", 1), ("Ａ", 2),
        ("👍🏽", 2), ("👨‍👩‍👧", 2), ("🇮🇷🇩🇪", 4), ("☎️", 2), ("☎", 1), ("1️⃣", 2), ("⌚︎", 1), ("क्ष", 2), ("각", 2),
        ("\u1100\u1161\u11a8", 2), ("\u200c", 0), ("…", 1),
    ],
)  # fmt: skip
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def corpus() -> list[str]:
    if not SHARED.exists():
        return []
    files = [
        *SHARED.glob("persian/*.csv"),
        *SHARED.glob("vcard/*"),
        *SHARED.glob("derived/*"),
        *SHARED.glob("crm/*.csv"),
    ]
    lines: list[str] = json.loads((SHARED / "text" / "blns.json").read_text("utf-8"))
    for file in files:
        lines += file.read_bytes().decode("utf-8", "ignore").splitlines()
    return lines


@pytest.mark.skipif(not SHARED.exists(), reason="the shared sample data is not beside the project")
def test_width_agrees_with_wcwidth_on_real_text() -> None:
    # wcwidth swallows whatever follows a ZWJ, also where nothing is joined; terminals show it.
    shown = [visible(line) for line in corpus()]
    joined = [line for line in shown if "\u200d<" not in line]
    assert len(joined) > 5000
    assert [(line, width(line), wcswidth(line)) for line in joined if width(line) != wcswidth(line)] == []


def test_width_agrees_with_wcwidth_on_every_assigned_character() -> None:
    known = (chr(point) for point in range(0xA0, sys.maxunicode + 1))
    wrong = [
        (hex(ord(char)), width(char), wcswidth(char))
        for char in known
        if unicodedata.category(char) not in ("Cn", "Co", "Cs", "Cc") and width(char) != wcswidth(char)
    ]
    assert wrong == []


def test_emoji_style_widens_what_wcwidth_says_it_widens() -> None:
    widened = [chr(point) for first, last in VS16_NARROW_TO_WIDE["9.0.0"] for point in range(first, last + 1)]
    assert [char for char in widened if width(char + "\ufe0f") != 2] == []
    assert width("x\ufe0f") == 1


@pytest.mark.parametrize(
    ("text", "columns", "clipped"),
    [
        ("Ada Lovelace", 12, "Ada Lovelace"), ("Ada Lovelace", 5, "Ada …"), ("Ada", 1, "…"), ("Ada", 0, ""),
        ("漢字漢", 4, "漢…"), ("👨‍👩‍👧👨‍👩‍👧", 3, "👨‍👩‍👧…"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"), ("🇮🇷🇩🇪", 3, "🇮🇷…"),
    ],
)  # fmt: skip
def test_clip(text: str, columns: int, clipped: str) -> None:
    assert clip(text, columns) == clipped


@given(SCRIPTS, st.integers(0, 12))
def test_clip_and_pad_fit(text: str, columns: int) -> None:
    assert width(clip(text, columns)) <= columns
    assert width(pad(clip(text, columns), columns)) == columns
    letter = clip("x" + text, columns)  # a mark at the very start would join the padding
    assert width(pad(letter, columns, "right")) == columns
    assert width(pad(letter, columns, "center")) == columns


def test_pad() -> None:
    assert pad("漢", 5) == "漢   "
    assert pad("漢", 5, "right") == "   漢"
    assert pad("漢", 5, "center") == " 漢  "
    assert pad("too long", 3) == "too long"


@pytest.mark.parametrize("seen", ["a", " a ", "\u200ca", "سلام", "-", "ー", "한", "\u200c\u0660"])
def test_a_text_that_shows_something_is_not_blank(seen: str) -> None:
    assert not blank(seen)


@pytest.mark.parametrize(
    "unseen", ["", " ", "\u200c", "\u200b\u200d \n", "\u3164", "\u2800", "\u115f\u1160", "\xad", "\u0301"]
)
def test_a_text_of_invisible_characters_is_blank(unseen: str) -> None:
    assert blank(unseen)


def test_what_no_comparison_sees_is_no_name() -> None:
    letters = [chr(code) for code in range(0x80, 0x10000) if chr(code).isalnum()]
    assert [hex(ord(char)) for char in letters if not fold(char) and not blank(char)] == []
    assert blank("ـــ")
    assert not blank("ـاحمد")
