"""What coders report beside what its evidence lets expect."""

from __future__ import annotations

import numpy as np
import pytest

from leadterm.errors import LeadtermError
from leadterm.ranking.report_rates import RATE_FEATURES, ReportRates, learn_rates

CODES = ["I10"] * 20 + ["R05.9"] * 20 + ["R07.9"] * 20
REPORTED = [True] * 20 + [False] * 40
KINDS = (["clinic"] * 10 + ["operative"] * 10) * 3


def learned() -> ReportRates:
    return learn_rates(CODES, REPORTED, [0.5] * 60, KINDS)


def column(code: str, kind: str, name: str) -> float:
    return float(learned().columns([code], kind)[0, RATE_FEATURES.index(name)])


def test_reported_codes_rise_and_others_fall() -> None:
    assert column("I10", "clinic", "reported_code") > 0.3
    assert column("R05.9", "clinic", "reported_code") < -0.3
    assert column("R05.9", "clinic", "reported_seen") == pytest.approx(np.log1p(10), abs=1e-5)


def test_an_unseen_code_has_what_its_category_and_chapter_have() -> None:
    assert column("R05.1", "clinic", "reported_code") == column("R05.1", "clinic", "reported_category") < 0
    assert column("R99", "clinic", "reported_category") == column("R99", "clinic", "reported_chapter") < 0
    assert learned().columns(["Q00.0"], "clinic").tolist() == [[0.0] * len(RATE_FEATURES)]


def test_a_kind_of_document_counts_for_itself() -> None:
    rates = learn_rates(["I10"] * 40, [True] * 20 + [False] * 20, [0.5] * 40, ["clinic"] * 20 + ["operative"] * 20)
    here = RATE_FEATURES.index("reported_code_here")
    clinic, operative, letter = (rates.columns(["I10"], kind)[0, here] for kind in ("clinic", "operative", "letter"))
    assert clinic > letter > operative


def test_arrays_carry_everything() -> None:
    rates = learned()
    again = ReportRates(**rates.arrays())
    assert np.array_equal(again.columns(CODES, "clinic"), rates.columns(CODES, "clinic"))
    assert rates.columns([], "clinic").shape == (0, len(RATE_FEATURES))


@pytest.mark.parametrize(
    "change",
    [{"observed": np.ones(1, np.float32)}, {"expected": np.full(8, np.nan, np.float32)}, {"codes": np.zeros(8)}],
)
def test_unsound_arrays_are_refused(change: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
    arrays = learned().arrays()
    size = len(arrays["codes"])
    change = {name: np.resize(array, size if name != "observed" else 1) for name, array in change.items()}
    with pytest.raises(LeadtermError, match="not sound"):
        ReportRates(**{**arrays, **change})
