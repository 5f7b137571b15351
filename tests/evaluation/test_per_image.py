"""The table of images' numbers."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import evaluating
import pytest
from evaluating import write_map, write_maps

import cocoseg
from cocoseg.errors import OutputError
from cocoseg.evaluation.per_image import check_free, table, write_rows


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_order_is_that_of_the_keys() -> None:
    rows = {"b": {"x": 1}, "a": {"x": 2, "y": None}, "c": {"y": 3}}
    assert table(["a", "b", "none", "c"], rows) == "image,x,y\na,2,\nb,1,\nc,,3\n"


def test_names_with_commas_and_quotes_are_read_back(tmp_path: Path) -> None:
    names = ["a,b.png", 'say "x".png', "two\nlines.png"]
    write_rows(str(tmp_path / "t.csv"), names, {name: {"x": k} for k, name in enumerate(names)})
    assert [row["image"] for row in rows_of(tmp_path / "t.csv")] == names


@pytest.mark.parametrize("text", ["", "images,x\n", "image", "x,image\n", "\ufeffimage,"])
def test_another_file_is_not_replaced_unasked(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    sides = evaluating.semantic(tmp_path)[:2]
    with pytest.raises(OutputError, match="is no table of an evaluation") as caught:
        cocoseg.evaluate(*sides, per_image=path)
    assert caught.value.category == "out.exists"
    assert path.read_text() == text
    cocoseg.evaluate(*sides, per_image=path, overwrite=True)
    assert len(rows_of(path)) == 2


def test_an_older_table_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("image,mIoU\nold.png,1\n")
    check_free(str(path), overwrite=False)
    cocoseg.evaluate(*evaluating.semantic(tmp_path)[:2], per_image=path)
    assert [row["image"] for row in rows_of(path)] == ["0.png", "1.png"]


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(OutputError):
        cocoseg.evaluate(*evaluating.semantic(tmp_path)[:2], per_image=tmp_path / "t.csv")


def test_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "t.csv"
    cocoseg.evaluate(*evaluating.semantic(tmp_path)[:2], per_image=path)
    assert [row["image"] for row in rows_of(path)] == ["0.png", "1.png"]
    assert sorted(os.listdir(path.parent)) == ["t.csv"]


def test_images_that_are_refused_have_no_row(tmp_path: Path) -> None:
    truth, prediction, _ = evaluating.semantic(tmp_path)
    write_map(prediction / "0.png", [[0]])
    result = cocoseg.evaluate(truth, prediction, per_image=tmp_path / "t.csv")
    assert result.failed == 1
    assert [row["image"] for row in rows_of(tmp_path / "t.csv")] == ["1.png"]


def test_panoptic_numbers(tmp_path: Path) -> None:
    result = cocoseg.evaluate(*evaluating.panoptic(tmp_path), task="all", per_image=tmp_path / "t.csv")
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["PQ"]) == result.headlines["PQ"]
    assert float(row["mIoU"]) == result.headlines["mIoU"]
    assert (row["TP"], row["FP"], row["FN"]) == ("2", "3", "3")


def test_instances_are_counted(tmp_path: Path) -> None:
    cocoseg.evaluate(*evaluating.mask_ap(tmp_path), per_image=tmp_path / "t.csv")
    assert rows_of(tmp_path / "t.csv") == [{"image": "a.png", "truths": "4", "results": "7"}]


@pytest.mark.parametrize("side", ["t", "p"])
def test_a_source_is_never_replaced(side: str, tmp_path: Path) -> None:
    sides = [write_maps(tmp_path / name, [[0, 1]]) for name in "tp"]
    with pytest.raises(cocoseg.UsageError, match="lies among what is read"):
        cocoseg.evaluate(*sides, per_image=tmp_path / side / "rows.csv", overwrite=True)
    assert sorted(path.name for path in (tmp_path / side).iterdir()) == ["0.png"]


def test_a_stranger_that_begins_with_image_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("image,class\na.png,cat\n")
    sides = [write_maps(tmp_path / name, [[0, 1]]) for name in "tp"]
    with pytest.raises(cocoseg.OutputError, match="is no table of an evaluation"):
        cocoseg.evaluate(*sides, per_image=tmp_path / "own.csv")


def test_a_dry_run_writes_none(tmp_path: Path) -> None:
    sides = [write_maps(tmp_path / name, [[0, 1]]) for name in "tp"]
    cocoseg.evaluate(*sides, per_image=tmp_path / "rows.csv", dry_run=True)
    assert not (tmp_path / "rows.csv").exists()
