"""A scheme from another process is written in the same way, since resuming compares what is written."""

from __future__ import annotations

import pickle

import pytest

from cocoseg import read
from cocoseg.formats.maps.writer import ClassMaps
from cocoseg.labels import label_scheme
from cocoseg.labels.schemefile import scheme_dict


@pytest.mark.parametrize("preset", ["index", "mask2former", "panopticapi"])
def test_the_same_settings_in_every_process(preset: str) -> None:
    scheme = label_scheme(preset, read("fixtures/panoptic.json"))
    again = pickle.loads(pickle.dumps(scheme))
    assert scheme_dict(again) == scheme_dict(scheme)
    assert ClassMaps(again).settings() == ClassMaps(scheme).settings()
