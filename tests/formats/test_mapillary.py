"""Mapillary Vistas: classes from its config, instances as class·256 + n from 0, both versions and the old layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from cocoseg.labels.presets import official_categories
from conftest import FIXTURES

SOURCE = FIXTURES / "mapillary"
NAMES = ["1xYz", "0aBc"]
FORMATS = {"v1.2": "mapillary", "v2.0": "mapillary-v2"}


def expected(version: str, name: str) -> npt.NDArray[np.int64]:
    return np.loadtxt(FIXTURES / "expected" / "mapillary" / version / f"{name}.txt", dtype=np.int64, ndmin=2)


def of_version(root: Path, version: str) -> Path:
    """The data set with one version alone."""
    for other in FORMATS.keys() - {version}:
        (root / f"config_{other}.json").unlink()
        for split in ("training", "validation"):
            shutil.rmtree(root / split / other)
    return root


def in_old_form(root: Path) -> Path:
    """The layout of the first releases: no folder of the version."""
    of_version(root, "v1.2")
    (root / "config_v1.2.json").rename(root / "config.json")
    for split in ("training", "validation"):
        for kind in ("labels", "instances"):
            (root / split / "v1.2" / kind).rename(root / split / kind)
    return root


def check(source: Path, version: str, **options: str) -> None:
    dataset = cocoseg.read(source, **options)  # type: ignore[arg-type]
    evaluated = {row.id for row in dataset.categories if not row.ignored}
    for name, sample in zip(NAMES, dataset, strict=True):
        numbers = expected(version, f"{name}.instances")
        found = zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True)
        kept = sorted((c, mask.tobytes()) for c, mask in found if c in evaluated)
        wanted = [(n // 256, (numbers == n).tobytes()) for n in {*numbers.flat} - {-1}]
        assert kept == sorted(wanted)
        assert not sample.iscrowd.any()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SOURCE, tmp_path / "mapillary"))


@pytest.mark.parametrize("version", FORMATS)
def test_each_version(version: str, root: Path) -> None:
    assert detect(of_version(root, version)) == FORMATS[version]
    check(root, version)
    check(SOURCE, version, source_format=FORMATS[version])


@pytest.mark.parametrize("version", FORMATS)
def test_the_folder_of_a_version_shows_it(version: str) -> None:
    for place in (f"validation/{version}", f"validation/{version}/instances"):
        assert detect(SOURCE / place) == FORMATS[version]
        (sample,) = cocoseg.read(SOURCE / place)
        assert sample.file_name == "0aBc.jpg"


def test_both_versions_together_are_said() -> None:
    assert cocoseg.info(SOURCE).read_as == "Mapillary Vistas v1.2, not as Mapillary Vistas v2.0 (mapillary-v2)"


@pytest.mark.parametrize("version", FORMATS)
def test_the_config_lists_the_classes(version: str) -> None:
    rows = json.loads((SOURCE / f"config_{version}.json").read_text())["labels"]
    categories = cocoseg.read(SOURCE, source_format=FORMATS[version]).categories
    assert [(row.name, row.supercategory, row.isthing, row.ignored) for row in categories] == [
        (row["readable"], row["name"], row["instances"], not row["evaluate"]) for row in rows
    ]


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize("kind", ["instances", "labels"])
def test_class_maps(kind: str, version: str, root: Path, tmp_path: Path) -> None:
    if kind == "labels":
        for folder in of_version(root, version).rglob("instances"):
            shutil.rmtree(folder)
    cocoseg.to_semantic(root, tmp_path / "out", split="val", all_classes=True, source_format=FORMATS[version])
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "out" / "0aBc.png")), expected(version, "0aBc"))


def test_without_all_classes_the_last_are_void(tmp_path: Path) -> None:
    cocoseg.to_semantic(SOURCE, tmp_path / "out", split="val")
    wanted = expected("v1.2", "0aBc")
    wanted[wanted == 3] = 255
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "out" / "0aBc.png")), wanted)


def test_the_layout_of_the_first_releases(root: Path) -> None:
    assert detect(in_old_form(root)) == "mapillary"
    assert detect(root / "validation") == "mapillary"
    check(root, "v1.2")


def test_folders_called_labels_are_no_mapillary_without_its_config(root: Path) -> None:
    (in_old_form(root) / "config.json").unlink()
    assert detect(root) == "semantic"
    assert len(cocoseg.read(root, source_format="mapillary")) == 2


def test_without_a_config_the_65_classes_of_v1_are_read(root: Path, tmp_path: Path) -> None:
    (of_version(root, "v1.2") / "config_v1.2.json").unlink()
    dataset = cocoseg.read(root)
    assert dataset.categories == official_categories("mapillary")
    assert sum(not row.ignored for row in dataset.categories) == 65


def test_without_a_config_v2_is_refused(root: Path) -> None:
    (of_version(root, "v2.0") / "config_v2.0.json").unlink()
    with pytest.raises(cocoseg.DocumentError, match=r"config_v2.0.json, which lists the classes, is not beside"):
        cocoseg.read(root)


def test_the_preset_leaves_the_pictures_as_they_are(root: Path, tmp_path: Path) -> None:
    (of_version(root, "v1.2") / "config_v1.2.json").unlink()
    labels = root / "validation" / "v1.2" / "labels" / "0aBc.png"
    Image.fromarray(np.arange(66, dtype=np.uint8)[None]).save(labels)
    shutil.rmtree(root / "validation" / "v1.2" / "instances")
    shutil.rmtree(root / "training")
    cocoseg.to_semantic(root, tmp_path / "out", labels="mapillary-65")
    (written,) = (tmp_path / "out").rglob("*.png")
    np.testing.assert_array_equal(np.array(Image.open(written)), np.array(Image.open(labels)))


def test_the_preset_is_refused_for_other_classes(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.LabelError, match="are for other categories"):
        cocoseg.to_semantic(SOURCE, tmp_path / "out", labels="mapillary-65")


def test_photos_are_found(root: Path) -> None:
    (root / "validation" / "images").mkdir()
    (root / "validation" / "images" / "0aBc.jpg").write_bytes(b"")
    dataset = cocoseg.read(root, split="validation")
    assert dataset.photos == f"{root}/validation/images"
    assert [sample.file_name for sample in dataset] == ["0aBc.jpg"]


@pytest.mark.parametrize("version", FORMATS)
def test_real_instances(version: str, real_data: Path) -> None:
    source = real_data / "mapillary" / "mapillary_vistas_dataset"
    dataset = cocoseg.read(source, source_format=FORMATS[version], split="val")
    files = sorted((source / "val" / version / "instances").glob("*.png"))
    for file, sample in zip(files, dataset, strict=True):
        numbers = np.array(Image.open(file)).astype(np.int64)
        labels = np.array(Image.open(source / "val" / version / "labels" / file.name))
        wanted = [(n // 256, (numbers == n).tobytes()) for n in {*numbers.flat}]
        found = zip(sample.category_ids.tolist(), cocoseg.instance_masks(sample), strict=True)
        assert sorted((c, mask.tobytes()) for c, mask in found) == sorted(wanted)
        np.testing.assert_array_equal(cocoseg.semantic(sample, cocoseg.label_scheme("index", dataset)), labels)
