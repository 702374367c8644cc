"""What a learner has done: counts and codes in one file of the user's state folder, never a word of a note."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.practise.exercises import Exercise
from leadterm.practise.scoring import Attempt
from leadterm.storage.writer import explain_failure, write_file

__all__ = ["Done", "append", "key_of", "most_missed", "read_progress"]


@dataclass(frozen=True, slots=True)
class Done:
    """One note, coded once. ``key`` stands for the encounter without naming it; ``missed`` and ``over`` are codes."""

    day: str
    key: str
    area: str
    level: int
    precision: float
    recall: float
    f1: float
    missed: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def key_of(encounter_id: str) -> str:
    """Give a short number for an encounter, from which its id cannot be read.

    >>> len(key_of("e1"))
    16
    """
    return hashlib.sha256(f"practise\n{encounter_id}".encode()).hexdigest()[:16]


def read_progress(path: Path) -> list[Done]:
    """Read what was done; nothing where there is no file yet."""
    if not path.is_file():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [Done(**{**row, "missed": tuple(row["missed"]), "over": tuple(row["over"])}) for row in rows]
    except (ValueError, TypeError, KeyError, OSError):
        hint = "Delete it to begin anew."
        raise LeadtermError(f"the progress in '{path}' cannot be read.", hint=hint) from None


def append(path: Path, exercise: Exercise, attempt: Attempt) -> None:
    """Keep the result of a note; the file appears whole or stays as it was."""
    missed = [one.instead or one.code for one in attempt.of("missed", "near")]
    done = Done(
        date.today().isoformat(), key_of(exercise.encounter.encounter_id), exercise.area, exercise.level,
        round(attempt.precision, 4), round(attempt.recall, 4), round(attempt.f1, 4), tuple(missed),
        tuple(one.code for one in attempt.of("over", "near")),
    )  # fmt: skip
    lines = [json.dumps(asdict(one)) for one in (*read_progress(path), done)]
    with explain_failure(path, what="the progress "):
        write_file(path, "".join(f"{line}\n" for line in lines))


def most_missed(done: Sequence[Done], count: int = 5) -> list[tuple[str, int]]:
    """Give the categories of the codes missed most often."""
    found = Counter(code[:3] for one in done for code in one.missed)
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:count]
