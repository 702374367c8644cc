"""Imports spaCy without its command line, whose packages take a third of its start, and which nothing here uses.

``spacy.cli`` and ``spacy.info`` are there as ever for who asks for them: they are imported then.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["get_string_id"]

COMMANDS, INFO = "spacy.cli", "spacy.cli.info"


def _info(*args: Any, **kwargs: Any) -> Any:
    return import_module(INFO).info(*args, **kwargs)


def _late(name: str) -> Any:
    """What Python asks a module for that it does not have."""
    if name == "cli":
        return import_module(COMMANDS)
    raise AttributeError(f"module 'spacy' has no attribute '{name}'")


def _import_spacy() -> None:
    """Import it with stand-ins for its command line, and take them away again."""
    if "spacy" in sys.modules:
        return
    stand_ins = {name: ModuleType(name) for name in (COMMANDS, INFO)}
    vars(stand_ins[INFO])["info"] = _info
    sys.modules.update(stand_ins)
    try:
        vars(import_module("spacy"))["__getattr__"] = _late
    finally:
        for name in stand_ins:
            del sys.modules[name]


_import_spacy()

from spacy.strings import get_string_id  # noqa: E402
