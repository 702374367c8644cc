"""The stages above the parts: company of codes, earlier models, and training that goes on from one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.learned import parts
from leadterm.learned.cooccurrence import FEATURES, company_features, learn_company
from leadterm.learned.corpus_model import CorpusModel
from leadterm.learned.describe import describe
from leadterm.learned.store import load_model
from leadterm.learned.tokens import tokenise
from leadterm.models import load
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.training.checkpoint import WorkFolder
from leadterm.training.prior import fitting_prior
from leadterm.training.recipe import Recipe
from leadterm.training.stacking import FoldRows, examples_of, out_of_fold, ranked
from leadterm.training.train_model import TrainResult, train
from three_conditions import make


@pytest.fixture(scope="module")
def first(quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return train(make(60, evidence=True), tmp_path_factory.mktemp("first") / "model", quick)


@pytest.fixture(scope="module")
def second(first: TrainResult, quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    folder = tmp_path_factory.mktemp("second") / "model"
    return train(make(30, evidence=False, seed=9), folder, quick, earlier=load_model(first.path))


def symptom_and_cause(n: int = 60) -> list[frozenset[int]]:
    """Code 0 is given only where code 1 is not; code 2 is rare."""
    return [frozenset({1}) if i % 2 else frozenset({0, 2} if i < 4 else {0}) for i in range(n)]


def test_a_symptom_gives_way_to_its_cause() -> None:
    learned = learn_company(symptom_and_cause(), 3)
    with_cause, without = (company_features(learned, np.array([0, 1]), np.array([0.5, p])) for p in (0.95, 0.0))
    column = FEATURES.index("company_min")
    assert with_cause[0, column] < -0.3
    assert without[0, column] == 0


def test_company_does_not_depend_on_the_order_of_texts() -> None:
    texts = symptom_and_cause()
    one, two = learn_company(texts, 3), learn_company(texts[::-1], 3)
    np.testing.assert_array_equal(one.effects.toarray(), two.effects.toarray())


def test_rare_codes_have_no_company() -> None:
    learned = learn_company(symptom_and_cause(), 3)
    assert not company_features(learned, np.array([2]), np.array([0.9])).any()
    assert not learned.effects[2].nnz
    none = np.zeros(0, dtype=np.int64)
    assert company_features(learned, none, np.zeros(0)).shape == (0, len(FEATURES))
    assert not learn_company([], 0).effects.nnz


def test_the_dictionary_knows_an_older_code_system() -> None:
    shipped = load()
    assert isinstance(shipped, DictionaryModel)
    encounter = Encounter("e", (Note("n", "Assessment: Pneumonia. Cough and fever for two days."),))
    table = shipped.prior_table(encounter, "icd9cm", frozenset({"486", "786.2", "780.6"}))
    assert {"486", "786.2", "780.6"} <= set(table.codes)
    assert table.system == "icd9cm"
    assert all(table.mentions)
    assert "icd9cm" in shipped.prior_systems


def test_the_dictionary_leaves_the_seventh_character_out_where_a_corpus_does() -> None:
    shipped = load()
    assert isinstance(shipped, DictionaryModel)
    encounter = Encounter("e", (Note("n", "Assessment: Closed fracture of the left femoral neck. Coma."),))
    short = frozenset({"S72.001", "S42.302", "S06.9X9", "S62.012", "S82.101"})
    usual, bare = (shipped.prior_table(encounter, "icd10cm", codes) for codes in (frozenset({"S72.002A"}), short))
    extended = {code for code in usual.codes if code in shipped.system and shipped.system.is_extended(code)}
    assert "S72.002A" in extended
    assert set(bare.codes) == (set(usual.codes) - extended) | {code[:-1] for code in extended}
    kept = shipped.prior_table(encounter, "icd10cm", short | {f"S72.00{i}A" for i in range(6)})
    assert kept.codes == usual.codes


def test_the_shipped_model_is_not_asked_about_what_it_was_fitted_on() -> None:
    from leadterm.corpus import read_split

    reference = read_split(Path(__file__).parents[2] / "corpora" / "reference", "train")
    assert fitting_prior(reference[:3], ["icd10cm"]) is None
    assert fitting_prior(make(2, evidence=False), ["icd10cm"]) is not None
    assert fitting_prior(make(2, evidence=False), ["icd10pcs"]) is None


def test_what_the_earlier_model_says_stands_beside_what_is_learned(first: TrainResult) -> None:
    encounter = make(1, evidence=False, seed=4)[0]
    table = first.model.prior_table(encounter, "icd10cm")
    base = first.model.learned["icd10cm"].base
    found = describe(base, tokenise(encounter), table)
    assert first.model.prior_systems == {"icd10cm"}
    assert table.feature_names == ("earlier_score", "earlier_rank")
    assert set(table.codes) <= set(found.codes)
    assert found.features.shape[1] == len(parts.FEATURES) + 2


def test_training_goes_on_from_a_model(first: TrainResult, second: TrainResult) -> None:
    again = load_model(second.path)
    for encounter in make(8, evidence=False, seed=21):
        found = again.suggest(encounter)
        assert found == second.model.suggest(encounter)
        kept = {s.code for s in found.suggestions if s.confidence >= found.threshold}
        assert kept == {c.code for c in encounter.codes}
    assert isinstance(again.earlier, CorpusModel)
    assert again.earlier.name == first.model.name


def test_encounters_it_knows_are_not_learned_again(first: TrainResult, quick: Recipe, tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="already learned from all 60"):
        train(make(60, evidence=True), tmp_path / "m", quick, earlier=first.model)


def test_what_becomes_of_the_earlier_model_is_told(first: TrainResult, quick: Recipe, tmp_path: Path) -> None:
    again = [*make(5, evidence=True), *make(20, evidence=True, seed=4)]
    assert len({e.encounter_id for e in again}) < 25
    named = [replace(e, encounter_id=f"{e.encounter_id}-{i}") for i, e in enumerate(again)]
    known = sum(e.digest in first.model.seen for e in named)
    assert known == 5
    told = train(named, tmp_path / "m", quick, earlier=first.model).remarks
    assert told[0] == f"5 of 25 encounters were left out: model '{first.model.name}' has learned from them."
    other = [replace(e, codes=tuple(replace(c, system="local") for c in e.codes)) for e in named]
    told = train(other, tmp_path / "n", quick, earlier=first.model).remarks
    assert told[0] == f"model '{first.model.name}' knows nothing of local; it was left aside."


def test_two_processes_give_the_same_rows(quick: Recipe) -> None:
    marked = make(30, evidence=True)
    examples = examples_of(marked, [tokenise(e) for e in marked], "icd10cm")
    ids = [e.encounter_id for e in marked]
    one, two = (out_of_fold(examples, ids, quick, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.features, two.features)


def test_a_damaged_fold_is_made_again(tmp_path: Path) -> None:
    folds = WorkFolder.beside(tmp_path / "m", {}).of("icd10cm")
    rows = FoldRows(np.ones((1, 2), np.float32), np.ones(1, np.int8), np.zeros(1, np.int64), 3)
    folds.write(0, rows)
    kept = folds.read(0)
    assert kept is not None
    assert kept.missed == 3
    file = next(folds.path.glob("*-0.npz"))
    file.write_bytes(file.read_bytes()[:40])
    assert folds.read(0) is None


def test_the_dictionarys_words_are_evidence_where_coders_gave_none() -> None:
    note = Note("n", "Seen for acute gout.")
    bare = Encounter("e", (note,), (ReferenceCode("s", "M10.9"),))
    span = EvidenceSpan("n", 15, 19, "gout")
    table = CandidateTable("e", "s", ("M10.9",), ("f",), np.ones((1, 1), np.float32), ((Mention.of(span),),))
    marked = Encounter(
        "e", (note,), (ReferenceCode("s", "M10.9", "", (Mention.of(EvidenceSpan("n", 9, 19, "acute gout")),)),)
    )
    words = tokenise(bare)
    assert examples_of([bare], [words], "s", [table])[0].evidence == (("M10.9", (2,)),)
    assert examples_of([marked], [words], "s", [table])[0].evidence == (("M10.9", (1, 2)),)
    assert examples_of([bare], [words], "s")[0].evidence == ()


def test_what_earlier_models_saw_is_seen(second: TrainResult) -> None:
    of_first, of_second = make(60, evidence=True), make(30, evidence=False, seed=9)
    model = load_model(second.path)
    assert all(map(model.has_seen, [*of_first, *of_second]))
    assert not any(map(model.has_seen, make(5, evidence=False, seed=77)))


def test_folds_of_few_or_uneven_patients_are_all_held_out() -> None:
    recipe = Recipe(ranked_encounters=100)
    ten = [f"p{i % 10}" for i in range(1000)]
    assert ranked(ten, recipe).all()
    one = np.array(["p0"] * 900 + [f"q{i}" for i in range(300)])
    asked = ranked(one.tolist(), recipe)
    assert asked.all() or (80 <= asked.sum() <= 200 and not asked[one == "p0"].any())
    many = [f"p{i // 3}" for i in range(3000)]
    assert 80 <= ranked(many, recipe).sum() <= 200
