"""``python -m cocoseg``."""

from cocoseg.cli import main

if __name__ == "__main__":
    main()
