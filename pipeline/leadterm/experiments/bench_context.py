"""Scores the context of mentions on a file of judged sentences, such as the test kit of NegEx.

``python -m leadterm.experiments.bench_context FILE`` reads tab-separated rows: number, words of the mention, sentence,
judgement; the last column is ``Affirmed``, ``Negated`` or the name of an assertion. One line an assertion is printed.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from leadterm.errors import LeadtermError
from leadterm.storage.tsv import iter_rows

__all__ = ["Judged", "Score", "main", "read_judged", "score_contexts"]

NAMES = {
    "affirmed": "present", "negated": "absent", "recent": "present", "historical": "history", "other": "family",
    "not particular": "hypothetical",
}  # fmt: skip
COLUMNS = 4


class Judged(NamedTuple):
    """A sentence, the words of a mention in it, and the assertion it was judged to have."""

    words: str
    sentence: str
    assertion: str


class Score(NamedTuple):
    """Of one assertion: how many mentions have it, how many were given it, and how many rightly."""

    judged: int
    given: int
    right: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where neither has a mention."""
        return 2 * self.right / (self.judged + self.given) if self.judged + self.given else 0.0


def read_judged(path: Path) -> Iterator[Judged]:
    """Read judged sentences; a first row of titles and rows whose words the sentence lacks are passed over."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for _, cells in iter_rows(text, path.name, remarks=False, ragged=True):
        words, sentence, label = (cell.strip().strip('"').strip() for cell in (*cells, "", "", "")[1:COLUMNS])
        if words and words.lower() in sentence.lower():
            yield Judged(words, sentence, NAMES.get(label.lower(), label.lower()))


def score_contexts(cases: Iterable[Judged]) -> dict[str, Score]:
    """Read each mention in its sentence; every assertion with its score.

    What is read as an assertion that the file does not judge counts as present: NegEx knows two.

    >>> score_contexts([Judged("fever", "She denies fever.", "absent")])
    {'absent': Score(judged=1, given=1, right=1)}
    """
    from leadterm.text.pipeline import build_nlp

    nlp = build_nlp("en")
    tag = nlp.get_pipe("leadterm_context")
    every = list(cases)
    labels = {case.assertion for case in every}
    judged, given, right = Counter[str](), Counter[str](), Counter[str]()
    for case in every:
        doc = nlp(case.sentence)
        at = case.sentence.lower().find(case.words.lower())
        span = doc.char_span(at, at + len(case.words), alignment_mode="expand") if at >= 0 else None
        if span is None:
            continue
        doc.spans["mentions"] = [span]
        said = tag(doc).spans["mentions"][0]._.assertion
        said = said if said in labels else "present"
        judged[case.assertion] += 1
        given[said] += 1
        right[said] += said == case.assertion
    return {name: Score(judged[name], given[name], right[name]) for name in sorted(judged)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores of a file."""
    parser = argparse.ArgumentParser(description="Score the context of mentions on judged sentences.")
    parser.add_argument("file", type=Path, help="tab-separated: number, words, sentence, judgement")
    given = parser.parse_args(arguments)
    try:
        cases = list(read_judged(given.file))
    except OSError:
        raise LeadtermError(f"the file '{given.file.name}' cannot be read.", hint="Give a text file.") from None
    for name, score in score_contexts(cases).items():
        print(f"{name:13} judged {score.judged:5}  given {score.given:5}  right {score.right:5}  F1 {score.f1:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
