"""The knowledge tables (TSV files with ``#`` comments and a header) that stand beside this module."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from leadterm.storage.tsv import package_table

__all__ = ["fingerprint", "load_table"]


def load_table(name: str) -> list[dict[str, str]]:
    """Read a table of the package.

    One mapping of column to value a row. ``LeadtermError`` if a row has another number of columns than the header.

    >>> sorted(load_table("word_variants.tsv")[0])
    ['base', 'word']
    """
    return package_table("leadterm.text.knowledge", name)


@cache
def fingerprint(tables: tuple[str, ...], modules: tuple[str, ...]) -> str:
    """Name the content of tables and of the modules (below ``leadterm``) that read them: what is compiled from both.

    >>> len(fingerprint(("soft_words.tsv",), ("text/matching/word_sets.py",)))
    16
    """
    digest = hashlib.sha256()
    for name in (*(f"text/knowledge/{table}" for table in tables), *modules):
        digest.update(files("leadterm").joinpath(name).read_bytes())
    return digest.hexdigest()[:16]
