"""to-yolo: what ultralytics reads, by its documented contract, and the same masks back."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import photographs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cocoseg
from cocoseg.codecs import contour, rle
from cocoseg.codecs.polygon import fill
from cocoseg.formats.yolo.bridges import in_one
from conftest import FIXTURES
from laws import segments

COUNT = 4


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photographs.save(tmp_path / "src", COUNT)


def convert(source: Path, out: Path, **options: object) -> cocoseg.YoloSummary:
    return cocoseg.to_yolo(source, out, photos=source.parent / "photos", **options)  # type: ignore[arg-type]


def label_of(photo: Path, folder: str, ending: str) -> Path:
    """As ultralytics' img2label_paths: the last /images/ becomes /labels/ or /masks/."""
    before, _, after = str(photo).rpartition("/images/")
    return Path(f"{before}/{folder}/{after}").with_suffix(ending)


def test_the_files_are_those_that_ultralytics_asks_for(source: Path, tmp_path: Path) -> None:
    summary = convert(source, tmp_path / "out", parts="train=.5,val=.5")
    config = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert config["names"] == dict(enumerate(photographs.NAMES))
    assert "path" not in config  # so that its folder is the data set's, wherever that is called from
    found = 0
    for part in ("train", "val"):
        for photo in (tmp_path / "out" / config[part]).iterdir():
            assert np.array(Image.open(photo)).shape[:2] == photographs.SIZE
            for line in label_of(photo, "labels", ".txt").read_text().splitlines():
                number, *ring = line.split()
                shares = np.array(ring, float).reshape(-1, 2)
                assert int(number) < len(config["names"])
                assert len(shares) >= 3
                assert 0 <= shares.min() <= shares.max() <= 1
                found += 1
    assert found == 3 * COUNT - 1 == sum(summary.objects.values())
    assert summary.lost == {
        "crowds": 1,
        "empty": 0,
        "void": 0,
        "twins": 0,
        "holes": COUNT,
        "parts": 2 * COUNT,
        "small": 0,
    }


def test_what_is_read_back_is_the_same_masks(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "out")
    for before, after in zip(cocoseg.read(source), cocoseg.read(tmp_path / "out"), strict=True):
        kept = before.take(np.flatnonzero(~before.iscrowd))
        expected = [(category // 3 - 1, counts) for _, category, _, counts in segments(kept)]
        assert sorted((row[1], row[3]) for row in segments(after)) == sorted(expected)


@pytest.mark.parametrize("name", photographs.SOURCES)
def test_every_format_comes_back_with_the_same_masks(name: str, tmp_path: Path) -> None:
    before = cocoseg.read(FIXTURES / name)
    photos = photographs.save_blank(before, tmp_path / "photos")
    assert not cocoseg.to_yolo(FIXTURES / name, tmp_path / "out", photos=photos, parts="train").failures
    after = cocoseg.read(tmp_path / "out")
    scheme = cocoseg.label_scheme("index", before)
    written = sorted(by_name(sample, before, scheme.ignored) for sample in before)
    assert sorted(by_name(sample, after) for sample in after) == written
    assert any(written) or name == "class-folders"  # whose classes are crowds, as nothing tells objects apart


def by_name(sample: cocoseg.Sample, dataset: cocoseg.Dataset, void: tuple[int, ...] = ()) -> list[tuple[str, str]]:
    """The masks of a sample by the names of their classes, without crowds, void and empty masks; equal ones once."""
    names = {row.id: row.name for row in dataset.categories}
    kept = sample.take(np.flatnonzero(~sample.iscrowd & (sample.areas > 0) & ~np.isin(sample.category_ids, void)))
    return sorted({(names[category], counts) for _, category, _, counts in segments(kept)})


def test_a_source_of_crowds_alone_says_how_to_keep_them(tmp_path: Path) -> None:
    source = FIXTURES / "class-folders"
    photos = photographs.save_blank(cocoseg.read(source), tmp_path / "photos")
    summary = cocoseg.to_yolo(source, tmp_path / "out", photos=photos)
    assert not summary.objects
    assert "--crowd-as-things" in " ".join(summary.remarks())
    again = cocoseg.to_yolo(source, tmp_path / "again", photos=photos, crowd_as_things=True)
    assert sum(again.objects.values()) == summary.lost["crowds"] > 0


def test_class_maps_are_those_of_to_semantic(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "out", task="semantic", parts="train")
    cocoseg.to_semantic(source, tmp_path / "maps")
    config = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert config["masks_dir"] == "masks"
    assert config["names"] == dict(enumerate(["background", *photographs.NAMES]))
    for photo in (tmp_path / "out" / "images" / "train").iterdir():
        mask = np.array(Image.open(label_of(photo, "masks", ".png")))
        assert mask.shape == photographs.SIZE
        assert ((mask < len(config["names"])) | (mask == 255)).all()
        np.testing.assert_array_equal(mask, np.array(Image.open(tmp_path / "maps" / f"{photo.stem}.png")))


def test_photos_are_links_or_copies(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "linked")
    convert(source, tmp_path / "copied", copy=True)
    photo = source.parent / "photos" / "0.jpg"
    linked, copied = (tmp_path / name / "images" / "train" / "0.jpg" for name in ("linked", "copied"))
    assert linked.is_symlink()
    assert linked.resolve() == photo.resolve()
    assert not copied.is_symlink()
    assert copied.read_bytes() == photo.read_bytes()


def test_a_second_run_makes_nothing_and_restores_what_is_gone(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(source, out)
    assert convert(source, out).made == 0
    (out / "images" / "train" / "1.jpg").unlink()
    (out / "labels" / "train" / "2.txt").write_text("")
    (out / "data.yaml").unlink()
    assert {problem.category for problem in cocoseg.verify(out).failures} == {
        "verify.link",
        "verify.changed",
        "verify.missing",
    }
    assert convert(source, out).made == 2
    assert cocoseg.verify(out).whole


def test_the_caches_of_ultralytics_are_no_strangers(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "out")
    (tmp_path / "out" / "labels" / "train.cache").write_bytes(b"ultralytics")
    assert not convert(source, tmp_path / "out").problems
    assert (tmp_path / "out" / "labels" / "train.cache").exists()


def test_links_follow_the_photos_that_moved(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(source, out)
    os.rename(source.parent / "photos", source.parent / "moved")
    assert len(cocoseg.verify(out).failures) == COUNT
    assert cocoseg.to_yolo(source, out, photos=source.parent / "moved").made == COUNT
    assert (out / "images" / "train" / "0.jpg").resolve() == (source.parent / "moved" / "0.jpg").resolve()


def test_workers_make_the_same_files(source: Path, tmp_path: Path) -> None:
    convert(source, tmp_path / "one", parts="train=.5,val=.5")
    convert(source, tmp_path / "two", parts="train=.5,val=.5", workers=2)
    files = [sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file()) for out in
             (tmp_path / "one", tmp_path / "two")]  # fmt: skip
    assert files[0] == files[1]
    for name in files[0]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


class TestABadImageCostsItself:
    def test_a_photo_that_is_missing(self, source: Path, tmp_path: Path) -> None:
        (source.parent / "photos" / "1.jpg").unlink()
        summary = convert(source, tmp_path / "out")
        assert [row.category for row in summary.failures] == ["file.missing"]
        assert summary.images == COUNT - 1

    def test_a_photo_of_another_size(self, source: Path, tmp_path: Path) -> None:
        Image.new("RGB", (10, 10)).save(source.parent / "photos" / "1.jpg")
        summary = convert(source, tmp_path / "out")
        assert [row.category for row in summary.failures] == ["size.mismatch"]
        assert "10×10" in summary.failures[0].message
        assert not (tmp_path / "out" / "images" / "train" / "1.jpg").exists()

    def test_a_photo_that_is_damaged(self, source: Path, tmp_path: Path) -> None:
        (source.parent / "photos" / "1.jpg").write_bytes(b"no photo")
        assert [row.category for row in convert(source, tmp_path / "out").failures] == ["image.corrupt"]

    def test_a_photo_is_measured_as_viewers_turn_it(self, source: Path, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        path = source.parent / "photos" / "1.jpg"
        Image.new("RGB", photographs.SIZE).save(path, exif=exif)  # stored lying, shown upright
        assert not convert(source, tmp_path / "out").failures
        Image.new("RGB", photographs.SIZE[::-1]).save(path, exif=exif)  # ultralytics would turn it away from its labels
        assert [row.category for row in convert(source, tmp_path / "out").failures] == ["size.mismatch"]


class TestWhatIsRefused:
    def test_no_photos(self, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.UsageError, match="name their folder, or its URL, with --photos"):
            cocoseg.to_yolo(FIXTURES / "panoptic.json", tmp_path / "out")

    def test_a_folder_of_photos_that_is_none(self, source: Path, tmp_path: Path) -> None:
        with pytest.raises(cocoseg.CocosegError, match="does not exist"):
            cocoseg.to_yolo(source, tmp_path / "out", photos=tmp_path / "none")

    def test_void_that_ultralytics_does_not_ignore(self, source: Path, tmp_path: Path) -> None:
        path = tmp_path / "labels.toml"
        path.write_text('preset = "index"\nvoid = 254\n')
        with pytest.raises(cocoseg.LabelError, match="void is 254"):
            convert(source, tmp_path / "out", task="semantic", labels=path)

    def test_a_configuration_of_somebody_else(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "data.yaml").write_text("mine: 1")
        with pytest.raises(cocoseg.OutputError, match=r"data\.yaml' exists already"):
            convert(source, tmp_path / "out")
        assert convert(source, tmp_path / "out", overwrite=True).images == COUNT

    def test_a_photo_of_somebody_else(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "out" / "images" / "train").mkdir(parents=True)
        (tmp_path / "out" / "images" / "train" / "1.jpg").write_bytes(b"mine")
        assert [row.category for row in convert(source, tmp_path / "out").failures] == ["out.exists"]
        assert (tmp_path / "out" / "images" / "train" / "1.jpg").read_bytes() == b"mine"

    def test_an_out_in_a_storage_has_no_links(self, source: Path) -> None:
        pytest.importorskip("fsspec")
        with pytest.raises(cocoseg.UsageError, match="--copy"):
            cocoseg.to_yolo(source, "memory://out", photos=source.parent / "photos")


def test_a_folder_images_among_the_names_does_not_mislead_ultralytics(tmp_path: Path) -> None:
    source = photographs.save(tmp_path / "src", 1, prefix="a/images/")
    convert(source, tmp_path / "out")
    photo = tmp_path / "out" / "images" / "train" / "a" / "images_" / "0.jpg"
    assert photo.exists()
    assert label_of(photo, "labels", ".txt").exists()


def test_stuff_is_left_out_if_asked(tmp_path: Path) -> None:
    summary = cocoseg.to_yolo(
        FIXTURES / "panoptic.json", tmp_path / "out", photos=FIXTURES / "photos", things_only=True
    )
    assert summary.objects == {0: 3, 1: 2}
    assert summary.lost["small"] == 3


@pytest.mark.parametrize("name", ["cityscapes", "yolo", "mapillary"])
def test_parts_are_as_the_source_has_them(name: str, tmp_path: Path) -> None:
    dataset = cocoseg.read(FIXTURES / name)
    pictures = tmp_path / "photos"
    for sample in dataset:
        path = pictures / sample.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", sample.size[::-1]).save(path)
    summary = cocoseg.to_yolo(FIXTURES / name, tmp_path / "out", photos=pictures)
    assert not summary.failures
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == ["train", "val"]


class TestBridges:
    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 2**32), size=st.tuples(st.integers(1, 14), st.integers(1, 14)))
    def test_one_ring_fills_the_same_pixels(self, seed: int, size: tuple[int, int]) -> None:
        masks = rle.encode(np.random.default_rng(seed).random((3, *size)) < 0.5)
        rings = in_one(contour.outline(masks))
        assert (np.diff(rings.mask_offsets) == (rle.area(masks) > 0)).all()
        np.testing.assert_array_equal(rle.decode(fill(rings, masks.size)), rle.decode(masks))

    def test_bridges_are_as_short_as_can_be(self) -> None:
        mask = np.zeros((1, 5, 12), bool)
        mask[0, 1:4, [0, 1, 2, 4, 5, 6, 9, 10]] = True
        rings = in_one(contour.outline(rle.encode(mask)))
        steps = np.abs(np.diff(rings.points, axis=0)).max(axis=1)
        assert steps.max() == 3  # no longer than a side of a part
        np.testing.assert_array_equal(rle.decode(fill(rings, (5, 12))), mask)


def test_a_folder_images_is_not_written_into_another_one(tmp_path: Path) -> None:
    document = json.loads(photographs.save(tmp_path / "src", 2).read_text())
    for row, name in zip(document["images"], ("images/a.jpg", "images_/a.jpg"), strict=True):
        (tmp_path / "src" / "photos" / name).parent.mkdir()
        (tmp_path / "src" / "photos" / row["file_name"]).rename(tmp_path / "src" / "photos" / name)
        row["file_name"] = name
    (tmp_path / "src" / "instances.json").write_text(json.dumps(document))
    convert(tmp_path / "src" / "instances.json", tmp_path / "out")
    found = {path.parent.name: path.resolve().parent.name for path in (tmp_path / "out" / "images").rglob("*.jpg")}
    assert found == {"images_": "images", "images__": "images_"}
    for folder in found:
        assert (tmp_path / "out" / "labels" / "train" / folder / "a.txt").exists()


def test_photos_keep_their_endings_where_links_lead_to_names_without_any(source: Path, tmp_path: Path) -> None:
    photos = source.parent / "photos"
    photos.rename(tmp_path / "blobs")
    photos.mkdir()
    for number, path in enumerate(sorted((tmp_path / "blobs").iterdir())):
        (photos / path.name).symlink_to(path.rename(tmp_path / "blobs" / f"c0ffee{number}"))
    convert(source, tmp_path / "out")
    found = sorted((tmp_path / "out" / "images" / "train").iterdir())
    assert [path.name for path in found] == [f"{number}.jpg" for number in range(COUNT)]
    assert [path.resolve().name for path in found] == [f"c0ffee{number}" for number in range(COUNT)]


@pytest.mark.parametrize("called", ["{}", "1.2.840.{}", "{}.jfif"])
@pytest.mark.parametrize("copied", [False, True])
def test_photos_get_an_ending_by_which_they_are_read(called: str, copied: bool, source: Path, tmp_path: Path) -> None:
    """Ultralytics passes over files that do not end as pictures do."""
    for number in range(COUNT):
        (source.parent / "photos" / f"{number}.jpg").rename(source.parent / "photos" / called.format(number))
    source.write_text(re.sub(r'"(\d)\.jpg"', lambda found: f'"{called.format(found[1])}"', source.read_text()))
    cocoseg.to_yolo(source, tmp_path / "out", photos=source.parent / "photos", copy=copied)
    found = sorted((tmp_path / "out" / "images" / "train").iterdir())
    stem = called.removesuffix(".jfif")
    assert [path.name for path in found] == [f"{stem.format(number)}.jpg" for number in range(COUNT)]
    assert all(label_of(path, "labels", ".txt").exists() for path in found)
