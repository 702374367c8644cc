"""Questions to the provider: what the record leaves open, asked without leading, with its own words quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.rules.findings import Coded
from leadterm.rules.hints import more_specific, side_hint
from leadterm.rules.shared import sides_of
from leadterm.rules.support import WORDS_OF
from leadterm.schema import EvidenceSpan, Mention, Note
from leadterm.storage.text_files import read_text
from leadterm.storage.tsv import package_table, parse_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["Query", "QueryRule", "ask", "read_query_rules"]

KINDS = ("indicator", "unsupported", "unspecific", "conflicting")
COLUMNS = ("query", "kind", "words", "limit", "codes", "section", "question", "choices")
ALWAYS = ("Other (please specify)", "Unable to determine")
LIMIT = re.compile(r"(<=|>=|<|>|x)\s*(\d+(?:\.\d+)?)")
SIDE, ASSERTIONS, SIDES = "*side", "*assertion", "*sides"
EDGE = re.compile(r"[.;!?](?=\s)|\n")
DENIED = re.compile(r"\b(?:no|not|without|denies|denied|negative for|never)\b[^.;,]{0,24}$", re.IGNORECASE)
MOST_QUOTES, MOST_CHOICES = 3, 6


@dataclass(frozen=True, slots=True)
class QueryRule:
    """A row of the table of questions, its expression compiled."""

    name: str
    kind: str
    words: re.Pattern[str] | None
    limit: tuple[str, float] | None
    codes: tuple[str, ...]
    section: str
    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A question to the provider.

    - ``rule``, ``kind``: name of the row that asks, and its kind.
    - ``question``: neutral words.
    - ``codes``: codes it is about; empty of an indicator.
    - ``quotes``: the words of the record that raise it.
    - ``choices``: answers to choose from, the last two "Other" and "Unable to determine".
    - ``section``: of the Official Guidelines.

    >>> query = Query("urosepsis", "indicator", 'Please clarify what is meant by "urosepsis".', (), (), ALWAYS)
    >>> query.choices[-1]
    'Unable to determine'
    """

    rule: str
    kind: str
    question: str
    codes: tuple[str, ...]
    quotes: tuple[EvidenceSpan, ...]
    choices: tuple[str, ...]
    section: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give the question as a JSON object."""
        quotes = [{"note_id": q.note_id, "start": q.start, "end": q.end, "text": q.text} for q in self.quotes]
        return {"query": self.rule, "kind": self.kind, "codes": list(self.codes), "question": self.question,
                "quotes": quotes, "choices": list(self.choices), "section": self.section}  # fmt: skip


@lru_cache(maxsize=4)
def read_query_rules(path: str | Path | None = None) -> tuple[QueryRule, ...]:
    """Read the questions of leadterm, or those of a site's own file of the same columns.

    ``LeadtermError`` if the file cannot be read, or a row of it cannot be understood; the message names the row.

    >>> len(read_query_rules()) > 30
    True
    """
    if path is None:
        rows = package_table("leadterm.rules", "provider_queries.tsv")
    else:
        rows = parse_table(read_text(path, what="the questions "), Path(path).name)
    return tuple(_rule(row) for row in rows)


def _rule(row: Mapping[str, str]) -> QueryRule:
    for column in COLUMNS:
        if column not in row:
            raise LeadtermError(
                f"the table of questions has no column '{column}'.", hint=f"It has: {', '.join(COLUMNS)}."
            )
    place = f"question '{row['query']}'"
    if row["kind"] not in KINDS:
        raise unknown_name(f"kind of {place}", row["kind"], KINDS)
    limit = LIMIT.fullmatch(row["limit"]) if row["limit"] != "-" else None
    if row["limit"] != "-" and not limit:
        raise LeadtermError(f"{place} has the limit '{row['limit']}'.", hint="Write < <= > >= or x, and a number.")
    try:
        words = None if row["words"] == "-" else re.compile(row["words"], re.IGNORECASE)
    except re.error as error:
        raise LeadtermError(f"the words of {place} are no regular expression: {error}.", hint="Mend the row.") from None
    return QueryRule(
        row["query"], row["kind"], words, (limit[1], float(limit[2])) if limit else None,
        () if row["codes"] == "-" else tuple(row["codes"].split()),
        "" if row["section"] == "-" else row["section"], row["question"], tuple(row["choices"].split(" | ")),
    )  # fmt: skip


def ask(
    notes: Sequence[Note], items: Sequence[Coded], system: CodeSystem, *, rules: Sequence[QueryRule] | None = None
) -> tuple[Query, ...]:
    """Find what to ask about an encounter.

    - ``notes``: the record.
    - ``items``: the codes that stand or are proposed, with their evidence.
    - ``system``: their classification.
    - ``rules``: by default the questions that come with leadterm.

    >>> from leadterm.codes import load_system
    >>> note = Note("n1", "Sodium 121 on arrival, 3% saline given.")
    >>> [one.rule for one in ask([note], [], load_system("icd10cm"))]
    ['sodium-low']
    """
    makers = {
        "indicator": _indicator,
        "unsupported": _unsupported,
        "unspecific": _unspecific,
        "conflicting": _conflicting,
    }
    chosen = read_query_rules() if rules is None else rules
    found: list[Query] = []
    quoted: set[tuple[str, EvidenceSpan]] = set()
    for rule in chosen:
        for query in makers[rule.kind](rule, notes, items, system):
            about = {(rule.codes[0] if rule.codes else rule.name, quote) for quote in query.quotes}
            if rule.kind != "indicator" or not about <= quoted:  # the same words are asked about once
                found.append(query)
            quoted |= about
    return tuple(found)


def _make(
    rule: QueryRule, codes: tuple[str, ...], quotes: Sequence[EvidenceSpan], choices: Sequence[str] = ()
) -> Query:
    own = tuple(choices) or tuple(choice for choice in rule.choices if choice != "*")
    words = tuple(dict.fromkeys(quotes))[:MOST_QUOTES]
    return Query(rule.name, rule.kind, rule.question, codes, words, (*own, *ALWAYS), rule.section)


def _indicator(rule: QueryRule, notes: Sequence[Note], items: Sequence[Coded], _: CodeSystem) -> Iterator[Query]:
    """A finding of the record that no diagnosis answers."""
    if rule.codes and any(item.code.startswith(rule.codes) for item in items):
        return
    quotes = [
        _sentence(note, match.start(), match.end())
        for note in notes
        for match in (rule.words.finditer(note.text) if rule.words else ())
        if _reaches(match, rule.limit) and not DENIED.search(note.text[max(0, match.start() - 40) : match.start()])
    ]
    if quotes:
        yield _make(rule, (), quotes)


def _reaches(match: re.Match[str], limit: tuple[str, float] | None) -> bool:
    if limit is None:
        return True
    sign, least = limit
    value = float(match["n"])
    if sign == "x":
        return value >= least * float(match["a"])
    return {"<": value < least, "<=": value <= least, ">": value > least, ">=": value >= least}[sign]


def _unsupported(rule: QueryRule, notes: Sequence[Note], items: Sequence[Coded], _: CodeSystem) -> Iterator[Query]:
    """A diagnosis whose findings the record does not hold."""
    for item in filter(_is_there, items):
        held = rule.words and any(rule.words.search(note.text) for note in notes)
        if item.code.startswith(rule.codes) and notes and not held:
            yield _make(rule, (item.code,), _quotes(item.evidence, notes))


def _unspecific(rule: QueryRule, notes: Sequence[Note], items: Sequence[Coded], system: CodeSystem) -> Iterator[Query]:
    """A diagnosis that leaves open what a more specific code would say."""
    for item in filter(_is_there, items):
        if item.code not in system:
            continue
        if rule.codes == (SIDE,):
            offers = side_hint(system, item.code).partition(": ")[2]
            if offers:
                yield _make(
                    rule, (item.code,), _quotes(item.evidence, notes), [o.split()[-1] for o in offers.split(", ")]
                )
        elif item.code.startswith(rule.codes):
            wanted = more_specific(system, item.code) if "*" in rule.choices else ()
            choices = [system.title(code) for code in wanted[:MOST_CHOICES]]
            yield _make(rule, (item.code,), _quotes(item.evidence, notes), choices)


def _conflicting(rule: QueryRule, notes: Sequence[Note], items: Sequence[Coded], system: CodeSystem) -> Iterator[Query]:
    """A diagnosis of which the record says two things."""
    if rule.codes == (ASSERTIONS,):
        for item in items:
            if {"present", "absent"} <= {mention.assertion for mention in item.evidence}:
                pair = [next(one for one in item.evidence if one.assertion == said) for said in ("present", "absent")]
                yield _make(rule, (item.code,), _quotes(pair, notes))
    elif rule.codes == (SIDES,):
        for item in items:
            sides = {
                side: one for one in item.evidence for side in ("right", "left") if WORDS_OF[side].search(one.text)
            }
            both = any(WORDS_OF["bilateral"].search(one.text) for one in item.evidence)
            both = both or (item.code in system and "bilateral" in sides_of(system, item.code))
            if len(sides) == 2 and not both and sides["right"] is not sides["left"]:
                yield _make(rule, (item.code,), _quotes(list(sides.values()), notes))
    else:
        for pair_of in rule.codes:
            one, other = (next((item for item in items if _is_there(item) and item.code.startswith(part)), None)
                          for part in pair_of.split("+", 1))  # fmt: skip
            if one and other and one is not other:
                quotes = _quotes([*one.evidence[:1], *other.evidence[:1]], notes)
                titles = [system.title(item.code) for item in (one, other) if item.code in system]
                yield _make(rule, (one.code, other.code), quotes, [*titles, "Both"])


def _is_there(item: Coded) -> bool:
    """Whether the record says of a code that the patient has it."""
    return any(mention.assertion == "present" for mention in item.evidence)


def _quotes(evidence: Sequence[Mention], notes: Sequence[Note]) -> list[EvidenceSpan]:
    """The sentences of mentions."""
    by_id = {note.note_id: note for note in notes}
    return [_sentence(by_id[one.note_id], one.start, one.end) for one in evidence if one.note_id in by_id and one.spans]


def _sentence(note: Note, start: int, end: int) -> EvidenceSpan:
    """The sentence around a place of a note, without the spaces at its ends."""
    first = max((match.end() for match in EDGE.finditer(note.text, 0, start)), default=0)
    after = EDGE.search(note.text, end)
    last = after.end() if after else len(note.text)
    while first < start and note.text[first].isspace():
        first += 1
    while last > end and note.text[last - 1].isspace():
        last -= 1
    return EvidenceSpan(note.note_id, first, last, note.text[first:last])
