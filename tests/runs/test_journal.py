"""The journal: what is written is found again, and what is damaged costs work, nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cocoseg.errors import OutputError, Problem
from cocoseg.runs import journal
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Journal, Row, decode_row, encode_row, page, page_name

ROW = Row("a/b.png", "5f", {"a/b.png": (9, "77")}, msgspec.Raw(b'{"pixels":{"1":2}}'), (Problem("seg.empty", "é"),))


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
