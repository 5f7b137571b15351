"""Folders of binary masks."""
