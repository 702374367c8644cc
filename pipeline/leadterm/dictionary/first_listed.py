"""Which of the suggested codes stands first: what its ranker sees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from leadterm.dictionary.features import FEATURES
from leadterm.dictionary.first_words import log_odds
from leadterm.rules.lead_choice import AFTER, BEHIND, REASONS
from leadterm.rules.shared import symptoms

__all__ = ["FIRST_FEATURES", "by_the_book", "first_columns", "may_lead"]

AMONG_LEADS = (
    "lead_sure_rank", "lead_order_rank", "lead_diagnosis_rank", "lead_mentions_rank", "lead_wording_rank", "lead_share",
    "lead_complaint", "lead_disease", "lead_encounter",
)  # fmt: skip
FIRST_FEATURES = (*FEATURES, "sure", "sure_rank", "suggested", "order_rank", "diagnosis_rank", *AMONG_LEADS)
_ORDER, _DIAGNOSIS, _MENTIONS, _WORDING = map(
    FEATURES.index, ("order", "diagnosis_order", "mentions", "wording_first")
)  # fmt: skip
_NEVER = 1e4
LEAST, MOST = 0.1, 15
COMPLAINTS = ("R", "M25.5", "M54", "M79.6")  # findings and pains: a disease that explains them leads
ENCOUNTERS = (
    "Z00", "Z01", "Z02", "Z03", "Z04", "Z05", "Z08", "Z09", "Z11", "Z12", "Z13", "Z20", "Z23", "Z3", "Z4", "Z51",
    "Z52", "Z71", "Z76",
)  # fmt: skip
"""Why one comes, where no disease is the reason (I.C.21.c)."""
SURE, SURER, FAR = 0.5, 0.7, 100.0


def may_lead(codes: Sequence[str], confidence: NDArray[np.float64], line: float) -> NDArray[np.bool_]:
    """Tell which candidates of one encounter may stand first: suggested ones, and the surest below the line.

    Codes that only stand behind another may not, unless there is no other.

    >>> may_lead(["I10", "W19.XXXA", "R05.9", "J45.909"], np.array([0.6, 0.9, 0.01, 0.2]), 0.5).tolist()
    [True, False, False, True]
    >>> may_lead(["Z53.31", "K57.32"], np.array([0.9, 0.7]), 0.5).tolist()  # converted to open: never the reason
    [False, True]
    >>> may_lead(["I12.9", "N18.4"], np.array([0.6, 0.9]), 0.5).tolist()
    [True, False]
    """
    rank = (confidence[None, :] > confidence[:, None]).sum(axis=1)
    near: NDArray[np.bool_] = (confidence >= line) | ((confidence >= LEAST) & (rank < MOST))
    causes = [code for code, there in zip(codes, (confidence >= line).tolist(), strict=True) if there]
    after = tuple(part for part, cause in AFTER.items() if any(code.startswith(cause) for code in causes))
    behind = [_stands_behind(code) or code.startswith(after) for code in codes]
    own: NDArray[np.bool_] = near & ~np.array(behind, dtype=np.bool_)
    return own if own.any() else near


def by_the_book(
    codes: Sequence[str], confidence: NDArray[np.float64], line: float, scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Correct the scores of the candidates of one encounter where the guidelines say what stands first.

    A screening or another encounter that is first wherever it is coded leads (I.C.21.c); a symptom stands behind the
    disease it belongs to (II.A). ``scores``: how well each would stand first, shape (n_codes,).

    >>> sure = np.array([0.9, 0.8])
    >>> int(by_the_book(["K63.5", "Z12.11"], sure, 0.4, np.array([1.0, 0.0])).argmax())
    1
    >>> int(by_the_book(["R10.31", "K35.80"], sure, 0.4, np.array([1.0, 0.0])).argmax())
    1
    """
    sure = confidence >= max(line, SURE)
    made = scores + FAR * (sure & np.array([code.startswith(REASONS) for code in codes], dtype=np.bool_))
    told = [code for code, chance in zip(codes, confidence.tolist(), strict=True) if chance >= max(line, SURER)]
    own = tuple(symptom for code in told for symptom in symptoms(code))
    diseases = {code for code in told if symptoms(code)}
    behind = np.array([code.startswith(own) and code not in diseases for code in codes], dtype=np.bool_)
    return np.asarray(made - FAR * behind, dtype=np.float64)


@lru_cache(maxsize=4096)
def _stands_behind(code: str) -> bool:
    return code.startswith(BEHIND)


def first_columns(
    codes: Sequence[str], features: NDArray[np.float32], confidence: NDArray[np.float64], line: float,
    leads: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """Describe the candidates of one encounter beside those that are suggested with them, and those that may lead.

    ``codes``: of the candidates. ``features``: of the same, shape (n_codes, len(FEATURES)). ``confidence``: that each
    is reported, shape (n_codes,). ``line``: confidence from which on a code is suggested. ``leads``: what `may_lead`
    gave, where that is at hand.
    """
    above = confidence >= line
    leads = may_lead(codes, confidence, line) if leads is None else leads
    told = np.where(features[:, _DIAGNOSIS] < 0, _NEVER, features[:, _DIAGNOSIS])
    orders = np.stack((-confidence, features[:, _ORDER], told, -features[:, _MENTIONS], -features[:, _WORDING]))
    ranks, among = ((orders[:, group][:, None, :] < orders[:, :, None]).sum(axis=2) for group in (above, leads))
    sure = log_odds(confidence)
    suggested = np.full(len(confidence), above.sum())
    complaint = np.array([code.startswith(COMPLAINTS) for code in codes], dtype=np.bool_)
    share = confidence / max(confidence[leads].max(initial=0.0), 1e-6)
    disease = np.full(len(confidence), confidence[leads & ~complaint].max(initial=0.0))
    visit = np.array([code.startswith(ENCOUNTERS) for code in codes], dtype=np.bool_)
    own = [sure, ranks[0], suggested, ranks[1], ranks[2], *among, share, complaint, disease, visit]
    return np.column_stack([features, *own]).astype(np.float32)
