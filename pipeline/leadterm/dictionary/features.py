"""Named features of candidates: what the ranker sees, and nothing else."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from leadterm.dictionary.candidates import Candidate, Support
from leadterm.dictionary.rivals import BESIDE, WITHIN, describe_company, lead_in_category
from leadterm.dictionary.surroundings import (
    AROUND,
    DOCUMENT,
    describe_document,
    describe_surroundings,
    kind_of,
    reporting_kind,
)
from leadterm.dictionary.wording import words_around
from leadterm.ranking.report_rates import RATE_FEATURES, ReportRates
from leadterm.ranking.word_weights import WORD_FEATURES, WordWeights
from leadterm.schema import Encounter
from leadterm.text.knowledge import load_table
from leadterm.text.reading import NoteReading

__all__ = ["FEATURES", "LEARNED", "Feature", "feature_matrix"]


class Feature:
    """Columns of the feature matrix, by name: plain strings, for members of an enumeration are slow keys."""

    # how the best mention matched
    FROM_SYNONYM = "from_synonym"
    FROM_INDEX = "from_index"
    FROM_TITLE = "from_title"
    FROM_OTHER = "from_other"
    TERM_WORDS = "term_words"
    TERM_WEIGHT = "term_weight"
    TERM_MISSING = "term_missing"
    GAP = "gap"
    COVERAGE = "coverage"
    BEST_COVERAGE = "best_coverage"
    READINGS = "readings"
    SUBSUMED = "subsumed"
    JOINED = "joined"
    COMBINED = "combined"
    # how it was specified
    DETAIL_SCORE = "detail_score"
    DETAIL_FOUND = "detail_found"
    DETAIL_UNSAID = "detail_unsaid"
    UNSPECIFIED = "unspecified"
    OTHER = "other"
    MARGIN = "margin"
    DEEPER = "deeper"
    UPGRADED = "upgraded"
    # where and how often
    MENTIONS = "mentions"
    SECTIONS = "sections"
    PLACE = "place"
    IN_HEADING = "in_heading"
    HEADING_NUMBER = "heading_number"
    IN_BODY = "in_body"
    IN_ASSESSMENT = "in_assessment"
    IN_COMPLAINT = "in_complaint"
    IN_HPI = "in_hpi"
    IN_HISTORY = "in_history"
    IN_EXAM = "in_exam"
    IN_REVIEW = "in_review"
    IN_RESULTS = "in_results"
    IN_PLAN = "in_plan"
    IN_PROCEDURE = "in_procedure"
    IN_DIAGNOSIS = "in_diagnosis"
    NO_SECTION = "no_section"
    LABELLED = "labelled"
    HAS_PROBLEMS = "has_problems"
    # assertion
    PRESENT = "present"
    ABSENT = "absent"
    POSSIBLE = "possible"
    HISTORY = "history"
    FAMILY = "family"
    PLANNED = "planned"
    # the code
    SYMPTOM = "symptom"
    FACTOR = "factor"
    INJURY = "injury"
    EXTERNAL = "external"
    NEOPLASM = "neoplasm"
    PREGNANCY = "pregnancy"
    CONGENITAL = "congenital"
    CODE_LENGTH = "code_length"
    # among the candidates
    RIVALS = "rivals"
    RIVAL_WEIGHT = "rival_weight"
    CATEGORY_RIVALS = "category_rivals"
    CATEGORY_HEADING = "category_heading"
    TOKEN_RIVALS = "token_rivals"
    PROBLEM_RIVALS = "problem_rivals"
    PROBLEM_BETTER = "problem_better"
    INTEGRAL = "integral"
    REPLACED = "replaced"
    INJURIES = "injuries"
    HEADINGS = "headings"
    INPATIENT = "inpatient"
    NOTE_WORDS = "note_words"


OWN = tuple(value for name, value in vars(Feature).items() if name.isupper())
PLAIN = (*OWN, *AROUND, *DOCUMENT)
LEARNED = (*WORD_FEATURES, *RATE_FEATURES)
FEATURES = (*PLAIN, *BESIDE, *LEARNED)
ZEROS: Mapping[str, float] = dict.fromkeys(PLAIN, 0.0)
COLUMNS = {name: number for number, name in enumerate(PLAIN)}
COMPARED = [COLUMNS[name] for name in WITHIN]
SECTION_GROUPS: Mapping[str, str] = {
    "assessment": Feature.IN_ASSESSMENT, "assessment_plan": Feature.IN_ASSESSMENT, "impression": Feature.IN_ASSESSMENT,
    "problem_list": Feature.IN_ASSESSMENT,
    "discharge_diagnosis": Feature.IN_DIAGNOSIS, "admission_diagnosis": Feature.IN_DIAGNOSIS,
    "diagnosis": Feature.IN_DIAGNOSIS,
    "preoperative_diagnosis": Feature.IN_DIAGNOSIS, "postoperative_diagnosis": Feature.IN_DIAGNOSIS,
    "chief_complaint": Feature.IN_COMPLAINT, "reason_for_visit": Feature.IN_COMPLAINT,
    "indication": Feature.IN_COMPLAINT,
    "hpi": Feature.IN_HPI, "subjective": Feature.IN_HPI, "hospital_course": Feature.IN_HPI,
    "interval_history": Feature.IN_HPI,
    "past_medical_history": Feature.IN_HISTORY, "past_surgical_history": Feature.IN_HISTORY,
    "history": Feature.IN_HISTORY,
    "social_history": Feature.IN_HISTORY, "family_history": Feature.IN_HISTORY,
    "medications": Feature.IN_HISTORY, "allergies": Feature.IN_HISTORY,
    "physical_exam": Feature.IN_EXAM, "objective": Feature.IN_EXAM, "vitals": Feature.IN_EXAM,
    "review_of_systems": Feature.IN_REVIEW,
    "results": Feature.IN_RESULTS, "labs": Feature.IN_RESULTS, "imaging": Feature.IN_RESULTS,
    "findings": Feature.IN_RESULTS,
    "plan": Feature.IN_PLAN, "instructions": Feature.IN_PLAN, "disposition": Feature.IN_PLAN,
    "procedure": Feature.IN_PROCEDURE, "technique": Feature.IN_PROCEDURE,
}  # fmt: skip
ASSERTIONS = {
    "present": Feature.PRESENT, "absent": Feature.ABSENT, "possible": Feature.POSSIBLE, "history": Feature.HISTORY,
    "family": Feature.FAMILY, "hypothetical": Feature.PLANNED, "conditional": Feature.PLANNED,
}  # fmt: skip
SOURCES = {"synonym": Feature.FROM_SYNONYM, "index": Feature.FROM_INDEX, "title": Feature.FROM_TITLE}
CHAPTERS = {
    "R": Feature.SYMPTOM, "Z": Feature.FACTOR, "S": Feature.INJURY, "T": Feature.INJURY,
    "V": Feature.EXTERNAL, "W": Feature.EXTERNAL,
    "X": Feature.EXTERNAL, "Y": Feature.EXTERNAL, "C": Feature.NEOPLASM, "O": Feature.PREGNANCY, "P": Feature.PREGNANCY,
    "Q": Feature.CONGENITAL,
}  # fmt: skip


def feature_matrix(
    candidates: Sequence[Candidate],
    notes: Sequence[NoteReading],
    encounter: Encounter,
    rates: ReportRates | None = None,
    words: WordWeights | None = None,
) -> npt.NDArray[np.float32]:
    """Compute the features of an encounter's candidates.

    ``candidates``: in order of code. ``notes``: what was read in the notes. ``encounter``: its texts and its setting.
    ``rates``, ``words``: what coders report, and what the words around a mention say of it; without them the columns
    of `LEARNED` are 0.
    """
    places = describe_surroundings(candidates, encounter)
    rows = [
        {**ZEROS, **_mention_features(c), **_code_features(c.code), **place}
        for c, place in zip(candidates, places, strict=True)
    ]
    _add_rivals(rows, candidates)
    _add_relations(rows, candidates)
    document = describe_document(candidates, notes, kind_of(encounter))
    shared: dict[str, float] = {
        **document,
        Feature.INPATIENT: float(encounter.setting == "inpatient"),
        Feature.NOTE_WORDS: math.log1p(sum(note.length for note in notes)),
        Feature.HAS_PROBLEMS: float(sum(len(note.problems) for note in notes)),
        Feature.HEADINGS: float(sum(r[Feature.IN_HEADING] > 0 for r in rows)),
        Feature.INJURIES: float(sum(r[Feature.INJURY] > 0 for r in rows)),
    }
    values = chain.from_iterable([row.values() for row in rows])
    own = np.fromiter(values, np.float32, len(rows) * len(ZEROS)).reshape(len(rows), len(ZEROS))
    own[:, [COLUMNS[name] for name in shared]] = list(shared.values())
    codes = [candidate.code for candidate in candidates]
    plain = [own, describe_company(candidates), lead_in_category(codes, own[:, COMPARED])]
    if rates is None or words is None:
        return np.hstack([*plain, np.zeros((len(rows), len(LEARNED)), np.float32)])
    around = words_around([candidate.supports[0].found.mention for candidate in candidates], encounter)
    return np.hstack([*plain, words.columns(around), rates.columns(codes, reporting_kind(document))])


def _mention_features(candidate: Candidate) -> dict[str, float]:
    supports, choice = candidate.supports, candidate.choice
    reading, found, every = supports[0].reading, supports[0].found, [support.found for support in supports]
    headings = [one.heading for one in every if one.heading >= 0]
    row: dict[str, float] = {
        SOURCES.get(reading.source, Feature.FROM_OTHER): 1.0,
        Feature.TERM_WORDS: reading.words, Feature.TERM_WEIGHT: reading.weight, Feature.TERM_MISSING: reading.missing,
        Feature.GAP: reading.gap, Feature.COVERAGE: found.coverage,
        Feature.BEST_COVERAGE: max([one.coverage for one in every]),
        Feature.READINGS: len(found.readings), Feature.SUBSUMED: all(one.subsumed for one in every),
        Feature.JOINED: found.joined, Feature.COMBINED: len(candidate.combined),
        Feature.DETAIL_SCORE: choice.score, Feature.DETAIL_FOUND: choice.found, Feature.DETAIL_UNSAID: choice.unsaid,
        Feature.UNSPECIFIED: choice.unspecified, Feature.OTHER: choice.other,
        Feature.MARGIN: choice.margin, Feature.UPGRADED: choice.upgraded,
        Feature.DEEPER: len(candidate.code) - len(reading.code),
        Feature.MENTIONS: len(every), Feature.PLACE: found.place,
        Feature.IN_HEADING: len(headings), Feature.HEADING_NUMBER: min(headings, default=-1),
        Feature.IN_BODY: len([one for one in every if one.body >= 0]),
        Feature.LABELLED: len([one for one in every if one.label]) / len(every),
        Feature.SECTIONS: len({one.mention.section for one in every}),
    }  # fmt: skip
    _count_places(row, supports)
    return row


def _count_places(row: dict[str, float], supports: Sequence[Support]) -> None:
    for support in supports:
        mention = support.found.mention
        group = SECTION_GROUPS.get(mention.section, Feature.NO_SECTION)
        row[group] = row.get(group, 0.0) + 1.0
        assertion = ASSERTIONS[mention.assertion]
        row[assertion] = row.get(assertion, 0.0) + 1.0 / len(supports)


def _code_features(code: str) -> dict[str, float]:
    row: dict[str, float] = {Feature.CODE_LENGTH: len(code)}
    group = CHAPTERS.get(code[:1])
    if group is not None:
        row[group] = 1.0
    return row


def _add_rivals(rows: list[dict[str, float]], candidates: Sequence[Candidate]) -> None:
    """How a candidate stands among those of the same words and the same category."""
    by_words: dict[tuple[int, int], list[int]] = {}
    by_category: dict[str, list[int]] = {}
    for i, candidate in enumerate(candidates):
        mention = candidate.supports[0].found.mention
        by_words.setdefault((candidate.supports[0].note, mention.start), []).append(i)
        by_category.setdefault(candidate.code[:3], []).append(i)
    for group in by_words.values():
        for i in group:
            others = [j for j in group if j != i and not _are_twins(candidates[i], candidates[j])]
            rows[i][Feature.RIVALS] = len(others)
            own, rivals = candidates[i].supports[0].reading, [candidates[j].supports[0].reading for j in others]
            rows[i][Feature.RIVAL_WEIGHT] = own.weight - max([rival.weight for rival in rivals], default=0.0)
            rows[i][Feature.TOKEN_RIVALS] = len([rival for rival in rivals if rival.missing < own.missing])
    _add_problem_rivals(rows, candidates)
    for group in by_category.values():
        in_heading = sum([rows[i][Feature.IN_HEADING] > 0 for i in group])
        for i in group:
            twins = sum(_are_twins(candidates[i], candidates[j]) for j in group) if candidates[i].choice.paired else 0
            rows[i][Feature.CATEGORY_RIVALS] = len(group) - 1 - twins
            rows[i][Feature.CATEGORY_HEADING] = in_heading - (rows[i][Feature.IN_HEADING] > 0)


def _are_twins(one: Candidate, other: Candidate) -> bool:
    """Whether two codes tell the two sides of one mention, which says both: they are no rivals."""
    if one is other or not (one.choice.paired and other.choice.paired):
        return False
    first, second = one.supports[0], other.supports[0]
    return first.reading.code == second.reading.code and first.found.mention.start == second.found.mention.start


def _add_problem_rivals(rows: list[dict[str, float]], candidates: Sequence[Candidate]) -> None:
    """How many other candidates stand in the same problem heading, and how many of them match it better."""
    by_problem: dict[tuple[int, int], list[tuple[tuple[float, ...], int]]] = {}
    better_of: dict[int, int] = {}
    for i, candidate in enumerate(candidates):
        first: dict[tuple[int, int], Support] = {}
        for support in candidate.supports:
            if support.found.heading >= 0:
                first.setdefault((support.note, support.found.heading), support)
        for key, best in first.items():
            merit = (-best.reading.missing, best.found.coverage, best.reading.weight, candidate.choice.score)
            by_problem.setdefault(key, []).append((merit, i))
    for rivals in by_problem.values():
        ordered = sorted(merit for merit, _ in rivals)
        for own, i in rivals:
            better = len(ordered) - bisect_right(ordered, own)
            rows[i][Feature.PROBLEM_RIVALS] = max(rows[i][Feature.PROBLEM_RIVALS], len(rivals) - 1)
            rows[i][Feature.PROBLEM_BETTER] = better_of[i] = min(better_of.get(i, 99), better)


@lru_cache(maxsize=1)
def _integral() -> Mapping[str, tuple[str, ...]]:
    """Symptoms that belong to each disease."""
    integral: dict[str, tuple[str, ...]] = {}
    for row in load_table("integral_symptoms.tsv"):
        integral[row["disease"]] = integral.get(row["disease"], ()) + tuple(row["symptoms"].split(";"))
    return integral


@lru_cache(maxsize=1)
def _replaced() -> Mapping[str, tuple[str, ...]]:
    """Codes that each combination code replaces."""
    replaced: dict[str, tuple[str, ...]] = {}
    for row in load_table("combinations.tsv"):
        if row["replaces"] != "-":
            replaced[row["code"]] = replaced.get(row["code"], ()) + tuple(row["replaces"].split(";"))
    return replaced


@lru_cache(maxsize=4096)
def _prefixes(code: str) -> tuple[str, ...]:
    return tuple(code[:n] for n in range(1, len(code) + 1))


def _add_relations(rows: list[dict[str, float]], candidates: Sequence[Candidate]) -> None:
    """Symptoms of a documented disease, and parts of a combination code."""
    strong = [c.code for c, row in zip(candidates, rows, strict=True) if row[Feature.PRESENT] > 0]
    known = {prefix for code in strong for prefix in _prefixes(code)}
    symptoms = Counter(symptom for disease in known & _integral().keys() for symptom in _integral()[disease])
    replaced = Counter(part for code in strong for part in _replaced().get(code, ()))
    for name, counts in ((Feature.INTEGRAL, symptoms), (Feature.REPLACED, replaced)):
        for row, candidate in zip(rows if counts else (), candidates if counts else (), strict=True):
            row[name] = float(sum([counts[prefix] for prefix in _prefixes(candidate.code) if prefix in counts]))
