"""``cocoseg to-hf``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToHf


@conversion(ToHf)
def command() -> Callable[..., Any]:
    """Convert annotations to an imagefolder that Hugging Face's datasets loads, with class maps or segments.

    OUT gets images (links to the photos), labels and metadata.jsonl for each part, or Parquet files, and id2label.json.
    Run the same command again to resume; only changed images are converted again.

    Example: cocoseg to-hf panoptic.json out/ --photos val2017 --parts val
    """
    from cocoseg.tools.hf import to_hf

    return to_hf
