"""JSON documents: strict, and a careless number costs its row, not the document."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import json
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.errors import CocosegError, DocumentError, SampleError
from cocoseg.files.documents import (
    describe,
    parse_document,
    parse_part,
    parse_rows,
    read_document,
    repeated_key,
    write_json,
)


class Row(msgspec.Struct):
    id: int
    file_name: str = ""
    area: float = 0
    bbox: list[float] = []


class Document(msgspec.Struct):
    rows: list[msgspec.Raw]
    info: Any = None


ROW = msgspec.json.Decoder(Row)


def table(*rows: str) -> bytes:
    return f'{{"rows": [{", ".join(rows)}]}}'.encode()


def read_rows(data: bytes) -> list[Any]:
    """Rows, and the category of the error in place of a row that can't be used."""
    return parse_rows(parse_document(data, Document).rows, ROW, lambda _, error: error.category)


def refusal(data: bytes, kind: Any = Document, unique: tuple[str, ...] = ()) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_document(data, kind, unique)
    assert str(caught.value).isprintable()
    return caught.value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    """What JSON can carry of a value: no lone surrogates."""
    return json.loads(json.dumps(value).encode().decode())


@given(JSON, st.booleans(), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_json_writes_is_read(value: Any, ascii_only: bool, indent: int | None, mark: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert parse_document(codecs.BOM_UTF8 * mark + data, Any) == json.loads(data)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_what_is_written_reads_back(value: Any) -> None:
    assert json.loads(write_json(value)) == value
    assert parse_document(write_json(value), Any) == value


@given(st.binary(max_size=60) | st.text('{}[]",:\\uNaIfinty-0123456789abcdeD. ', max_size=40).map(str.encode))
@settings(max_examples=600, deadline=None)
def test_any_bytes_are_read_as_json_reads_them_or_refused(data: bytes) -> None:
    try:
        document = parse_document(data, Any, ("a",))
    except DocumentError as error:
        assert error.category.startswith("json.")
        return
    text = data.removeprefix(codecs.BOM_UTF8)
    careless: list[str] = []
    expected = json.loads(text, parse_constant=careless.append)
    if not careless and b"\\u" not in text:
        assert document == expected


class TestDocumentsThatAreRefused:
    @pytest.mark.parametrize("data", [b"1e1000", b'{"rows": [-1e400]}', b"[1e309]"])
    def test_a_number_beyond_a_double(self, data: bytes) -> None:
        with pytest.raises(DocumentError) as caught:
            parse_document(data, Any)
        assert caught.value.category == "json.nonfinite"

    @pytest.mark.parametrize("data", [b"", b" \n\t ", codecs.BOM_UTF8])
    def test_an_empty_file(self, data: bytes) -> None:
        error = refusal(data)
        assert error.category == "json.syntax"
        assert "the file is empty" in str(error)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
    def test_text_of_two_or_four_bytes_a_letter(self, encoding: str) -> None:
        error = refusal(table('{"id": 1}').decode().encode(encoding))
        assert error.category == "json.encoding"
        assert "UTF-8" in str(error)

    @pytest.mark.parametrize(
        "data", ['{"rows": ["é"]}'.encode("latin-1"), b'{"rows": [], "x": "\xed\xa0\x80"}', b"\xff"]
    )
    def test_text_that_is_no_utf8(self, data: bytes) -> None:
        assert refusal(data).category == "json.encoding"

    def test_broken_utf8_far_behind_and_across_the_pieces_of_checking(self) -> None:
        good = b'{"rows": [], "info": "' + b"a" * ((1 << 20) - 23) + "é".encode() + b'"}'
        assert parse_document(good, Document).rows == []
        assert refusal(good.replace("é".encode(), b"\xc3")).category == "json.encoding"
        assert refusal(good[:-2] + b"\xc3").category == "json.encoding"

    @pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: zipped(data)])
    def test_a_compressed_file(self, pack: Any) -> None:
        error = refusal(pack(table('{"id": 1}')))
        assert error.category == "json.encoding"
        assert "unpack it first" in str(error)

    def test_a_web_page(self) -> None:
        error = refusal(b"<!DOCTYPE html>\n<html><head><title>404</title>")
        assert error.category == "json.syntax"
        assert "web page" in str(error)

    def test_a_git_lfs_pointer(self) -> None:
        error = refusal(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n")
        assert error.category == "json.syntax"
        assert "git lfs pull" in str(error)

    @pytest.mark.parametrize("end", [1, 5, 9, 14, -1, -2])
    def test_a_file_that_is_cut_off(self, end: int) -> None:
        assert refusal(table('{"id": 1, "file_name": "a.png"}')[:end]).category == "json.syntax"

    @pytest.mark.parametrize(
        "text",
        ["{'rows': []}", '{"rows": [],}', '{"rows": [] /* none */}', '{"rows": []} {}', '{"rows": [01]}', '{"rows": [+1]}',
         '{"rows": [.5]}', '{"rows": [nan]}', '{"rows": [True]}', '{rows: []}', '{"rows": ["a\nb"]}', '{"rows": [NaNa]}'],
    )  # fmt: skip
    def test_what_only_looks_like_json(self, text: str) -> None:
        assert refusal(text.encode()).category == "json.syntax"

    @pytest.mark.parametrize("text", ["[]", "7", '"a"', "null", "{}", '{"rows": {}}', '{"rows": 3}', '{"rows": NaN}'])
    def test_json_of_another_shape(self, text: str) -> None:
        assert refusal(text.encode()).category == "doc.type"

    @pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
    def test_brackets_without_end(self, bracket: bytes) -> None:
        depth = 100_000  # beyond the limit of every Python; that of 3.13 is above 5,000
        close = b"1" + (b"]" if bracket == b"[" else b"}") * depth
        for data in (bracket * depth, bracket * depth + close, b'{"rows": [' + bracket * depth + close + b"]}"):
            assert refusal(data, Any).category == "json.depth"

    def test_a_key_that_may_stand_once_and_stands_twice(self) -> None:
        error = refusal(b'{"rows": [1], "rows": []}', unique=("rows",))
        assert error.category == "json.duplicate_key"
        assert "'rows'" in str(error)

    def test_a_key_that_stands_twice_once_in_escapes(self) -> None:
        assert refusal(b'{"rows": [1], "r\\u006fws": []}', unique=("rows",)).category == "json.duplicate_key"


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.json", data)
    return file.getvalue()


class TestKeysThatMayStandOnce:
    @pytest.mark.parametrize(
        "text",
        [
            '{"rows": [{"rows": 1}]}',
            '{"rows": [{"rows": 1, "rows": 2}]}',
            '{"rows": [], "info": "\\"rows\\" twice"}',
            '{"info": {"rows": []}, "rows": []}',
            '{"info": 1, "info": 2, "rows": [{"rows": 1}]}',
        ],
    )
    def test_may_stand_deeper_down_again(self, text: str) -> None:
        assert isinstance(parse_document(text.encode(), Document, ("rows",)), Document)

    def test_are_not_looked_for_in_a_list(self) -> None:
        assert parse_document(b'[{"rows": 1, "rows": 2}]', list[Any], ("rows",)) == [{"rows": 2}]

    def test_are_found_beside_a_number_of_thousands_of_digits(self) -> None:
        long = b'{"id": ' + b"9" * 5000 + b', "rows": 1}'
        assert len(parse_document(b'{"rows": [' + long + b"]}", Document, ("rows",)).rows) == 1
        assert refusal(b'{"rows": [' + long + b'], "rows": []}', unique=("rows",)).category == "json.duplicate_key"


class TestCarelessNumbers:
    """NaN and Infinity cost the row that they stand in, and change nothing else."""

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "-NaN", "1e999", "-1e999"])
    @pytest.mark.parametrize("field", ['"area": {}', '"area":{}', '"bbox": [1, {}, 2]', '"id": {}'])
    def test_cost_one_row(self, number: str, field: str) -> None:
        rows = read_rows(table('{"id": 1}', f'{{"id": 2, {field.format(number)}}}', '{"id": 3}'))
        assert [rows[0], rows[2]] == [Row(1), Row(3)]
        assert rows[1] in ("json.nonfinite", "id.type", "id.range")

    def test_are_named_with_their_place(self) -> None:
        document = parse_document(table('{"id": 1, "bbox": [0, 0, NaN, 2]}'), Document)
        with pytest.raises(SampleError) as caught:
            parse_part(document.rows[0], ROW)
        assert caught.value.category == "json.nonfinite"
        assert str(caught.value).startswith("bbox[2]: NaN")

    @pytest.mark.parametrize(
        "name",
        ["café.png", "日本.png", "😀.png", 'a"b', "a\\b", "\\u0041", "\\\\ud800", "NaN", "Infinity.png", "a, NaN", '"NaN"',
         "-Infinity", "\x00\x1f", "\x7f", "/", "\ud7ff\ue000\uffff"],
    )  # fmt: skip
    @pytest.mark.parametrize("ascii_only", [True, False])
    def test_leave_the_names_of_the_other_rows_as_they_are(self, name: str, ascii_only: bool) -> None:
        row = json.dumps({"id": 1, "file_name": name}, ensure_ascii=ascii_only)
        assert read_rows(table(row, '{"id": 2, "area": NaN}')) == [Row(1, name), "json.nonfinite"]

    @given(st.lists(st.text(), max_size=4), st.booleans())
    @settings(max_examples=200, deadline=None)
    def test_leave_any_strings_as_they_are(self, names: list[str], ascii_only: bool) -> None:
        rows = [json.dumps({"id": 1, "file_name": name}, ensure_ascii=ascii_only) for name in names]
        assert read_rows(table(*rows, '{"id": 2, "area": NaN}')) == [
            *(Row(1, name) for name in names),
            "json.nonfinite",
        ]

    def test_in_a_part_that_nobody_reads_cost_nothing(self) -> None:
        assert read_rows(b'{"info": {"mean": NaN}, "rows": [{"id": 1}]}') == [Row(1)]

    def test_do_not_make_a_cut_off_file_cost_a_time_that_grows_with_its_square(self) -> None:
        code = "import sys; from cocoseg.files.documents import parse_document as p; p(sys.stdin.buffer.read(), list)"
        data = b'["' + b'\\"' * 200_000
        done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, timeout=10, check=False)
        assert b"DocumentError" in done.stderr


class TestBrokenSurrogates:
    @pytest.mark.parametrize("half", [r"\ud800", r"\udc00", r"\uDBFF", r"\udFFf", r"\udc00\ud800", r"\ud800\ud800"])
    def test_become_the_replacement_character(self, half: str) -> None:
        [row] = read_rows(table(f'{{"id": 1, "file_name": "a{half}b"}}'))
        assert row.file_name.strip("\ufffd") in ("a" + row.file_name[1:-1] + "b", "ab")
        assert set(row.file_name) == {"a", "b", "\ufffd"}

    @pytest.mark.parametrize("name", [r"\ud83d\ude00", r"\u0041", r"\u00e9", r"\\ud800", r"\ud7ff", r"\ue000", r"\n"])
    def test_beside_other_escapes_leave_those_as_they_are(self, name: str) -> None:
        rows = read_rows(table(f'{{"id": 1, "file_name": "{name}"}}', r'{"id": 2, "file_name": "\ud800"}'))
        assert rows == [Row(1, json.loads(f'"{name}"')), Row(2, "\ufffd")]


class TestRows:
    @pytest.mark.parametrize(
        ("row", "category", "start"),
        [
            ("{}", "doc.missing_key", "object missing required field id"),
            ("7", "doc.type", "expected object, got int"),
            ("[]", "doc.type", "expected object, got array"),
            ("null", "doc.type", "expected object, got null"),
            ('{"id": "1"}', "id.type", "id: expected int, got str"),
            ('{"id": true}', "id.type", "id: expected int, got bool"),
            ('{"id": 1.5}', "id.type", "id: expected int, got float"),
            ('{"id": null}', "id.type", "id: expected int, got null"),
            (f'{{"id": {"9" * 5000}}}', "id.", "id: "),
            ('{"id": 1, "area": "x"}', "doc.type", "area: expected float, got str"),
            ('{"id": 1, "bbox": [1, "x"]}', "doc.type", "bbox[1]: expected float, got str"),
            ('{"id": 1, "file_name": 5}', "doc.type", "file_name: expected str, got int"),
        ],
    )
    def test_name_the_field_what_was_found_and_what_was_expected(self, row: str, category: str, start: str) -> None:
        with pytest.raises(SampleError) as caught:
            parse_part(row.encode(), ROW)
        assert caught.value.category.startswith(category)
        assert str(caught.value).startswith(start)

    def test_that_are_no_json_are_refused_alone(self) -> None:
        with pytest.raises(SampleError) as caught:
            parse_part(b'{"id": ', ROW)
        assert caught.value.category == "json.syntax"

    def test_are_each_for_themselves_and_in_order(self) -> None:
        refused: list[tuple[int, CocosegError]] = []
        raws = [msgspec.Raw(row) for row in (b'{"id": 1}', b"{}", b'{"id": 3}', b"7")]
        rows = parse_rows(raws, ROW, lambda place, error: refused.append((place, error)))
        assert rows == [Row(1), None, Row(3), None]
        assert [place for place, _ in refused] == [1, 3]

    def test_of_an_empty_table_are_none(self) -> None:
        assert read_rows(table()) == []


class TestRepeatedKey:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ('{"id": 1, "id": 2}', "id"),
            ('{"id": 1, "id": 1}', "id"),
            ('[{"id": 1}, {"id": 2}]', None),
            ('{"id": {"id": 1}}', None),
            ('{"a": [{"b": 1, "id": 1, "id": 2}]}', "id"),
            ('{"other": 1, "other": 2}', None),
            ('{"id": "id"}', None),
            ('{"id": 1, "\\u0069d": 2}', "id"),
            ('{"area": 1, "area": 2, "id": 1}', "area"),
        ],
    )
    def test_is_one_that_the_same_object_gives_twice(self, text: str, found: str | None) -> None:
        assert repeated_key(text.encode(), "id", "area") == found

    def test_is_found_beside_a_number_of_thousands_of_digits(self) -> None:
        assert repeated_key(b'{"id": ' + b"9" * 5000 + b', "id": 2}', "id") == "id"


class TestReading:
    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(table('{"id": 1}'))
        assert len(read_document(path, Document).rows) == len(read_document(str(path), Document).rows) == 1

    def test_names_the_file_once(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(b"{")
        with pytest.raises(DocumentError) as caught:
            read_document(path, Document)
        assert caught.value.category == "json.syntax"
        assert str(caught.value).startswith(f"{path}: ")
        assert str(caught.value).count(str(path)) == 1

    @pytest.mark.parametrize(("name", "category"), [("none.json", "file.missing"), (".", "path.invalid")])
    def test_refuses_what_is_no_file_as_a_document(self, tmp_path: Path, name: str, category: str) -> None:
        with pytest.raises(DocumentError) as caught:
            read_document(tmp_path / name, Document)
        assert caught.value.category == category
        assert str(caught.value).count(str(tmp_path)) == 1


class TestWriting:
    def test_lays_objects_out_and_gives_rows_a_line_each(self) -> None:
        value = {"a": {"b": 1, "c": [1, 2]}, "rows": [{"x": 1, "y": []}, {"x": 2}], "none": [], "empty": {}}
        text = '{\n "a": {\n  "b": 1,\n  "c": [1, 2]\n },\n "rows": [\n  {"x": 1, "y": []},\n  {"x": 2}\n ],\n'
        assert write_json(value).decode() == text + ' "none": [],\n "empty": {}\n}\n'

    def test_keeps_other_scripts_readable(self) -> None:
        assert write_json({"é": "日本"}) == '{\n "é": "日本"\n}\n'.encode()

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    def test_refuses_what_is_no_json(self, number: float) -> None:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write_json({"a": [number]})

    @pytest.mark.parametrize("value", ["a\udcff.png", {"a": "\ud800"}, {"\udc80": 1}, [{"a": "\ud800"}]])
    def test_writes_a_name_from_a_file_system_that_is_no_utf8(self, value: Any) -> None:
        assert json.loads(write_json(value)) == value

    def test_writes_keys_that_are_numbers_as_json_does(self) -> None:
        assert json.loads(write_json({1: {2: 3}})) == {"1": {"2": 3}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"a": 1}, "{'a': 1} (an object)"),
        ([1], "[1] (a list)"),
        ("a", "'a' (a string)"),
        (True, "True (a bool)"),
        (7, "7"),
        (0.5, "0.5"),
    ],
)
def test_describe_names_a_value_and_its_type(value: Any, text: str) -> None:
    assert describe(value) == text
