"""The spine: an encounter goes in, ranked suggestions with evidence come out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadterm.dictionary.candidates import Candidate, generate
from leadterm.dictionary.explain import explain
from leadterm.dictionary.features import FEATURES, feature_matrix
from leadterm.schema import Encounter, SuggestionSet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from spacy.language import Language

    from leadterm.codes.system import CodeSystem
    from leadterm.dictionary.specify import Specifier
    from leadterm.learned.model import CorpusModel
    from leadterm.ranking.ranker import Ranker
    from leadterm.text.matching.mentions import NoteReaders
    from leadterm.text.matching.term_matcher import TermMatcher

__all__ = ["Suggester", "build", "load_suggester"]


@dataclass(frozen=True)
class Suggester:
    """Suggests codes of one system.

    Parameters
    ----------
    name : str
        Of the model.
    system : CodeSystem
        Titles, hierarchy, billable codes.
    readers : NoteReaders
        The text pipeline of each language.
    specifier : Specifier
        Chooses billable codes within families.
    ranker : Ranker
        Turns features into confidence.
    """

    name: str
    system: CodeSystem
    readers: NoteReaders
    specifier: Specifier
    ranker: Ranker

    @property
    def nlp(self) -> Language:
        """The text pipeline of English."""
        return self.readers.of("en")[0]

    @property
    def matcher(self) -> TermMatcher:
        """What finds terms in English."""
        return self.readers.of("en")[1]

    def suggest(self, encounter: Encounter) -> SuggestionSet:
        """Suggest codes for one encounter.

        Parameters
        ----------
        encounter : Encounter
            One or more notes.

        Returns
        -------
        SuggestionSet
            Best first: confidence descending, then code ascending.
        """
        candidates, features = self.candidates(encounter)
        confidence = self.ranker.confidence(features, FEATURES)
        order = sorted(range(len(candidates)), key=lambda i: (-confidence[i], candidates[i].code))
        ranked = enumerate(order, start=1)
        suggestions = tuple(explain(candidates[i], rank, float(confidence[i]), self.system) for rank, i in ranked)
        releases = {self.system.name: self.system.release}
        return SuggestionSet(encounter.encounter_id, self.name, releases, suggestions, self.ranker.threshold)

    def candidates(self, encounter: Encounter) -> tuple[list[Candidate], NDArray[np.float32]]:
        """Read the notes, make candidates, compute their features.

        Parameters
        ----------
        encounter : Encounter
            One or more notes.

        Returns
        -------
        (list of Candidate, ndarray of shape (n_candidates, n_features))
            In order of code.
        """
        notes = [self.readers.read(note, encounter.language) for note in encounter.notes]
        candidates = generate(notes, self.specifier)
        return candidates, feature_matrix(candidates, notes, inpatient=encounter.setting == "inpatient")

    def suggest_many(self, encounters: Iterable[Encounter]) -> Iterator[SuggestionSet]:
        """Suggest codes for encounters, one after the other, in constant memory.

        Parameters
        ----------
        encounters : iterable of Encounter
            Encounters.

        Yields
        ------
        SuggestionSet
            In the same order.
        """
        return map(self.suggest, encounters)


def build(ranker: Ranker, name: str, *, date: str | None = None, ner: str | None = None) -> Suggester:
    """Put a suggester together around a ranker.

    Parameters
    ----------
    ranker : Ranker
        A trained ranker.
    name : str
        Of the model.
    date : str, optional
        Date of service that decides the release of the codes.
    ner : str, optional
        An installed spaCy model whose entities are looked up as well.

    Returns
    -------
    Suggester
        Ready to use.
    """
    from leadterm.codes import load_system
    from leadterm.codes.systems import dictionary_system
    from leadterm.dictionary.specify import Specifier
    from leadterm.text.matching.mentions import NoteReaders
    from leadterm.text.words.normalise import default_normaliser

    system = load_system(dictionary_system(), date)
    readers = NoteReaders(system.name, date=date, ner=ner)
    return Suggester(name, system, readers, Specifier(system, default_normaliser()), ranker)


def load_suggester(
    model: str | Path = "default", *, date: str | None = None, ner: str | None = None
) -> Suggester | CorpusModel:
    """Load a model by name or folder: the dictionary's, or one learned from a corpus.

    Parameters
    ----------
    model : str or Path
        ``"default"``, another name in the models folder, or a folder.
    date : str, optional
        Date of service that decides the release of the codes.
    ner : str, optional
        An installed spaCy model whose entities are looked up as well.

    Returns
    -------
    Suggester or CorpusModel
        Ready to use: both have ``suggest`` and ``suggest_many``.

    Raises
    ------
    LeadtermError
        If there is no such model, or it is damaged.
    """
    from leadterm.paths import model_dir
    from leadterm.ranking.ranker import Ranker
    from leadterm.storage.artifacts import read_manifest

    folder = model_dir(model)
    if read_manifest(folder).get("kind") == "corpus-model":
        from leadterm.learned.store import load_model

        return load_model(folder)
    return build(Ranker.load(folder, mmap=False), Path(model).name, date=date, ner=ner)
