"""COCO panoptic JSON and its PNGs."""
