"""``cocoseg report`` and ``cocoseg.report``: what the page says, what it may not do, and that runs go on."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import EVIL, Seen, source
from PIL import Image

import cocoseg
from cocoseg.errors import OutputError, UsageError
from command import cocoseg as run
from conftest import FIXTURES

NAMES = ["person", "car", "tree", "dog", "cup"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return source(tmp_path / "small.json", 30, NAMES)


def numbers(text: str) -> int:
    return int(text.replace(",", "").replace("few", "").strip())


def recounted(path: Path) -> dict[str, tuple[int, int, int]]:
    """Pixels, images and segments of each class, from the decoded samples alone."""
    dataset = cocoseg.read(path)
    names = {row.id: row.name for row in dataset.categories}
    pixels: Counter[str] = Counter()
    images: Counter[str] = Counter()
    segments: Counter[str] = Counter()
    for sample in dataset:
        painted = np.zeros(sample.size, np.int64)
        for mask, number in zip(cocoseg.instance_masks(sample), sample.category_ids.tolist(), strict=True):
            painted[mask] = number
            segments[names[number]] += 1
        images.update(names[number] for number in set(sample.category_ids.tolist()))
        values, counts = np.unique(painted[painted > 0], return_counts=True)
        for number, count in zip(values.tolist(), counts.tolist(), strict=True):
            pixels[names[number]] += count
    return {name: (pixels[name], images[name], segments[name]) for name in names.values()}


def test_the_table_of_classes_equals_a_recount(small: Path, tmp_path: Path) -> None:
    cocoseg.report(small, tmp_path / "r.html")
    head, *rows = Seen(tmp_path / "r.html").tables["class-table"]
    columns = [head.index(title) for title in ("pixels", "images", "segments")]
    shown = {row[0]: tuple(numbers(row[k]) for k in columns) for row in rows}
    assert shown == recounted(small)


@pytest.mark.parametrize(
    "name", ["coco_instances/instances_val2014_100.json", "coco_panoptic/val2017_sample/panoptic_examples.json"]
)
def test_real_classes_equal_a_recount(name: str, real_data: Path, tmp_path: Path) -> None:
    cocoseg.report(real_data / name, tmp_path / "r.html")
    head, *rows = Seen(tmp_path / "r.html").tables["class-table"]
    columns = [head.index(title) for title in ("pixels", "images", "segments")]
    shown = {row[0]: tuple(numbers(row[k]) for k in columns) for row in rows}
    assert shown == recounted(real_data / name)


def test_the_first_thing_is_what_check_finds(tmp_path: Path) -> None:
    instances = FIXTURES / "instances.json"
    result = cocoseg.report(instances, tmp_path / "r.html")
    assert result.findings == cocoseg.check(instances).findings
    text = Seen(tmp_path / "r.html").text
    assert "2 things are worth a look" in text
    assert text.index("without a labelled pixel") < text.index("Distributions")


def test_the_table_of_images_has_a_line_for_each(small: Path, tmp_path: Path) -> None:
    result = cocoseg.report(small, tmp_path / "r.html")
    assert result.tables == (str(tmp_path / "r.csv"),)
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    dataset = cocoseg.read(small)
    assert [row["image"] for row in rows] == [entry.key for entry in dataset.entries]
    assert [int(row["segments"]) for row in rows] == [len(sample.ids) for sample in dataset]
    assert [int(row["largest_area"]) for row in rows] == [int(sample.areas.max()) for sample in dataset]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_data_give_the_same_bytes(workers: int, small: Path, tmp_path: Path) -> None:
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        cocoseg.report(small, tmp_path / name / "r.html", workers=1 if name == "first" else workers)
        made.append([(tmp_path / name / file).read_bytes() for file in ("r.html", "r.csv")])
    assert made[0] == made[1]


def test_a_stopped_run_goes_on(small: Path, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(tally: Any) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        cocoseg.report(small, tmp_path / "r.html", on_done=stop)
    assert not (tmp_path / "r.html").exists()
    result = cocoseg.report(small, tmp_path / "r.html")
    assert result.kept > 0
    cocoseg.report(small, tmp_path / "clean.html")
    assert Seen(tmp_path / "r.html").tables == Seen(tmp_path / "clean.html").tables
    assert cocoseg.report(small, tmp_path / "r.html").kept == 30


def test_nothing_is_loaded_and_no_script_but_our_own_may_run(small: Path, tmp_path: Path) -> None:
    cocoseg.report(small, tmp_path / "r.html")
    seen = Seen(tmp_path / "r.html")
    (policy,) = (row["content"] for row in seen.all("meta") if row.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")
    assert len(seen.all("script")) == 1
    assert all(row["src"].startswith("data:image/") for row in seen.all("img"))
    assert not seen.all("link")
    assert all(row["href"].startswith("#") for row in seen.all("a"))


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_strangers_stay_text(evil: str, tmp_path: Path) -> None:
    path = source(tmp_path / "evil.json", 3, [evil, "car"], [f"{evil[:80]}.jpg".replace("/", "_").replace("\\", "_")])
    cocoseg.report(path, tmp_path / "r.html")
    seen = Seen(tmp_path / "r.html")
    assert len(seen.all("script")) == 1
    assert not [about for _, about in seen.elements if any(name.startswith("on") for name in about)]
    assert all(row["src"].startswith("data:") for row in seen.all("img"))
    assert "49" not in seen.tables["class-table"][1][0]
    assert all(letter.isprintable() or letter == "\n" for letter in seen.text)
    assert (tmp_path / "r.html").stat().st_size < 400_000


def test_names_of_strangers_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = source(tmp_path / "evil.json", 8, EVIL, [f"{k}{name[:60]}" for k, name in enumerate(EVIL)])
    result = run("report", path, tmp_path / "r.html", "-v")
    assert result.code == 1  # one of the names leads out of the folder
    assert all(letter.isprintable() or letter == "\n" for letter in result.stdout)


def test_every_picture_is_described_and_every_table_has_heads(small: Path, tmp_path: Path) -> None:
    cocoseg.report(small, tmp_path / "r.html")
    seen = Seen(tmp_path / "r.html")
    assert all(row.get("alt") for row in seen.all("img"))
    assert all(row.get("role") == "img" and row.get("aria-label") for row in seen.all("svg"))
    assert all(row.get("scope") for row in seen.all("th"))
    assert seen.all("html")[0]["lang"] == "en"


def test_photos_are_drawn_on_and_broken_ones_are_not(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    path = source(tmp_path / "s.json", 3, NAMES)
    Image.new("RGB", (64, 64), (200, 30, 30)).save(photos / "image-00000.jpg")
    (photos / "image-00001.jpg").write_bytes(b"no picture")
    result = cocoseg.report(path, tmp_path / "r.html", photos=photos)
    assert {row.kind for row in result.errors} == {"photo.missing", "photo.corrupt"}
    assert len([row for row in Seen(tmp_path / "r.html").all("img") if "webp" in row["src"]]) > 3


def test_a_photo_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    path = source(tmp_path / "s.json", 2, NAMES)
    for k in range(2):
        Image.new("RGB", (64 + k, 64), (k, 30, 30)).save(photos / f"image-0000{k}.jpg")
    (photos / "image-00001.jpg").rename(tmp_path / "kept.jpg")
    (photos / "image-00001.jpg").write_bytes(b"no picture")
    assert [row.kind for row in cocoseg.report(path, tmp_path / "r.html", photos=photos).errors] == ["photo.corrupt"]
    (tmp_path / "kept.jpg").replace(photos / "image-00001.jpg")
    result = cocoseg.report(path, tmp_path / "r.html", photos=photos)
    assert (result.errors, result.kept) == ([], 1)


def test_two_sources_stand_side_by_side(small: Path, tmp_path: Path) -> None:
    other = source(tmp_path / "other.json", 12, [*NAMES[:4], "boat"])
    result = cocoseg.report(small, tmp_path / "r.html", other)
    assert [Path(name).name for name in result.tables] == ["r.csv", "r.val.csv"]
    assert "split.shared" in {row.kind for row in result.findings}
    seen = Seen(tmp_path / "r.html")
    assert seen.tables["class-table"][0] == ["", "small.json", "other.json"]
    first = [row[0] for row in seen.tables["class-table"][2:]]
    assert set(first[:2]) == {"cup", "boat"}  # those that only one of them has
    assert len(seen.tables["shared-table"]) == 1 + 12


def test_refused_images_are_listed_with_their_reasons(tmp_path: Path) -> None:
    path = source(tmp_path / "s.json", 5, NAMES)
    document = json.loads(path.read_text())
    document["annotations"][0]["segmentation"] = [["a"]]
    path.write_text(json.dumps(document))
    result = cocoseg.report(path, tmp_path / "r.html")
    (head, row) = Seen(tmp_path / "r.html").tables["refused-table"]
    assert head == ["image", "what", "why"]
    assert row[1] == result.sides[0].statistics.failures[0].category


@pytest.mark.parametrize("name", ["report.txt", "report"])
def test_only_a_html_file_is_written(name: str, small: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected the name of a .html file"):
        cocoseg.report(small, tmp_path / name)


def test_files_of_strangers_are_not_replaced(small: Path, tmp_path: Path) -> None:
    (tmp_path / "r.html").write_text("<p>mine")
    with pytest.raises(OutputError, match="is no report of cocoseg"):
        cocoseg.report(small, tmp_path / "r.html")
    (tmp_path / "s.csv").write_text("mine")
    with pytest.raises(OutputError, match="no known run of cocoseg wrote it"):
        cocoseg.report(small, tmp_path / "s.html")
    cocoseg.report(small, tmp_path / "r.html", overwrite=True)
    assert "mine" not in (tmp_path / "r.html").read_text()


def test_the_command_says_where_the_page_is(small: Path, tmp_path: Path) -> None:
    result = run("report", small, tmp_path / "r.html")
    assert result.code == 0
    assert f"the page is {tmp_path / 'r.html'}, beside it {tmp_path / 'r.csv'}" in result.stdout
    assert json.loads(run("report", small, tmp_path / "r.html", "--json").stdout)["page"] == str(tmp_path / "r.html")
    wrong = run("report", small)
    assert wrong.code == 2
    assert "expected SRC and OUT, or SRC, VAL and OUT" in wrong.stderr


def test_an_empty_source_has_a_page(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    image = {"id": 1, "file_name": "a.jpg", "width": 4, "height": 3}
    path.write_text(json.dumps({"images": [image], "annotations": [], "categories": []}))
    result = cocoseg.report(path, tmp_path / "r.html")
    assert result.errors[0].kind == "images.none"
    assert "There is nothing to show" in Seen(tmp_path / "r.html").text


@pytest.mark.long
def test_300_classes_and_2000_images_fit_two_megabytes(tmp_path: Path) -> None:
    names = [f"class number {k}" for k in range(300)]
    rng = np.random.default_rng(1)
    photos = tmp_path / "photos"
    photos.mkdir()
    path = source(tmp_path / "many.json", 2000, names, size=400)
    for row in json.loads(path.read_text())["images"]:
        noise = rng.integers(0, 256, (row["height"], row["width"], 3), np.uint8)
        Image.fromarray(noise).save(photos / row["file_name"], quality=30)
    other = source(tmp_path / "other.json", 1000, names, size=400)
    for out, val in (("one.html", None), ("two.html", other)):
        result = cocoseg.report(path, tmp_path / out, val, photos=photos, workers=2)
        assert 500_000 < result.bytes == (tmp_path / out).stat().st_size < 2_000_000
    assert "pictures are left out, to keep the file small" in Seen(tmp_path / "two.html").text


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    path = source(tmp_path / "many.json", 3000, NAMES)
    command = [sys.executable, "-m", "cocoseg", "report", str(path), "-q", "-j1"]
    process = subprocess.Popen([*command, str(tmp_path / "r.html")], start_new_session=True)
    journal = tmp_path / "r.csv.cocoseg" / ".cocoseg"
    while not list(journal.glob("page-*")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "r.html").exists()
    result = cocoseg.report(path, tmp_path / "r.html")
    assert 0 < result.kept < 3000
    (tmp_path / "clean").mkdir()
    cocoseg.report(path, tmp_path / "clean" / "r.html")
    for name in ("r.html", "r.csv"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "clean" / name).read_bytes()
