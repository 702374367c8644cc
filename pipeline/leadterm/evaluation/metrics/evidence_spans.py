"""Is a suggested code supported by the right words?

The unit is a code of an encounter: it counts as right if it is a reference code and one of its spans fits one of
the reference spans of that code. Pieces of a mention with gaps are taken together, from the first to the last
character. The rules:

exact
    Both ends are the same.
overlap
    The spans share a character.
within
    Each end lies at most n characters from the end of the reference span.
codiesp
    As the CodiEsp-X track scores: the span holds the whole reference span and goes at most n characters beyond
    it at either end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Span

__all__ = ["RULES", "evidence_scores", "fits"]

RULES = ("exact", "overlap", "within", "codiesp")


def fits(rule: str, said: Span, reference: Span, n: int = 10) -> bool:
    """Say whether a span fits a reference span.

    `said, reference`: The two spans; an empty note id fits every note.

    >>> [fits(rule, Span("", 10, 25), Span("", 15, 25)) for rule in RULES]
    [False, True, True, True]
    >>> fits("codiesp", Span("", 16, 25), Span("", 15, 25))
    False
    """
    if said.note_id and reference.note_id and said.note_id != reference.note_id:
        return False
    return _RULES[rule](reference.start - said.start, said.end - reference.end, said, reference, n)


def evidence_scores(table: Aligned, n: int = 10) -> dict[str, Any] | None:
    """Score the evidence of the chosen suggestions.

    Suggestions of an encounter whose reference codes carry no evidence at all are left out, as are reference
    codes without evidence; a suggestion without evidence, or of a code without reference evidence, is wrong.

    Gives ``rules`` with precision, recall and F1 by rule; ``spans`` with the same over single spans, for ``exact`` and
    ``overlap``; counts. None where the reference has no evidence or the run gives none.
    """
    if not table.gold_evidence or not table.run_evidence:
        return None
    coded = {r for r, _ in table.gold_evidence}
    chosen = [
        (r, c)
        for r, c, k in zip(table.row.tolist(), table.col.tolist(), table.chosen.tolist(), strict=True)
        if k and r in coded
    ]
    said = {pair: table.run_evidence.get(pair, ()) for pair in chosen}
    gold = table.gold_evidence
    rules = {}
    for rule in RULES:
        right = sum(any(fits(rule, s, g, n) for g in gold.get(pair, ()) for s in spans) for pair, spans in said.items())
        rules[rule] = _scores(right, right, len(said), len(gold))
    spans = {rule: _span_scores(rule, said, gold, n) for rule in ("exact", "overlap")}
    return {"tolerance": n, "n_reference_codes": len(gold), "n_suggestions": len(said), "rules": rules, "spans": spans}


def _span_scores(rule: str, said: Any, gold: Any, n: int) -> dict[str, float]:
    """Score single spans: precision over suggested spans, recall over reference spans."""
    good = sum(any(fits(rule, s, g, n) for g in gold.get(pair, ())) for pair, spans in said.items() for s in spans)
    found = sum(any(fits(rule, s, g, n) for s in said.get(pair, ())) for pair, spans in gold.items() for g in spans)
    return _scores(good, found, sum(map(len, said.values())), sum(map(len, gold.values())))


def _scores(good: int, found: int, n_said: int, n_gold: int) -> dict[str, float]:
    precision, recall = good / n_said if n_said else 0.0, found / n_gold if n_gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": precision, "recall": recall, "f1": f1}


_Rule = Callable[[int, int, Span, Span, int], bool]
_RULES: dict[str, _Rule] = {
    "exact": lambda before, after, _said, _gold, _n: before == 0 and after == 0,
    "overlap": lambda _before, _after, said, gold, _n: said.start < gold.end and gold.start < said.end,
    "within": lambda before, after, _said, _gold, n: abs(before) <= n and abs(after) <= n,
    "codiesp": lambda before, after, _said, _gold, n: 0 <= before <= n and 0 <= after <= n,
}
