"""Folders of label pictures."""
