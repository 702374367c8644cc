"""Plain systems to measure against: dictionary lookup, phrase lookup, and TF-IDF with one linear model a code.

Each gives a frame with the columns of a run file, so that it is scored like any other system.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.learned.tokens import tokenise
from leadterm.schema import Encounter

if TYPE_CHECKING:
    import pandas as pd

    from leadterm.dictionary.dictionary_model import DictionaryModel

__all__ = ["dictionary_lookup", "linear_words", "phrase_lookup"]

KEPT = 100
LONGEST = 8


def dictionary_lookup(model: DictionaryModel, encounters: Iterable[Encounter]) -> pd.DataFrame:
    """Look terms up and rank them plainly: those in a problem heading first, then by term weight."""
    rows = []
    for encounter in encounters:
        for candidate in model.find(encounter):
            heading = any(support.found.heading >= 0 for support in candidate.supports)
            weight = max(support.reading.weight for support in candidate.supports)
            score = float(heading) + weight / (1.0 + weight)
            rows.append((encounter.encounter_id, model.system.name, candidate.code, score))
    return _frame(rows)


def phrase_lookup(encounters: Sequence[Encounter]) -> Callable[[Sequence[Encounter]], pd.DataFrame]:
    """Keep the evidence phrases of coded encounters and look them up in others, the same words in the same order.

    Gives takes encounters, gives ``encounter_id, system, code, score``; the score is the share of the phrase's uses as
    evidence that were for this code.

    >>> from leadterm.schema import EvidenceSpan, Mention, Note, ReferenceCode
    >>> gout = ReferenceCode("icd10cm", "M10.9", evidence=(Mention.of(EvidenceSpan("n", 0, 4, "Gout")),))
    >>> answer = phrase_lookup([Encounter("e1", (Note("n", "Gout again."),), (gout,))])
    >>> answer([Encounter("e2", (Note("n", "Known gout."),))])["code"].tolist()
    ['M10.9']
    """
    known: dict[tuple[str, ...], Counter[tuple[str, str]]] = {}
    for encounter in encounters:
        tokens = tokenise(encounter)
        place = {note.note_id: i for i, note in enumerate(encounter.notes)}
        for code in encounter.codes:
            for span in code.spans:
                inside = (tokens.note == place[span.note_id]) & (tokens.start < span.end) & (tokens.end > span.start)
                phrase = tuple(tokens.words[i] for i in np.flatnonzero(inside).tolist())
                if 0 < len(phrase) <= LONGEST:
                    known.setdefault(phrase, Counter())[code.system, code.code] += 1
    if not known:
        raise LeadtermError("no reference code has evidence.", hint="Phrase lookup needs evidence spans.")
    return lambda asked: _frame([row for encounter in asked for row in _looked_up(known, encounter)])


def linear_words(
    encounters: Sequence[Encounter], systems: Sequence[str] | None = None, *, seed: int = 0
) -> Callable[[Sequence[Encounter]], pd.DataFrame]:
    """Fit TF-IDF over words and word pairs and one linear support vector machine for each code.

    Gives takes encounters, gives the 100 best ``encounter_id, system, code, score`` of each.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import MultiLabelBinarizer
    from sklearn.svm import LinearSVC

    wanted = [{(c.system, c.code) for c in e.codes if not systems or c.system in systems} for e in encounters]
    labels = MultiLabelBinarizer(sparse_output=True)
    target = labels.fit_transform(wanted)
    if len(labels.classes_) < 2:
        raise LeadtermError(f"a linear model needs two codes or more; got {len(labels.classes_)}.")
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, strip_accents="unicode")
    matrix = words.fit_transform([_text(e) for e in encounters])
    model = OneVsRestClassifier(LinearSVC(C=1.0, random_state=seed))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        model.fit(matrix, target)

    def answer(asked: Sequence[Encounter]) -> pd.DataFrame:
        scores = np.asarray(model.decision_function(words.transform([_text(e) for e in asked])))
        rows: list[tuple[str, str, str, float]] = []
        for encounter, score in zip(asked, scores, strict=True):
            best = np.argsort(-score, kind="stable")[:KEPT]
            rows += [(encounter.encounter_id, *labels.classes_[i], float(score[i])) for i in best.tolist()]
        return _frame(rows)

    return answer


def _looked_up(
    known: dict[tuple[str, ...], Counter[tuple[str, str]]], encounter: Encounter
) -> list[tuple[str, str, str, float]]:
    words = tokenise(encounter).words
    best: dict[tuple[str, str], float] = {}
    for i in range(len(words)):
        for n in range(1, LONGEST + 1):
            for code, count in known.get(words[i : i + n], Counter()).items():
                share = count / (known[words[i : i + n]].total() + 1.0)
                best[code] = max(best.get(code, 0.0), share)
    return [(encounter.encounter_id, system, code, score) for (system, code), score in sorted(best.items())]


def _text(encounter: Encounter) -> str:
    return "\n".join(note.text for note in encounter.notes)


def _frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["encounter_id", "system", "code", "score"])
    return frame.astype({"encounter_id": str, "system": str, "code": str, "score": float})
