"""What the commands do, without parsing and printing: plain functions for Python users."""
