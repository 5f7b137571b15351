"""What formats of annotation tools share: shapes with a label, drawn on images that the tool names.

A format turns its file into ``Shape`` (shape.py), by outlines.py where the tool has shapes that are no polygons.
documents.py makes the data set: of a file for each image, or of one file about all of them.
"""
