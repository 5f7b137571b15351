"""Arrays to arrays; nothing here opens a file."""
