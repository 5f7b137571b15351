"""SYNTHIA: 16-bit RGB of class and instance, with other classes in each release."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from formats.drawn import check_segments, expected
from PIL import Image

import cocoseg
from cocoseg.formats.detect import detect
from conftest import FIXTURES

RAND, SEQS, SF = (FIXTURES / name for name in ("synthia", "synthia-seqs", "synthia-sf"))
PICTURES = [
    (RAND, 0, "synthia/GT_LABELS_0000000", "0000000.png"),
    (RAND, 1, "synthia/GT_LABELS_0000001", "0000001.png"),
    (SEQS, 0, "synthia-seqs/GT_LABELS_Stereo_Left_Omni_F_000000", "Stereo_Left/Omni_F/000000.png"),
    (SF, 0, "synthia-sf/SEQ1_GTLeft_0000000", "SEQ1/RGBLeft/0000000.png"),
    (SF, 1, "synthia-sf/SEQ2_GTLeft_0000000", "SEQ2/RGBLeft/0000000.png"),
]


@pytest.mark.parametrize(("source", "number", "name", "photo"), PICTURES)
def test_classes_and_instances_are_as_drawn(source: Path, number: int, name: str, photo: str) -> None:
    assert detect(source) == "synthia"
    sample = cocoseg.read(source)[number]
    check_segments(sample, expected(f"synthia/{name}"), expected(f"synthia/{name}.instances"))
    assert sample.file_name == photo


# From the id of SYNTHIA-RAND-CITYSCAPES, typed from the loaders of domain adaptation.
TRAIN_IDS = {
    3: 0,
    4: 1,
    2: 2,
    21: 3,
    5: 4,
    7: 5,
    15: 6,
    9: 7,
    6: 8,
    1: 10,
    10: 11,
    17: 12,
    8: 13,
    19: 15,
    12: 17,
    11: 18,
}


@pytest.mark.parametrize(("source", "number", "name"), [row[:3] for row in PICTURES])
def test_the_16_classes_are_the_same_in_every_release(source: Path, number: int, name: str) -> None:
    dataset = cocoseg.read(source)
    found = cocoseg.semantic(dataset[number], cocoseg.label_scheme("synthia-16", dataset))
    wanted = np.vectorize(lambda value: TRAIN_IDS.get(value, 255))(expected(f"synthia/{name}"))
    np.testing.assert_array_equal(found, wanted)


def test_a_sequence_is_a_split() -> None:
    assert [sample.file_name for sample in cocoseg.read(SF, split="SEQ2")] == ["0000000.png"]
    assert len(cocoseg.read(SF / "SEQ1")) == 1


def test_pillow_would_lose_the_classes() -> None:
    with Image.open(RAND / "GT" / "LABELS" / "0000000.png") as picture:
        assert not np.array(picture)[..., 0].any()


def test_pictures_in_colour_are_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "GT" / "LABELS").mkdir(parents=True)
    Image.new("RGB", (4, 3)).save(tmp_path / "GT" / "LABELS" / "a.png")
    with pytest.raises(cocoseg.SampleError, match="8-bit RGB; SYNTHIA's labels are 16-bit RGB") as caught:
        cocoseg.read(tmp_path)[0]
    assert caught.value.category == "png.mode"


def test_the_classes_of_al_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "Depth").mkdir()
    (tmp_path / "Depth" / "0000000.png").write_bytes(b"")
    shutil.copytree(RAND / "GT" / "LABELS", tmp_path / "SemSeg")
    assert detect(tmp_path) == "synthia"
    with pytest.raises(cocoseg.DocumentError, match="lists the classes of SYNTHIA-AL.*--categories"):
        cocoseg.read(tmp_path)
    (tmp_path / "own.csv").write_text("id,name\n" + "".join(f"{number},c{number}\n" for number in range(1, 23)))
    assert len(cocoseg.read(tmp_path, categories=tmp_path / "own.csv")[1].ids) == 2


def test_the_preset_refuses_other_data() -> None:
    with pytest.raises(cocoseg.LabelError, match="for other categories"):
        cocoseg.label_scheme("synthia-16", cocoseg.read(FIXTURES / "voc").categories)


def test_real_pictures_in_colour_are_no_numbers(real_data: Path) -> None:
    with pytest.raises(cocoseg.SampleError, match="16-bit RGB"):
        cocoseg.read(real_data / "synthia" / "synthia_dataset" / "sf")[0]


def test_a_video_sequence_without_its_folders_is_not_read_with_other_numbers(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "synthia-seqs" / "GT" / "LABELS" / "Stereo_Left", tmp_path / "GT" / "LABELS")
    with pytest.raises(cocoseg.DocumentError):
        cocoseg.read(tmp_path)


def test_pictures_of_rand_cityscapes_may_lie_in_folders(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "synthia" / "GT" / "LABELS", tmp_path / "GT" / "LABELS" / "train")
    found = [sample.category_ids.tolist() for sample in cocoseg.read(tmp_path)]
    assert found == [sample.category_ids.tolist() for sample in cocoseg.read(FIXTURES / "synthia")]
