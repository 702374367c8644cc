"""Score suggested codes against reference codes.

Three nouns, two verbs: a `Run` (suggested codes with scores), `Qrels` (reference codes) and a `Report`;
`evaluate` scores one run, `compare` tests several against each other.

>>> from leadterm.evaluation import evaluate
>>> report = evaluate({"e1": {"E11.9": 0.9, "I10": 0.3}}, {"e1": ["e119"]}, threshold=0.5, n_bootstrap=0)
>>> report["micro_f1"]
1.0
"""

from leadterm.evaluation.agreement import Agreement, agreement
from leadterm.evaluation.comparison import Comparison, compare
from leadterm.evaluation.metrics.thresholds import ChosenThreshold, choose_threshold
from leadterm.evaluation.report import Report, evaluate
from leadterm.evaluation.tables.labels import Label, Span, normalise_code
from leadterm.evaluation.tables.qrels import EncounterInfo, Qrels
from leadterm.evaluation.tables.run import Run

__all__ = [
    "Agreement", "ChosenThreshold", "Comparison", "EncounterInfo", "Label", "Qrels", "Report", "Run", "Span",
    "agreement", "choose_threshold", "compare", "evaluate", "normalise_code",
]  # fmt: skip
