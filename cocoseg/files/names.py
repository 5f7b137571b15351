"""File names from foreign JSON, made safe to join to a folder on every system."""

from __future__ import annotations

import re
import unicodedata

from cocoseg.errors import Problem, SampleError, show

TEMPORARY = ".cocoseg-tmp-"
REPORT = "cocoseg.json"
JOURNAL = ".cocoseg"
LOCK = f"{JOURNAL}/lock"

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:/[A-Za-z0-9_][A-Za-z0-9_-]*)*\.(?:png|PNG|jpg)")
_DEVICE = r"(?:^|/)((?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.[^/]*)?)(?=/|$)"
_WINDOWS_DEVICE = re.compile(_DEVICE, re.IGNORECASE)
_PHOTO = re.compile(r"\.(?:jpe?g|bmp|tiff?|gif|webp)$", re.IGNORECASE)


def relative_name(name: str) -> str:
    """A ``file_name`` as a relative path with ``/`` that stays inside the folder that it is joined to.

    Raises SampleError: ``path.escape`` for every form that leaves the folder on any system, ``path.invalid``.

    >>> relative_name("val//./000001.png")
    'val/000001.png'
    """
    if _PLAIN.fullmatch(name) and len(name) < 200:
        return name
    if reason := _way_out(name):
        raise SampleError(
            "path.escape", f"file_name {show(name)} {reason}; expected a path inside the folder of the PNGs"
        )
    if reason := _unusable(name):
        raise SampleError("path.invalid", f"file_name {show(name)} {reason}")
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def png_name(name: str) -> str:
    """The name of the PNG made from ``name``: a photo's ending becomes .png.

    >>> png_name("val/000001.jpg")
    'val/000001.png'
    """
    return _PHOTO.sub(".png", name)


def portability_problem(name: str) -> str | None:
    """Why a safe name does not work on another system, or None.

    >>> portability_problem("con.png")
    "'con.png' is the name of a device on Windows"
    """
    if device := _WINDOWS_DEVICE.search(name):
        return f"{show(device[1])} is the name of a device on Windows"
    if _PLAIN.fullmatch(name):
        return None
    for part in name.split("/"):
        if part[-1] in ". ":
            return f"{show(part)} ends in a dot or a blank, which Windows drops"
        if bad := set(part) & set('<>:"|?*'):
            return f"{show(part)} holds {show(''.join(sorted(bad)))}, which Windows does not allow"
    return None


def fold(name: str) -> str:
    """The form of a name to compare where case and Unicode form are ignored."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def clash(name: str, other: str) -> Problem:
    """The problem of two names that are one file on some systems."""
    return Problem(
        "path.collision",
        f"file_name {show(name)} and {show(other)} are one file where case or Unicode form does not count",
    )


def _way_out(name: str) -> str | None:
    slashed = name.replace("\\", "/")
    if slashed.startswith("/"):
        return "is absolute"
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if re.match(r".:|[A-Za-z][A-Za-z0-9+.-]*:/", "/".join(parts), re.DOTALL) or "://" in slashed:
        return "names a drive or a URL"
    if any(not part.strip(" .") for part in parts):
        return "leads out of its folder"
    return None


def _unusable(name: str) -> str | None:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or name.endswith("/"):
        return "names no file; give it the path of the PNG"
    if "\\" in name:
        return f"holds a backslash; write {show(name.replace(chr(92), '/'))}"
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name) or "\ufffd" in name:
        return "holds control characters or broken Unicode; rename the file"
    if any(len(part.encode()) > 255 for part in parts) or len(name.encode()) > 3000:
        return "is longer than file systems allow; shorten it"
    if _reserved("/".join(parts)):
        return "is kept for cocoseg's own files; rename the file"
    return None


def _reserved(name: str) -> bool:
    return name.partition("/")[0].casefold() in (REPORT, JOURNAL) or any(
        part.startswith(TEMPORARY) for part in name.split("/")
    )
