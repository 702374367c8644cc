"""What every kind of model keeps: the protocol, exact evidence, the true source, section, cues and hints.

A new kind of model is one file and one line of the registry: `TINY` and the fixture below show it, and every test
here then runs on it by itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import leadterm
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.models import KINDS, Kind, load_prior
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter, Note, Suggestion
from leadterm.storage.artifacts import Artifact, save_artifact
from leadterm.suggester import DOUBTS, Suggester
from leadterm.training.recipe import Recipe
from leadterm.training.train_model import train
from three_conditions import make

TINY = '''
"""A kind of model that knows one word."""

import re
from dataclasses import dataclass

import numpy as np

from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import EvidenceSpan, Mention
from leadterm.suggester import suggest_with


@dataclass(frozen=True)
class Tiny:
    name: str
    systems: tuple = ("icd10cm",)
    languages: frozenset = frozenset({"en"})
    threshold: float = 0.5
    remarks: tuple = ()
    releases = {}

    def of_day(self, encounter):
        return self

    def candidates(self, encounter, system):
        mentions = tuple(
            Mention.of(EvidenceSpan(note.note_id, *m.span(), m[0])) for note in encounter.notes
            for m in re.finditer("kidney stone", note.text)
        )
        mentions = tuple(self.read(encounter, m) for m in mentions)
        return CandidateTable("e", system, ("N20.9",), ("found",), np.ones((1, 1), np.float32), (mentions,))

    def read(self, encounter, mention):
        note = next(n for n in encounter.notes if n.note_id == mention.note_id)
        before = note.text[: mention.start]
        cues = [EvidenceSpan(note.note_id, *m.span(), m[0]) for m in re.finditer("[Pp]ossible", before)]
        section = "assessment_plan" if "Assessment:" in note.text[:mention.start] else ""
        said = "possible" if cues else "present"
        return Mention(note.note_id, mention.spans, said, tuple(cues[-1:]), section, "kidney stone", "tiny")

    def rank(self, table):
        return table.features[:, 0] * 0.75

    def titles(self, system, codes):
        return {}

    def first_scores(self, table, confidence):
        return None

    keeps_rules = True
    policy = None

    def classification(self, system):
        return None

    def suggest(self, encounter, *, systems=None, top=None):
        return suggest_with(self, encounter, systems=systems, top=top)

    def has_seen(self, encounter):
        return False


def load(folder, **options):
    return Tiny(folder.name)
'''
SOURCES = {"shipped": {"index", "title", "synonym", "companion", "mesh"}, "tiny": {"tiny"}}
NOTE = Note(
    "n", "HPI: Here for a check, flank pain since May.\n\nAssessment:\n1. Possible kidney stone.\n2. Hypertension.\n"
)
VISIT = Encounter("visit", (NOTE,))
FOREIGN = "El paciente acude por dolor. Приём пациента. 患者因发热三天就诊。 ألم في الركبة"


@pytest.fixture(scope="module")
def folders(quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | str]:
    """One model of each kind: shipped, trained with evidence, on codes alone of an own system, and a new kind."""
    folder = tmp_path_factory.mktemp("models")
    marked, bare = make(60, evidence=True), make(60, evidence=False)
    own = [replace(e, codes=tuple(replace(c, system="own", code=c.code.lower()) for c in e.codes)) for e in bare]
    train(marked, folder / "evident", quick)
    train(own, folder / "bare", quick)
    save_artifact(folder / "tiny", Artifact("tiny-model"))
    (folder / "tiny_model.py").write_text(TINY, encoding="utf-8")
    return {"shipped": "default", **{name: folder / name for name in ("evident", "bare", "tiny")}}


@pytest.fixture(params=["shipped", "evident", "bare", "tiny"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(kind: str, folders: dict[str, Path | str], monkeypatch: pytest.MonkeyPatch) -> Suggester:
    """A model, loaded as a user loads it."""
    monkeypatch.syspath_prepend(str(Path(folders["tiny"]).parent))
    monkeypatch.setitem(KINDS, "tiny-model", Kind("tiny_model:load"))  # type: ignore[arg-type]
    return leadterm.load(folders[kind])


def said_of(model: Suggester, words: str, encounter: Encounter = VISIT) -> Suggestion:
    """The best suggestion whose best evidence holds some words."""
    return next(s for s in model.suggest(encounter).suggestions if words in s.best.text.lower())


def test_it_says_what_it_is(model: Suggester) -> None:
    assert model.name
    assert model.systems == tuple(sorted(model.systems))
    assert model.systems
    assert model.languages >= {"en"}
    assert 0 < model.threshold < 1
    assert model.remarks == ()


def test_its_candidates_are_a_table_and_its_suggestions_come_from_it(model: Suggester) -> None:
    system = next(name for name in ("icd10cm", *model.systems) if name in model.systems)
    table = model.candidates(VISIT, system)
    assert isinstance(table, CandidateTable)
    mentions = dict(zip(table.codes, table.mentions, strict=True))
    result = model.suggest(VISIT, systems=[system])
    assert [s.rank for s in result.suggestions] == list(range(1, len(result.suggestions) + 1))
    assert {s.code for s in result.suggestions} == {code for code, found in mentions.items() if found}
    for suggestion in result.suggestions:
        assert suggestion.evidence == mentions[suggestion.code][:6]
    confidence = [s.confidence for s in result.suggestions]
    assert confidence[1:] == sorted(confidence[1:], reverse=True)
    assert confidence == sorted(confidence, reverse=True) or confidence[0] >= result.threshold
    assert (result.model, result.threshold) == (model.name, model.threshold)


def test_evidence_is_exact_and_tells_its_source(model: Suggester, kind: str) -> None:
    for suggestion in model.suggest(VISIT).suggestions:
        for mention in suggestion.evidence:
            for span in (*mention.spans, *mention.cues):
                assert span.text == NOTE.text[span.start : span.end]
            assert mention.term
            assert mention.source
    sources = {s.source for s in model.suggest(VISIT).suggestions}
    assert sources & SOURCES.get(kind, {"learned"})
    assert kind in ("shipped", "evident") or sources == SOURCES.get(kind, {"learned"})


def test_section_cue_assertion_and_hint_come_through(model: Suggester) -> None:
    stone = said_of(model, "kidney stone")
    assert stone.section in ("assessment", "assessment_plan")
    assert stone.assertion == "possible"
    assert [cue.text for cue in stone.cues] == ["Possible"]
    (found,) = stone.findings
    assert (found.rule, found.effect, found.section) in (
        (DOUBTS["possible"], "", "II.H"), ("uncertain-outpatient", "left out", "IV.H"),
    )  # fmt: skip
    assert [mention.assertion for mention in found.evidence] == ["possible"]
    assert said_of(model, "kidney stone", Encounter("v", (Note("n", "Has a kidney stone."),))).assertion == "present"


def test_hints_are_read_from_titles_where_they_are_at_hand(folders: dict[str, Path | str]) -> None:
    asthma = Encounter("v", (Note("n", "Assessment: Asthma flare, asthma."),))
    for name in ("shipped", "evident"):
        found = {s.code: s for s in leadterm.load(folders[name]).suggest(asthma).suggestions}
        assert found["J45.909"].hints, name
    own = {s.code: s for s in leadterm.load(folders["bare"]).suggest(asthma).suggestions}
    assert own["j45.909"].hints == ()


def test_the_same_comes_out_twice(model: Suggester, kind: str, folders: dict[str, Path | str]) -> None:
    assert model.suggest(VISIT) == model.suggest(VISIT)
    assert leadterm.load(folders[kind]).suggest(VISIT) == model.suggest(VISIT)


def test_top_and_systems_narrow_it(model: Suggester) -> None:
    whole = model.suggest(VISIT)
    assert model.suggest(VISIT, top=1).suggestions == whole.suggestions[:1]
    assert model.suggest(VISIT, systems=tuple(whole.releases) or model.systems) == whole
    with pytest.raises(LeadtermError, match="unknown code system of this model 'icd9'"):
        model.suggest(VISIT, systems=["icd9"])


@pytest.mark.parametrize("text", [" ", "…", "12 34", FOREIGN, "\r\n\r\n", "kidney stone " * 4000, "x" * 30_000])
def test_no_note_is_too_odd(model: Suggester, text: str) -> None:
    encounter = Encounter("odd", (Note("a", text), Note("b", "")))
    for suggestion in model.suggest(encounter).suggestions:
        assert all(span.text == text[span.start : span.end] for span in suggestion.spans if span.note_id == "a")


def test_it_knows_what_it_has_seen(model: Suggester, kind: str) -> None:
    assert model.has_seen(make(60, evidence=True)[0]) == (kind in ("evident", "bare"))
    assert not model.has_seen(VISIT)


def test_options_that_mean_nothing_to_a_model_are_told(folders: dict[str, Path | str]) -> None:
    (said,) = leadterm.load(folders["bare"], linker=True).remarks
    assert said == "--ner and --linker change nothing: the model 'bare' was learned from a corpus."


def test_only_some_kinds_can_be_built_on(folders: dict[str, Path | str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(folders["tiny"]).parent))
    with pytest.raises(LeadtermError, match="unknown kind of model"):
        leadterm.load(folders["tiny"])
    monkeypatch.setitem(KINDS, "tiny-model", Kind("tiny_model:load"))  # type: ignore[arg-type]
    with pytest.raises(LeadtermError, match="no other is trained on top of"):
        load_prior(folders["tiny"])
    with pytest.raises(LeadtermError, match="not learned from a corpus"):
        load_prior("default", learned=True)
    assert load_prior(folders["bare"], learned=True).prior_systems == {"own"}


def test_a_table_that_is_not_sound_is_refused() -> None:
    with pytest.raises(LeadtermError, match="not sound"):
        CandidateTable("e", "s", ("A",), ("p",), np.ones((1, 1), np.float32), ())
    with pytest.raises(LeadtermError, match="twice"):
        CandidateTable("e", "s", ("A", "A"), ("p",), np.ones((2, 1), np.float32), ((), ()))


def test_a_code_that_a_corpus_writes_in_its_own_way_has_no_title(engine: DictionaryModel) -> None:
    assert list(engine.titles("icd10cm", ["S39.91X", "S39.91XA"])) == ["S39.91XA"]
    assert engine.titles("icd9cm", ["401.9"]) == {}
