"""Documents about all images: whole, numbered, never in memory, and taken up again."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import pytest

import cocoseg
from cocoseg.files.digests import digest
from cocoseg.formats.coco import writer as detection
from cocoseg.formats.coco_json.document import BETWEEN, json_document
from cocoseg.runs import journal
from cocoseg.runs.document import Document, Packed, Place, Texts
from cocoseg.runs.folder import Folder
from cocoseg.runs.journal import Row, Text
from conftest import FIXTURES

SOURCE = FIXTURES / "panoptic.json"


def document(folder: Path, texts: list[tuple[list[Any], list[Any]]], **options: Any) -> tuple[Document, list[bytes]]:
    """A document with the rows of two lists for each item, whose texts lie in one file; and the items' rows."""
    target = Folder.create(folder)
    name, body, lines = journal.text_name(1, 0), b"", []
    for number, lists in enumerate(texts):
        places = []
        for rows in lists:
            text = BETWEEN.join(json.dumps(row, separators=(",", ":")).encode() for row in rows)
            places.append(Text(name, len(body), len(text), digest(text)))
            body += text
        lines.append(journal.encode_row(Row(str(number), made_from="x", texts=tuple(places))))
    target.save(name, body)
    place = Place(target, "all.json", target)
    return json_document(place, {"info": {}}, ("a", "b"), {"last": [{"id": 1}]}, **options), lines


def test_lists_of_all_items_in_order(tmp_path: Path) -> None:
    made, lines = document(tmp_path / "out", [([{"x": 1}], []), ([], [{"y": 1}, {"y": 2}]), ([{"x": 2}], [{"y": 3}])])
    made.write(lines)
    found = json.loads((tmp_path / "out" / "all.json").read_text())
    expected = {"info": {}, "a": [{"x": 1}, {"x": 2}], "b": [{"y": 1}, {"y": 2}, {"y": 3}], "last": [{"id": 1}]}
    assert found == expected
    assert list(found) == list(expected)


def test_nothing_at_all(tmp_path: Path) -> None:
    made, lines = document(tmp_path / "out", [])
    made.write(lines)
    assert json.loads((tmp_path / "out" / "all.json").read_text())["a"] == []


def test_numbered_rows_and_what_looks_like_one_in_a_string(tmp_path: Path) -> None:
    odd = {"id": 0, "name": ',\n{"id":0,"'}
    made, lines = document(tmp_path / "out", [([], [{"id": 0}, odd]), ([], [{"id": 0}])], numbered="b")
    made.write(lines)
    found = json.loads((tmp_path / "out" / "all.json").read_text())["b"]
    assert found == [{"id": 1}, odd | {"id": 2}, {"id": 3}]


def test_rows_name_their_places_in_the_finished_document_and_it_is_made_of_them_again(tmp_path: Path) -> None:
    made, lines = document(tmp_path / "out", [([], [{"id": 0, "k": n}]) for n in range(12)], numbered="b")
    lines, known = made.write(lines)
    data = (tmp_path / "out" / "all.json").read_bytes()
    assert known == {made.place.name: (len(data), hashlib.sha256(data).hexdigest()[:32])}
    for number, line in enumerate(lines):
        for text in journal.decode_row(line).texts:
            assert text.file == ""
            assert made.place.holds(text)
        place = journal.decode_row(line).texts[1]
        assert json.loads(data[place.start : place.start + place.size]) == {"id": number + 1, "k": number}
    again, _ = made.write(lines[::-1])
    found = json.loads((tmp_path / "out" / "all.json").read_text())["b"]
    assert found == [{"id": n + 1, "k": 11 - n} for n in range(12)]
    assert made.write(again)[1] != known


def test_a_text_that_was_damaged_is_named(tmp_path: Path) -> None:
    made, lines = document(tmp_path / "out", [([{"x": 1}], [])])
    (tmp_path / "out" / journal.text_name(1, 0)).write_bytes(b'{"x":2}')
    with pytest.raises(cocoseg.OutputError, match="is not as it was written") as caught:
        made.write(lines)
    assert caught.value.category == "out.journal"
    assert not (tmp_path / "out" / "all.json").exists()


def test_it_is_never_whole_in_memory(tmp_path: Path) -> None:
    row = {"id": 0, "text": "x" * 100_000}
    made, lines = document(tmp_path / "out", [([], [row])] * 200)
    tracemalloc.start()
    made.write(lines)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "out" / "all.json").stat().st_size > 20_000_000
    assert peak < 5_000_000


class Counting:
    """How many images a run works on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        convert = detection.Annotations.__call__

        def counted(annotations: Any, sample: Any) -> Any:
            self.count += 1
            return convert(annotations, sample)

        monkeypatch.setattr(detection.Annotations, "__call__", counted)

    def of(self, *args: Any, **options: Any) -> int:
        self.count = 0
        cocoseg.to_coco(*args, **options)
        return self.count


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_second_run_takes_all_from_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    assert counting.of(SOURCE, tmp_path / "a.json") == 3
    before = tree(tmp_path)
    assert counting.of(SOURCE, tmp_path / "a.json") == 0
    assert tree(tmp_path) == before


def test_what_the_document_lost_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    counting.of(SOURCE, tmp_path / "a.json")
    before = tree(tmp_path)
    data = before["a.json"]
    (tmp_path / "a.json").write_bytes(data.replace(b'"area"', b'"aera"', 1))
    assert counting.of(SOURCE, tmp_path / "a.json") == 1
    assert tree(tmp_path) == before
    (tmp_path / "a.json").unlink()
    assert counting.of(SOURCE, tmp_path / "a.json") == 3
    assert tree(tmp_path) == before


def test_a_run_that_was_ended_before_its_document_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    (tmp_path / "clean").mkdir()
    cocoseg.to_coco(SOURCE, tmp_path / "clean" / "a.json")
    (tmp_path / "ended").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(Document, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cocoseg.to_coco(SOURCE, tmp_path / "ended" / "a.json")
    left = [path.name for path in (tmp_path / "ended" / "a.json.cocoseg" / ".cocoseg").iterdir()]
    assert any(name.startswith("text-0001-") for name in left)
    assert counting.of(SOURCE, tmp_path / "ended" / "a.json") == 0
    assert tree(tmp_path / "ended") == tree(tmp_path / "clean")


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_makes_the_same(workers: int, tmp_path: Path) -> None:
    trees = []
    for count in (1, workers):
        folder = tmp_path / str(count)
        folder.mkdir()
        cocoseg.to_coco(SOURCE, folder / "a.json", workers=count)
        trees.append(tree(folder))
    assert trees[0] == trees[1]


def test_in_storage_behind_a_url(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    import fsspec

    cocoseg.to_coco(SOURCE, tmp_path / "a.json")
    for _ in range(2):
        cocoseg.to_coco(SOURCE, "memory://documents/a.json")
        assert fsspec.filesystem("memory").cat("/documents/a.json") == (tmp_path / "a.json").read_bytes()
    assert cocoseg.verify("memory://documents/a.json").whole


def test_a_packed_document_says_where_its_texts_stand_and_is_taken_up_again(tmp_path: Path) -> None:
    """By columns, as Parquet has them: all first texts, then all second ones, of two images at a time."""

    def packed(rows: Iterator[tuple[Row, tuple[bytes, ...]]]) -> Iterator[Packed]:
        yield Packed(b"head", [])
        while group := list(islice(rows, 2)):
            columns = list(zip(*(texts for _, texts in group), strict=True))
            starts = [list(accumulate(map(len, column), initial=1)) for column in columns]
            second = starts[0][-1]
            places = [(starts[0][k], second + starts[1][k] - 1) for k in range(len(group))]
            yield Packed(b"|" + b"".join(map(b"".join, columns)), places)

    made, lines = document(tmp_path / "out", [([{"x": k}], [{"yy": k}]) for k in range(3)])
    made = replace(made, pieces=(Texts(0), Texts(1)), pack=packed)
    now, known = made.write(lines)
    data = b'head|{"x":0}{"x":1}{"yy":0}{"yy":1}|{"x":2}{"yy":2}'
    assert (tmp_path / "out" / "all.json").read_bytes() == data
    assert known == {"all.json": (len(data), digest(data))}
    for k, line in enumerate(now):
        texts = journal.decode_row(line).texts
        assert [made.place.read(text) for text in texts] == [b'{"x":%d}' % k, b'{"yy":%d}' % k]
        assert all(map(made.place.holds, texts))
    again, _ = made.write(now)
    assert again == now
