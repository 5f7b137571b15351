"""File names from foreign JSON, made safe to join to a folder on every system."""

from __future__ import annotations

import os
import re
import unicodedata

from cocoseg.errors import Problem, SampleError, show

TEMPORARY = ".cocoseg-tmp-"
REPORT = "cocoseg.json"
PHOTOS = "photos"  # the folder in OUT of photos that were made for its labels
JOURNAL = ".cocoseg"
LOCK = f"{JOURNAL}/lock"

# Names that nothing can be wrong with, but for their length.
_PLAIN = re.compile(
    r"(?!(?i:cocoseg\.json)\Z)[A-Za-z0-9_][A-Za-z0-9_-]*(?:/[A-Za-z0-9_][A-Za-z0-9_-]*)*"
    r"\.(?:png|PNG|jpe?g|JPE?G|txt|json)"
)
_DEVICE = r"(?:^|/)((?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.[^/]*)?)(?=/|$)"
_WINDOWS_DEVICE = re.compile(_DEVICE, re.IGNORECASE)
# Windows takes any character before a colon for a drive, so 1:30.png is a name elsewhere only.
_DRIVE_OR_URL = re.compile(r".:" if os.name == "nt" else r"[^\W\d_]:|.:(?:/|$)|[A-Za-z][A-Za-z0-9+.-]*:/", re.DOTALL)
_PICTURE = re.compile(
    r"(?<=[^/])\.(?:png|jpe?g|jpe|jfif|jp2|bmp|dib|tiff?|gif|webp|heic|heif|avif|p[bgnp]m|tga|dcm|dng)$", re.IGNORECASE
)


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


def is_relative(name: str) -> bool:
    """Whether a name, as of a journal, is one that ``relative_name`` gives.

    >>> is_relative("val/a.png"), is_relative("../a.png"), is_relative("cocoseg.json")
    (True, False, False)
    """
    try:
        return relative_name(name) == name
    except SampleError:
        return False


def stem(name: str) -> str:
    """A name without the ending of a picture; any other ending belongs to the name.

    >>> stem("val/000001.jpg"), stem("1.2.840.3")
    ('val/000001', '1.2.840.3')
    """
    return _PICTURE.sub("", name)


def png_name(name: str) -> str:
    """The name of the PNG made from ``name``.

    >>> png_name("val/000001.jpg"), png_name("frame_0.5")
    ('val/000001.png', 'frame_0.5.png')
    """
    return f"{stem(name)}.png"


def base_name(name: str) -> str:
    r"""The last part of a path or URL, without a URL's query.

    >>> base_name("https://host/a/b.jpg?size=1"), base_name(r"C:\data\b.jpg")
    ('b.jpg', 'b.jpg')
    """
    return (_parts(name) or [""])[-1]


def flat_name(name: str) -> str:
    """The parts of a path or URL as one file name.

    >>> flat_name("/data/train/b.jpg"), flat_name("https://host/a/b.jpg?size=1")
    ('data_train_b.jpg', 'host_a_b.jpg')
    """
    return "_".join(_parts(name))


def _parts(name: str) -> list[str]:
    scheme, is_url, rest = name.partition("://")
    path = re.split(r"[?#]", rest)[0] if is_url else scheme
    parts = re.sub(r"^[A-Za-z]:(?=[\\/])", "", path).replace("\\", "/").split("/")
    return [part for part in parts if part not in ("", ".", "..")]


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
    if _DRIVE_OR_URL.match("/".join(parts)) or "://" in slashed:
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
