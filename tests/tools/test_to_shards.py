"""to-shards: tars that are the same bytes for the same images."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import photographs
import pytest
from PIL import Image

import cocoseg
from cocoseg.runs import run
from cocoseg.runs.folder import Folder

COUNT = 9


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photographs.save(tmp_path / "src", COUNT)


def pack(source: Path, out: Path, **options: object) -> cocoseg.ShardSummary:
    return cocoseg.to_shards(source, out, photos=source.parent / "photos", **options)  # type: ignore[arg-type]


def tree(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def tars(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.tar"))}


def test_members_of_an_image_follow_each_other_under_one_name(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=3)
    found = []
    for path in sorted((tmp_path / "out").glob("*.tar")):
        with tarfile.open(path) as tar:
            names = tar.getnames()
            photo = tar.extractfile(names[0])
            assert photo is not None
            assert photo.read() == (source.parent / "photos" / names[0]).read_bytes()
            with tar.extractfile(names[1]) as label:  # type: ignore[union-attr]
                assert Image.open(label).size == photographs.SIZE[::-1]
        stems = [name.partition(".")[0] for name in names]
        assert [name.partition(".")[2] for name in names] == ["jpg", "seg.png", "json"] * (len(names) // 3)
        assert stems[::3] == stems[1::3] == stems[2::3]
        found += stems[::3]
    assert sorted(found) == [str(number) for number in range(COUNT)]


def test_the_same_images_are_the_same_bytes(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "one", shards=3, parts="train=.6,val=.4")
    pack(source, tmp_path / "two", shards=3, parts="train=.6,val=.4", workers=2)
    assert tars(tmp_path / "one") == tars(tmp_path / "two")
    assert pack(source, tmp_path / "one", shards=3, parts="train=.6,val=.4").made == 0
    assert tars(tmp_path / "one") == tars(tmp_path / "two")


def test_a_changed_photo_changes_its_tar_alone(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=4)
    before = tars(tmp_path / "out")
    Image.new("RGB", photographs.SIZE[::-1], (1, 2, 3)).save(source.parent / "photos" / "3.jpg")
    assert pack(source, tmp_path / "out", shards=4).made == 1
    after = tars(tmp_path / "out")
    assert sum(before[name] != after[name] for name in before) == 1
    assert cocoseg.verify(tmp_path / "out").whole


def test_tars_that_are_no_more_are_removed(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=6)
    pack(source, tmp_path / "out", shards=1)
    assert list(tars(tmp_path / "out")) == ["train-00000.tar"]
    assert cocoseg.verify(tmp_path / "out").whole


@pytest.mark.parametrize("step", ["_write_files", "_save_report", "remove"])
@pytest.mark.parametrize("before", [None, 6])
def test_tars_of_a_run_that_was_ended_are_removed_too(
    step: str, before: int | None, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(owner: Any, names: Iterable[str] = (), *_: object) -> None:
        if step != "remove" or any("/document-" in name for name in names):  # what it removes last
            raise KeyboardInterrupt

    if before:
        pack(source, tmp_path / "out", shards=before)
    with monkeypatch.context() as patch:
        patch.setattr(Folder if step == "remove" else run, step, ended)
        with pytest.raises(KeyboardInterrupt):
            pack(source, tmp_path / "out", shards=4)
    assert len(tars(tmp_path / "out")) > 2
    summary = pack(source, tmp_path / "out", shards=2)
    assert list(tars(tmp_path / "out")) == ["train-00000.tar", "train-00001.tar"]
    assert not summary.problems
    pack(source, tmp_path / "fresh", shards=2)
    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_tars_are_known_after_a_run_that_stopped(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=4)
    photo = source.parent / "photos" / "3.jpg"
    good = photo.read_bytes()
    photo.write_bytes(b"")
    pack(source, tmp_path / "out", shards=4, on_error="stop")
    photo.write_bytes(good)
    pack(source, tmp_path / "out", shards=2)
    assert list(tars(tmp_path / "out")) == ["train-00000.tar", "train-00001.tar"]


def test_a_damaged_tar_is_found_and_made_again(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=2)
    before = tars(tmp_path / "out")
    name = next(iter(before))
    (tmp_path / "out" / name).write_bytes(before[name][:-2000])
    assert [row.category for row in cocoseg.verify(tmp_path / "out").failures] == ["verify.changed"]
    pack(source, tmp_path / "out", shards=2)
    assert tars(tmp_path / "out") == before


def test_adding_images_leaves_the_others_where_they_are(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=3)
    places = where(tmp_path / "out")
    photographs.save(tmp_path / "src", COUNT + 4)
    pack(source, tmp_path / "out", shards=3)
    again = where(tmp_path / "out")
    assert len(again) == COUNT + 4
    assert {name: again[name] for name in places} == places


def where(out: Path) -> dict[str, str]:
    found = {}
    for path in out.glob("*.tar"):
        with tarfile.open(path) as tar:
            found |= {name: path.name for name in tar.getnames() if name.endswith(".jpg")}
    return found


def test_a_dot_in_a_name_does_not_part_it(tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 1, prefix="frame.")
    pack(source, tmp_path / "out", shards=1)
    with tarfile.open(tmp_path / "out" / "train-00000.tar") as tar:
        assert tar.getnames() == ["frame%2E0.jpg", "frame%2E0.seg.png", "frame%2E0.json"]


def test_a_dot_is_not_taken_for_what_stands_for_it(tmp_path: Path) -> None:
    document = json.loads(photographs.save(tmp_path / "src", 2).read_text())
    for row, name in zip(document["images"], ("a.b.jpg", "a%2Eb.jpg"), strict=True):
        (tmp_path / "src" / "photos" / row["file_name"]).rename(tmp_path / "src" / "photos" / name)
        row["file_name"] = name
    (tmp_path / "src" / "instances.json").write_text(json.dumps(document))
    pack(tmp_path / "src" / "instances.json", tmp_path / "out", shards=1)
    with tarfile.open(tmp_path / "out" / "train-00000.tar") as tar:
        assert [name for name in tar.getnames() if name.endswith(".jpg")] == ["a%2Eb.jpg", "a%252Eb.jpg"]
