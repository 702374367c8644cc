"""The same facts in another layout give the same codes: ``python -m leadterm.experiments.metamorphic [CORPUS]``.

Each note is read as it is and in every layout of `leadterm.training.generator.layouts`; a code suggested for both is
the same, one for either alone is not. The second table says what became of the codes that differ.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from leadterm.training.generator.layouts import LAYOUTS, in_layout

if TYPE_CHECKING:
    from leadterm.schema import Encounter, Suggestion, SuggestionSet
    from leadterm.suggester import Suggester

__all__ = ["Change", "compare", "main", "share_same"]

NOTES, SHORTEST, NEAR = 100, 200, 0.1


@dataclass(frozen=True, slots=True)
class Change:
    """What a layout does to one code that is suggested for a note as it is, or in the layout.

    ``cause``: empty for the same; else what differs about the code: it is not found, its assertion, its section, a rule
    moved it, its confidence (near the line or far).

    >>> Change("e1", "flattened", "M10.9", "").same
    True
    """

    encounter_id: str
    layout: str
    code: str
    cause: str

    @property
    def same(self) -> bool:
        """Whether it is suggested for both."""
        return not self.cause


def compare(model: Suggester, encounters: Iterable[Encounter], layouts: Sequence[str] = ()) -> Iterator[Change]:
    """Yield every code of every note in every layout that changes the note, all of `LAYOUTS` if none is named."""
    for encounter in encounters:
        plain = model.suggest(encounter)
        for name in layouts or LAYOUTS:
            other = in_layout(encounter, name)
            if other.notes != encounter.notes:
                yield from _changes(plain, model.suggest(other), name)


def _changes(plain: SuggestionSet, other: SuggestionSet, layout: str) -> Iterator[Change]:
    here, there = ({(s.system, s.code): s for s in one.suggestions} for one in (plain, other))
    above = [{key for key, s in one.items() if s.confidence >= plain.threshold} for one in (here, there)]
    for key in sorted(above[0] | above[1]):
        cause = "" if key in above[0] & above[1] else _cause(here.get(key), there.get(key))
        yield Change(plain.encounter_id, layout, key[1], cause)


def _cause(here: Suggestion | None, there: Suggestion | None) -> str:
    """What differs about a code that is suggested in one layout only."""
    if here is None or there is None:
        return "not found"
    moved = any(one.effect for one in here.findings + there.findings)
    differs = {
        "assertion": here.assertion != there.assertion, "section": here.section != there.section,
        "rule": moved and here.hints != there.hints,
        "confidence, near the line": abs(here.confidence - there.confidence) < NEAR,
    }  # fmt: skip
    return next((what for what, true in differs.items() if true), "confidence")


def share_same(changes: Iterable[Change]) -> float:
    """Give the share of codes that stay the same; 1 for none.

    >>> share_same([Change("e1", "numbered", "I10", ""), Change("e1", "numbered", "R05.9", "section")])
    0.5
    """
    same = [change.same for change in changes]
    return sum(same) / len(same) if same else 1.0


def sample(encounters: Iterable[Encounter], size: int = NOTES, seed: int = 0) -> list[Encounter]:
    """Draw notes of more than a line."""
    long = [one for one in encounters if sum(len(note.text) for note in one.notes) >= SHORTEST]
    return Random(seed).sample(long, min(size, len(long)))


def _tables(changes: Sequence[Change]) -> Iterator[str]:
    """Lines of the tables by layout and by cause."""
    yield f"{'layout':<24}{'notes':>6}{'codes':>7}{'same':>7}"
    for name in [*dict.fromkeys(change.layout for change in changes), "all"]:
        own = [change for change in changes if name in (change.layout, "all")]
        notes = len({change.encounter_id for change in own})
        yield f"{name:<24}{notes:>6}{len(own):>7}{share_same(own):>7.3f}"
    yield f"\n{'what differs':<32}{'codes':>6}  most often in"
    causes = Counter(change.cause for change in changes if not change.same)
    for cause, count in causes.most_common():
        where = Counter(change.layout for change in changes if change.cause == cause).most_common(3)
        yield f"{cause:<32}{count:>6}  " + ", ".join(f"{name} {n}" for name, n in where)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables."""
    from leadterm.corpus import read_split
    from leadterm.models import load
    from leadterm.readers import read

    parser = argparse.ArgumentParser(prog="python -m leadterm.experiments.metamorphic", description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="?", default=Path("corpora/reference"))
    parser.add_argument(
        "--mtsamples", type=Path, help="MTSamples notes in place of a corpus, JSON lines of id and text"
    )
    parser.add_argument("--notes", type=int, default=NOTES, help=f"how many, {NOTES} by default")
    parser.add_argument("--model", default="default")
    parser.add_argument("--codes", action="store_true", help="name every code that differs")
    given = parser.parse_args(arguments)
    if given.mtsamples:
        encounters = [encounter for _, encounter in read("mtsamples", given.mtsamples).encounters]
    else:
        encounters = list(read_split(given.corpus, "train"))
    changes = list(compare(load(given.model), sample(encounters, given.notes)))
    for change in changes if given.codes else ():
        if not change.same:
            print(change.encounter_id, change.layout, change.code, change.cause, sep="\t")
    print("\n".join(_tables(changes)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
