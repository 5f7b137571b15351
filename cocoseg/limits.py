"""Limits that hold for every kind of input."""

MAX_PIXELS = 178_956_970  # of a picture or a mask; Pillow, too, takes larger pictures for an attack
