"""What a learner got right, missed and coded too much, scored as models are, and why, with sections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from leadterm.codes.registry import is_at_hand, load_system
from leadterm.errors import LeadtermError
from leadterm.rules.code_checks import check_codes
from leadterm.rules.coherence import left_out
from leadterm.rules.findings import Case, Coded, Facts, Finding
from leadterm.schema import NOWHERE, Encounter, Mention, ReferenceCode, SuggestionSet

__all__ = ["Attempt", "Verdict", "checked", "score_attempt"]

LEADING = ("principal", "first-listed")
BROUGHT = "brought in"
ASSERTED = {
    "absent": "the note denies it", "possible": "the note only suspects it", "family": "the note says it of a relative",
    "history": "the note says it of the past", "hypothetical": "the note speaks of it as something that may come",
    "conditional": "the note speaks of it under a condition",
}  # fmt: skip
Asked = Callable[[Encounter], SuggestionSet]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A code and what is to be said of it.

    ``kind``: ``right``, ``optional`` (neither right nor wrong), ``near`` (the right category, another detail),
    ``missed`` or ``over``. ``instead``: for a near miss, the code that it should have been.
    """

    code: str
    title: str
    kind: str
    why: str = ""
    evidence: tuple[Mention, ...] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A learner's codes for a note, judged. ``first``: whether the right one leads; None where no corpus says."""

    verdicts: tuple[Verdict, ...]
    precision: float
    recall: float
    f1: float
    exact: bool
    first: bool | None = None
    findings: tuple[Finding, ...] = ()

    def of(self, *kinds: str) -> tuple[Verdict, ...]:
        """Give the verdicts of some kinds."""
        return tuple(one for one in self.verdicts if one.kind in kinds)


def score_attempt(encounter: Encounter, typed: Sequence[str], ask: Asked | None = None) -> Attempt:
    """Judge the codes that a learner typed, the leading one first.

    - ``encounter``: with its reference codes.
    - ``typed``: codes as typed, with or without dots.
    - ``ask``: gives a model's suggestions for the encounter: they tell how the note means what was coded too much.

    >>> from leadterm.schema import EvidenceSpan, Note
    >>> gout = ReferenceCode("icd10cm", "M10.071", "first-listed")
    >>> e = Encounter("e1", (Note("n1", "Gout of the right foot."),), (gout,))
    >>> found = score_attempt(e, ["M109", "I10"])
    >>> [(one.kind, one.code, one.instead) for one in found.verdicts]
    [('near', 'M10.9', 'M10.071'), ('over', 'I10', '')]
    >>> (found.f1, found.first)
    (0.0, False)
    """
    given = tuple(dict.fromkeys(_spelled(encounter, code) for code in typed))
    reference = {(one.system, one.code): one for one in encounter.codes}
    precision, recall, f1 = _scores(encounter, [code for code in given if not _is_optional(reference.get(code))])
    lead = {(one.system, one.code) for one in encounter.codes if one.role in LEADING}
    findings = check_codes(encounter, [Coded(system, code) for system, code in given])
    verdicts = tuple(_verdicts(encounter, given, reference, ask))
    exact = bool(given) and precision == recall == 1.0
    return Attempt(verdicts, precision, recall, f1, exact, given[:1] == tuple(lead) if lead else None, findings)


def _is_optional(code: ReferenceCode | None) -> bool:
    return code is not None and code.need == "may"


def _spelled(encounter: Encounter, typed: str) -> tuple[str, str]:
    """The system and spelling of a typed code: of the first system of the encounter that knows it."""
    names = list(dict.fromkeys(one.system for one in encounter.codes))
    for name in names:
        if is_at_hand(name) and (found := load_system(name, encounter.date_of_service).normalise(typed)):
            return name, found
    return names[0], typed.upper()


def _scores(encounter: Encounter, given: Iterable[tuple[str, str]]) -> tuple[float, float, float]:
    """Precision, recall and F1 by the evaluation that models are scored with."""
    from leadterm.evaluation import Qrels, Run, evaluate

    codes = [f"{system} {code}" for system, code in given]
    must = [f"{one.system} {one.code}" for one in encounter.codes if one.need == "must"]
    if not codes or not must:
        return 0.0, 0.0, 0.0
    run, wanted = {encounter.encounter_id: dict.fromkeys(codes, 1.0)}, {encounter.encounter_id: must}
    report = evaluate(Run.from_mapping(run), Qrels.from_mapping(wanted), threshold=0.5, n_bootstrap=0)
    return tuple(float(report[name]) for name in ("micro_precision", "micro_recall", "micro_f1"))  # type: ignore[return-value]


def _verdicts(
    encounter: Encounter,
    given: Sequence[tuple[str, str]],
    reference: dict[tuple[str, str], ReferenceCode],
    ask: Asked | None,
) -> Iterator[Verdict]:
    right = [code for code in given if code in reference]
    open_ = {code: one for code, one in reference.items() if code not in right and one.need == "must"}
    for code in right:
        one = reference[code]
        yield Verdict(code[1], _title(encounter, *code), "optional" if _is_optional(one) else "right", "", one.evidence)
    wrong = [code for code in given if code not in reference]
    suggested = ask(encounter) if ask and (wrong or open_) else None
    for code in wrong:
        twin = next((other for other in open_ if _category(encounter, *other) == _category(encounter, *code)), None)
        title, evidence = _title(encounter, *code), reference[twin].evidence if twin else ()
        if twin:
            del open_[twin]
            why = f"it should be {twin[1]} {_title(encounter, *twin)}"
            yield Verdict(code[1], title, "near", why, evidence, twin[1])
        else:
            why, evidence = _too_much(encounter, code, suggested)
            yield Verdict(code[1], title, "over", why, evidence)
    for code, one in open_.items():
        yield Verdict(code[1], _title(encounter, *code), "missed", _needed(code, suggested), one.evidence)


def _category(encounter: Encounter, system: str, code: str) -> str:
    known = load_system(system, encounter.date_of_service) if is_at_hand(system) else None
    return known.category(code) if known and code in known else code


def _title(encounter: Encounter, system: str, code: str) -> str:
    known = load_system(system, encounter.date_of_service) if is_at_hand(system) else None
    return known.title(code) if known and code in known else ""


def _needed(code: tuple[str, str], suggested: SuggestionSet | None) -> str:
    """Why a code belongs there, where it is more than what its words say."""
    every = suggested.suggestions if suggested else ()
    found = (finding for one in every if (one.system, one.code) == code for finding in one.findings)
    return next((_said(one) for one in found if one.rule == "combines" or one.effect == BROUGHT), "")


def _too_much(
    encounter: Encounter, code: tuple[str, str], suggested: SuggestionSet | None
) -> tuple[str, tuple[Mention, ...]]:
    """Why a code should not stand there: a rule, how the note means it, or that nothing speaks for it."""
    found = [one for one in suggested.suggestions if (one.system, one.code) == code] if suggested else []
    evidence = found[0].evidence if found else ()
    reference = [Coded.of(one) for one in encounter.codes if one.system == code[0]]
    for finding in check_codes(encounter, [*reference, Coded(*code)]):
        if code[1] in finding.codes and finding.severity == "error":
            return _said(finding), evidence[:1]
    if is_at_hand(code[0]) and (system := load_system(code[0], encounter.date_of_service)).spec.knowledge:
        items = [replace(one, evidence=one.evidence or (NOWHERE,)) for one in reference]
        items.append(Coded(*code, evidence=evidence or (NOWHERE,), confidence=0.5))
        why = left_out(Case(Facts.of(encounter), tuple(items), system)).get(code[1])
        if why:
            return _said(why), evidence[:1]
    if found:
        return ASSERTED.get(found[0].assertion, "in the note, and not reported"), evidence[:1]
    return "the note does not say it, or denies it" if suggested else "", ()


def _said(finding: Finding) -> str:
    return f"{finding.message.removesuffix('.')}{f' ({finding.section})' if finding.section else ''}"


def checked(typed: str) -> list[str]:
    """Split what was typed into codes.

    ``LeadtermError`` if there is none.

    >>> checked("E11.9, I10;i50.9")
    ['E11.9', 'I10', 'i50.9']
    """
    codes = typed.replace(",", " ").replace(";", " ").split()
    if not codes:
        raise LeadtermError("no code was given.", hint="Type codes with spaces between them, the leading one first.")
    return codes
