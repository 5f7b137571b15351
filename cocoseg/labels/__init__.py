"""What number a class gets, and what becomes of void, crowd, things and unknown categories."""

from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import PRESETS, Preset
from cocoseg.labels.scheme import LabelClass, LabelScheme

__all__ = ["PRESETS", "LabelClass", "LabelScheme", "Preset", "label_scheme"]
