"""Writes the generated parts of README.md and of the pages beside this file.

    python docs/generate.py

A generated part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; a test holds the pages to it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

import cocoseg
import error_list
from cocoseg.cli.app import build
from cocoseg.errors import CocosegError
from cocoseg.formats import FORMATS, Format
from cocoseg.formats.maps.paths import plain
from cocoseg.labels import PRESETS
from cocoseg.options import Reading, flag
from cocoseg.runs.tally import Tally
from cocoseg.stats.findings import KINDS
from cocoseg.tools import formats

ROOT = Path(__file__).parent.parent
PART = re.compile(r"(<!-- generated: (.*?) -->\n).*?(<!-- end -->)", re.DOTALL)
COMMANDS: dict[str, Any] = typer.main.get_command(build()).commands  # type: ignore[attr-defined]


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def rewritten(page: str) -> str:
    """A page with its generated parts made again."""
    return PART.sub(lambda part: f"{part[1]}\n{_generated(*part[2].split())}\n\n{part[3]}", page)


def _generated(part: str, *about: str) -> str:
    return PARTS[part](*about)


def conversions() -> str:
    """What becomes of each source, in a line for all with the same answers."""
    heads, _, *rows = formats.table()
    lines = _together((f"`{name}`", *row[1:]) for name, row in zip(formats.sources(), rows, strict=True))
    return _table(["from \\ to", *(f"`{head}`" for head in heads[1:])], lines)


def _together(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows of a name and values, with one row for all names that have the same values."""
    names: dict[tuple[str, ...], list[str]] = {}
    for name, *values in rows:
        names.setdefault(tuple(values), []).append(name)
    return [(", ".join(some), *values) for values, some in names.items()]


def reads() -> str:
    """The formats that are read, in groups."""
    groups: dict[str, list[str]] = {}
    for row in FORMATS.values():
        name = row.what.partition(" (")[0].partition(":")[0]
        groups.setdefault(_group(row), []).append(name[0].upper() + name[1:])
    return "\n".join(f"* **{group}**: {'; '.join(names)}." for group, names in groups.items())


def _group(row: Format) -> str:
    if row.layout and row.layout.is_placed:
        return "Data sets as they are downloaded"
    room = row.module.split(".")[2]
    if room in ("coco", "panoptic"):
        return "COCO"
    return "Folders of pictures" if room in ("maps", "masks") else "Annotation tools"


def held() -> str:
    """The formats that are read, by what they are, with their sections, and what they cannot hold."""
    sections = _sections((ROOT / "docs" / "formats.md").read_text())
    rows = sorted(
        ((name, _linked(row.what, sections.get(name)), ", ".join(formats.lacks(row))) for name, row in FORMATS.items()),
        key=lambda row: row[1].lstrip("[").lower(),
    )
    return _table(["source", "name", "cannot hold"], [(what, f"`{name}`", lacks) for name, what, lacks in rows])


def _sections(page: str) -> dict[str, str]:
    """The heading above the part of each format."""
    found: dict[str, str] = {}
    heading = ""
    for line in page.splitlines():
        heading = line.removeprefix("### ") if line.startswith("### ") else heading
        if named := re.match(r"<!-- generated: disk (.*) -->", line):
            found |= dict.fromkeys(named[1].split(), heading)
    return found


def _linked(text: str, heading: str | None) -> str:
    if heading is None:
        return text
    anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    return f"[{text}](#{anchor})"


def disk(*names: str) -> str:
    """What some formats need on disk, and what they cannot hold."""
    rows = [(f"`{name}`", *_on_disk(FORMATS[name]), ", ".join(formats.lacks(FORMATS[name]))) for name in names]
    heads = ["name", "on disk, the first that is there", "beside it, if there", "cannot hold"]
    used = [column for column in range(len(heads)) if column < 2 or any(row[column] for row in rows)]
    return _table([heads[column] for column in used], [[row[column] for column in used] for row in rows])


def _on_disk(row: Format) -> tuple[str, str]:
    """The paths of labels, and those of other files that are used."""
    if row.layout is None or row.needs:
        return row.needs or _signs(row), ""
    kinds, layout = row.layout.files, row.layout
    photos = {path for kind in kinds for path in (kind.photos or layout.photos).split("|")}
    beside = {
        "instances": [kind.numbers for kind in kinds],
        "classes": layout.config,
        "lists of splits": [layout.lists],
        "photos": sorted(photos),
    }
    said = [f"{what} {_paths(paths)}" for what, paths in beside.items() if any(paths)]
    return _paths(kind.path for kind in kinds), "; ".join(said)


def _paths(paths: Iterable[str]) -> str:
    """Paths, without those that are empty or repeated."""
    return ", ".join(dict.fromkeys(f"`{plain(path)}`" for path in paths if path))


def sources() -> str:
    """The formats that are read, their names for ``--from``, their options and their signs."""
    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{shown}`" for option in row.options if (shown := flag(Reading, option))),
            _signs(row),
        )
        for name, row in FORMATS.items()
    ]
    return _table(["name", "options", "recognised by"], _together(rows))


def _flag(option: str) -> str:
    return f"`{flag(Reading, option)}`"


def _signs(row: Format) -> str:
    words = {
        "key": "the key `{}`",
        "report": "the report of `{}`",
        "head": "`{}` near the beginning",
        "table": "a file `{}` in a sub-folder",
        "paths": "paths as `{}`",
        "texts": "texts of outlines in a folder `{}`",
        "names": "masks named `<id>_<class>.png`",
        "mode": "{}",
        "folders": "{}",
        "each": "JSONs of one {} each",
    }
    modes = {"0": "grey", "2": "RGB", "3": "palette", "4": "grey-alpha", "6": "RGBA"}
    modes = {number: f"{mode} pictures" for number, mode in modes.items()}
    modes |= {
        "equal": "three equal channels",
        "scores": "arrays of floats",
        "colors": "a table of colours (`--colors`, or found)",
    }
    folders = {
        "class": "binary masks of the same names in folders of classes",
        "image": "binary masks in `<image>/masks`, and a photo in `<image>/images`",
    }
    shown = {"mode": modes, "folders": folders}
    pairs = [sign.partition(":")[::2] for sign in row.signs]
    pairs = [(kind, value.partition(" ")[0] if kind == "paths" else value) for kind, value in pairs]
    signs = [words[kind].format(shown.get(kind, {}).get(value, value)) for kind, value in pairs]
    placed = row.layout is not None and row.layout.is_placed
    return ", ".join([*(["the paths of its labels"] if placed else []), *signs])


def presets() -> str:
    rows = [(f"`{name}`", *preset.summary.split("; ")) for name, preset in PRESETS.items()]
    return _table(["preset", "class map", "void and background"], rows)


def errors() -> str:
    rows = error_list.raised(ROOT / "cocoseg")
    lines = []
    for category in dict.fromkeys(row.category for row in rows):
        here = [row for row in rows if row.category == category]
        kinds = ", ".join(f"`{kind}`" for kind in dict.fromkeys(row.kind for row in here))
        example = max((row.example for row in here), key=error_list.letters)
        lines.append((f"`{category}`", kinds, _cell(example)))
    return _table(["category", "raised as", "example"], lines)


def findings() -> str:
    """The kinds of findings, and why each is an error or none."""
    rows = ((f"`{name}`", "error" if kind.error else "warning", kind.what, kind.why) for name, kind in KINDS.items())
    return _table(["finding", "is", "when", "because"], rows)


def options(command: str) -> str:
    """The options of a command; ``shared`` are those of all conversions."""
    conversions = [_options(name) for name in COMMANDS if name.startswith("to-")]
    shared = set(conversions[0]).intersection(*conversions)
    if command == "shared":
        return _table(["option", "meaning"], [row for row in conversions[0] if row in shared])
    is_run = command in (
        "show",
        "evaluate",
        "merge",
        "subset",
        "split",
        "tile",
        "stitch",
        "resize",
    ) or command.startswith("to-")
    own = [row for row in _options(command) if row not in shared or not is_run]
    return _table(["option", "meaning"], own)


def _options(command: str) -> list[tuple[str, str]]:
    rows = [parameter for parameter in COMMANDS[command].params if parameter.opts[0].startswith("--")]
    return [_option(parameter) for parameter in rows if parameter.name != "help"]


def _option(parameter: Any) -> tuple[str, str]:
    value = "" if parameter.is_flag else parameter.metavar
    shown = parameter.show_default and not parameter.is_flag and parameter.default is not None
    default = f" Default: {parameter.default}." if shown else ""
    meaning = re.sub(r"\[default: (.*)\]", r"Default: \1.", parameter.help)
    return _code(f"{', '.join(parameter.opts)} {value}"), f"{_cell(meaning)}{default}"


def _code(text: str) -> str:
    """Code in a cell; GitHub and mkdocs differ in how a bar is written between backticks."""
    return f"<code>{text.strip().replace('|', '&#124;')}</code>" if "|" in text else f"`{text.strip()}`"


def api(what: str) -> str:
    """Names with their signatures and first sentences: of a kind at the top of cocoseg, or of a module below."""
    if what.startswith("cocoseg."):
        return _table(["name", "purpose"], _names_of(what))
    found = {name: getattr(cocoseg, name) for name in cocoseg.__all__ if not name.startswith("__")}
    return "\n\n".join(_described(name, value) for name, value in found.items() if _kind(value) == what)


def _kind(value: Any) -> str:
    if not isinstance(value, type):
        return "functions"
    return "errors" if issubclass(value, CocosegError) else "classes"


def _described(name: str, value: Any) -> str:
    if _kind(value) == "functions":
        return f"### {name}\n\n```text\n{_signature(name, value)}\n```\n\n{_first_paragraph(value)}"
    fields = f"Fields: {', '.join(f'`{field}`' for field in _fields(value))}." if _fields(value) else ""
    rows = [(f"`{name}`", _cell(_first_paragraph(member))) for name, member in _members(value)]
    members = _table(["member", "meaning"], rows) if rows else ""
    return "\n\n".join(part for part in (f"### {name}", _first_paragraph(value), fields, members) if part)


def _fields(value: type) -> list[str]:
    """The fields of a dataclass or of a named tuple."""
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value) if not field.name.startswith("_")]
    return list(getattr(value, "_fields", ()))


def _members(value: type) -> list[tuple[str, Any]]:
    """The public methods and properties that a class defines; those of results are for the command line."""
    members = [] if issubclass(value, Tally) else [row for row in vars(value).items() if not row[0].startswith("_")]
    return [(name, member) for name, member in members if isinstance(member, property) or inspect.isroutine(member)]


def _signature(name: str, function: Callable[..., Any]) -> str:
    """A call with all parameters, a line each where it is long."""
    signature = inspect.signature(function)
    rows = [_parameter(row) for row in signature.parameters.values()]
    keywords = [row.kind is row.KEYWORD_ONLY for row in signature.parameters.values()]
    if True in keywords:
        rows.insert(keywords.index(True), "*")
    result = f" -> {_annotation(signature.return_annotation)}"
    line = f"cocoseg.{name}({', '.join(rows)}){result}"
    if len(line) <= 88:
        return line
    return "\n".join([f"cocoseg.{name}(", *(f"    {row}," for row in rows), f"){result}"])


def _parameter(row: inspect.Parameter) -> str:
    stars = {row.VAR_POSITIONAL: "*", row.VAR_KEYWORD: "**"}.get(row.kind, "")
    kind = "" if row.annotation is row.empty else f": {_annotation(row.annotation)}"
    value = row.default.__name__ if isinstance(row.default, type) else repr(row.default)
    default = "" if row.default is row.empty else f" = {value}"
    return f"{stars}{row.name}{kind}{default}"


def _annotation(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _names_of(module: str) -> list[tuple[str, str]]:
    """The public names of a module with their first sentences, without importing what it needs."""
    path = ROOT.joinpath(*module.split("."))
    trees = [ast.parse(file.read_text("utf-8")) for file in (sorted(path.glob("*.py")) or [path.with_suffix(".py")])]
    found = {
        node.name: ast.get_docstring(node) or ""
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    }
    public = _public(path / "__init__.py") or list(found)
    return [(f"`{name}`", _cell(found[name].split("\n\n")[0])) for name in public]


def _public(module: Path) -> list[str]:
    """``__all__`` of a module; empty where there is none."""
    body = ast.parse(module.read_text("utf-8")).body if module.is_file() else []
    lists = [node.value for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    return [name for row in lists for name in ast.literal_eval(row)]


def _first_paragraph(value: Any) -> str:
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("``", "`")


def _cell(text: str) -> str:
    return " ".join(text.replace("``", "`").replace("\\|", "|").replace("|", "\\|").split())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rows = list(rows)
    if not rows:
        return "This command has no options.\n"
    width = max(map(len, rows))
    lines = [heads[:width], ["---"] * width, *([*row, *[""] * (width - len(row))] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PARTS: dict[str, Callable[..., str]] = {
    "conversions": conversions, "sources": sources, "held": held, "disk": disk, "presets": presets,
    "errors": errors, "findings": findings, "options": options, "api": api,
    "reads": reads,
}  # fmt: skip


def main() -> None:
    for page in pages():
        page.write_text(rewritten(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
