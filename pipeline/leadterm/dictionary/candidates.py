"""From mentions to candidate codes, each with the terms that matched and the details that decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from leadterm.dictionary.births import birth_codes, period_of
from leadterm.dictionary.code_tables import CodeTables, code_tables
from leadterm.dictionary.implied import at_level, at_levels, at_term, implied, is_type_one, of_type_one
from leadterm.dictionary.injuries import (
    ANY_EPISODE,
    CLAUSE_REACH,
    EPISODIC,
    OF_THE_HEAD,
    OF_THE_TRUNK,
    as_injury,
    bones,
    consciousness,
    episodes,
    fitting,
    injured,
    of_injured_head,
    with_consciousness,
)
from leadterm.dictionary.past import (
    COMPANION,
    OF_RELATIVES,
    PLANNED,
    as_told,
    given_up,
    is_bare_operation,
    is_told_of_the_past,
    may_be_over,
    was_before,
)
from leadterm.dictionary.scenes import tells_how
from leadterm.dictionary.specify import SIDES, Choice, Specifier
from leadterm.dictionary.unsaid import is_linked, says_too_little
from leadterm.rules.shared import never_with
from leadterm.text.layout.note_kind import MOTHERS, NEWBORNS
from leadterm.text.reading import FoundMention, NoteReading, ProblemWords, Reading

__all__ = ["Candidate", "Support", "generate"]

PHRASE, CLAUSE, SENTENCE, HEADING, COMPLAINT, BODY = 3.0, 2.5, 2.0, 2.0, 1.0, 1.0
BOTH, ONE, BONE = "bilateral", "unilateral", "bone"
UNSIDED = SIDES | {ONE}
PLURAL = 0.9  # both sides, told by a plural alone
NEVER, DOUBTED = frozenset({"absent", "family"}), ("absent", "hypothetical")
INJURY_SECTIONS = frozenset({
    "", "assessment", "assessment_plan", "impression", "problem_list", "discharge_diagnosis", "admission_diagnosis",
    "diagnosis", "preoperative_diagnosis", "postoperative_diagnosis", "hospital_course", "other", "indication",
    "chief_complaint", "reason_for_visit", "hpi", "subjective", "findings",
})  # fmt: skip
NODULES, NODULE = {"R91.1": False, "R91.8": True, "E04.1": False, "E04.2": True}, "nodule"  # one, or several
IMMUNISATION, HIGH_PRESSURE = "Z23", "high blood pressure"
SEVERE_SEPSIS, SEPSIS = "R65.20", frozenset({"sepsis", "septic", "septicemia", "urosepsis"})
MANY_NERVES, MANY = ("E10.42", "E11.42"), ("peripheral", "poly")
HIGH_GLUCOSE, HYPERGLYCEMIA = "R73.9", "hyperglyc"
STATUS = (IMMUNISATION, "K08.4", "Z89", "Z90", "Z93", "Z94", "Z95", "Z96", "Z97", "Z98")
REFUSED = frozenset({"refused", "refuse", "refusing", "refusal", "declined", "declining"})
BESIDE = 8
LONG_TERM, NEXT_TO, SHORT, LOOSE = "Z79", 2, 4, 2  # words
STOPPED = frozenset({
    "stopped", "discontinued", "off", "formerly", "previously", "start", "starting", "sliding", "level",
    "desire",
})  # fmt: skip
STEROIDS, SLOW = "Z79.52", frozenset({"slow", "long"})
COURSE = frozenset({"burst", "taper", "tapering", "pack", "dosepak"})
GONE = (frozenset({"used", "take"}), frozenset({"longer", "take"}), frozenset({"longer", "taking"}))
CAUSES = ("V", "W", "X", "Y0", "Y2", "Y3", "Y92", "Y93")
OF_PREGNANCY, INCIDENTAL = ("O", "Z34"), "Z33.1"
OF_MOTHERS, OF_NEWBORNS, BORN = ("O80", "O82", "Z34", "Z37", "Z3A"), ("Z38",), "born"
EXTERNAL, ALWAYS = "external cause", "*"
UNSTAGED, SPREAD = "N18.9", "C79.9"  # what is spread names its sites itself: those beside it are the origin's
LASTING = (
    "E08", "E09", "E10", "E11", "E13", "G30", "G81", "I10", "I25.1", "I50", "J44", "K74", "N18", "N40",
    "R47.01", "Z86.73",
)  # fmt: skip
# A combination that is not made beside another code: what the note itself says to be worse.
WORSE = {"R65.20": ("R65.21",), "I12.9": ("N18.5", "N18.6"), "I13.0": ("N18.5", "N18.6")}


class Support(NamedTuple):
    """One mention that speaks for a candidate, in one reading."""

    found: FoundMention
    reading: Reading
    note: int


class Candidate(NamedTuple):
    """A billable code that the encounter may carry.

    ``choice``: how it was chosen within its family, by the best support. ``supports``: mentions that led to it, best
    first. ``combined``: codes of the candidates that a combination code was put together from.
    """

    code: str
    choice: Choice
    supports: tuple[Support, ...]
    combined: tuple[str, ...] = ()


def detail_weights(found: FoundMention, note: NoteReading) -> dict[str, float]:
    """Weigh the words around a mention that may tell side, site, type or acuity.

    Normal word to weight; the nearest layer counts.
    """
    problem = note.problem_of(found)
    weights: dict[str, float] = dict.fromkeys(note.complaint, COMPLAINT)
    if found.heading >= 0:
        weights.update(dict.fromkeys(problem.body, BODY))
    weights.update(dict.fromkeys(problem.heading, HEADING))
    weights.update(dict.fromkeys(found.sentence, SENTENCE))
    weights.update(dict.fromkeys(found.near[:CLAUSE_REACH], CLAUSE))
    for side in SIDES:
        weights.pop(side, None)
    sides, weight = _side(found, note, problem)
    weights.update(dict.fromkeys(sides, weight))
    if sides and BOTH not in sides:
        weights[ONE] = weight
    return weights


def _side(found: FoundMention, note: NoteReading, problem: ProblemWords) -> tuple[tuple[str, ...], float]:
    """The documented side: of phrase, else sentence, heading, complaint, body, else the only one in the note."""
    reach = found.near[:CLAUSE_REACH]
    told = SIDES - {BOTH} if BONE in reach else SIDES  # "both bones" are of one limb
    near = [word for word in reach if word in told]
    if near:
        return (near[0],), PHRASE
    layers = (
        (found.sentence, SENTENCE), (problem.heading, HEADING), (note.complaint, COMPLAINT), (problem.body, BODY),
        (note.words, 0.9),
    )  # fmt: skip
    for words, weight in layers:
        if found.paired and words is not found.sentence:
            return (BOTH,), PLURAL
        sides = told & words
        if words is note.words:
            sides -= {BOTH}  # elsewhere in the note it is said of something else
        if BOTH in sides:
            return (BOTH,), weight
        if len(sides) == 1:
            return tuple(sides), weight
        if sides:
            return (), 0.0
    return (), 0.0


_Entry = tuple[tuple[float, ...], Support, Choice]


def _rank(support: Support, choice: Choice) -> tuple[float, ...]:
    """Orders supports of one code, best first."""
    mention = support.found.mention
    return (
        mention.assertion != "present", -(support.found.heading >= 0), support.reading.source != EXTERNAL,
        support.reading.source == COMPANION,
        support.reading.missing, -support.reading.weight,
        -choice.score, support.note, mention.start, mention.end,
    )  # fmt: skip


def generate(notes: Sequence[NoteReading], specifier: Specifier, record: str = "") -> list[Candidate]:
    """Make the candidates of an encounter.

    In order of code. ``notes``: what was read in each note. ``record``: whose record of a birth it is, if it is one.
    """
    tables = code_tables(specifier.system)
    candidates = []
    gathered = _gather(notes, specifier, tables, record)
    for code in _halves(gathered, specifier):
        del gathered[code]
    if any(code.startswith(OF_PREGNANCY) for code in gathered):
        gathered.pop(INCIDENTAL, None)
    for code, entries in sorted(gathered.items()):
        ranked = sorted(entries, key=lambda entry: entry[0])
        if all(_is_denied(entry[1].found) for entry in ranked):
            continue
        supports = _distinct(entry[1] for entry in ranked)
        candidates.append(Candidate(code, ranked[0][2], supports))
    return combine(candidates, tables)


def _gather(
    notes: Sequence[NoteReading], specifier: Specifier, tables: CodeTables, record: str
) -> dict[str, list[_Entry]]:
    """Supports of each code. Denied mentions come last: they count only for codes that another mention may give."""
    gathered: dict[str, list[_Entry]] = {}
    mentions, awake = list(_codable(notes, tables)), consciousness(notes)
    births, period, trunk = birth_codes(specifier.system), period_of(record, notes), injured(notes, OF_THE_TRUNK)
    head, type_one, doubted = injured(notes, OF_THE_HEAD), is_type_one(notes), _only_doubted(mentions)
    broken = bones(notes)
    for denied in (False, True):
        categories = {code[:3] for code in gathered}
        for number, note, found in mentions:
            if _is_denied(found) != denied:
                continue
            beside = _companions(found, note, tables)
            every = (*(one for one in found.readings if not _is_told_by(one.code, beside)), *beside)
            readings = [reading for reading in every if _may_stand(reading, found)]
            readings = births.readings(record, readings) if record and (period or record != MOTHERS) else readings
            readings = [of_type_one(reading) for reading in readings] if type_one else readings
            readings = [at_term(at_level(reading, found), note) for reading in readings]
            readings = [as_injury(reading, found, trunk, broken) for reading in readings]
            readings = of_injured_head(readings, found) if head else readings
            if BORN in found.sentence:  # the patient's own birth, which only a newborn is here for
                others = OF_MOTHERS * (record != MOTHERS) + OF_NEWBORNS * (record != NEWBORNS)
                readings = [reading for reading in readings if not reading.code.startswith(others)]
            if denied:
                readings = [reading for reading in readings if reading.code[:3] in categories]
            if not readings:
                continue
            timed = any(reading.code.startswith(EPISODIC) for reading in readings)
            when = episodes(found, note) if timed else ANY_EPISODE
            weights: dict[str, float] = {}
            for reading in readings:
                if not weights and specifier.telling_words(reading.code):
                    weights = detail_weights(found, note)
                support = Support(found, reading, number)
                told = implied(reading.code, weights, found, note, period) | weights if weights else weights
                ways = at_levels(reading.code, weights, found) or [told]
                letters = fitting(reading.code, when)
                choices = [
                    choice for one in letters for way in ways for choice in specifier.choose(reading.code, way, one)
                ]
                bare = reading.source == COMPANION or reading.code == SPREAD
                choices = [one for one in choices if not (one.upgraded and (bare or one.code in doubted))]
                for choice in with_consciousness(choices, awake, specifier.system):
                    if tables.is_barred(choice.code, found.mention, found.near[:BESIDE]):
                        continue
                    made = births.at(period, choice) if period else choice
                    gathered.setdefault(made.code, []).append((_rank(support, made), support, made))
    return gathered


def _halves(gathered: Mapping[str, list[_Entry]], specifier: Specifier) -> list[str]:
    """Codes of one side whose every clause tells both, beside the bilateral code of the same condition."""
    titles = {code: specifier.title_words(code) for code in gathered}
    whole = {(code[:3], words - UNSIDED) for code, words in titles.items() if BOTH in words}
    return [
        code for code, words in titles.items()
        if BOTH not in words and words & SIDES and (code[:3], words - UNSIDED) in whole
        and all(BOTH in support.found.near for _, support, _ in gathered[code])
    ]  # fmt: skip


def _only_doubted(mentions: Sequence[tuple[int, NoteReading, FoundMention]]) -> set[str]:
    """Codes that are named, but only as not there or looked for: "if strep positive" is no detail of a sore throat."""
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for _, _, found in mentions:
        said[found.mention.assertion in DOUBTED].update(reading.code for reading in found.readings)
    return said[True] - said[False]


def _is_denied(found: FoundMention) -> bool:
    """Whether a mention is no finding of the patient; a relative's disease is one for the codes of family history."""
    assertion = found.mention.assertion
    of_relative = assertion == "family" and any(reading.code.startswith(OF_RELATIVES) for reading in found.readings)
    return assertion in NEVER and not of_relative


def _may_stand(reading: Reading, found: FoundMention) -> bool:
    """Whether a reading may: what is done now, planned or refused has left no status (I.C.21.c.3).

    An elevated pressure is no hypertension (I.C.9.a.7), though high blood pressure is. An ex-smoker smokes no more. A
    drug that was stopped is no long-term one.
    """
    of_relative = found.mention.assertion == "family" and not _is_denied(found)
    if of_relative and not reading.code.startswith(OF_RELATIVES):
        return False  # "family history: food allergies" is no allergy of the patient
    if given_up(reading.code, found) or says_too_little(reading, found):
        return False
    if reading.code in NODULES and NODULE in reading.term:
        return (f"{NODULE}s" in found.mention.text.lower()) == NODULES[reading.code]
    if reading.term == HIGH_PRESSURE:
        return not any("elevat" in span.text.lower() for span in found.mention.spans)
    if reading.code.startswith(LONG_TERM):
        short = found.sentence if len(found.sentence) <= SHORT else frozenset[str]()
        close = short.union(found.near[: reading.words + NEXT_TO])
        if reading.code == STEROIDS and not COURSE.isdisjoint(found.sentence) and SLOW.isdisjoint(found.sentence):
            return False  # a few days are no long-term use
        return STOPPED.isdisjoint(close) and not any(words <= close for words in GONE)
    if not reading.code.startswith(STATUS):
        return True
    before = was_before(found, reading.term)
    planned = not before and not PLANNED.isdisjoint(found.near[:BESIDE])
    if planned or not REFUSED.isdisjoint(found.sentence):
        return False
    if is_bare_operation(reading.term) and not is_told_of_the_past(found):
        return False
    here = found.mention.section == "procedure" and found.mention.assertion == "present" and not before
    return not here or found.dated or reading.code.startswith(IMMUNISATION)


def _codable(notes: Sequence[NoteReading], tables: CodeTables) -> Iterator[tuple[int, NoteReading, FoundMention]]:
    """Yield the mentions with the number of their note; external causes only where there is an injury.

    A disease of a relative has the reading of its family history, too.
    """
    injured = any(_is_injury(found) for note in notes for found in note.mentions)
    for number, note in enumerate(notes):
        for found in note.mentions:
            how = found.readings[0].source == EXTERNAL or found.readings[0].code.startswith(CAUSES)
            if not how or (injured and tells_how(found)):
                yield number, note, as_told(found, tables)


def _is_injury(found: FoundMention) -> bool:
    """Whether a mention names an injury where diagnoses stand, or in a note without sections."""
    mention = found.mention
    told = found.heading >= 0 or mention.section in INJURY_SECTIONS
    if not told or mention.assertion not in ("present", "possible"):
        return False
    return any(code[0] == "S" or "T07" <= code < "T36" for code in [reading.code for reading in found.readings])


def _companions(found: FoundMention, note: NoteReading, tables: CodeTables) -> list[Reading]:
    """Codes that stand beside one of a mention's readings, or in its place, because its clause says so."""
    own = found.readings[0]
    gone = []
    if (past := tables.history_of(own.code)) and (given_up(own.code, found) or may_be_over(own.code, found, note)):
        gone = [Reading(past, f"history of {own.term}", COMPANION, own.words, own.missing, own.gap, own.weight)]
    return gone + [
        Reading(companion, why, COMPANION, own.words, own.missing, own.gap, own.weight)
        for words, anywhere, companion, why in tables.companions_of(own.code)
        if ALWAYS in words or not words.isdisjoint(found.near) or not anywhere.isdisjoint(note.words)
    ]  # fmt: skip


def _is_told_by(code: str, companions: Sequence[Reading]) -> bool:
    """Whether a companion of the same mention says a code and more, as the part of the brain that bleeds."""
    told = [one.code for one in companions if one.code[:3] == code[:3]]
    return bool(told) and any(one.startswith(prefixes) for prefixes, _ in never_with(code) for one in told)


def _distinct(supports: Iterable[Support]) -> tuple[Support, ...]:
    """Keep the first support of each mention."""
    kept: dict[tuple[int, int, int], Support] = {}
    for support in supports:
        mention = support.found.mention
        kept.setdefault((support.note, mention.start, mention.end), support)
    return tuple(kept.values())


def combine(candidates: list[Candidate], tables: CodeTables) -> list[Candidate]:
    """Add combination codes whose parts are all present.

    The same and the combination codes, in order of code. ``tables``: which codes go together.
    """
    present = {c.code: c for c in candidates if any(_is_there(c.code, s.found) for s in c.supports)}
    known = {code[:n] for code in present for n in range(1, len(code) + 1)}
    added: dict[str, Candidate] = {}
    for parts, code in tables.combinations:
        if known.isdisjoint(parts[0]) or _is_told(present.get(code)) or not known.isdisjoint(WORSE.get(code, ())):
            continue  # the first part is seldom there: to ask for it alone is quick
        if any(known.isdisjoint(prefixes) for prefixes in parts):
            continue
        chosen = [_best_with(prefixes, present) for prefixes in parts]
        if code == SEVERE_SEPSIS and all(SEPSIS.isdisjoint(s.found.sentence) for s in chosen[-1].supports):
            continue  # the failing organ must be told as that of the sepsis (I.C.1.d.1.a)
        said = " ".join(s.reading.term.lower() for s in chosen[-1].supports)
        if code in MANY_NERVES and not any(kind in said for kind in MANY):
            continue  # "neuropathy" alone is of a kind not told
        if not is_linked(code, (s.found.sentence for s in chosen[-1].supports)):
            continue
        supports = tuple(s for part in chosen for s in part.supports[:2])
        choice = Choice(code, 1.0, 0, 0, False, False, 9.0)
        added[code] = Candidate(code, choice, supports, tuple(part.code for part in chosen))
    return [c for _, c in sorted({**{c.code: c for c in candidates}, **added}.items())]


def _is_told(candidate: Candidate | None) -> bool:
    """Whether a term of the code stands in the note with all its words, and these together."""
    readings = (support.reading for support in candidate.supports) if candidate is not None else ()
    return any(not reading.missing and reading.gap <= LOOSE for reading in readings)


def _is_there(code: str, found: FoundMention) -> bool:
    """Whether a mention says that the patient has a disease: of one that never ends, history says so, too.

    A glucose that was high on a day is not yet the hyperglycemia that makes a diabetes another code.
    """
    assertion = found.mention.assertion
    if code == HIGH_GLUCOSE and not any(HYPERGLYCEMIA in span.text.lower() for span in found.mention.spans):
        return False
    return assertion == "present" or (assertion == "history" and code.startswith(LASTING))


def _best_with(prefixes: tuple[str, ...], present: Mapping[str, Candidate]) -> Candidate:
    """The candidate under one of several prefixes with most support; the stage of a kidney that is told first."""
    fitting = [c for code, c in present.items() if code.startswith(prefixes)]
    return min(fitting, key=lambda c: (c.code == UNSTAGED, -len(c.supports), c.code))
