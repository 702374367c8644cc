"""The work folder of a training run: finished folds, so that an interrupted run can be taken up again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leadterm.storage.writer import explain_failure, open_file
from leadterm.training.stacking import FoldRows

__all__ = ["SystemFolds", "WorkFolder"]

_COLUMNS = ("features", "target", "owner")


@dataclass(frozen=True)
class WorkFolder:
    """A folder beside the model, named by what the run depends on.

    ``path``: the folder; made when the first fold is kept.
    """

    path: Path

    @classmethod
    def beside(cls, output: str | Path, depends: Mapping[str, Any]) -> WorkFolder:
        """Name the folder for an output and everything the folds depend on.

        >>> WorkFolder.beside("m", {"seed": 1}).path.name
        '.m.work-a4bbadc1'
        """
        text = json.dumps(depends, sort_keys=True)
        mark = hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
        target = Path(output)
        return cls(target.parent / f".{target.name}.work-{mark}")

    def of(self, system: str) -> SystemFolds:
        """Give the place of one code system's folds."""
        return SystemFolds(self.path, hashlib.sha256(system.encode("utf-8")).hexdigest()[:8])

    def remove(self) -> None:
        """Remove the folder and the folds in it."""
        shutil.rmtree(self.path, ignore_errors=True)


@dataclass(frozen=True)
class SystemFolds:
    """Finished folds of one code system.

    ``mark``: stands for the system in file names.

    >>> SystemFolds(Path("/nowhere"), "ab").read(0) is None
    True
    """

    path: Path
    mark: str

    def read(self, number: int) -> FoldRows | None:
        """Give the rows of a fold; None if it was not finished or its file is damaged."""
        file = self._file(number)
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
                return FoldRows(**{name: kept[name] for name in _COLUMNS}, missed=int(kept["missed"]))
        except Exception:  # noqa: BLE001 a damaged archive fails in many ways; the fold is learned again
            return None

    def write(self, number: int, rows: FoldRows) -> None:
        """Keep the rows of a fold; raises LeadtermError if the folder cannot be written."""
        hint = "Check the free space and the rights of the output's folder."
        kept = explain_failure(self.path, what="a finished fold into ", hint=hint)
        with kept, open_file(self._file(number)) as stream:
            np.savez(stream, missed=rows.missed, **{name: getattr(rows, name) for name in _COLUMNS})

    def _file(self, number: int) -> Path:
        return self.path / f"{self.mark}-{number}.npz"
