"""Corpora: folders of coded encounters with a card, read, written, checked and counted.

A corpus is a folder with ``corpus.toml`` (the card) and one ``SPLIT.jsonl`` a split, one encounter a line.
"""

from __future__ import annotations

from leadterm.corpus.card import Card, read_card, read_code_list
from leadterm.corpus.check import Problem, check, fix
from leadterm.corpus.format import arrange_mentions, decode, encode
from leadterm.corpus.splits import iter_split, read_split, splits_of, write_corpus, write_stream
from leadterm.corpus.stats import Stats, stats

__all__ = [
    "Card", "Problem", "Stats", "arrange_mentions", "check", "decode", "encode", "fix", "iter_split", "read_card",
    "read_code_list", "read_split", "splits_of", "stats", "write_corpus", "write_stream",
]  # fmt: skip
