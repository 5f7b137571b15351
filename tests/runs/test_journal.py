"""The journal: what is written is found again, and what is damaged costs work, nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from cocoseg.errors import OutputError, Problem
from cocoseg.runs import journal
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Journal, Row, Text, decode_row, encode_row, page, page_name, text_name
from cocoseg.targets.semantic import Counts

ROW = Row("a/b.png", "5f", {"a/b.png": (9, "77")}, msgspec.Raw(b'{"pixels":{"1":2}}'), (Problem("seg.empty", "é"),))

TEXT = text_name(1, 0)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / ".cocoseg").mkdir()
    return Folder(str(tmp_path))


def line(key: str, made_from: str = "1") -> bytes:
    return encode_row(Row(key, made_from))


def put(folder: Folder, run: int, first: int, *lines: bytes, command: str = "to-semantic") -> Path:
    folder.save(page_name(run, first), page(command, lines))
    return Path(folder.path(page_name(run, first)))


def loaded(folder: Folder) -> dict[str, str]:
    return {key: decode_row(row).made_from for key, row in Journal(folder, "to-semantic").load().items()}


class TestRow:
    def test_comes_back_as_it_was(self) -> None:
        assert decode_row(encode_row(ROW)) == ROW

    def test_is_one_line(self) -> None:
        odd = Row("a\nb\r.png", "1", {"x\u2028\x85": (1, "2")}, problems=(Problem("x", "y\nz"),))
        assert len(encode_row(odd).splitlines()) == 1
        assert decode_row(encode_row(odd)) == odd

    def test_leaves_out_what_says_nothing(self) -> None:
        assert encode_row(Row("a", "1")) == b'{"key":"a","made_from":"1"}'

    def test_that_is_forgotten_keeps_its_files_to_itself_and_is_not_finished(self) -> None:
        forgotten = journal.forgotten(encode_row(ROW))
        assert decode_row(forgotten) == Row("a/b.png", files={"a/b.png": (9, "77")})
        assert journal.is_finished(encode_row(ROW))
        assert not journal.is_finished(forgotten)
        assert journal.forgotten(forgotten) == forgotten


class TestPages:
    def test_of_nothing_are_none(self, folder: Folder) -> None:
        pages = Journal(folder)
        assert (pages.pages(), pages.runs(), pages.next_run(), pages.load()) == ([], set(), 1, {})

    def test_of_a_folder_without_a_journal_are_none(self, tmp_path: Path) -> None:
        assert Journal(Folder(str(tmp_path / "none"))).load() == {}

    def test_are_found_again(self, folder: Folder) -> None:
        put(folder, 3, 0, line("a"), line("b"))
        put(folder, 3, 2, line("c"))
        assert loaded(folder) == {"a": "1", "b": "1", "c": "1"}
        assert Journal(folder).next_run() == 4

    def test_of_later_runs_outdo_those_of_earlier_ones(self, folder: Folder) -> None:
        put(folder, 10, 0, line("a", "ten"))
        put(folder, 9, 0, line("a", "nine"), line("b", "nine"))
        put(folder, 0, 0, line("a", "0"), line("b", "0"), line("c", "0"))
        assert loaded(folder) == {"a": "ten", "b": "nine", "c": "0"}

    @pytest.mark.parametrize(
        "name", ["lock", "page.jsonl", "page-0001-000000000.jsonl~", "sub/page-0001-000000000.jsonl"]
    )
    def test_are_those_with_the_name_of_a_page(self, folder: Folder, name: str) -> None:
        put(folder, 1, 0, line("a"))
        folder.write(f".cocoseg/{name}", page("to-semantic", [line("b")]))
        assert loaded(folder) == {"a": "1"}

    def test_may_be_empty(self, folder: Folder) -> None:
        put(folder, 1, 0)
        assert loaded(folder) == {}
        assert Journal(folder).is_whole(page_name(1, 0))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut in the header": lambda data: data[:20],
    "cut after the header": lambda data: data.split(b"\n")[0],
    "cut in a row": lambda data: data[:-9],
    "cut after a row": lambda data: b"\n".join(data.split(b"\n")[:2]) + b"\n",
    "without its last newline": lambda data: data[:-1],
    "a bit": lambda data: data[:-8] + bytes([data[-8] ^ 1]) + data[-7:],
    "more rows": lambda data: data + line("z") + b"\n",
    "zeros, as a power cut leaves": lambda data: bytes(len(data)),
    "no UTF-8": lambda data: b"\xff" + data,
    "a list": lambda data: b"[]\n" + data,
    "of a later version": lambda data: data.replace(b'"journal":1', b'"journal":2'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_page_costs_its_own_rows(folder: Folder, damage: Callable[[bytes], bytes]) -> None:
    put(folder, 1, 0, line("a"))
    path = put(folder, 1, 1, line("b"), line("c"))
    path.write_bytes(damage(path.read_bytes()))
    assert loaded(folder) == {"a": "1"}
    assert not Journal(folder).is_whole(page_name(1, 1))
    assert Journal(folder).is_whole(page_name(1, 0))
    assert Journal(folder).next_run() == 2


def deep(levels: int) -> bytes:
    return b'{"key":"b","made_from":"1","result":' + b"[" * levels + b"]" * levels + b"}"


GOOD = line("b")
NO_ROWS: dict[str, bytes] = {
    "an empty line": b"",
    "blanks": b"  ",
    "no JSON": b"b",
    "a list": b"[]",
    "a number": b"1",
    "no key": b'{"made_from":"1"}',
    "a key that is a number": b'{"key":1}',
    "more after the row": GOOD + b" {}",
    "cut": GOOD[:-3],
    "Latin-1 in the key": b'{"key":"caf\xe9","made_from":"1"}',
    "Latin-1 in a name": b'{"key":"b","made_from":"1","files":{"caf\xe9.png":[1,"2"]}}',
    "Latin-1 in the result": b'{"key":"b","made_from":"1","result":{"caf\xe9":1}}',
    "a broken surrogate": b'{"key":"\\ud800","made_from":"1"}',
    "nested": deep(100_000),
    "nested nearly as deep as can be read": deep(980),
    "text for a size": b'{"key":"b","made_from":"1","files":{"b.png":["9","2"]}}',
    "a size below 0": b'{"key":"b","made_from":"1","files":{"b.png":[-9,"2"]}}',
    "a size beyond 64 bits": b'{"key":"b","made_from":"1","files":{"b.png":[99999999999999999999,"2"]}}',
    "a size of 5,000 digits": b'{"key":"b","made_from":"1","files":{"b.png":[' + b"9" * 5000 + b',"2"]}}',
    "no digest": b'{"key":"b","made_from":"1","files":{"b.png":[9]}}',
    "a list of files": b'{"key":"b","made_from":"1","files":["b.png"]}',
    "NUL in a name": b'{"key":"b","made_from":"1","files":{"b\\u0000.png":[9,"2"]}}',
    "a name above": b'{"key":"b","made_from":"1","files":{"../b.png":[9,"2"]}}',
    "a name above, of a forgotten row": b'{"key":"b","files":{"../b.png":[9,"2"]}}',
    "an absolute name": b'{"key":"b","made_from":"1","files":{"/etc/passwd":[9,"2"]}}',
    "a name that is not plain": b'{"key":"b","made_from":"1","files":{"a//b.png":[9,"2"]}}',
    "an empty name": b'{"key":"b","made_from":"1","files":{"":[9,"2"]}}',
    "a name of the journal": b'{"key":"b","made_from":"1","files":{".cocoseg/lock":[9,"2"]}}',
    "the name of the report": b'{"key":"b","made_from":"1","files":{"cocoseg.json":[9,"2"]}}',
    "a failure": b'{"key":"b","made_from":"1","failure":["out.write","no"]}',
    "a row that says it is kept": b'{"key":"b","made_from":"1","kept":true}',
    "text for a problem": b'{"key":"b","made_from":"1","problems":["no"]}',
    "a text elsewhere": b'{"key":"b","made_from":"1","texts":[["../x",0,1,"2"]]}',
    "a text that is a page": b'{"key":"b","made_from":"1","texts":[[".cocoseg/page-0001-000000000.jsonl",0,1,"2"]]}',
    "a text that no memory holds": b'{"key":"b","made_from":"1","texts":[["",0,1152921504606846976,"2"]]}',
    "a text before the start": b'{"key":"b","made_from":"1","texts":[["",-1,1,"2"]]}',
}


@pytest.mark.parametrize("row", NO_ROWS.values(), ids=NO_ROWS)
def test_a_page_whose_rows_are_not_rows_is_as_if_it_were_not_there(folder: Folder, row: bytes) -> None:
    put(folder, 1, 0, line("a"))
    put(folder, 1, 1, line("c"), row)
    pages = Journal(folder, "to-semantic")
    assert list(pages.load()) == ["a"]
    assert pages.damaged == [page_name(1, 1)]
    assert not pages.is_whole(page_name(1, 1))
    assert pages.length() is None


@pytest.mark.parametrize("change", [(b'"rows":2', b'"rows":3'), (b'"rows":2', b'"rows":"2"'), (b"2", b"-2")])
def test_a_page_of_another_number_of_rows_is_damaged(folder: Folder, change: tuple[bytes, bytes]) -> None:
    path = put(folder, 1, 0, line("a"), line("b"))
    path.write_bytes(path.read_bytes().replace(*change, 1))
    assert loaded(folder) == {}


class TestWhatACommandWrites:
    RESULTS: ClassVar = {"to-semantic": Counts}

    @pytest.mark.parametrize("result", [b'{"things":1}', b"[]", b'{"pixels":{"1":-1}}', b'{"pixels":{"x":1}}', b"1"])
    def test_another_result_is_none(self, folder: Folder, result: bytes) -> None:
        put(folder, 1, 0, encode_row(Row("a", "1", result=msgspec.Raw(b'{"pixels":{"1":2}}'))))
        put(folder, 1, 1, encode_row(Row("b", "1", result=msgspec.Raw(result))))
        assert list(Journal(folder, "to-semantic", results=self.RESULTS).load()) == ["a"]
        assert list(Journal(folder, results=self.RESULTS).load()) == ["a"]

    def test_of_an_unknown_command_any_result_is_one(self, folder: Folder) -> None:
        put(folder, 1, 0, encode_row(Row("b", "1", result=msgspec.Raw(b"[1]"))), command="mine")
        assert list(Journal(folder, results=self.RESULTS).load()) == ["b"]

    def test_a_forgotten_row_has_no_result(self, folder: Folder) -> None:
        put(folder, 1, 0, journal.forgotten(line("b")))
        assert list(Journal(folder, results=self.RESULTS, texts=2).load()) == ["b"]

    def test_another_number_of_texts_is_none(self, folder: Folder) -> None:
        put(folder, 1, 0, encode_row(Row("a", "1", texts=(Text("", 0, 1, "2"), Text(TEXT, 0, 1, "2")))))
        put(folder, 1, 1, encode_row(Row("b", "1", texts=(Text("", 0, 1, "2"),))))
        assert list(Journal(folder, texts=2).load()) == ["a"]
        assert list(Journal(folder).load()) == ["a", "b"]


def test_a_page_with_a_number_of_hundreds_of_digits_is_none(folder: Folder) -> None:
    (Path(folder.root) / ".cocoseg" / f"page-{'9' * 200}-000000000.jsonl").write_bytes(page("to-semantic", []))
    assert (Journal(folder).pages(), Journal(folder).next_run()) == ([], 1)


def test_no_byte_of_a_page_can_be_changed_unseen(folder: Folder) -> None:
    path = put(folder, 1, 0, line("a"), line("b"))
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
        try:
            assert loaded(folder) in ({}, {"a": "1", "b": "1"})  # the latter: a byte of the number of rows
        except OutputError as error:
            assert error.category == "out.other"


def test_a_folder_in_a_pages_place_costs_no_more(folder: Folder) -> None:
    os.mkdir(folder.path(page_name(1, 0)))
    put(folder, 1, 1, line("b"))
    assert loaded(folder) == {"b": "1"}


def test_a_page_of_another_command_is_refused(folder: Folder) -> None:
    put(folder, 0, 0, line("a"), command="to-yolo\x1b")
    with pytest.raises(OutputError, match=r"'cocoseg to-yolo\\x1b' wrote; choose another folder") as caught:
        Journal(folder, "to-semantic").load()
    assert caught.value.category == "out.other"
    assert list(Journal(folder).load()) == ["a"]


class TestSettle:
    def test_writes_the_rows_in_the_order_given(self, folder: Folder) -> None:
        put(folder, 2, 0, line("b"))
        put(folder, 2, 1, line("a"))
        pages = Journal(folder, "to-semantic")
        replaced = pages.settle([line("a"), line("b")])
        assert replaced == [page_name(2, 0), page_name(2, 1)]
        assert Path(folder.path(page_name(0, 0))).read_bytes() == page("to-semantic", [line("a"), line("b")])
        assert pages.pages() == [page_name(0, 0), *replaced], "they stay until all else is done"

    def test_leaves_the_same_bytes_whatever_was_there(self, folder: Folder) -> None:
        pages = Journal(folder, "to-semantic")
        rows = [line(key) for key in "abc"]
        folder.remove(pages.settle(rows))
        before = os.stat(folder.path(page_name(0, 0)))
        put(folder, 1, 0, line("a"))
        folder.remove(pages.settle(rows))
        assert pages.pages() == [page_name(0, 0)]
        assert os.stat(folder.path(page_name(0, 0))).st_ino == before.st_ino

    def test_of_nothing_is_a_page_too(self, folder: Folder) -> None:
        pages = Journal(folder, "to-semantic")
        assert pages.settle([]) == []
        assert (pages.pages(), pages.load()) == ([page_name(0, 0)], {})

    def test_makes_pages_of_a_size_and_replaces_those_too_many(
        self, folder: Folder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal, "_ROWS_A_PAGE", 2)
        pages = Journal(folder, "to-semantic")
        rows = [line(str(number)) for number in range(5)]
        assert pages.settle(rows) == []
        assert pages.pages() == [page_name(0, first) for first in (0, 2, 4)]
        assert list(pages.load()) == list("01234")
        assert pages.settle(rows[:2]) == [page_name(0, 2), page_name(0, 4)]
