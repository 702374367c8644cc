"""Figures that describe a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from leadterm.corpus.splits import Tally, iter_split, splits_of

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["BUCKETS", "SplitStats", "Stats", "SystemStats", "stats"]

BUCKETS = ((1, 1, "1"), (2, 4, "2-4"), (5, 9, "5-9"), (10, 49, "10-49"), (50, None, "50+"))
"""Frequency classes: fewest and most encounters a code is given to, and a label."""


@dataclass(frozen=True)
class SplitStats:
    """Figures of one split.

    ``counts``: ``encounters outpatient inpatient notes words codes distinct_codes evidence``. ``patients``: distinct
    patients, where known. ``words_per_encounter``, ``codes_per_encounter``: ``mean median max`` over the encounters.

    >>> SplitStats({"encounters": 1}, 0, 0, {}, {}, {"en": 1}).languages["en"]
    1
    """

    counts: Mapping[str, int]
    patients: int
    uncoded: int
    words_per_encounter: Mapping[str, float]
    codes_per_encounter: Mapping[str, float]
    languages: Mapping[str, int]


@dataclass(frozen=True)
class SystemStats:
    """Figures of the codes of one system, over all splits.

    ``given``: codes given, over encounters. ``frequency``: how many codes are given to 1, 2-4, 5-9, 10-49 and 50+
    encounters. ``unseen``: split → share of its given codes that never occur in ``train``.

    >>> SystemStats(3, 2, {"1": 1, "2-4": 1}, {"dev": 0.5}).distinct
    2
    """

    given: int
    distinct: int
    frequency: Mapping[str, int]
    unseen: Mapping[str, float]


@dataclass(frozen=True)
class Stats:
    """Figures of a corpus.

    >>> Stats({}, {}).to_json()
    {'splits': {}, 'systems': {}}
    """

    splits: Mapping[str, SplitStats]
    systems: Mapping[str, SystemStats]

    def to_json(self) -> dict[str, Any]:
        """Give the figures as one JSON object."""
        return asdict(self)

    def tables(self) -> list[Table]:
        """Give the figures as tables for the terminal: by split, and by code system."""
        return [
            _table("split", {name: _split_rows(one) for name, one in self.splits.items()}),
            _table("code system", {name: _system_rows(one) for name, one in self.systems.items()}),
        ]


def _table(corner: str, columns: Mapping[str, Mapping[str, str]]) -> Table:
    """Make a table with one column for each name and one row for each figure."""
    from rich.table import Table

    table = Table(corner)
    for name in columns:
        table.add_column(name, justify="right")
    labels = dict.fromkeys(label for figures in columns.values() for label in figures)
    for label in labels:
        table.add_row(label, *(figures.get(label, "") for figures in columns.values()))
    return table


def _split_rows(one: SplitStats) -> dict[str, str]:
    rows = {name.replace("_", " "): f"{count:,}" for name, count in one.counts.items()}
    rows |= {"patients": f"{one.patients:,}" if one.patients else "?", "encounters without codes": f"{one.uncoded:,}"}
    for what, spread in (("words", one.words_per_encounter), ("codes", one.codes_per_encounter)):
        rows |= {f"{what} per encounter, {name}": f"{value:,.1f}" for name, value in spread.items()}
    return rows | {"languages": " ".join(one.languages)}


def _system_rows(one: SystemStats) -> dict[str, str]:
    rows = {"codes given": f"{one.given:,}", "distinct codes": f"{one.distinct:,}"}
    rows |= {f"codes of {label} encounters": f"{count:,}" for label, count in one.frequency.items()}
    return rows | {f"unseen in train, {split}": f"{share:.1%}" for split, share in one.unseen.items()}


def stats(path: str | Path) -> Stats:
    """Count a corpus.

    Gives figures by split and by code system. ``LeadtermError`` if the corpus cannot be read.

    >>> import tempfile
    >>> line = '{"encounter_id": "e1", "notes": [{"note_id": "n1", "text": "Dry cough."}], "codes": []}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "train.jsonl").write_text(line)
    ...     stats(folder).splits["train"].words_per_encounter["mean"]
    2.0
    """
    given: dict[str, Counter[tuple[str, str]]] = {}
    splits: dict[str, SplitStats] = {}
    for split in splits_of(path):
        given[split] = Counter()
        splits[split] = _split(path, split, given[split])
    total = sum(given.values(), Counter[tuple[str, str]]())
    systems = sorted({system for system, _ in total})
    return Stats(splits, {system: _system(system, given, total) for system in systems})


def _split(path: str | Path, split: str, given: Counter[tuple[str, str]]) -> SplitStats:
    """Count one split; `given` gathers how many encounters each code is given to."""
    tally = Tally()
    patients: set[str] = set()
    languages: Counter[str] = Counter()
    words: list[int] = []
    codes: list[int] = []
    for encounter in iter_split(path, split):
        tally.add(split, encounter)
        names = {(code.system, code.code) for code in encounter.codes}
        given.update(names)
        codes.append(len(names))
        words.append(sum(len(note.text.split()) for note in encounter.notes))
        languages[encounter.language] += 1
        if encounter.patient_id is not None:
            patients.add(encounter.patient_id)
    spread = _spread(words), _spread(codes)
    return SplitStats(tally.counts(), len(patients), codes.count(0), *spread, dict(sorted(languages.items())))


def _spread(values: list[int]) -> dict[str, float]:
    return {"mean": round(sum(values) / len(values), 3), "median": float(median(values)), "max": float(max(values))}


def _system(system: str, given: Mapping[str, Counter[tuple[str, str]]], total: Counter[tuple[str, str]]) -> SystemStats:
    own = {name: times for name, times in total.items() if name[0] == system}
    frequency = {
        label: sum(low <= times and (high is None or times <= high) for times in own.values())
        for low, high, label in BUCKETS
    }
    seen = given.get("train", Counter())
    unseen: dict[str, float] = {}
    for split, counter in given.items():
        times = {name: n for name, n in counter.items() if name[0] == system}
        if seen and split != "train" and times:
            unseen[split] = round(sum(n for name, n in times.items() if name not in seen) / sum(times.values()), 4)
    return SystemStats(sum(own.values()), len(own), frequency, unseen)
