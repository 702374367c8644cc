"""The work folder of a training run: finished folds, so that an interrupted run can be taken up again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.training.stacking import FoldRows

__all__ = ["SystemFolds", "WorkFolder"]

_COLUMNS = ("features", "target", "owner")


@dataclass(frozen=True)
class WorkFolder:
    """A folder beside the model, named by what the run depends on.

    Parameters
    ----------
    path : Path
        The folder; made when the first fold is kept.
    """

    path: Path

    @classmethod
    def beside(cls, output: str | Path, depends: Mapping[str, Any]) -> WorkFolder:
        """Name the folder for an output and everything the folds depend on.

        Parameters
        ----------
        output : str or Path
            Folder of the model.
        depends : mapping
            What JSON can hold.

        Returns
        -------
        WorkFolder
            Not made yet.

        Examples
        --------
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

    Parameters
    ----------
    path : Path
        The work folder.
    mark : str
        Stands for the system in file names.

    Examples
    --------
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
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def write(self, number: int, rows: FoldRows) -> None:
        """Keep the rows of a fold; raises LeadtermError if the folder cannot be written."""
        file = self._file(number)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(".draft")
            with draft.open("wb") as stream:
                np.savez(stream, missed=rows.missed, **{name: getattr(rows, name) for name in _COLUMNS})
            draft.replace(file)
        except OSError as error:
            raise LeadtermError(
                f"cannot keep a finished fold in '{self.path}': {error.strerror}.",
                hint="Check the free space and the rights of the output's folder.",
            ) from error

    def _file(self, number: int) -> Path:
        return self.path / f"{self.mark}-{number}.npz"
