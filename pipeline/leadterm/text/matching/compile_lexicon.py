"""Compiles the terms of a code system, the synonyms and MeSH into a cached `Lexicon`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadterm.storage.array_cache import cached
from leadterm.text.knowledge import fingerprint, load_table
from leadterm.text.matching.lexicon import Lexicon
from leadterm.text.matching.mesh import mesh_sets
from leadterm.text.matching.word_sets import MAX_WORDS, WordSet, word_sets
from leadterm.text.words.normalise import Normaliser, default_normaliser

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["compile_lexicon"]

RULES = (
    "text/matching/word_sets.py", "text/words/normalise.py", "text/matching/mesh.py", "text/matching/lexicon.py",
    "text/matching/compile_lexicon.py",
)  # fmt: skip
TABLES = (
    "synonyms.tsv", "word_variants.tsv", "soft_words.tsv", "ordinary_words.tsv", "abbreviations.tsv", "rule_words.tsv",
    "site_words.tsv", "part_words.tsv", "neoplasm_sites.tsv",
)  # fmt: skip


def _synonym_sets(system: CodeSystem, normaliser: Normaliser, ordinary: frozenset[str]) -> Iterator[WordSet]:
    for row in load_table("synonyms.tsv"):
        words = tuple(sorted(set(normaliser.content(row["phrase"]))))
        lost = len(words) == 1 and words[0] in ordinary and len(row["phrase"].split()) > 1
        if row["code"] in system and 0 < len(words) <= MAX_WORDS and not lost:
            yield WordSet(words, row["code"], "synonym", 0, row["phrase"])


def _all_sets(system: CodeSystem, normaliser: Normaliser) -> Iterator[WordSet]:
    ordinary = frozenset(row["word"] for row in load_table("ordinary_words.tsv"))
    synonyms = list(_synonym_sets(system, normaliser, ordinary)) if system.spec.knowledge else []
    told = {s.words for s in synonyms}
    codes_of: dict[tuple[str, ...], set[str]] = {}
    phrases = {tuple(word.split()) for word in ordinary}
    sets = [s for s in word_sets(system.terms(), normaliser) if s.words not in phrases]
    for s in (*synonyms, *sets):
        if s.missing == 0:
            codes_of.setdefault(s.words, set()).add(s.code)
    yield from synonyms
    yield from (s for s in sets if s.words not in told)
    if system.spec.knowledge:
        known = {words: min(codes) for words, codes in codes_of.items() if len(codes) == 1}
        yield from (
            s for s in mesh_sets(known, normaliser) if s.words not in codes_of and not ordinary.issuperset(s.words)
        )


def compile_lexicon(system: CodeSystem) -> Lexicon:
    """Compile the terms of a code system, or read them from the cache.

    Ready for matching. A synonym we reviewed overrides other terms of the same words. ``system``: titles, inclusion
    terms, index.
    """
    normaliser = default_normaliser()
    name = f"lexicon-{system.name}-{system.key}-{fingerprint(TABLES, RULES)}"
    readable = [row["word"] for row in load_table("rule_words.tsv")]
    return Lexicon.from_arrays(cached(name, lambda: Lexicon.build(_all_sets(system, normaliser), readable).arrays()))
