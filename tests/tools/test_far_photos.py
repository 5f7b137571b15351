"""Photos behind URLs: they are copied, and nothing is read from where --photos does not lead."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import photographs
import pytest
from PIL import Image

import cocoseg

pytest.importorskip("fsspec", reason="fsspec is not installed")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photographs.save(tmp_path / "src", 3)


@pytest.fixture
def server(source: Path) -> Iterator[str]:
    """A web server on this machine, with the photos."""
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")
    serve = functools.partial(_Quiet, directory=str(source.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as found:
        threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{found.server_address[1]}/photos"
        found.shutdown()


@pytest.fixture
def stored(source: Path) -> Iterator[str]:
    """The photos in a storage."""
    import fsspec

    files = fsspec.filesystem("memory")
    for path in (source.parent / "photos").iterdir():
        files.pipe(f"/far/photos/{path.name}", path.read_bytes())
    yield "memory://far/photos"
    files.rm("/far", recursive=True)


def called(source: Path, folder: str) -> Path:
    """The source, whose images are called by URLs."""
    document = json.loads(source.read_text())
    for row in document["images"]:
        row["file_name"] = f"{folder}/{row['file_name']}"
    source.write_text(json.dumps(document))
    return source


@pytest.mark.parametrize("tool", [cocoseg.to_yolo, cocoseg.to_hf, cocoseg.to_voc, cocoseg.to_shards])
def test_photos_of_a_storage_are_copied(tool: Any, source: Path, stored: str, tmp_path: Path) -> None:
    summary = tool(source, tmp_path / "out", photos=stored)
    assert (summary.images, summary.failures) == (3, [])
    found = sorted(path for path in (tmp_path / "out").rglob("*.jpg"))
    assert [path.is_symlink() for path in found] == ([] if tool is cocoseg.to_shards else [False] * 3)
    if tool is not cocoseg.to_shards:
        assert "photos are copied, as no link leads to a storage" in summary.notes
        assert found[1].read_bytes() == (source.parent / "photos" / "1.jpg").read_bytes()
    assert tool(source, tmp_path / "out", photos=stored).kept == 3


def test_photos_of_a_web_server_are_copied(source: Path, server: str, tmp_path: Path) -> None:
    (source.parent / "photos" / "2.jpg").unlink()
    summary = cocoseg.to_hf(source, tmp_path / "out", photos=server)
    assert [row.category for row in summary.failures] == ["file.missing"]
    assert (tmp_path / "out/train/images/1.jpg").read_bytes() == (source.parent / "photos" / "1.jpg").read_bytes()


def test_images_called_by_urls_are_read_where_photos_leads(source: Path, server: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {"basename": True, "photos": server}
    summary = cocoseg.to_hf(called(source, server), tmp_path / "out", **given)
    assert summary.failures == []
    assert sorted(path.name for path in (tmp_path / "out/train/images").iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]


def test_nothing_is_read_from_elsewhere(source: Path, stored: str, tmp_path: Path) -> None:
    summary = cocoseg.to_hf(called(source, "memory://other"), tmp_path / "out", basename=True, photos=stored)
    assert [row.category for row in summary.failures] == ["path.escape"] * 3
    assert "nothing is read from elsewhere" in summary.failures[0].message


def test_without_a_folder_the_urls_are_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(
        cocoseg.UsageError, match="or its URL, with --photos .the first photo is 'http://host/a/0.jpg'"
    ) as caught:
        cocoseg.to_yolo(called(source, "http://host/a"), tmp_path / "out", basename=True)
    assert caught.value.category == "usage.photos"


def test_a_storage_that_holds_nothing(source: Path, tmp_path: Path) -> None:
    with pytest.raises(cocoseg.CocosegError, match="'memory://nothing/here' is not a folder"):
        cocoseg.to_yolo(source, tmp_path / "out", photos="memory://nothing/here")


def test_a_far_photo_of_another_size_costs_itself(source: Path, stored: str, tmp_path: Path) -> None:
    import fsspec

    Image.new("RGB", (8, 8)).save(tmp_path / "small.jpg")
    fsspec.filesystem("memory").pipe("/far/photos/1.jpg", (tmp_path / "small.jpg").read_bytes())
    summary = cocoseg.to_hf(source, tmp_path / "out", photos=stored)
    assert [row.category for row in summary.failures] == ["size.mismatch"]
