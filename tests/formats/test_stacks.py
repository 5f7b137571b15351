"""Label pictures for training stacks, and the members of tars."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

import cocoseg
from cocoseg.errors import SampleError
from cocoseg.formats import shards
from cocoseg.formats.stacks import id2label, labelled
from cocoseg.labels import LabelClass, LabelScheme
from conftest import FIXTURES

DATASET = cocoseg.read(FIXTURES / "panoptic.json")
SCHEME = cocoseg.label_scheme("index", DATASET)


def picture(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)))


def test_class_maps_and_their_counts() -> None:
    for sample in DATASET:
        data, segments, counts = labelled(sample, SCHEME, "semantic")
        np.testing.assert_array_equal(picture(data), cocoseg.semantic(sample, SCHEME))
        assert segments is None
        values, pixels = np.unique(picture(data), return_counts=True)
        assert {k: n for k, n in counts.pixels.items() if n} == dict(zip(values.tolist(), pixels.tolist(), strict=True))


def test_numbers_of_segments_and_their_counts() -> None:
    for sample in DATASET:
        data, segments, counts = labelled(sample, SCHEME, "panoptic")
        assert segments is not None
        numbers = picture(data)
        assert sorted(dict(segments)) == sorted(set(np.unique(numbers).tolist()) - {255})
        assert (counts.segments, counts.crowds) == (len(segments), int(sample.iscrowd.sum()))
        assert sum(counts.pixels.values()) == numbers.size
        for label in set(dict(segments).values()):
            own = [number for number, found in segments if found == label]
            assert counts.pixels[label] == int(np.isin(numbers, own).sum())


def test_names_by_number() -> None:
    assert id2label(SCHEME).startswith(b'{"0":"person"') or b'"0": "person"' in id2label(SCHEME)


@pytest.mark.parametrize("name", ["a.txt", "ordner/bär.jpg", f"{'x' * 120}/{'y' * 90}.png", "日本.seg.png"])
def test_members_are_read_by_tarfile(name: str) -> None:
    data = shards.member(name, b"abc" * 300) + shards.member("b.json", b"") + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == [name, "b.json"]
        file = tar.extractfile(name)
        assert file is not None
        assert file.read() == b"abc" * 300


def test_a_member_that_no_tar_holds() -> None:
    class Large(bytes):
        def __len__(self) -> int:
            return 1 << 31

    with pytest.raises(SampleError) as caught:
        shards.member("a.jpg", Large())
    assert caught.value.category == "limit.archive"


def test_a_tar_is_chosen_by_the_name() -> None:
    assert [shards.sharded("val/a.png", 4, lambda _, at=at: at) for at in (0.0, 0.26, 0.999)] == [
        "val-00000/a.png", "val-00001/a.png", "val-00003/a.png",
    ]  # fmt: skip


def test_numbers_of_no_class_have_a_name_too() -> None:
    """A model has as many outputs as there are names."""
    scheme = LabelScheme("gaps", (LabelClass(1, "cat", (1,)), LabelClass(3, "dog", (2,))))
    assert json.loads(id2label(scheme)) == {"0": "unused 0", "1": "cat", "2": "unused 2", "3": "dog"}
