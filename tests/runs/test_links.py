"""Symbolic links to photos: made as files are, and nothing else is replaced by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoseg.errors import SampleError
from cocoseg.runs.folder import Folder


@pytest.fixture
def out(tmp_path: Path) -> Folder:
    return Folder.create(tmp_path / "out")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"photo")
    return tmp_path / "photos" / "a.jpg"


def link(out: Folder, photo: Path, name: str = "images/a.jpg", *, overwrite: bool = False) -> dict[str, SampleError]:
    with out.batch() as batch:
        batch.add_link(name, str(photo), overwrite=overwrite)
        return batch.commit()


def files(out: Folder) -> list[str]:
    return sorted(str(path.relative_to(out.root)) for path in Path(out.root).rglob("*") if not path.is_dir())


def test_a_link_leads_to_its_photo(out: Folder, photo: Path) -> None:
    assert link(out, photo) == {}
    assert Path(out.root, "images/a.jpg").readlink() == photo
    assert (files(out), out.leads("images/a.jpg", str(photo))) == (["images/a.jpg"], True)
    assert not out.leads("images/a.jpg", str(photo.with_name("b.jpg")))
    assert not out.leads("../photos/a.jpg", str(photo))


def test_a_link_that_is_there_stays(out: Folder, photo: Path) -> None:
    link(out, photo)
    before = Path(out.root, "images/a.jpg").lstat().st_ino
    assert link(out, photo) == {}
    assert Path(out.root, "images/a.jpg").lstat().st_ino == before


@pytest.mark.parametrize("kind", ["file", "other link"])
def test_what_is_in_the_way_is_replaced_only_when_asked(kind: str, out: Folder, photo: Path) -> None:
    other = photo.with_name("b.jpg")
    other.write_bytes(b"other")
    place = Path(out.root, "images/a.jpg")
    place.parent.mkdir()
    place.write_bytes(b"mine") if kind == "file" else place.symlink_to(other)
    with pytest.raises(SampleError) as caught:
        link(out, photo)
    assert caught.value.category == "out.exists"
    assert link(out, photo, overwrite=True) == {}
    assert place.readlink() == photo
    assert other.read_bytes() == b"other"


def test_a_link_to_nothing_is_not_up_to_date(out: Folder, photo: Path) -> None:
    link(out, photo)
    photo.unlink()
    assert not out.leads("images/a.jpg", str(photo))


def test_a_folder_that_leads_out_is_not_gone_through(out: Folder, photo: Path, tmp_path: Path) -> None:
    Path(out.root, "images").symlink_to(tmp_path / "photos")
    with pytest.raises(SampleError) as caught:
        link(out, photo, "images/new.jpg", overwrite=True)
    assert caught.value.category == "path.escape"
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["a.jpg"]


def test_what_is_not_committed_is_gone(out: Folder, photo: Path) -> None:
    with out.batch() as batch:
        batch.add_link("a.jpg", str(photo))
        batch.add_link("b.jpg", str(photo))
        batch.drop(["a.jpg"])
    assert files(out) == []
    assert photo.read_bytes() == b"photo"


def test_a_trial_makes_none_and_finds_what_is_in_the_way(out: Folder, photo: Path) -> None:
    Path(out.root, "a.jpg").write_bytes(b"mine")
    with out.trial() as batch:
        batch.add_link("images/b.jpg", str(photo))
        with pytest.raises(SampleError):
            batch.add_link("a.jpg", str(photo))
    assert files(out) == ["a.jpg"]


def test_removing_a_link_leaves_its_photo(out: Folder, photo: Path) -> None:
    link(out, photo)
    out.remove(["images/a.jpg"])
    assert (files(out), photo.read_bytes()) == ([], b"photo")
