"""Renders pages with Jinja2, and writes them."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from cocoseg.errors import OutputError, SampleError, UsageError, show
from cocoseg.files import places
from cocoseg.files.reading import read_head
from cocoseg.page.gallery import called
from cocoseg.page.pictures import scale_colors
from cocoseg.page.words import name, percent, sentence, short, whole
from cocoseg.runs.folders import create_folder
from cocoseg.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

LIMIT = 2_000_000  # bytes of a page
_FIRST = "<!DOCTYPE html>\n<!-- a report of cocoseg -->\n"


class Page(Protocol):
    """What a template takes as ``page``."""

    @property
    def template(self) -> str:
        """The name of the template."""
        ...


def render(page: Page) -> str:
    """The page as HTML."""
    return _FIRST + _environment().get_template(page.template).render(page=page) + "\n"


def encoded(html: str) -> bytes:
    """The bytes of a page."""
    return html.encode("utf-8", "replace")


def check_free(path: str, overwrite: bool, option: str = "out") -> None:
    """Raises UsageError ``usage.html`` for a name that is no HTML file, OutputError ``out.exists`` for a stranger's."""
    if not path.lower().endswith((".html", ".htm")) or places.is_folder(path):
        raise UsageError("usage.html", f"{option} is {show(path)}, expected the name of a .html file")
    if overwrite or not places.exists(path):
        return
    try:
        ours = read_head(path, len(_FIRST)) == _FIRST.encode()
    except SampleError:
        ours = False
    if not ours:
        text = f"{show(path, 300)} is there and is no report of cocoseg; choose another name, or use --overwrite"
        raise OutputError("out.exists", text)


def save(path: str, html: str) -> None:
    """Write a page. Raises OutputError."""
    create_folder(places.parent(path)).save(places.base_name(path), encoded(html))


@lru_cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    found = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = _part("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    found.filters |= {
        "whole": whole,
        "percent": percent,
        "short": short,
        "name": name,
        "called": called,
        "sentence": sentence,
    }
    found.globals |= {"version": __version__, "script": script, "script_hash": digest, "style": _part("style.css")}
    found.globals |= {"scale": scale_colors()}
    return found


def _part(of: str) -> Any:
    """A file of the room's templates."""
    return (files("cocoseg.page") / "templates" / of).read_text("utf-8")
