"""Paths and URLs: the same arithmetic for both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cocoseg.errors import UsageError
from cocoseg.files import disk, places, store
from cocoseg.files.storage import storage


@pytest.mark.parametrize(
    ("path", "folder", "base", "bare"),
    [
        ("a/b.c.json", "a", "b.c.json", "a/b.c"),
        ("b.json", ".", "b.json", "b"),
        ("s3://bucket/a/b.c.json", "s3://bucket/a", "b.c.json", "s3://bucket/a/b.c"),
        ("s3://bucket/a b/ü#?%20.json", "s3://bucket/a b", "ü#?%20.json", "s3://bucket/a b/ü#?%20"),
        ("s3://bucket.eu/x", "s3://bucket.eu", "x", "s3://bucket.eu/x"),
        ("s3://bucket.eu", "s3:/", "bucket.eu", "s3://bucket.eu"),
        ("memory://x.json", "memory:/", "x.json", "memory://x.json"),
    ],
)
def test_parts_of_a_place(path: str, folder: str, base: str, bare: str) -> None:
    assert (places.parent(path), places.base_name(path), places.without_suffix(path)) == (folder, base, bare)


def test_join() -> None:
    assert places.join("s3://b/x/", "y/z.png") == "s3://b/x/y/z.png"
    assert places.join("a", "z.png") == os.path.join("a", "z.png")


@pytest.mark.parametrize("path", ["a/b", "C:/a", "c://a", "./s3://a", "s3:/a", "", "://a", Path("s3://a"), None])
def test_what_is_no_url(path: object) -> None:
    assert storage(path) is disk


@pytest.mark.parametrize("path", ["s3://a/b", "gs://a", "memory://a", "abfs+x.y-z://a"])
def test_what_is_a_url(path: str) -> None:
    assert storage(path) is store
    assert places.place(path) == path


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:geheim@bucket/a.json",
        "ftp://me:geheim@host/a.json",
        "zip://a.json::s3://bucket/a.zip",
        "https://host/a.json?X-Amz-Signature=geheim",
    ],
)
def test_urls_that_are_refused_do_not_tell_their_secrets(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        places.place(url)
    assert caught.value.category == "usage.url"
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("inner", "outer", "lies"),
    [
        ("s3://b/a/x.json", "s3://b/a", True),
        ("s3://b/a", "s3://b/a/", True),
        ("S3A://b//a", "s3://b/a", True),
        ("s3://b/a", "s3://b", True),
        ("s3://b/ab", "s3://b/a", False),
        ("s3://b/a", "s3://B/a", False),
        ("gs://b/a", "s3://b/a", False),
        ("s3://b/a", "b/a", False),
        ("b/a", "s3://b/a", False),
        ("b/a", "b", True),
    ],
)
def test_what_lies_in_what(inner: str, outer: str, lies: bool) -> None:
    assert places.lies_in(inner, outer) is lies


def test_paths_load_no_fsspec() -> None:
    code = (
        "import sys, cocoseg; cocoseg.read('fixtures/panoptic.json')[0]; "
        "cocoseg.to_semantic('fixtures/panoptic.json', 'out', dry_run=True); "
        "assert not {'fsspec', 's3fs', 'cocoseg.files.store', 'cocoseg.runs.remote'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
