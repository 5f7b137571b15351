"""The house: floors, public names, and what importing costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import cocoseg
from conftest import ROOT

PACKAGE = ROOT / "cocoseg"
FLOORS = [
    {"errors", "limits", "native", "version"},
    {"codecs", "files"},
    {"model", "parallel"},
    {"labels"},
    {"options"},
    {"targets", "runs"},
    {"drawing", "formats", "losses", "metrics", "stats"},
    {"evaluation", "reshaping"},
    {"page"},
    {"adapters", "tools", "torch"},
    {"cli"},
    {"__main__", "__init__"},
]
HEAVY = ["torch", "scipy", "typer", "rich", "PIL", "pycocotools", "numpy", "msgspec", "kornia_rs", "zlib_ng", "pyarrow"]


def room(module: Path) -> str:
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def imported_rooms(module: Path) -> set[str]:
    """Rooms of cocoseg that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cocoseg"):
            path = (node.module or "").split(".")[1:] or [alias.name for alias in node.names]
            names.add(path[0])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("cocoseg.")}
    return names


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_imports_point_down() -> None:
    wrong = [
        f"{module.relative_to(ROOT)} imports {other}"
        for module in modules()
        for other in imported_rooms(module)
        if other != room(module) and floor(other) >= floor(room(module))
    ]
    assert wrong == []


def test_formats_do_not_know_each_other() -> None:
    shared = {"coco_json", "inside", "nearest", "shapes", "survey"}
    for module in (PACKAGE / "formats").glob("*/*.py"):
        others = set(re.findall(r"cocoseg\.formats(?:\.| import )(\w+)", module.read_text()))
        assert others <= shared | {module.parent.name}, module


def test_the_floors_name_every_room() -> None:
    assert {room(module) for module in modules()} == set().union(*FLOORS)


def test_only_the_torch_room_imports_torch() -> None:
    for module in modules():
        if room(module) != "torch":
            assert not re.search(r"^\s*(?:import|from) torch", module.read_text(), re.MULTILINE), module


def test_public_names_are_all_and_no_more() -> None:
    assert dir(cocoseg) == sorted(cocoseg.__all__)
    for name in cocoseg.__all__:
        assert getattr(cocoseg, name) is not None
    for name in set(cocoseg.__all__) - {"__version__"}:
        assert getattr(cocoseg, name).__doc__, name


def test_importing_cocoseg_loads_nothing_heavy() -> None:
    code = "import sys, cocoseg; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & set(HEAVY)


def test_reading_loads_no_command_line_and_no_pillow() -> None:
    code = "import sys, cocoseg; cocoseg.read('fixtures/panoptic.json')[0]; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "typer", "rich", "PIL", "pycocotools"} & set(loaded)


def test_every_public_function_says_what_it_raises_or_shows_how_it_is_used() -> None:
    for name in cocoseg.__all__:
        value = getattr(cocoseg, name)
        if callable(value) and not isinstance(value, type):
            assert re.search(r"Raises|>>>", value.__doc__), name


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_modules(module: Path, names: set[str]) -> set[str]:
    """Modules of cocoseg that a module imports, wherever in it, in functions and for types too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in names else str(node.module) for name in inside}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & names


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, directly or through others; what nothing leads back to is taken away."""
    left = dict(imports)
    while ends := [name for name, others in left.items() if not others & set(left)]:
        left = {name: others for name, others in left.items() if name not in ends}
    while starts := set(left) - {other for others in left.values() for other in others}:
        left = {name: others for name, others in left.items() if name not in starts}
    return [[name, *sorted(others & set(left))] for name, others in left.items()]


def test_modules_do_not_import_each_other_in_circles() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"c"}}) == [["b", "c"], ["c", "b"]]
    names = {name_of(module): module for module in modules()}
    assert circles({name: imported_modules(module, set(names)) for name, module in names.items()}) == []
