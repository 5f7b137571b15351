"""Names from a stranger's JSON: none leaves its folder, on any system."""

from __future__ import annotations

import ntpath
import os
import posixpath
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cocoseg.errors import SampleError
from cocoseg.files.names import REPORT, TEMPORARY, clash, fold, png_name, portability_problem, relative_name

ESCAPES = {
    "parent": "../a.png",
    "grandparent": "../../a.png",
    "parent alone": "..",
    "parent with slash": "../",
    "through a folder": "x/../../a.png",
    "back to where it was": "x/../a.png",
    "at the end": "x/..",
    "after a dot": "./../a.png",
    "after empty parts": "x//../..//a.png",
    "many": "../" * 40 + "etc/passwd",
    "absolute": "/etc/passwd",
    "absolute twice": "//etc/passwd",
    "the root": "/",
    "absolute and up": "/../a.png",
    "device": "/dev/stdout",
    "process": "/proc/self/environ",
    "backslash parent": "..\\a.png",
    "backslash alone": "\\a.png",
    "backslash through": "x\\..\\..\\a.png",
    "mixed slashes": "x/..\\a.png",
    "mixed slashes, other way": "x\\../a.png",
    "drive": "C:\\a.png",
    "drive with slash": "C:/a.png",
    "drive, small letter": "z:/a.png",
    "drive relative": "C:a.png",
    "drive alone": "C:",
    "drive that is no letter": "1:/a.png",
    "drive that is no ASCII letter": "é:/a.png",
    "drive after a dot": "./C:/a.png",
    "drive after dots": "././/C:a.png",
    "UNC": "\\\\host\\share\\a.png",
    "UNC with slashes": "//host/share/a.png",
    "UNC mixed": "/\\host/share/a.png",
    "verbatim": "\\\\?\\C:\\a.png",
    "device namespace": "\\\\.\\PhysicalDrive0",
    "URL of a file": "file:///etc/passwd",
    "URL with one slash": "file:/etc/passwd",
    "URL http": "http://host/a.png",
    "URL https with user": "https://u:p@host/a.png",
    "URL s3": "s3://bucket/a.png",
    "URL with backslashes": "file:\\\\host\\a.png",
    "trailing blank": ".. /a.png",
    "trailing blanks": "..   /../a.png",
    "leading blank": " ../a.png",
    "trailing dot": ".../a.png",
    "many dots": "x/...../a.png",
    "dots and blanks": ".. ./a.png",
    "blank": "x/ /../a.png",
    "blank alone": " ",
    "dot and blank": ". /a.png",
}

INVALID = {
    "empty": "",
    "dot": ".",
    "dots and slashes": "././.",
    "folder": "val/",
    "folder, deep": "a/b//",
    "backslash inside": "val\\a.png",
    "NUL": "a\0.png",
    "NUL before an escape": "\0/a.png",
    "new line": "a\n.png",
    "escape sequence": "a\x1b[2J.png",
    "delete": "a\x7f.png",
    "C1 control": "a\x85.png",
    "tab": "..\t/a.png",
    "line separator": "a\u2028b.png",
    "paragraph separator": "a\u2029b.png",
    "lone surrogate": "a\ud800.png",
    "lone low surrogate": "\udcff.png",
    "replacement character": "a\ufffd.png",
    "part too long": "a" * 252 + ".png",
    "part too long in UTF-8": "ü" * 126 + ".png",
    "folder too long": "a" * 256 + "/a.png",
    "path too long": "abcdefghi/" * 300 + "a.png",
    "the report": REPORT,
    "the report, shouted": REPORT.upper(),
    "the report after a dot": f"./{REPORT}",
    "a temporary": f"{TEMPORARY}1",
    "a temporary's folder": f"x/{TEMPORARY}1/a.png",
}

HARMLESS = {
    "plain": ("000001.png", "000001.png"),
    "folder": ("val/000001.png", "val/000001.png"),
    "odd slashes": ("val//.//000001.png", "val/000001.png"),
    "leading dot part": ("./a.png", "a.png"),
    "hidden": (".a.png", ".a.png"),
    "two dots inside": ("a..b.png", "a..b.png"),
    "two dots first": ("..a.png", "..a.png"),
    "two dots last": ("a../b.png", "a../b.png"),
    "blank inside": ("a b/c d.png", "a b/c d.png"),
    "percent-encoded parent": ("%2e%2e/a.png", "%2e%2e/a.png"),
    "percent-encoded slash": ("..%2fa.png", "..%2fa.png"),
    "percent-encoded twice": ("%252e%252e%252fa.png", "%252e%252e%252fa.png"),
    "full-width dots": ("\uff0e\uff0e/a.png", "\uff0e\uff0e/a.png"),
    "two-dot leader": ("\u2025/a.png", "\u2025/a.png"),
    "division slash": ("..\u2215a.png", "..\u2215a.png"),
    "full-width slash": ("..\uff0fa.png", "..\uff0fa.png"),
    "entity": ("&#46;&#46;/a.png", "&#46;&#46;/a.png"),
    "home": ("~/a.png", "~/a.png"),
    "variable": ("$HOME/a.png", "$HOME/a.png"),
    "command": ("$(reboot).png", "$(reboot).png"),
    "option": ("--help.png", "--help.png"),
    "other script": ("写真/日本.png", "写真/日本.png"),
    "no ending": ("a", "a"),
    "longest part": ("a" * 251 + ".png", "a" * 251 + ".png"),
    "a report in a folder": (f"val/{REPORT}", f"val/{REPORT}"),
}


def refusal(name: str) -> SampleError:
    with pytest.raises(SampleError) as caught:
        relative_name(name)
    return caught.value


@pytest.mark.parametrize("name", ESCAPES.values(), ids=ESCAPES)
def test_every_way_out_is_refused_as_an_escape(name: str) -> None:
    assert refusal(name).category == "path.escape"


@pytest.mark.parametrize("name", INVALID.values(), ids=INVALID)
def test_what_no_system_can_hold_is_refused_as_invalid(name: str) -> None:
    assert refusal(name).category == "path.invalid"


@pytest.mark.parametrize("name", [*ESCAPES.values(), *INVALID.values()], ids=[*ESCAPES, *INVALID])
def test_refusals_are_one_printable_line(name: str) -> None:
    text = str(refusal(name))
    assert text.startswith("file_name '")
    assert text.isprintable()
    assert len(text) < 300


@pytest.mark.parametrize(("name", "safe"), HARMLESS.values(), ids=HARMLESS)
def test_harmless_names_are_kept_but_for_empty_parts(name: str, safe: str) -> None:
    assert relative_name(name) == safe


# Mostly what a path can be made to mean something with, and a little of everything else.
LETTERS = st.sampled_from([*'../\\:~ aCz1?*|<>"%\0\n', "\u2024", "\u2025", "\uff0e", "\u2215", "é", "\u0301"])
NAMES = st.text(LETTERS, max_size=14) | st.text(max_size=20)


@given(NAMES)
@example("./C:/a.png")
@example("1:/a.png")
@settings(max_examples=1500, deadline=None)
def test_an_accepted_name_stays_inside_the_folder_that_it_is_joined_to(name: str) -> None:
    try:
        safe = relative_name(name)
    except SampleError as error:
        assert error.category in ("path.escape", "path.invalid")
        return
    systems = [(posixpath, "/data/out"), (ntpath, "D:\\data\\out")]
    if safe[1:2] == ":":  # Windows, which takes it for a drive, refuses it
        assert not safe[0].isalpha()
        del systems[1]
    for system, root in systems:
        joined = system.normpath(system.join(root, safe))
        assert joined.startswith(root + system.sep), (system.__name__, joined)
        # Windows drops dots and blanks at the end of a part before it looks what the part means
        assert all(part.strip(" .") for part in joined.split(system.sep)[1:])
    assert not safe.startswith(TEMPORARY)
    assert "\0" not in safe


@given(NAMES)
@settings(max_examples=500, deadline=None)
def test_a_safe_name_is_safe_already_and_so_is_that_of_its_png(name: str) -> None:
    try:
        safe = relative_name(name)
    except SampleError:
        return
    assert relative_name(safe) == safe
    assert relative_name(png_name(safe)) == png_name(safe)


@given(st.lists(st.text("abcXYZ019_- é.", min_size=1, max_size=8).filter(lambda part: part.strip(" .")), min_size=1))
@settings(max_examples=300, deadline=None)
def test_ordinary_names_are_accepted_as_they_are(parts: list[str]) -> None:
    name = "/".join(parts)
    assert relative_name(name) == name


@pytest.mark.parametrize(
    ("photo", "png"),
    [
        ("a.jpg", "a.png"),
        ("a.JPG", "a.png"),
        ("a.jpeg", "a.png"),
        ("a.bmp", "a.png"),
        ("a.tif", "a.png"),
        ("a.tiff", "a.png"),
        ("a.gif", "a.png"),
        ("a.webp", "a.png"),
        ("val/a.jpg", "val/a.png"),
        ("a.jpg.png", "a.jpg.png"),
        ("a.png", "a.png"),
        ("a.PNG", "a.png"),
        ("a.jpg/b", "a.jpg/b.png"),
        ("a", "a.png"),
        ("2.5m", "2.5m.png"),
        ("1.2.840.3.1001", "1.2.840.3.1001.png"),
        ("frame_0.5", "frame_0.5.png"),
        ("dicom/0", "dicom/0.png"),
        (".jpg", ".jpg.png"),
        ("a/.png", "a/.png.png"),
        ("a.heic", "a.png"),
        ("a.tar.gz", "a.tar.gz.png"),
    ],
)
def test_the_png_of_a_photo_has_its_name(photo: str, png: str) -> None:
    assert png_name(photo) == png


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("con.png", "device"),
        ("CON", "device"),
        ("val/aux.tar.png", "device"),
        ("con/a.png", "device"),
        ("val/NUL/a.png", "device"),
        ("prn", "device"),
        ("com1.png", "device"),
        ("lpt9.png", "device"),
        ("COM¹.png", "device"),
        ("conin$", "device"),
        ("a. /b.png", "dot or a blank"),
        ("a./b.png", "dot or a blank"),
        ("a.png ", "dot or a blank"),
        ("ab:c.png", "':'"),
        ("val/a:b.png", "':'"),
        ("a?.png", "'?'"),
        ("a*<>.png", "'*<>'"),
        ('a".png', "'\"'"),
        ("a|b/c.png", "'|'"),
    ],
)
def test_names_that_windows_cannot_have_are_told_of(name: str, why: str) -> None:
    assert why in str(portability_problem(relative_name(name)))


@pytest.mark.parametrize(
    "name", ["a.png", "val/a b.png", "console.png", "com.png", "com10.png", "日本/é.png", "nul_.png"]
)
def test_names_that_every_system_can_have_are_passed_over(name: str) -> None:
    assert portability_problem(relative_name(name)) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("A.png", "a.PNG"), ("Val/x", "val/X"), ("\u00e9.png", "e\u0301.png"), ("É.png", "e\u0301.png"), ("Σ", "ς")],
)
def test_names_that_differ_in_case_or_unicode_form_fold_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    problem = clash(one, other)
    assert problem.category == "path.collision"
    assert repr(one) in problem.message
    assert repr(other) in problem.message


@pytest.mark.parametrize(("one", "other"), [("a.png", "b.png"), ("e.png", "é.png"), ("a/b", "ab"), ("a-b", "a_b")])
def test_other_names_do_not(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=12))
@settings(max_examples=300, deadline=None)
def test_folding_does_not_see_unicode_form(name: str) -> None:
    assert fold(unicodedata.normalize("NFD", name)) == fold(unicodedata.normalize("NFC", name))


def test_the_temporarys_name_leaves_room_for_a_process_number() -> None:
    assert len(os.fsencode(f"{TEMPORARY}{2**64}")) < 255
