"""Which of a folder's files is the photo of an image, and what size it is."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cocoseg.errors import SampleError
from cocoseg.files.photo import find_photo, open_photo, photo_size, size_in_header


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ("files", "key", "file_name", "found"),
    [
        (["a.jpg"], "a.png", "", "a.jpg"),
        (["a.JPEG"], "a.png", "", "a.JPEG"),
        (["a.png"], "a.png", "", "a.png"),
        (["photo.gif", "a.png"], "a.png", "photo.gif", "photo.gif"),
        (["photo.jpg", "a.png"], "a.png", "photo.png", "photo.jpg"),
        (["val/photo.tif", "photo.jpg"], "a.png", "val/photo.jpg", "val/photo.tif"),
        (["a.png"], "a.png", "photo.jpg", "a.png"),
        (["a.jpg", "a.png"], "a.png", "a.png", "a.jpg"),
    ],
    ids=[
        "the key's name, another ending",
        "an ending in capitals",
        "the key's own name",
        "the photo's name before the key's",
        "the photo's name, another ending",
        "a folder in the name",
        "the key's name where the photo's is missing",
        "a photo before labels of the same name",
    ],
)
def test_names_are_tried_in_order(tmp_path: Path, files: list[str], key: str, file_name: str, found: str) -> None:
    put(tmp_path, *files)
    assert Path(find_photo(tmp_path, key, file_name)) == tmp_path / found


@pytest.mark.parametrize("name", ["../secret.jpg", "../secret.png", "a/../../secret.jpg", "{parent}/secret.jpg"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    put(tmp_path, "secret.jpg", "photos/a/b.jpg")
    with pytest.raises(SampleError, match="no photo"):
        find_photo(tmp_path / "photos", "labels.png", name.format(parent=tmp_path))
    put(tmp_path, "photos/labels.png")
    found = find_photo(str(tmp_path / "photos"), "labels.png", name.format(parent=tmp_path))
    assert Path(found) == tmp_path / "photos" / "labels.png"


def test_a_folder_is_not_a_photo(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    with pytest.raises(SampleError) as caught:
        find_photo(tmp_path, "val/a.png", "a.jpg")
    assert caught.value.category == "file.missing"
    assert str(caught.value).startswith("no photo 'a' or 'val/a' with one of the endings .jpg, .jpeg, ")
    assert str(tmp_path) in str(caught.value)


def saved(path: Path, orientation: int | None, size: tuple[int, int] = (8, 6)) -> Path:
    """A photo of this (width, height)."""
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.new("RGB", size).save(path, exif=exif)
    return path


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


class TestPhotoSize:
    @pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif"])
    @pytest.mark.parametrize("orientation", [None, *range(1, 9)])
    def test_is_that_of_the_stored_pixels_and_says_how_to_turn_them(
        self, tmp_path: Path, ending: str, orientation: int | None
    ) -> None:
        found = photo_size(saved(tmp_path / f"a{ending}", orientation))
        assert found == ((6, 8), orientation or 1)
        assert found.turned == ((8, 6) if (orientation or 1) > 4 else (6, 8))

    @pytest.mark.parametrize("orientation", [0, 9, 65535])
    def test_a_number_that_means_nothing_is_upright(self, tmp_path: Path, orientation: int) -> None:
        assert photo_size(str(saved(tmp_path / "a.jpg", orientation))) == ((6, 8), 1)

    def test_is_found_behind_the_pixels_of_a_png(self, tmp_path: Path) -> None:
        path = saved(tmp_path / "a.png", None)
        exif = Image.Exif()
        exif[0x0112] = 8
        path.write_bytes(path.read_bytes()[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + chunk(b"IEND", b""))
        assert photo_size(path) == ((6, 8), 8)
        with open_photo(path) as photo:
            assert size_in_header(photo).orientation == 8
            assert np.array(photo).shape == (6, 8, 3)

    @pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow looks for the resolution of a JPEG in it
    @pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
    @pytest.mark.parametrize(
        "exif",
        [
            b"",
            b"II",
            b"garbage, and more of it",
            b"II*\0\xff\xff\xff\xff",
            b"MM\0*\0\0\0\x08\xff\xff\x01\x12",
            b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01\0\x06\0\0",
        ],
        ids=["empty", "cut", "no EXIF", "an offset beyond the end", "tags beyond the end", "a text"],
    )
    def test_is_upright_where_exif_is_damaged(self, tmp_path: Path, ending: str, exif: bytes) -> None:
        Image.new("RGB", (8, 6)).save(tmp_path / f"a{ending}", exif=b"Exif\0\0" + exif)
        assert photo_size(tmp_path / f"a{ending}") == ((6, 8), 1)

    @pytest.mark.parametrize("order", ["II*\0", "MM\0*"])
    @pytest.mark.parametrize(("kind", "size"), [(1, 1), (3, 2), (4, 4), (8, 2)])
    def test_is_found_in_either_byte_order_and_any_whole_number(
        self, tmp_path: Path, order: str, kind: int, size: int
    ) -> None:
        end: Any = "little" if order[0] == "I" else "big"
        tags = [(0x010F, 2, 4, b"cam\0"), (0x0112, kind, 1, (6).to_bytes(size, end).ljust(4, b"\0"))]
        rows = b"".join(
            tag.to_bytes(2, end) + type.to_bytes(2, end) + count.to_bytes(4, end) + value
            for tag, type, count, value in tags
        )
        exif = order.encode() + (8).to_bytes(4, end) + (2).to_bytes(2, end) + rows + bytes(4)
        Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + exif)
        assert photo_size(tmp_path / "a.jpg") == ((6, 8), 6)

    def test_decodes_nothing(self, tmp_path: Path) -> None:
        path = saved(tmp_path / "a.jpg", 6, (800, 600))
        path.write_bytes(path.read_bytes()[:700])
        assert photo_size(path) == ((600, 800), 6)

    def test_says_the_same_of_the_same_bytes_in_each_run(self) -> None:
        with pytest.raises(SampleError) as caught, open_photo(io.BytesIO(b"no image")):
            pass
        assert "0x" not in caught.value.problem.message

    def test_says_what_is_missing_or_no_image(self, tmp_path: Path) -> None:
        for content, category in ((None, "file.missing"), (b"no image", "image.corrupt"), (b"", "image.corrupt")):
            if content is not None:
                (tmp_path / "a.jpg").write_bytes(content)
            with pytest.raises(SampleError, match=r"a\.jpg") as caught:
                photo_size(tmp_path / "a.jpg")
            assert caught.value.category == category
