"""Runs the command line as ``python -m leadterm``."""

from leadterm.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
