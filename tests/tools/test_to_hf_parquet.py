"""to-hf --parquet: the rows of the imagefolder, in files as the hub has them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import photographs
import pytest
from msgspec.structs import replace as with_fields
from PIL import Image

import cocoseg
from cocoseg.formats import parquet
from conftest import FIXTURES

needs_pyarrow = pytest.mark.skipif(not parquet.is_installed(), reason="pyarrow is not installed")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photographs.save(tmp_path / "src", 7)


def pack(source: Path, out: Path, **options: Any) -> cocoseg.HfSummary:
    return cocoseg.to_hf(source, out, photos=source.parent / "photos", parquet=True, **options)


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.parquet"))}


def rows(out: Path) -> list[dict[str, Any]]:
    from pyarrow.parquet import read_table

    return [row for path in sorted(out.glob("*.parquet")) for row in read_table(path).to_pylist()]


@needs_pyarrow
@pytest.mark.parametrize("task", ["semantic", "panoptic"])
def test_rows_are_those_of_the_imagefolder(task: Any, source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", task=task, shards=3)
    cocoseg.to_hf(source, tmp_path / "usual", photos=source.parent / "photos", task=task)
    usual = tmp_path / "usual" / "train"
    lines = [json.loads(line) for line in (usual / "metadata.jsonl").read_text().splitlines()]
    assert list(files(tmp_path / "out")) == [f"train-0000{k}-of-00003.parquet" for k in range(3)]
    found = rows(tmp_path / "out")
    assert len(found) == len(lines) == 7
    for row, line in zip(found, lines, strict=True):
        assert row["image"] == {"bytes": (usual / line["file_name"]).read_bytes(), "path": f"{line['image_id']}.jpg"}
        assert row["label"]["bytes"] == (usual / line["label_file_name"]).read_bytes()
        assert (row["image_id"], row.get("segments")) == (line["image_id"], line.get("segments"))
    assert (tmp_path / "out" / "id2label.json").read_bytes() == (tmp_path / "usual" / "id2label.json").read_bytes()


@needs_pyarrow
def test_the_schema_says_that_both_columns_are_images(source: Path, tmp_path: Path) -> None:
    from pyarrow.parquet import read_schema

    pack(source, tmp_path / "out", task="panoptic")
    schema = read_schema(tmp_path / "out" / "train-00000-of-00001.parquet")
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == features["label"] == {"_type": "Image"}
    assert list(features) == schema.names == ["image", "label", "image_id", "segments"]


@needs_pyarrow
def test_the_same_images_are_the_same_bytes_and_are_kept(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "one", parts="train=.6,val=.4", shards=2)
    pack(source, tmp_path / "two", parts="train=.6,val=.4", shards=2, workers=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert pack(source, tmp_path / "one", parts="train=.6,val=.4", shards=2).kept == 7
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert cocoseg.verify(tmp_path / "one").whole


@needs_pyarrow
def test_row_groups_are_bounded_and_a_changed_photo_is_made_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow.parquet import ParquetFile

    monkeypatch.setattr(parquet, "_GROUP", 3)
    pack(source, tmp_path / "out")
    path = tmp_path / "out" / "train-00000-of-00001.parquet"
    with ParquetFile(path) as file:
        assert [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)] == [3, 3, 1]
    Image.new("RGB", photographs.SIZE[::-1], (1, 2, 3)).save(source.parent / "photos" / "3.jpg")
    summary = pack(source, tmp_path / "out")
    assert (summary.made, summary.kept) == (1, 6)
    colour = np.array(Image.open(io.BytesIO(rows(tmp_path / "out")[3]["image"]["bytes"])))[0, 0]
    assert np.abs(colour.astype(int) - [1, 2, 3]).max() < 4
    assert cocoseg.verify(tmp_path / "out").whole


@needs_pyarrow
def test_a_run_that_ends_while_a_file_is_written_leaves_none_and_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = parquet._packed

    def ended(*arguments: Any) -> Iterator[Any]:
        yield next(usual(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet, "_packed", ended)
    with pytest.raises(KeyboardInterrupt):
        pack(source, tmp_path / "out")
    assert files(tmp_path / "out") == {}
    monkeypatch.setattr(parquet, "_packed", usual)
    assert pack(source, tmp_path / "out").kept == 7
    pack(source, tmp_path / "other")
    assert files(tmp_path / "out") == files(tmp_path / "other")


@needs_pyarrow
def test_a_damaged_file_is_found_and_made_again(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=2)
    before = files(tmp_path / "out")
    name = next(iter(before))
    (tmp_path / "out" / name).write_bytes(before[name][:900])
    assert [row.category for row in cocoseg.verify(tmp_path / "out").failures] == ["verify.changed"]
    pack(source, tmp_path / "out", shards=2)
    assert files(tmp_path / "out") == before


@needs_pyarrow
def test_a_dry_run_writes_nothing_and_a_limit_is_counted_in(source: Path, tmp_path: Path) -> None:
    assert pack(source, tmp_path / "out", dry_run=True).images == 7
    assert not (tmp_path / "out").exists()
    pack(source, tmp_path / "out", limit=3, shards=2)
    assert list(files(tmp_path / "out")) == [f"train-0000{k}-of-00002.parquet" for k in range(2)]
    assert [row["image_id"] for row in rows(tmp_path / "out")] == [0, 1, 2]


@needs_pyarrow
def test_images_that_were_added_move_to_their_files(source: Path, tmp_path: Path) -> None:
    pack(source, tmp_path / "out", shards=3)
    photographs.save(source.parent, 10)
    pack(source, tmp_path / "out", shards=4)
    assert list(files(tmp_path / "out")) == [f"train-0000{k}-of-00004.parquet" for k in range(4)]
    assert [row["image_id"] for row in rows(tmp_path / "out")] == list(range(10))
    assert cocoseg.verify(tmp_path / "out").whole


@needs_pyarrow
def test_a_bad_image_has_no_row(source: Path, tmp_path: Path) -> None:
    (source.parent / "photos" / "1.jpg").write_bytes(b"")
    summary = pack(source, tmp_path / "out")
    assert [row.category for row in summary.failures] == ["image.corrupt"]
    assert [row["image_id"] for row in rows(tmp_path / "out")] == [0, 2, 3, 4, 5, 6]


@needs_pyarrow
def test_ids_that_are_texts_make_a_column_of_texts(source: Path, tmp_path: Path) -> None:
    document = json.loads(source.read_text())
    for row in (*document["images"], *document["annotations"]):
        name = "id" if "file_name" in row else "image_id"
        row[name] = f"image {row[name]}"
    source.write_text(json.dumps(document))
    pack(source, tmp_path / "out")
    assert [row["image_id"] for row in rows(tmp_path / "out")] == [f"image {k}" for k in range(7)]


@needs_pyarrow
def test_a_folder_and_parquet_files_do_not_mix(source: Path, tmp_path: Path) -> None:
    cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos")
    with pytest.raises(cocoseg.OutputError, match="what 'cocoseg to-hf' wrote"):
        pack(source, tmp_path / "out")


def test_images_are_in_files_in_their_order() -> None:
    found = parquet.in_files(photographed(5), 2, None)
    names = [f"train-0000{k}-of-00002" for k in (0, 0, 0, 1, 1)]
    assert [entry.key for entry in found.entries] == [f"{name}/{k}.png" for k, name in enumerate(names)]
    few = parquet.in_files(photographed(5), 4, 3)
    assert [entry.key for entry in few.entries][:3] == [f"train-0000{k}-of-00003/{k}.png" for k in range(3)]


def photographed(count: int) -> cocoseg.Dataset:
    found = cocoseg.read(FIXTURES / "panoptic.json")
    entry = found.entries[0]
    return replace(found, entries=[with_fields(entry, key=f"train/{number}.png") for number in range(count)])


def test_a_number_of_files_needs_parquet(source: Path, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="add --parquet"):
        cocoseg.to_hf(source, tmp_path / "out", photos=source.parent / "photos", shards=2)


def test_without_pyarrow_the_extra_is_named(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "is_installed", lambda: False)
    with pytest.raises(cocoseg.UsageError, match=r"pip install 'cocoseg\[parquet\]'"):
        pack(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@needs_pyarrow
def test_datasets_loads_it(source: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    pack(source, tmp_path / "out", parts="train=.5,val=.5", task="panoptic", shards=2)
    found = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {name: type(kind).__name__ for name, kind in found["train"].features.items()} == {
        "image": "Image", "label": "Image", "image_id": "Value", "segments": "List",
    }  # fmt: skip
    assert sorted(found) == ["train", "validation"]
    assert sum(map(len, found.values())) == 7
    row = found["train"][0]
    assert row["image"].size == row["label"].size == photographs.SIZE[::-1]
    assert set(dict(row["segments"])) == set(np.unique(row["label"]).tolist()) - {255}
