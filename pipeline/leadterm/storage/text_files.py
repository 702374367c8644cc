"""Small text files that a user gives, read whole; what cannot be read is said in one voice."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError

__all__ = ["read_text", "read_toml", "toml_key", "toml_value"]


def read_text(path: str | Path, *, what: str = "", hint: str = "Check the path.") -> str:
    """Read a UTF-8 file as it stands (line ends kept), without its byte order mark.

    ``what``: what it is, before its name, for instance ``"recipe "``.

    ``LeadtermError`` if it cannot be read or is not UTF-8.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LeadtermError(f"cannot read {what}'{path}': {error.strerror}.", hint=hint) from None
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8."
        raise LeadtermError(f"{what}'{path}' is not UTF-8 at byte {error.start + 1}.", hint=hint) from None


def read_toml(path: str | Path, *, what: str = "", mend: str = "Mend the line.") -> dict[str, Any]:
    """Read a TOML file; what is wrong with it is told by its place alone, for it may hold what is private."""
    text = read_text(path, what=what)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = str(error).partition("(at ")[2].rstrip(")") or "its end"
        raise LeadtermError(f"{what}'{path}' is not TOML: look at {where}.", hint=mend) from None


def toml_value(value: object) -> str:
    """Write a string, number, tuple or flat table as TOML: JSON writes them alike, but for the character DEL."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_value(value[key])}" for key in sorted(value)) + "}"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """Write a key, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_value(name)
