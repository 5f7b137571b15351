"""Which of a folder's files is the photo of an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoseg.errors import SampleError
from cocoseg.files.photo import find_photo


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
