"""``cocoseg evaluate --html``: the page of an evaluation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pages import EVIL, Seen, source
from PIL import Image

import cocoseg
from cocoseg.errors import OutputError, UsageError
from command import cocoseg as run

NAMES = ["person", "car", "tree", "dog", "cup"]


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """A truth, and class maps that are right but for cars, which are trees in every second image."""
    truth = source(tmp_path / "truth.json", 14, NAMES)
    return truth, predicted(truth, tmp_path / "predicted")


def predicted(truth: Path, folder: Path) -> Path:
    folder.mkdir()
    dataset = cocoseg.read(truth)
    scheme = cocoseg.label_scheme("index", dataset)
    for k, sample in enumerate(dataset):
        found = cocoseg.semantic(sample, scheme).copy()
        if k % 2:
            found[found == 2] = 3
        Image.fromarray(found.astype(np.uint8)).save(folder / Path(sample.key).name)
    return folder


def test_numbers_are_those_of_the_evaluation(sides: tuple[Path, Path], tmp_path: Path) -> None:
    result = cocoseg.evaluate(*sides, html=tmp_path / "e.html")
    seen = Seen(tmp_path / "e.html")
    head, *rows = seen.tables["table-semantic"]
    shown = {row[0]: row[1] for row in rows}
    assert head[:2] == ["class", "IoU"]
    assert shown == {row["name"]: "–" if row["IoU"] is None else f"{100 * row['IoU']:.2f}" for row in result.classes()}
    assert f"mIoU {100 * (result.headlines['mIoU'] or 0):.2f}" in seen.text


def test_what_is_taken_for_what_leads_to_the_images_with_the_most(sides: tuple[Path, Path], tmp_path: Path) -> None:
    result = cocoseg.evaluate(*sides, html=tmp_path / "e.html")
    seen = Seen(tmp_path / "e.html")
    (row,) = (row for rows in seen.tables.values() for row in rows if row[:2] == ["car", "tree"])
    assert result.confusion is not None
    matrix = result.confusion.matrix
    assert row[3] == f"{matrix[2, 3]:,}"
    assert row[2] == f"{100 * matrix[2, 3] / matrix[2].sum():.1f}%"
    dataset = cocoseg.read(sides[0])
    scheme = cocoseg.label_scheme("index", dataset)
    cars = {sample.key: int((cocoseg.semantic(sample, scheme) == 2).sum()) for sample in dataset}
    worst = sorted((key for k, key in enumerate(cars) if k % 2), key=lambda key: (-cars[key], key))[:3]
    assert [key for key in worst if key in row[4]] == worst
    assert {"#cell-2-3"} <= {link["href"] for link in seen.all("a")}


def test_the_command_takes_the_name_of_the_page(sides: tuple[Path, Path], tmp_path: Path) -> None:
    assert run("evaluate", *sides, "--html", tmp_path / "e.html").code == 0
    assert "Evaluation of predicted" in Seen(tmp_path / "e.html").text


def test_the_worst_images_have_four_pictures(sides: tuple[Path, Path], tmp_path: Path) -> None:
    result = cocoseg.evaluate(*sides, html=tmp_path / "e.html")
    assert result.worst is not None
    alts = [row["alt"] for row in Seen(tmp_path / "e.html").all("img")]
    for _, key in result.worst.lowest:
        assert [f"{panel} of {key}" in alts for panel in ("Photo", "Truth", "Prediction", "Difference")] == [True] * 4
    assert len(result.worst.lowest) == 10


def test_the_same_data_give_the_same_page(sides: tuple[Path, Path], tmp_path: Path) -> None:
    pages = []
    for workers in (1, 2):
        cocoseg.evaluate(*sides, html=tmp_path / "e.html", workers=workers)
        pages.append((tmp_path / "e.html").read_bytes())
    assert pages[0] == pages[1]


def test_a_run_that_goes_on_has_the_same_page(sides: tuple[Path, Path], tmp_path: Path) -> None:
    cocoseg.evaluate(*sides, html=tmp_path / "e.html")
    for _ in range(2):
        result = cocoseg.evaluate(*sides, html=tmp_path / "out" / "e.html", out=tmp_path / "out")
        assert (tmp_path / "out" / "e.html").read_bytes() == (tmp_path / "e.html").read_bytes()
        assert not [row for row in result.problems if row.category == "out.stray"]
    assert result.kept == 14


def test_masks_with_scores_have_a_page_too(tmp_path: Path) -> None:
    truth = source(tmp_path / "truth.json", 4, NAMES)
    rows = [row | {"score": 0.5} for row in json.loads(truth.read_text())["annotations"]]
    (tmp_path / "results.json").write_text(json.dumps(rows))
    cocoseg.evaluate(truth, tmp_path / "results.json", html=tmp_path / "e.html")
    seen = Seen(tmp_path / "e.html")
    assert seen.tables["table-instances"][0][1] == "AP"
    assert "AP 100.00" in seen.text


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_strangers_stay_text(evil: str, tmp_path: Path) -> None:
    truth = source(tmp_path / "truth.json", 3, [evil, "car", "tree"])
    cocoseg.evaluate(truth, predicted(truth, tmp_path / "p"), html=tmp_path / "e.html")
    seen = Seen(tmp_path / "e.html")
    assert len(seen.all("script")) == 1
    assert not [about for _, about in seen.elements if any(name.startswith("on") for name in about)]
    assert all(row["src"].startswith("data:") for row in seen.all("img"))
    assert all(letter.isprintable() or letter == "\n" for letter in seen.text)


def test_pictures_are_left_out_where_the_page_would_be_too_large(
    sides: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    for limit in (2_000_000, 60_000):
        monkeypatch.setattr("cocoseg.tools.evaluation_page.LIMIT", limit)
        cocoseg.evaluate(*sides, html=tmp_path / "e.html")
        sizes.append((tmp_path / "e.html").stat().st_size)
    assert sizes[1] < 60_000 < sizes[0]


def test_only_a_page_of_ours_is_replaced(sides: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "e.html").write_text("mine")
    with pytest.raises(OutputError, match="is no report of cocoseg"):
        cocoseg.evaluate(*sides, html=tmp_path / "e.html")
    with pytest.raises(UsageError, match="expected the name of a .html file"):
        cocoseg.evaluate(*sides, html=tmp_path / "e.txt")
    cocoseg.evaluate(*sides, html=tmp_path / "new.html", dry_run=True)
    assert not (tmp_path / "new.html").exists()
