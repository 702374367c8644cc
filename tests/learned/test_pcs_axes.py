"""Procedure codes no training note has, put together from an operation and a body part that the text says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leadterm.codes import load_system
from leadterm.learned.ngrams import flatten
from leadterm.learned.parts import FEATURES as ALL
from leadterm.learned.pcs_alignment import learn_axes
from leadterm.learned.pcs_axes import FEATURES, Axes, axes_block
from leadterm.learned.pcs_axis_titles import axis_titles
from leadterm.learned.store import load_model
from leadterm.learned.titles import CodeSystems
from leadterm.learned.tokens import Tokens, tokenise
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.training.recipe import parse_recipe
from leadterm.training.stacking import examples_of, out_of_fold
from leadterm.training.train_model import train

PARTS = {"left kidney": "2", "right kidney": "1", "bladder": "0"}
WAYS = {"ultrasound": "BT4", "plain film": "BT0"}


def read(text: str, language: str = "en") -> Tokens:
    return tokenise(Encounter("e", (Note("n", text),), language=language))


def learned(said: dict[str, str], language: str = "en") -> tuple[Axes, tuple[str, ...]]:
    codes = sorted(set(said.values()))
    texts = [read(text, language) for text in said]
    given = [frozenset({codes.index(code)}) for code in said.values()]
    evidence = [[(codes.index(code), tuple(range(len(t.words))))] for t, code in zip(texts, said.values(), strict=True)]
    axes, more = learn_axes("icd10pcs", codes, flatten(texts), given, evidence)
    return axes, (*codes, *more)


def best(axes: Axes, codes: tuple[str, ...], text: str, language: str = "en") -> str:
    block = axes_block(axes, read(text, language))
    return codes[block.codes[block.features[:, FEATURES.index("axes_rank")].argmin()]]


SEEN = {
    "ultrasound of the brain": "B040ZZZ", "ultrasound of both kidneys": "BT43ZZZ", "radiograph of chest": "BW03ZZZ",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ultrasound showed the bladder normal", "BT40ZZZ"),
        ("left kidney seen in the ultrasound", "BT42ZZZ"),
        ("right kidney seen in the ultrasound", "BT41ZZZ"),
        ("radiograph, with the left femur", "BQ04ZZZ"),
    ],
)
def test_an_operation_and_a_part_near_it_make_a_code_that_was_not_seen(text: str, code: str) -> None:
    axes, codes = learned(SEEN)
    assert code not in SEEN.values()
    assert best(axes, codes, text) == code


def test_words_of_another_language_are_read_by_what_they_mean() -> None:
    said = {"ecografía cerebral": "B040ZZZ", "ecografía de ambos riñones": "BT43ZZZ"}
    axes, codes = learned(said, "es")
    assert best(axes, codes, "Ecografía de vejiga sin lesiones", "es") == "BT40ZZZ"


@pytest.mark.parametrize("text", ["ultrasound only", "the bladder only", "ultrasound. The bladder", ""])
def test_without_both_words_in_one_sentence_there_is_none(text: str) -> None:
    axes, codes = learned({"ultrasound of the brain": "B040ZZZ"})
    found = axes_block(axes, read(text))
    assert not [code for code in (codes[c] for c in found.codes.tolist()) if code.startswith("BT4")]


def test_every_code_that_can_be_put_together_is_a_code_or_the_beginning_of_one() -> None:
    _, codes = learned({"ultrasound of the brain": "B040ZZZ", "kidney removed": "0TT1"})
    system = load_system("icd10pcs")
    stems = axis_titles("icd10pcs")
    assert stems is not None
    assert len(codes) > 100
    assert all(code in system or code in stems.rests for code in codes)


def test_other_systems_have_no_axes() -> None:
    axes, more = learn_axes("icd10cm", ["I10"], flatten([read("hypertension")]), [frozenset({0})], [[(0, (0,))]])
    assert more == ()
    assert not len(axes_block(axes, read("hypertension")).codes)


def made_up(n: int) -> list[Encounter]:
    """Notes of one study each; none is an ultrasound of the bladder."""
    rng = np.random.default_rng(3)
    out = []
    for i in range(n):
        way, part = list(WAYS)[int(rng.integers(2))], list(PARTS)[int(rng.integers(3))]
        if (way, part) == ("ultrasound", "bladder"):
            way = "plain film"
        said = f"{way} of the {part}"
        text = f"Seen on day {i}. We did a {said} and sent the report home."
        start = text.index(said)
        span = EvidenceSpan("n", start, start + len(said), said)
        code = ReferenceCode("icd10pcs", f"{WAYS[way]}{PARTS[part]}ZZZ", evidence=(Mention.of(span),))
        out.append(Encounter(f"e{i}", (Note("n", text),), (code,)))
    return out


def test_a_trained_model_suggests_a_new_code_with_its_title_and_words(tmp_path: Path) -> None:
    recipe = parse_recipe({"folds": 3, "ranker": {"iterations": 20, "min_samples_leaf": 5}})
    train(made_up(80), tmp_path / "m", recipe, earlier=None)
    model = load_model(tmp_path / "m")
    new = Encounter("new", (Note("n", "We did an ultrasound of the bladder today."),))
    found = {s.code: s for s in model.suggest(new).suggestions}
    assert "BT40ZZZ" not in model.learned["icd10pcs"].base.codes[: model.learned["icd10pcs"].base.seen]
    assert found["BT40ZZZ"].title == load_system("icd10pcs").title("BT40ZZZ")
    assert [span.text for span in found["BT40ZZZ"].spans] == ["ultrasound of the bladder"]


def test_a_note_never_shapes_its_own_columns() -> None:
    notes = made_up(40)
    recipe = parse_recipe({"folds": 4})
    ids = [e.encounter_id for e in notes]
    other = next(e for e in notes if e.codes[0].code != notes[0].codes[0].code)
    swapped = [replace(notes[0], codes=(replace(other.codes[0], evidence=()),)), *notes[1:]]
    rows = []
    for some in (notes, swapped):
        found = out_of_fold(examples_of(some, [tokenise(e) for e in some], "icd10pcs"), ids, recipe)
        rows.append(found.features[found.owner == 0])
    mine, again = rows
    assert np.isfinite(mine[:, ALL.index("axes_score")]).any()
    np.testing.assert_array_equal(mine, again)


@pytest.mark.parametrize(
    ("system", "code", "title"),
    [
        ("icd10pcs", "BT20", "Computerized Tomography (CT Scan) of Bladder"),
        ("icd10pcs", "0VBB", "Excision of Left Testis"),
        ("icd10pcs", "3E03", "Introduction"),
        ("icd10cm", "T78.3XX", "Angioneurotic edema"),
        ("icd10cm", "I10", "Essential (primary) hypertension"),
    ],
)
def test_the_beginning_of_codes_has_the_title_they_share(system: str, code: str, title: str) -> None:
    assert CodeSystems().titles(system, [code, "?", "Q9"]) == {code: title}
