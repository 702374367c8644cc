"""The work folder of a training run: finished folds, so that an interrupted run can be taken up again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.learn.stack import FoldRows

__all__ = ["WorkFolder"]


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

    def fold(self, system: str, number: int, compute: Callable[[], FoldRows]) -> FoldRows:
        """Give the rows of a fold, from the folder or else computed and kept there.

        Parameters
        ----------
        system : str
            The code system.
        number : int
            The fold.
        compute : callable
            Makes the rows.

        Returns
        -------
        FoldRows
            The rows.

        Raises
        ------
        LeadtermError
            If the folder cannot be written.
        """
        mark = hashlib.sha256(system.encode("utf-8")).hexdigest()[:8]
        file = self.path / f"{mark}-{number}.npz"
        if file.is_file():
            with np.load(file, allow_pickle=False) as kept:
                return FoldRows(kept["features"], kept["target"], kept["owner"], int(kept["missed"]))
        rows = compute()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(".draft")
            with draft.open("wb") as stream:
                np.savez(stream, features=rows.features, target=rows.target, owner=rows.owner, missed=rows.missed)
            draft.replace(file)
        except OSError as error:
            raise LeadtermError(
                f"cannot keep a finished fold in '{self.path}': {error.strerror}.",
                hint="Check the free space and the rights of the output's folder.",
            ) from error
        return rows

    def remove(self) -> None:
        """Remove the folder and the folds in it."""
        shutil.rmtree(self.path, ignore_errors=True)
