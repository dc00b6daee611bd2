"""JSON lines and arrays as tables: every key a column, every value as it stands, every fault with its line."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.errors import ReadError, UsageError
from crmcli.exchange import json_text, jsonl
from crmcli.exchange.jsonl import MAX_KEYS, flat, objects
from crmcli.exchange.tables import Row, open_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Read:
    """A file read to its end."""

    def __init__(self, path: Path, **options: Any) -> None:
        with open_table(str(path), **options) as table:
            self.header, self.source = table.header, table.source
            self.rows: list[Row] = list(table.rows)

    @property
    def values(self) -> list[dict[str, str]]:
        """The filled cells of the sound rows."""
        sound = [row for row in self.rows if row.problem is None]
        return [{h: c for h, c in zip(self.header, row.cells, strict=True) if c} for row in sound]

    @property
    def problems(self) -> list[tuple[int, str]]:
        return [(row.line, row.problem) for row in self.rows if row.problem]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    def opened(data: bytes | str, **options: Any) -> Read:
        path = tmp_path / "records.txt"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return Read(path, **options)

    return opened


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ('"text"', "text"),
        ("null", ""),
        ("true", "yes"),
        ("false", "no"),
        ("12", "12"),
        ("12.50", "12.50"),
        ("-0.1", "-0.1"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
        ("1.5e3", "1500"),
        ("1E-2", "0.01"),
        ("1e400", "1e400"),
        ("-1e999999999999", "-1e999999999999"),
        ("9" * 5000, "9" * 5000),
        ('["a", "b"]', "a, b"),
        ('["a, b", "c"]', '["a, b", "c"]'),
        ("[1, true, null]", "1, yes"),
        ("[]", ""),
        ("{}", ""),
        (r'"\u0639\u0644\u06cc \ud83d\udc4d\n"', "علی 👍\n"),
        ('" =1+1 "', " =1+1 "),
    ],
)
def test_a_value_is_the_text_that_an_import_reads(value: str, cell: str, read: Callable[..., Read]) -> None:
    found = read(f'{{"name": "x", "a": {value}}}\n')
    assert found.values == [{"name": "x", **({"a": cell} if cell else {})}]


def test_nested_objects_and_lists_are_flat() -> None:
    made = {
        "a": {"b": {"c": 1}, "d": None},
        "emails": [{"value": "x@y", "main": True}, {"value": "z@y"}],
        "e": [[1, 2]],
    }
    assert flat(made) == {
        "a.b.c": "1", "a.d": "",
        "emails.1.value": "x@y", "emails.1.main": "yes", "emails.2.value": "z@y", "e.1": "1, 2",
    }  # fmt: skip


VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=60)
@given(rows=st.lists(st.dictionaries(st.sampled_from("abcdefg"), VALUES, min_size=1), min_size=1, max_size=8))
@pytest.mark.parametrize("form", ["lines", "array", "pretty", "stream"])
def test_texts_come_back_from_every_form(
    form: str, rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{form}.json"
    dumped = {
        "lines": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "array": json.dumps(rows),
        "pretty": json.dumps(rows, indent=2, ensure_ascii=False),
        "stream": "\n".join(json.dumps(row, indent=1) for row in rows),
    }[form]
    path.write_text(dumped, encoding="utf-8", newline="")
    assert [one.values for one in objects(str(path))] == rows
    assert all(one.problem is None for one in objects(str(path)))


# --- keys -----------------------------------------------------------------------------------------------------------


def test_columns_are_the_keys_of_all_lines(tmp_path: Path) -> None:
    path = tmp_path / "late.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f'{{"name": "n{number}"}}\n' for number in range(30_000))
        file.write('{"late": "here", "name": "last"}\n')
    found = Read(path)
    assert found.header == ["name", "late"]
    assert found.values[-1] == {"name": "last", "late": "here"}
    assert len(found.rows) == 30_001


def test_a_file_that_changes_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"name": "x"}\n')
    assert Read(path).header == ["name"]
    path.write_text('{"name": "x", "more": 1}\n')
    assert Read(path).header == ["name", "more"]


def test_keys_are_clean_and_unique_titles(read: Callable[..., Read]) -> None:
    found = read('{"a\\n b": 1, "a  b": 2, "": 3}\n')
    assert found.header == ["a b", "a b 2", "column 3"]
    assert found.rows[0].cells == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ('{"contacts": [{"name": "A", "email": "a@b.example"}, {"name": "B"}], "owner": "me"}', "contacts"),
        ('{"name": "A", "phones": [{"number": 1}, {"number": 2}]}\n{"name": "B", "city": "Bern"}', ""),
        ('{"name": "A"}', ""),
    ],
)
def test_a_list_that_may_be_a_part_of_one_record_is_told_with_what_makes_rows_of_it(
    text: str, listed: str, read: Callable[..., Read]
) -> None:
    notes = [f"its objects are in a list: jq -c '.{listed}[]' makes a row of each"] if listed else []
    assert read(text).source.notes == notes


def test_too_many_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.jsonl"
    path.write_text("".join(f'{{"k{number}": 1}}\n' for number in range(MAX_KEYS + 2)))
    with pytest.raises(ReadError, match="more than 2,000 different keys, by line 2,001"):
        Read(path)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"k" * 999: {"c": 1}}, f"the names of nested keys are longer than 1,000 characters: '{'k' * 39}…'"),
        ({"k" * 998: {"c": 1}}, None),
        ({"k" * 500: [{"c" * 500: {}}]}, f"the names of nested keys are longer than 1,000 characters: '{'k' * 39}…'"),
        ({"a": [{"b": number} for number in range(2001)]}, "it has more than 2,000 keys"),
        ({"a": [{"b": number} for number in range(1999)]}, None),
    ],
)
def test_one_object_cannot_name_more_than_a_table_has(
    value: dict[str, Any], problem: str | None, read: Callable[..., Read]
) -> None:
    found = read(f'{{"name": "x"}}\n{json.dumps(value)}\n')
    assert found.problems == ([(2, problem)] if problem else [])
    assert found.values[0] == {"name": "x"}


# --- faults ---------------------------------------------------------------------------------------------------------


def test_a_broken_line_is_a_refused_row_and_the_others_come_in(read: Callable[..., Read]) -> None:
    found = read(
        b'{"name": "one"}\n'
        b'{"name": "two"\n'
        b"\n"
        b'["no", "object"]\n'
        b'{"name": "caf\xe9"}\n'
        b'{"name": "\\ud800"}\n'
        b'{"name": "\\u0000"}\n'
        b'{"name": NaN}\n'
        b'{"name": "a", "name": "b"}\n'
        b'{"a.b": 1, "a": {"b": 2}}\n'
        b'{"name": "same", "name": "same"}\n'
        b"nothing\n"
        b'{"\\udfff": 1}'
    )
    assert found.problems == [
        (2, "it is no JSON: Expecting ',' delimiter, at character 15"),
        (4, "it is JSON, but no object ({...})"),
        (5, "it is not utf-8: byte 0xE9 at 14"),
        (6, "it holds a lone surrogate, which is no character"),
        (7, "'name' holds a NUL character"),
        (8, "NaN is no value of JSON"),
        (9, "the key 'name' has two values"),
        (10, "the key 'a.b' has two values"),
        (12, "it is no JSON: Expecting value, at character 1"),
        (13, "it holds a lone surrogate, which is no character"),
    ]
    assert found.values == [{"name": "one"}, {"name": "same"}]
    assert [row.cells[-1] for row in found.rows if row.line == 5] == ['{"name": "caf\\xe9"}']


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.sampled_from([b'{"a": 1}', b"\n", b",", b"]", b"[", b'{"b": [{"c": null}]}', b"{", b"}", b'"', b"\\ud800"])
        | st.binary(max_size=10),
        max_size=12,
    ),
    begin=st.sampled_from([b"[{", b'{"', b"{}", b"[]", b'[{"a": 1},']),
)
def test_any_bytes_are_read_or_refused_in_words(parts: list[bytes], begin: bytes, read: Callable[..., Read]) -> None:
    try:
        found = read(begin + b"".join(parts))
    except ReadError:
        return
    for row in found.rows:
        assert len(row.cells) == len(found.header) + (row.problem is not None)
        "".join(row.cells).encode()


@pytest.mark.parametrize("depth", [33, 5_000, 200_000])
@pytest.mark.parametrize("marks", [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_does_no_harm(depth: int, marks: tuple[str, str], read: Callable[..., Read]) -> None:
    nested = marks[0] * depth + "1" + marks[1] * depth
    found = read(f'{{"name": "x"}}\n{{"a": {nested}}}\n')
    assert found.problems == [(2, "objects and lists are nested more than 32 deep")]
    with pytest.raises(ReadError, match=r"no line is a JSON object|nested more than"):
        read(f'[{{"a": {nested}}}]')


def test_a_line_without_end_is_refused_in_little_memory(
    read: Callable[..., Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_TEXT", 100_000)
    data = '{"name": "x"}\n{"name": "' + "y" * 250_000 + '"}\n{"name": "z"}\n'
    found = read(data)
    assert found.problems == [(2, "it is longer than 100,000 bytes")]
    assert found.values == [{"name": "x"}, {"name": "z"}]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ('[{"name": "' + "y" * 600_000 + '"}]', r"or it is longer than 100,000 characters \(line 1\)"),
        (('{"name": "x"}\n{"name": "' + "y" * 300_000 + '"}\n').encode("utf-16"), "line 2 is longer than 100,000 char"),
    ],
    ids=["array", "utf-16"],
)
def test_what_has_no_lines_of_bytes_is_refused_whole(
    data: bytes | str, what: str, read: Callable[..., Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_TEXT", 100_000)
    monkeypatch.setattr(json_text, "MAX_TEXT", 100_000)
    with pytest.raises(ReadError, match=what):
        read(data)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[{"a": 1}, {"a": }]', r"Expecting value \(line 1\)"),
        ('[{"a": 1}\n {"a": 2}]', r"a comma is missing between two objects \(line 2\)"),
        ('[{"a": 1},\n\n', r"the array is not closed \(line 3\)"),
        ('[{"a": 1}]\n{}', r"something stands behind the array \(line 2\)"),
        ('[{"a": 1},]', r"Expecting value \(line 1\)"),
        ('{\n"a": 1\n}\n{\n"a" 2\n}', r"Expecting ':' delimiter \(line 4\)"),
        ('[{"a": "' + "x" * 1000, r"Unterminated string starting at \(line 1\)"),
    ],
)
def test_a_fault_in_an_array_names_its_line(text: str, what: str, read: Callable[..., Read]) -> None:
    with pytest.raises(ReadError, match=what):
        read(text)


def test_what_is_no_object_in_an_array_is_refused_alone(read: Callable[..., Read]) -> None:
    found = read('[{"a": 1}, 2, "x", [3], {"a": 4}]')
    assert [problem for _, problem in found.problems] == ["it is JSON, but no object ({...})"] * 3
    assert found.values == [{"a": "1"}, {"a": "4"}]


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ['{{"name": "علي {0}"}}\n', '{{\n "name":\n "علي {0}"}}\n'])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256"])
def test_encodings(codec: str, form: str, read: Callable[..., Read]) -> None:
    data = "".join(form.format(number) for number in range(50)).encode(codec)
    found = read(data, **({"encoding": codec} if codec == "cp1256" else {}))
    assert found.problems == []
    assert [row["name"] for row in found.values] == [f"علي {number}" for number in range(50)]


def test_a_long_array_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    with path.open("w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(f'{{"name": "n{number}", "text": "{"ش" * 60}"}}' for number in range(5000)) + "]")
    tracemalloc.start()
    with open_table(str(path)) as table:
        assert sum(row.problem is None for row in table.rows) == 5000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_lines_are_read_quickly(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    line = json.dumps({f"key {number}": f"value {number}" for number in range(30)})
    path.write_text(f"{line}\n" * 5000)
    started = time.process_time()
    assert len(Read(path).rows) == 5000
    assert time.process_time() - started < 3  # 0.4 s where it was measured


@pytest.mark.parametrize("text", ["{}", "{}\n{}\n", "[{}]", "[]", '{"a": {}}'])
def test_objects_without_keys_are_no_rows(text: str, read: Callable[..., Read]) -> None:
    with pytest.raises(ReadError, match="holds no rows"):
        read(text)


def test_an_end_mark_of_dos_ends_the_file(read: Callable[..., Read]) -> None:
    for text in ('{"a": 1}\r\n\x1a', '{"a": 1}\x1a', '[{"a": 1}]\r\n\x1a'):
        assert [row.cells for row in read(text).rows] == [["1"]]


@pytest.mark.parametrize("records", [('{"a": "x"}', '{"a": "y"}'), ('{"a":\n"x"}', '{"a": "y"}')])
def test_a_sequence_of_texts_is_read(records: tuple[str, str], read: Callable[..., Read]) -> None:
    found = read("".join(f"\x1e{one}\n" for one in records))
    assert (found.header, [(row.cells, row.problem) for row in found.rows]) == (["a"], [(["x"], None), (["y"], None)])


def test_what_is_set_for_tables_is_refused(read: Callable[..., Read]) -> None:
    with pytest.raises(UsageError, match="holds JSON: it has no delimiter"):
        read('{"a": 1}', delimiter=",")
    with pytest.raises(UsageError, match="no sheets"):
        read('{"a": 1}', sheet="x")


def test_windows_line_ends_and_blank_lines(read: Callable[..., Read]) -> None:
    found = read('\r\n{"a": 1}\r\n\r\n{"a": 2}')
    assert [(row.line, row.cells) for row in found.rows] == [(2, ["1"]), (4, ["2"])]
