"""Regular files into bytes; anything else is named, never waited for."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocoseg.errors import SampleError
from cocoseg.files.reading import read_file, read_head

LINUX = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")


def refusal(path: object) -> SampleError:
    """What both readers say of a path that can't be read: the same."""
    with pytest.raises(SampleError) as head:
        read_head(path, 33)
    with pytest.raises(SampleError) as whole:
        read_file(path)
    assert head.value.problem == whole.value.problem
    return whole.value


@pytest.mark.parametrize("size", [0, 1, 32, 33, 34, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_001])
def test_a_file_is_read_whole_and_its_head_as_far_as_asked(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / "a"
    path.write_bytes(content)
    assert read_file(path) == read_file(str(path)) == content
    assert read_head(path, 33) == content[:33]


@LINUX
def test_descriptors_are_closed_whether_it_went_well_or_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    gc.collect()  # what errors of earlier tests refer to
    before = os.listdir("/proc/self/fd")
    for path in (tmp_path / "a", tmp_path, tmp_path / "none", "/dev/zero"):
        for read in (read_file, lambda path: read_head(path, 5)):
            with contextlib.suppress(SampleError):
                read(path)
    assert os.listdir("/proc/self/fd") == before


@given(st.integers(0, 5000), st.lists(st.integers(1, 700), min_size=1))
@settings(max_examples=60, deadline=None)
def test_short_reads_are_gone_on_with(tmp_path_factory: pytest.TempPathFactory, size: int, steps: list[int]) -> None:
    content, original, todo = os.urandom(size), os.read, list(steps)
    path = tmp_path_factory.getbasetemp() / "short"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "read", lambda descriptor, n: original(descriptor, min(n, todo.pop() if todo else n)))
        assert read_file(path) == content


@LINUX
def test_a_file_whose_size_is_not_known_is_read_to_its_end() -> None:
    assert read_file("/proc/self/status").startswith(b"Name:")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"first ")
    original = os.fstat

    def grow(descriptor: int) -> os.stat_result:
        status = original(descriptor)
        with path.open("ab") as file:
            file.write(b"second")
        return status

    monkeypatch.setattr(os, "fstat", grow)
    error = refusal(path)
    assert error.category == "file.changed"
    assert "run again" in str(error)


def test_missing(tmp_path: Path) -> None:
    error = refusal(tmp_path / "a.png")
    assert error.category == "file.missing"
    assert str(error) == f"'{tmp_path}/a.png' does not exist"
    assert refusal("").category == "file.missing"
    assert refusal(tmp_path / "no" / "folder" / "a.png").category == "file.missing"


def test_missing_where_a_file_stands_for_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert refusal(tmp_path / "a" / "b.png").category == "file.missing"


def test_missing_photo_whose_png_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    error = refusal(tmp_path / "a.jpg")
    assert error.category == "file.missing"
    assert "but 'a.png' does: file_name has to name the PNG" in str(error)


def test_missing_but_there_in_other_case(tmp_path: Path) -> None:
    (tmp_path / "A.PNG").write_bytes(b"")
    assert "but 'A.PNG' does: upper and lower case differ" in str(refusal(tmp_path / "a.png"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert error.category == "path.invalid"
    assert "is a folder, expected a file" in str(error)


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe").category == "file.not_regular"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert refusal("socket").category == "file.not_regular"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_a_device_is_refused_before_a_byte_of_it_is_read(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "read", lambda *_: pytest.fail("read from a device"))
    if Path(device).is_file():
        pytest.skip("standard input is a file here")
    assert refusal(device).category in ("file.not_regular", "file.missing")


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a")
    assert read_file(tmp_path / "link") == b"a"


def test_a_link_to_nothing_is_named_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    error = refusal(tmp_path / "link")
    assert error.category == "file.missing"
    assert "is a symbolic link to 'gone', which does not exist" in str(error)


def test_a_link_out_of_its_folder_to_nothing_is_an_escape(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("../../gone")
    assert refusal(tmp_path / "link").category == "path.escape"


def test_a_link_to_itself_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    assert refusal(tmp_path / "link").category == "file.unreadable"


def test_a_name_too_long_for_the_file_system_is_invalid(tmp_path: Path) -> None:
    error = refusal(tmp_path / ("a" * 300))
    assert error.category == "path.invalid"
    assert len(str(error)) < 400


def test_a_name_that_no_file_can_have_is_invalid() -> None:
    assert refusal("a\0b").category == "path.invalid"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ESTALE], ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["open", "read"])
def test_other_errors_say_what_the_system_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a")

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    error = refusal(path)
    assert error.category == "file.unreadable"
    assert str(error) == f"'{path}' can't be read ({os.strerror(number)})"


def test_strange_names_are_escaped_in_the_message(tmp_path: Path) -> None:
    assert str(refusal(tmp_path / "a\x1b[2J\n.png")).isprintable()
