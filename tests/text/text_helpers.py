"""Reads annotated sentences, and annotates docs with mentions at given places."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leadterm.text.pipeline import build_nlp

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

CASES = Path(__file__).with_name("context_cases.tsv")
_MARK = re.compile(r"\[(?P<words>[^|\]]+)\|(?P<assertion>[\w/]+)\]|\{(?P<cue>[^}]+)\}")


class Case(NamedTuple):
    """An annotated sentence: its text, its mentions with their assertions, its cues."""

    language: str
    text: str
    mentions: tuple[tuple[int, int, str], ...]
    cues: tuple[str, ...]


def parse_case(language: str, marked: str) -> Case:
    """Take the marks out of an annotated sentence."""
    text, at = "", 0
    mentions, cues = [], []
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        at = match.end()
        words = match["words"] or match["cue"]
        if match["words"]:
            mentions.append((len(text), len(text) + len(words), match["assertion"]))
        else:
            cues.append(words)
        text += words
    return Case(language, text + marked[at:], tuple(mentions), tuple(cues))


def read_cases() -> list[Case]:
    """Read all annotated sentences."""
    lines = [line for line in CASES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [parse_case(*line.split("\t")) for line in lines[1:]]


@lru_cache(maxsize=4)
def pipeline(language: str = "en") -> Language:
    """One pipeline a language for all tests."""
    return build_nlp(language)


def annotate(text: str, places: list[tuple[int, int]], language: str = "en") -> Doc:
    """Run the pipeline with mentions at the given characters."""
    nlp = pipeline(language)
    doc = nlp(text)
    spans = [doc.char_span(start, end, alignment_mode="expand") for start, end in places]
    doc.spans["mentions"] = [span for span in spans if span is not None]
    return nlp.get_pipe("leadterm_context")(doc)
