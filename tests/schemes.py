"""Schemes as files for tests."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cocoseg.files.documents import write_json
from cocoseg.labels.scheme import LabelScheme
from cocoseg.labels.schemefile import scheme_dict


def save_scheme(scheme: LabelScheme, path: str | os.PathLike[str]) -> None:
    """Write a scheme to a .json or .toml file that ``read_scheme`` reads back to an equal scheme."""
    value = scheme_dict(scheme)
    data = msgspec.toml.encode(value) if Path(path).suffix.lower() == ".toml" else write_json(value)
    Path(path).write_bytes(data)
