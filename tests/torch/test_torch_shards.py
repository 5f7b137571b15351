"""Tars in a training loop."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import photographs
import pytest
from PIL import Image

import cocoseg

torch = pytest.importorskip("torch")

from cocoseg.torch import Pad, PadCollate, RandomCrop, RandomFlip, ShardDataset  # noqa: E402

COUNT = 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = photographs.save(tmp_path / "src", COUNT)
    options = {"photos": tmp_path / "src" / "photos", "shards": 4}
    cocoseg.to_shards(source, tmp_path / "semantic", **options)  # type: ignore[arg-type]
    cocoseg.to_shards(source, tmp_path / "panoptic", task="panoptic", **options)  # type: ignore[arg-type]
    return tmp_path


def test_images_and_class_maps(folder: Path) -> None:
    dataset = cocoseg.read(folder / "src" / "instances.json")
    scheme = cocoseg.label_scheme("index", dataset)
    expected = sorted(cocoseg.semantic(sample, scheme).tobytes() for sample in dataset)
    found = list(ShardDataset(folder / "semantic"))
    assert sorted(target.numpy().astype(np.uint8).tobytes() for _, target in found) == expected
    assert {(tuple(image.shape), image.dtype) for image, _ in found} == {((3, *photographs.SIZE), torch.uint8)}


def test_segments(folder: Path) -> None:
    for _, target in ShardDataset(folder / "panoptic", segments=True):
        assert set(target["id_map"].unique().tolist()) - {255} == set(target["segments"])


def test_pictures_are_padded_with_void(folder: Path) -> None:
    for image, target in ShardDataset(folder / "semantic", transform=Pad((40, 40))):
        assert image.shape[1:] == target.shape == (40, 40)
        assert set(target[photographs.SIZE[0] :].unique().tolist()) == {255}
    images, class_maps = PadCollate(multiple_of=40)(list(ShardDataset(folder / "semantic"))[:2])
    assert (images.shape, class_maps.shape) == ((2, 3, 40, 40), (2, 40, 40))


def test_segments_are_transformed_and_those_that_are_left_stay(folder: Path) -> None:
    for image, target in ShardDataset(folder / "panoptic", segments=True):
        _, flipped = RandomFlip(1.0)(image, target)
        assert torch.equal(flipped["id_map"], target["id_map"].flip(1))
        assert flipped["segments"] == target["segments"]
        _, found = Pad((40, 40))(*RandomCrop((4, 30))(image, target))
        assert set(found["id_map"].unique().tolist()) - {255} == set(found["segments"])
        assert set(found["id_map"][4:].unique().tolist()) == {255}


def test_a_photo_of_16_bits_is_not_clipped(tmp_path: Path) -> None:
    source = photographs.save(tmp_path, 1)
    Image.fromarray(np.full(photographs.SIZE, 900, np.uint16)).save(tmp_path / "photos" / "0.png")
    (tmp_path / "photos" / "0.jpg").unlink()
    cocoseg.to_shards(source, tmp_path / "out", photos=tmp_path / "photos", shards=1)
    with pytest.raises(cocoseg.SampleError, match="more than 8 bits"):
        list(ShardDataset(tmp_path / "out"))


def test_class_maps_have_no_segments(folder: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="to-shards --task panoptic"):
        list(ShardDataset(folder / "semantic", segments=True))


def test_an_error_of_a_transform_is_not_one_of_the_tar(folder: Path) -> None:
    def wrong(image: object, target: object) -> tuple[object, object]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(ShardDataset(folder / "semantic", transform=wrong))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_image_comes_once_however_many_workers(workers: int, folder: Path) -> None:
    loader = torch.utils.data.DataLoader(
        ShardDataset(folder / "panoptic", segments=True), batch_size=None, num_workers=workers
    )
    assert sorted(target["image_id"] for _, target in loader) == list(range(COUNT))


def shares(
    folder: Path, ranks: int, workers: int, monkeypatch: pytest.MonkeyPatch, seed: int | None
) -> list[list[int]]:
    """The images that each process gets, of ``torch.distributed`` as it looks to a worker of a loader."""
    data = ShardDataset(folder / "panoptic", segments=True, seed=seed)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: ranks)
    found = []
    for rank in range(ranks):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda own=rank: own)
        found.append([])
        for worker in range(workers):
            info = SimpleNamespace(id=worker, num_workers=workers)
            monkeypatch.setattr(torch.utils.data, "get_worker_info", lambda own=info: own)
            found[-1] += [target["image_id"] for _, target in data]
    return found


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(("ranks", "workers"), [(2, 2), (2, 1), (3, 2), (4, 3), (1, 9)])
def test_every_process_gets_its_own_images(
    ranks: int, workers: int, seed: int | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shares(folder, ranks, workers, monkeypatch, seed)
    assert sorted(number for own in found for number in own) == list(range(COUNT))
    assert all(found)


def test_more_processes_than_tars(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(cocoseg.UsageError, match="4 tars for 5 processes"):
        shares(folder, 5, 1, monkeypatch, None)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_reads_them(folder: Path) -> None:
    webdataset = pytest.importorskip("webdataset", reason="webdataset is not installed")
    tars = [str(path) for path in sorted((folder / "panoptic").glob("*.tar"))]
    data = webdataset.WebDataset(tars, shardshuffle=False).decode("pil").to_tuple("jpg", "seg.png", "json")
    found = [(image.size, label.size, about) for image, label, about in data]
    assert sorted(about["image_id"] for *_, about in found) == list(range(COUNT))
    assert {size for *sizes, _ in found for size in sizes} == {photographs.SIZE[::-1]}
    assert all(about["segments"] for *_, about in found)


def test_a_seed_shuffles_and_an_epoch_has_its_own_order(folder: Path) -> None:
    data = ShardDataset(folder / "panoptic", segments=True, seed=3)
    first = [target["image_id"] for _, target in data]
    assert [target["image_id"] for _, target in data] == first
    data.set_epoch(1)
    second = [target["image_id"] for _, target in data]
    assert first != second
    assert sorted(first) == sorted(second) == list(range(COUNT))


def test_a_transform_gets_both(folder: Path) -> None:
    data = ShardDataset(folder / "semantic", transform=lambda image, target: (image.shape, target.max().item()))
    assert {row[0] for row in data} == {(3, *photographs.SIZE)}


def test_no_tars(tmp_path: Path) -> None:
    with pytest.raises(cocoseg.UsageError, match="cocoseg to-shards"):
        ShardDataset(tmp_path)


def test_a_damaged_tar_is_named(folder: Path) -> None:
    path = next((folder / "semantic").glob("*.tar"))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(cocoseg.SampleError, match=path.name):
        list(ShardDataset(folder / "semantic"))
