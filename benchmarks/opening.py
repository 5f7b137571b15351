"""Opens an annotation file with one of several libraries and ends: for its time and memory from outside."""

from __future__ import annotations

import sys


def main(library: str, source: str) -> None:
    if library == "cocoseg":
        import cocoseg

        cocoseg.read(source)
    elif library == "pycocotools":
        from pycocotools.coco import COCO

        COCO(source)
    else:
        import hotcoco

        hotcoco.COCO(source)


if __name__ == "__main__":
    main(*sys.argv[1:])
