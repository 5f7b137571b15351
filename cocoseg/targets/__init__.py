"""Samples and schemes to the arrays that a loss wants."""
