"""``cocoseg to-shards``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoseg.cli.conversion import conversion
from cocoseg.options import ToShards


@conversion(ToShards)
def command() -> Callable[..., Any]:
    """Pack photos and labels into tars, as WebDataset and cocoseg.torch.ShardDataset read them.

    OUT gets tars such as train-00003.tar, and id2label.json. The same images make the same bytes.
    Run the same command again to resume; only changed images are packed again.

    Example: cocoseg to-shards panoptic.json out/ --photos train2017 --shards 64
    """
    from cocoseg.tools.shards import to_shards

    return to_shards
