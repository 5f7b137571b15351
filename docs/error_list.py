"""The error categories of the package, read from its code.

A category is the first argument of an error, or of a function of the same module that passes it on to one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

KINDS = ("UsageError", "DocumentError", "SampleError", "LabelError", "OutputError", "Problem")
CATEGORY = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Raised(NamedTuple):
    """A category at one place in the code; ``example`` is empty where the message is put together elsewhere."""

    category: str
    kind: str
    example: str


def raised(package: Path) -> list[Raised]:
    """All categories of a package, sorted."""
    found = {row for module in package.rglob("*.py") for row in _in_module(ast.parse(module.read_text("utf-8")))}
    return sorted(found)


def letters(example: str) -> int:
    """How much an example says besides its gaps."""
    return sum(letter.isalpha() for letter in example)


def _in_module(tree: ast.Module) -> Iterator[Raised]:
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    kinds = dict(zip(KINDS, KINDS, strict=True)) | _passing_on(functions)
    for function in functions:
        for call in _calls(function, kinds):
            texts = [_template(argument, function) for argument in call.args]
            example = next((text for text in texts if " " in text), "")
            for category in _categories(call, function):
                yield Raised(category, kinds[_name(call)], example)


def _passing_on(functions: list[Function]) -> dict[str, str]:
    """Functions that make an error of a category that they were given, and the kind of error."""
    return {
        function.name: _name(call)
        for function in functions
        for call in _calls(function, KINDS)
        if call.args and isinstance(call.args[0], ast.Name) and call.args[0].id in {a.arg for a in function.args.args}
    }


def _calls(function: Function, names: dict[str, str] | tuple[str, ...]) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call) and _name(node) in names]


def _name(call: ast.Call) -> str:
    """The function that is called, or the method of the same object."""
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "self":
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _categories(call: ast.Call, function: Function) -> set[str]:
    """The categories among the arguments of a call; those of a variable are the texts it may have."""
    values = [value for argument in call.args for value in _values(argument, function)]
    texts = {_template(value, function) for value in values}
    return {text for text in texts if CATEGORY.fullmatch(text.replace("…", "x"))}


def _values(node: ast.expr, function: Function) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [*_values(node.body, function), *_values(node.orelse, function)]
    if isinstance(node, ast.Name):
        return [value for given in _assigned(node.id, function) for value in _values(given, function)]
    return [node]


def _assigned(name: str, function: Function) -> list[ast.expr]:
    return [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]


def _template(node: ast.expr, function: Function) -> str:
    """A text with … in place of each value; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part, function) or "…" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _template(node.value, function)
    if isinstance(node, ast.IfExp):
        return _template(node.body, function)
    if isinstance(node, ast.Name):
        above = [value for value in _assigned(node.id, function) if value.lineno < node.lineno]
        return _template(above[-1], function) if above else ""
    return ""
