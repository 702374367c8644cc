"""A scikit-learn estimator: texts in, codes out; it works in `Pipeline`, `GridSearchCV` and `cross_val_predict`."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from leadterm.errors import LeadtermError, counted
from leadterm.models import load
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.training.train_model import train

if TYPE_CHECKING:
    from leadterm.training.recipe import Recipe

__all__ = ["LeadtermClassifier"]


class LeadtermClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns the codes of notes and gives them for new ones.

    Parameters
    ----------
    system : str
        Code system of the labels.
    threshold : float, optional
        Confidence from which a code is predicted; the model's own, chosen out of fold, if left out.
    earlier : str or None
        ``"auto"`` builds on the shipped model where it fits, None on nothing.
    recipe : Recipe, optional
        Settings of the training.
    folder : str, optional
        Where the model is kept; a temporary folder if left out.

    Attributes
    ----------
    classes_ : ndarray of str
        The codes, sorted; for a matrix of labels without names its columns by number.

    Notes
    -----
    ``X`` is a list, array, Series or one-column frame of texts, or a list of `Encounter`. ``y`` is one code a text
    (the best is predicted), a list of codes a text (lists are predicted), or a matrix of zeros and ones whose columns
    are codes (a matrix is predicted; name the columns with a data frame).

    Examples
    --------
    >>> LeadtermClassifier(threshold=0.4).get_params()["threshold"]
    0.4
    """

    def __init__(
        self, *, system: str = "icd10cm", threshold: float | None = None, earlier: str | None = "auto",
        recipe: Recipe | None = None, folder: str | None = None,
    ) -> None:  # fmt: skip
        self.system, self.threshold, self.earlier = system, threshold, earlier
        self.recipe, self.folder = recipe, folder

    def fit(self, X: Any, y: Any) -> LeadtermClassifier:
        """Train a model on texts and their codes."""
        encounters = _encounters(X)
        self.kind_, labels, classes = _labels(y)
        if len(labels) != len(encounters):
            got = f"{counted(len(encounters), 'text')} and {counted(len(labels), 'row')} of labels."
            raise LeadtermError(got, hint="Give each a row.")
        self.classes_ = np.array(classes)
        named = {name: name if not name.isdigit() or self.kind_ != "matrix" else f"L{name}" for name in classes}
        coded = [
            Encounter(e.encounter_id, e.notes, tuple(ReferenceCode(self.system, named[code]) for code in codes),
                      e.patient_id, e.setting, e.language)
            for e, codes in zip(encounters, labels, strict=True)
        ]  # fmt: skip
        self.names_ = [named[name] for name in classes]
        home = Path(self.folder) if self.folder else self._temporary()
        earlier: Any = self.earlier
        train(coded, home / "model", self.recipe, systems=[self.system], earlier=earlier)
        self.model_ = load(home / "model")
        self.home_ = str(home)
        return self

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """Give the confidence of each class, shape (n_texts, n_classes)."""
        check_is_fitted(self, "model_")
        column = {name: at for at, name in enumerate(self.names_)}
        encounters = _encounters(X)
        made = np.zeros((len(encounters), len(column)))
        for row, encounter in enumerate(encounters):
            for one in self.model_.suggest(encounter, systems=[self.system]).suggestions:
                if one.code in column:
                    made[row, column[one.code]] = one.confidence
        return made

    def predict(self, X: Any) -> Any:
        """Give codes in the form that `fit` got them: one a text, a list a text, or a matrix."""
        scores = self.predict_proba(X)
        if self.kind_ == "single":
            return self.classes_[scores.argmax(axis=1)]
        above = scores >= (self.model_.threshold if self.threshold is None else self.threshold)
        if self.kind_ == "matrix":
            return above.astype(int)
        made = np.empty(len(above), dtype=object)
        made[:] = [self.classes_[row].tolist() for row in above]
        return made

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Give the micro F1 of the codes; of one code a text that is the accuracy."""
        from sklearn.metrics import f1_score

        kind, labels, classes = _labels(y)
        if kind == "single":
            return float(np.average(self.predict(X) == np.array([one for (one,) in labels]), weights=sample_weight))
        names = [*dict.fromkeys([*self.classes_.tolist(), *classes])]
        column = {name: at for at, name in enumerate(names)}
        truth, found = (np.zeros((len(labels), len(names)), dtype=int) for _ in range(2))
        above = self.predict_proba(X) >= (self.model_.threshold if self.threshold is None else self.threshold)
        found[:, : above.shape[1]] = above
        for row, codes in enumerate(labels):
            truth[row, [column[code] for code in codes]] = 1
        return float(f1_score(truth, found, average="micro", sample_weight=sample_weight, zero_division=0.0))

    def _temporary(self) -> Path:
        home = tempfile.mkdtemp(prefix="leadterm-")
        weakref.finalize(self, shutil.rmtree, home, ignore_errors=True)
        return Path(home)

    def __getstate__(self) -> dict[str, Any]:
        """Take the files of the model along: they hold arrays and text, nothing that runs."""
        state: dict[str, Any] = dict(super().__getstate__())
        if state.pop("model_", None) is not None:
            base = Path(self.home_) / "model"
            state["files_"] = {
                str(path.relative_to(base)): path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file()
            }
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        given = dict(state)
        files = given.pop("files_", None)
        super().__setstate__(given)
        if files is not None:
            home = self._temporary()
            for name, content in files.items():
                path = (home / "model" / name).resolve()
                if not path.is_relative_to(home.resolve()):
                    raise LeadtermError("the pickled model names a file outside its folder.", hint="Do not load it.")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self.home_, self.model_ = str(home), load(home / "model")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False, True
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output, tags.no_validation = True, True
        return tags


def _encounters(X: Any) -> list[Encounter]:
    given = X.to_numpy() if hasattr(X, "to_numpy") else X
    if isinstance(given, np.ndarray) and given.ndim > 1:
        if given.shape[1] != 1:
            raise LeadtermError(f"X has {given.shape[1]} columns; texts are one.", hint="Select that of the text.")
        given = given[:, 0]
    if isinstance(given, str):
        raise LeadtermError("X is one text.", hint="Give a list of texts.")
    return [one if isinstance(one, Encounter) else _encounter(n, one) for n, one in enumerate(given)]


def _encounter(number: int, text: object) -> Encounter:
    if not isinstance(text, str):
        raise LeadtermError(f"row {number} of X is {type(text).__name__}, not a text.", hint="Give texts.")
    return Encounter(f"x{number}", (Note("n1", text),))


def _labels(y: Any) -> tuple[str, list[list[str]], list[str]]:
    """Give the form of the labels, the codes of each row, and all of them in order."""
    names = [str(name) for name in y.columns] if hasattr(y, "columns") else None
    given = y.to_numpy() if hasattr(y, "to_numpy") else y.toarray() if hasattr(y, "toarray") else y
    table = np.asarray(given) if isinstance(given, np.ndarray) or names else None
    if table is not None and table.ndim > 1:
        if not np.isin(table, (0, 1)).all():
            raise LeadtermError("a matrix of labels holds only zeros and ones.", hint="Or give a list of codes a text.")
        named = names or [str(at) for at in range(table.shape[1])]
        return "matrix", [[named[at] for at in np.flatnonzero(row)] for row in table], named
    rows: Iterable[Any] = given
    listed = [one if isinstance(one, str) else [str(code) for code in one] for one in rows]
    if all(isinstance(one, str) for one in listed):
        return "single", [[str(one)] for one in listed], sorted({str(one) for one in listed})
    made = [[one] if isinstance(one, str) else one for one in listed]
    return "lists", made, sorted({code for codes in made for code in codes})
