"""The model card of the shipped ranker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["write_card"]

CARD = """# Model card: the default ranker

A gradient-boosted ranker over {features} named features of candidate codes. It holds numbers and single words, no text:
which kinds of evidence coders accept; for each code, category and chapter how much more or less often they report it
than its evidence lets expect, in each kind of document; and what a word beside a mention says of its code (words that
stand beside mentions in eight encounters or more).

- **Learned from** {sources}.
- **Codes**: {releases}. **leadterm** {version}. Rebuilt by `make train NOTES=notes.jsonl`; without `NOTES` the
  MTSamples notes are missing.
- **For** ranking ICD-10-CM suggestions on English and Spanish notes, for a person to confirm. **Not for** coding
  without review.
- **Line** of what is suggested: {threshold:.2f}, the best F1 out of fold, averaged over the sources.
- **Expected calibration error** out of fold: {ece:.3f}.

Out of fold: no tree, no rate and no word that scores a note has seen it in any layout. Optional codes are neither right
nor wrong. "In 15 rows": demanded codes among the first 15 rows. "First": notes whose first suggested code is the
principal or first-listed one.

| source | notes | F1 | precision | recall | in 15 rows | first |
|---|---|---|---|---|---|---|
{rows}

The reference corpus was invented and coded by hand here; generated notes are coded by construction; the MTSamples notes
were coded by machine-assisted reading, not checked by certified coders. The line was chosen on the same folds, which
flatters a little. Figures on corpora by others are in the project's README.
"""
ORDER = ("f1", "precision", "recall", "in_15", "first_listed")


def write_card(meta: Mapping[str, Any], report: Mapping[str, float], line: float, features: int) -> str:
    """Write the card: ``report`` has ``NAME.FIGURE`` for each source."""
    names = list(meta["sources"])
    scored = [name for name in names if f"{name}.f1" in report]
    rows = [
        f"| {name} | {report[f'{name}.notes']:.0f} | "
        + " | ".join(
            "–" if key == "first_listed" and not report[f"{name}.{key}"] else f"{report[f'{name}.{key}']:.3f}"
            for key in ORDER  # a source may have no first-listed codes
        )
        + " |"
        for name in scored
    ]
    return CARD.format(
        features=features, sources=", ".join(f"{name} ({meta['sources'][name]} notes)" for name in names),
        releases=", ".join(f"{name} {release}" for name, release in meta["releases"].items()),
        version=meta["leadterm"], threshold=line, ece=report["ece"], rows="\n".join(rows),
    )  # fmt: skip
