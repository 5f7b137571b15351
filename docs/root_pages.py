"""A hook of mkdocs: documents that lie outside this folder become pages, and links to them stay right."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
PAGES = {
    "DESIGN.md": "design.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/RESULTS.md": "results.md",
}
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+\.md)")


def on_files(files: Files, config: Any) -> Files:
    """Add the documents."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links are written as they are right in the repository; here all pages lie in one folder."""
    uri = page.file.src_uri
    source = next((source for source, name in PAGES.items() if name == uri), f"docs/{uri}")
    return LINK.sub(lambda link: f"]({_page(posixpath.join(posixpath.dirname(source), link[1]))}", markdown)


def _page(target: str) -> str:
    target = posixpath.normpath(target)
    return PAGES.get(target, target.removeprefix("docs/"))
