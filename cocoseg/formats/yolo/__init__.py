"""YOLO-seg: photos, a text file of outlines for each, and a data.yaml that says where they lie.

config.py reads the YAML, listing.py finds the photos and their texts, labels.py reads a text.
"""
