"""URLs of storage that fsspec knows (``s3://bucket/folder/a.json``), as text.

A URL is taken literally: blanks, ``#``, ``?`` and ``%`` are letters of a name, and nothing is percent-decoded.
"""

from __future__ import annotations

import os
import posixpath
import re

from cocoseg.errors import UsageError, show

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SECRET = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")
_SAME = {"s3a": "s3", "gcs": "gs"}


def is_url(text: str) -> bool:
    """Whether a text is a URL and not a path."""
    return _URL.match(text) is not None


def is_web(text: str) -> bool:
    """Whether a text is the URL of a web server, which has no folders.

    >>> is_web("https://host/a.jpg"), is_web("s3://bucket/a.jpg")
    (True, False)
    """
    return text.lower().startswith(("http://", "https://"))


def checked(url: str) -> str:
    """The URL, or the path that a ``file://`` URL stands for. Raises UsageError ``usage.url``."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() in ("file", "local"):
        return rest.lstrip("/") if os.name == "nt" and re.match("/+[A-Za-z]:", rest) else rest
    if _SECRET.search(url):
        raise _unusable(url, "holds a password; give it in the environment or in fsspec's configuration")
    if re.search("::[A-Za-z][A-Za-z0-9+.-]*(?:://|$)", url):
        raise _unusable(url, "chains several storages with '::'; name one")
    if scheme.lower() in ("http", "https") and ("?" in url or "#" in url):
        raise _unusable(url, "has a query, which may be a signature; download the file, or name it without")
    return url


def without_secrets(text: str) -> str:
    """A foreign message without the passwords of the URLs in it.

    >>> without_secrets("no answer from http://me:pass@host/x")
    'no answer from http://***@host/x'
    """
    return _SECRET.sub("***", text)


def join(folder: str, name: str) -> str:
    """The URL of a file in a folder."""
    return f"{folder.rstrip('/')}/{name}"


def base_name(url: str) -> str:
    """The last part of a URL, not counting the scheme.

    >>> base_name("s3://bucket/folder/a.json")
    'a.json'
    """
    return url.partition("://")[2].rstrip("/").rpartition("/")[2]


def parent(url: str) -> str:
    """The folder that an object is in."""
    return url.rpartition("/")[0]


def without_suffix(url: str) -> str:
    """A URL without the ending of its name.

    >>> without_suffix("s3://bucket.x/panoptic.val.json")
    's3://bucket.x/panoptic.val'
    """
    head, slash, rest = url.partition("://")
    return f"{head}{slash}{posixpath.splitext(rest)[0] if '/' in rest else rest}"


def lies_in(inner: str, outer: str) -> bool:
    """Whether a URL is a folder or lies in it."""
    return f"{_plain(inner)}/".startswith(f"{_plain(outer)}/")


def _plain(url: str) -> str:
    scheme, _, rest = url.partition("://")
    parts = [part for part in rest.split("/") if part]
    return f"{_SAME.get(scheme.lower(), scheme.lower())}://{'/'.join(parts)}"


def _unusable(url: str, why: str) -> UsageError:
    text = without_secrets(url)
    if url.lower().startswith("http"):
        text = re.split("[?#]", text)[0]
    return UsageError("usage.url", f"{show(text, 300)} {why}")
