"""COCO detection JSON: instances, stuff, keypoints, LVIS and results."""
