"""Label schemes: the number of each class, and how void, crowds, things and unknown categories are labelled."""

from cocoseg.labels.choose import label_scheme
from cocoseg.labels.presets import PRESETS, Preset
from cocoseg.labels.scheme import LabelClass, LabelScheme

__all__ = ["PRESETS", "LabelClass", "LabelScheme", "Preset", "label_scheme"]
