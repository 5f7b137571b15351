"""The names of the torch room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cocoseg.torch


@pytest.mark.parametrize("name", cocoseg.torch.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    value = getattr(cocoseg.torch, name)
    assert value.__doc__
    assert value.__module__.startswith("cocoseg.torch.")


def test_all_public_names_are_listed() -> None:
    modules = {path.stem for path in Path(cocoseg.torch.__file__).parent.glob("[a-z]*.py")}
    named = {name for name in vars(cocoseg.torch) if re.match("[A-Za-z]", name)}
    assert set(cocoseg.torch.__all__) == named - modules - {"annotations", "find_spec"} | {"collate"}
