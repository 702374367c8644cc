"""A coder's own codes against what the notes support: missing, unsupported, inconsistent, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Date
from typing import TYPE_CHECKING, Any

from leadterm.rules.book import make_finding
from leadterm.rules.code_checks import check_items
from leadterm.rules.findings import SEVERITIES, Coded, Facts, Finding
from leadterm.rules.queries import Query, QueryRule, ask
from leadterm.schema import Encounter, Mention, Suggestion, SuggestionSet

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.rules.edits import Edits
    from leadterm.rules.site_rules import SiteRules

__all__ = ["Review", "review_codes"]

OTHERWISE = "its words are there, and lead to other codes or seldom to one"
ASKING = ("use-additional", "code-also", "long-term-drug")


@dataclass(frozen=True, slots=True)
class Review:
    """What there is to say of the codes of an encounter.

    - ``encounter``: what was read.
    - ``items``: the codes that were checked, with the words that support each.
    - ``findings``: errors first.
    - ``queries``: questions to the provider.

    >>> from leadterm.schema import Note
    >>> Review(Encounter("e1", (Note("n1", "Well."),)), (), (), ()).errors
    0
    """

    encounter: Encounter
    items: tuple[Coded, ...]
    findings: tuple[Finding, ...]
    queries: tuple[Query, ...]
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many findings block."""
        return sum(finding.blocks for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Give the review as a JSON object."""
        return {
            "encounter_id": self.encounter.encounter_id,
            "codes": [{"system": item.system, "code": item.code, "title": self.titles.get(item.code, ""),
                       "supported": bool(item.evidence)} for item in self.items],
            "errors": self.errors,
            "findings": [finding.to_json() for finding in self.findings],
            "queries": [query.to_json() for query in self.queries],
        }  # fmt: skip


def review_codes(
    encounter: Encounter, given: Sequence[Coded], suggested: SuggestionSet, *, date: Date | str | None = None,
    facts: Mapping[str, Any] | None = None, edits: Edits | None = None, site: SiteRules | None = None,
    queries: Sequence[QueryRule] | None = None, said_of: Callable[[Encounter, str], tuple[Mention, ...]] | None = None,
) -> Review:  # fmt: skip
    """Check a coder's codes against the notes, the rules and the tables of the day.

    - ``given``: the coder's codes, the leading one first.
    - ``suggested``: what a model suggests for the notes, candidates below its line included.
    - ``date``, ``facts``: day of service, and other facts (`Facts`), where the encounter does not tell them.
    - ``said_of``: gives the mentions of a code that is no suggestion, denied ones included: tells why it is none.

    >>> from leadterm.schema import Note
    >>> note = Encounter("e1", (Note("n1", "Seen for gout."),))
    >>> review_codes(note, [Coded("icd10cm", "I10")], SuggestionSet("e1", "default")).findings[0].rule
    'not-supported'
    """
    found = {(one.system, one.code): one for one in suggested.suggestions}
    items = [_with_words(item, encounter, found, said_of) for item in given]
    held = {(item.system, item.code) for item in items}
    above = [one for one in suggested.suggestions if one.confidence >= suggested.threshold]
    more = [one for one in above if (one.system, one.code) not in held]
    known = Facts.of(encounter, date, **(facts or {}))
    sections = frozenset(
        mention.section for one in suggested.suggestions for mention in one.evidence if mention.section
    )
    noted = {one.code: one.best for one in more if one.assertion == "present"}
    known = replace(known, sections=sections, noted=noted)
    checked = check_items(known, items, edits=edits)
    asked = {finding.codes[1]: finding for finding in checked if finding.rule in ASKING}
    said = [_joined(one, asked) for one in _compare(items, found, more, suggested)]
    told = {one.codes[0] for one in said if one.rule == "not-coded"}
    every: Iterable[Finding] = (*(one for one in checked if one.rule not in ASKING or one.codes[1] not in told), *said)
    every = site.apply(known, items, every) if site else every
    ordered = sorted(every, key=lambda finding: SEVERITIES.index(finding.severity))
    titles = {one.code: one.title for one in suggested.suggestions}
    questions: tuple[Query, ...] = ()
    for system in _classifications(dict.fromkeys(item.system for item in [*items, *map(_as_item, above)]), known.day):
        titles |= {item.code: system.title(item.code) for item in items if item.code in system}
        proposed = [*items, *(_as_item(one) for one in more if one.system == system.name)]
        questions = ask(encounter.notes, proposed, system, rules=queries)
    return Review(encounter, tuple(items), tuple(ordered), questions, titles)


def _classifications(names: Iterable[str], day: Date | None) -> Iterator[CodeSystem]:
    """Those of the systems that are at hand and of which rules are known."""
    from leadterm.codes import load_system
    from leadterm.codes.registry import is_at_hand

    for name in names:
        system = load_system(name, day) if is_at_hand(name) else None
        if system is not None and system.spec.knowledge:
            yield system


def _with_words(
    item: Coded, encounter: Encounter, found: Mapping[tuple[str, str], Suggestion],
    said_of: Callable[[Encounter, str], tuple[Mention, ...]] | None,
) -> Coded:  # fmt: skip
    """A coder's code with its words: its own, those of its suggestion, or whatever is said of it."""
    own = found.get((item.system, item.code))
    words = item.evidence or (own.evidence if own else said_of(encounter, item.code) if said_of else ())
    return replace(item, evidence=words)


def _joined(one: Finding, asked: Mapping[str, Finding]) -> Finding:
    """A code that is missing, with the rule that asks for it."""
    rule = asked.get(one.codes[0]) if one.rule == "not-coded" else None
    if rule is None:
        return one
    fix = f"{one.fix} {rule.message}"
    return replace(one, fix=fix, source=rule.source, section=rule.section, sentence=rule.sentence)


def _as_item(one: Suggestion) -> Coded:
    return Coded(one.system, one.code, evidence=one.evidence)


def _compare(
    items: Sequence[Coded],
    found: Mapping[tuple[str, str], Suggestion],
    more: Sequence[Suggestion],
    suggested: SuggestionSet,
) -> Iterator[Finding]:
    """What the model says of each code, and what it finds beside them."""
    systems = {one.system for one in suggested.suggestions} or {item.system for item in items}
    replaced: set[str] = set()
    for item in {one.code: one for one in items}.values():
        own = found.get((item.system, item.code))
        if item.system not in systems or (own and own.confidence >= suggested.threshold):
            continue
        other, about = _instead(item, own, more), (item.code,)
        if other is not None:
            replaced.add(other.code)
            why = f": {other.hints[0]}" if other.hints else ""
            both = (item.code, other.code)
            yield make_finding("other-code", item.system, both, evidence=other.evidence, title=other.title, why=why)
        elif own is not None:
            yield _doubtful(item, own)
        elif not item.evidence:
            yield make_finding("not-supported", item.system, about)
        elif any(mention.assertion == "present" for mention in item.evidence):  # else `asserted` says what is wrong
            yield make_finding("doubtful", item.system, about, evidence=item.evidence, why=OTHERWISE)
    for one in more:
        if one.code not in replaced:
            shown = {"title": one.title, "confidence": f"{one.confidence:.0%}"}
            yield make_finding("not-coded", one.system, (one.code,), evidence=one.evidence, **shown)  # type: ignore[arg-type]


def _doubtful(item: Coded, own: Suggestion) -> Finding:
    """A code below the line, with the rule that put it there and who says so."""
    rule = own.findings[0] if own.findings else None
    why = replace(rule, effect="", fix="").hint if rule else "its words seldom are what a coder reports"
    why = why.removeprefix(f"{item.code} ") + f" (confidence {own.confidence:.0%})"
    found = make_finding("doubtful", item.system, (item.code,), evidence=own.evidence, why=why)
    return replace(found, source=rule.source, section=rule.section, sentence=rule.sentence) if rule else found


def _instead(item: Coded, own: Suggestion | None, more: Sequence[Suggestion]) -> Suggestion | None:
    """A suggested code that rests on the same words, or is of the same category."""
    words = {span for mention in (own.evidence if own else item.evidence) for span in mention.spans}
    for one in more:
        if one.system != item.system:
            continue
        same = one.code[:3] == item.code[:3] or (words and words & {s for m in one.evidence for s in m.spans})
        if same:
            return one
    return None
