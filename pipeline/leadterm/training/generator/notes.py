"""Generated notes: terms of the classification in frames and sections, with codes that follow from the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from leadterm.codes.system import CodeSystem
from leadterm.dictionary.code_tables import code_tables
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.tsv import package_table
from leadterm.training.generator.known_terms import KnownTerm, known_terms

__all__ = ["generate_notes"]

JOINTS = (". ", ". ", ", ", "; ", " / ", " and ", "/")
LISTS = ("{}", "{}", "{n}. {}", "{n}) {}", "- {}", "* {}")
LABELS = ("Assessment", "ASSESSMENT", "Impression", "Dx", "Diagnosis", "Diagnoses", "A", "A/P", "Assessment and Plan")
FINAL = ("Discharge diagnoses", "DISCHARGE DIAGNOSIS", "Final diagnoses")
TITLES = {
    "prose": ("HPI", "History of present illness", "Subjective", "Interval history"),
    "ros": ("ROS", "Review of systems"), "past": ("PMH", "Past medical history"),
    "relatives": ("FH", "Family history"), "meds": ("Medications", "Current meds"), "exam": ("Exam", "Physical exam"),
    "vitals": ("Vitals", "Vital signs"), "plan": ("Plan", "Recommendations"),
}  # fmt: skip
WRONG = (("absent", "ros"), ("family", "relatives"), ("history", "past"), ("absent", "past"), ("planned", "plan"))
INPATIENT_SHARE, SYMPTOM_SHARE, SAID_SHARE, JOINED_SHARE = 0.25, 0.12, 0.65, 0.35
SELDOM, SELDOM_SHARE = "RTUZ", 0.3
CONFIRMED_ONLY = ("B20", "A92.5", "U07.1", "J09", "J10")  # guidelines: never coded while uncertain
_Frames = dict[tuple[str, str], tuple[str, ...]]


@lru_cache(maxsize=1)
def _frames() -> _Frames:
    return _table("frames.tsv")


@lru_cache(maxsize=1)
def _fillers() -> _Frames:
    return _table("fillers.tsv")


def _table(name: str) -> _Frames:
    """Texts by truth (empty for fillers) and place."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in package_table(__package__, name):
        found.setdefault((row.get("truth", ""), row["place"]), []).append(row["text"])
    return {key: tuple(texts) for key, texts in found.items()}


@dataclass
class _Draft:
    """A note being written: its lines, and the codes that follow from them."""

    random: Random
    terms: list[KnownTerm]
    system: CodeSystem
    inpatient: bool
    lines: list[str] = field(default_factory=list)
    must: dict[str, None] = field(default_factory=dict)
    may: dict[str, None] = field(default_factory=dict)

    def say(self, truth: str, place: str, *, final: bool = False) -> str:
        """Put the next term into a frame, and note the code that the frame gives."""
        term = self.terms.pop()
        uncertain = truth == "possible" and self.inpatient and not term.code.startswith(CONFIRMED_ONLY)
        frame = self.random.choice(_frames()[truth, place])
        if truth == "present" or (uncertain and final):
            self.must[term.code] = None
        elif uncertain:
            self.may[term.code] = None
        elif truth == "history":
            past = code_tables(self.system).history_of(term.code)
            self.may.update({past: None} if past else {})
        return frame.format(d=term.text, D=term.text[:1].upper() + term.text[1:])

    def fill(self, place: str) -> str:
        """A sentence without a code."""
        return self.random.choice(_fillers()["", place])

    def section(self, place: str, sentences: list[str]) -> None:
        """Write a section under its title, on the same line or below it."""
        title = self.random.choice(TITLES[place])
        self.lines.append(f"{title}:{self.random.choice((' ', chr(10)))}{' '.join(sentences)}")

    def listed(self, items: list[str]) -> str:
        """Write items as a list, one a line or all on one."""
        if self.random.random() < JOINED_SHARE:
            return self.random.choice(JOINTS).join(item.rstrip(".") for item in items) + "."
        shape = self.random.choice(LISTS)
        return "\n".join(shape.format(item, n=n) for n, item in enumerate(items, 1))


def generate_notes(system: CodeSystem, count: int, *, seed: int = 0) -> Iterator[Encounter]:
    """Make coded encounters; the same count and seed give the same ones.

    One note each. Codes that follow only perhaps have ``need`` ``"may"``. ``system``: the classification whose terms
    are used.

    >>> from leadterm.codes import load_system
    >>> [one.encounter_id for one in generate_notes(load_system("icd10cm"), 2)]
    ['generated-0-0', 'generated-0-1']
    """
    shapes = (_bare, _bare, _labelled, _labelled, _prose, _visit, _stay)
    for number in range(count):
        random = Random(f"{seed} {number}")
        shape = random.choice(shapes)
        inpatient = shape is _stay or (shape is not _visit and random.random() < INPATIENT_SHARE)
        draft = _Draft(random, _draw(system, random), system, inpatient)
        shape(draft)
        codes = [ReferenceCode(system.name, code) for code in draft.must]
        codes += [ReferenceCode(system.name, code, need="may") for code in draft.may if code not in draft.must]
        text = random.choice(("\n", "\n", "\n\n")).join(draft.lines)
        setting = "inpatient" if inpatient else "outpatient"
        yield Encounter(f"generated-{seed}-{number}", (Note("n1", text),), tuple(codes), setting=setting)


def _draw(system: CodeSystem, random: Random) -> list[KnownTerm]:
    """Terms of as many chapters: diagnoses of one chapter may exclude each other or make up one code together."""
    chapters = list(known_terms(system))
    random.shuffle(chapters)
    drawn = []
    for terms in chapters:
        if terms[0].code[0] not in SELDOM or random.random() < SELDOM_SHARE:
            said = [term for term in terms if term.said] if random.random() < SAID_SHARE else []
            drawn.append(random.choice(said or terms))
    return drawn


def _symptom(draft: _Draft) -> None:
    """Put a symptom on top: it is coded where the disease is only suspected."""
    terms = next(terms for terms in known_terms(draft.system) if terms[0].code[0] == "R")
    draft.terms.append(draft.random.choice(terms))


def _bare(draft: _Draft) -> None:
    """Nothing but one to four diagnoses."""
    count = draft.random.choice((1, 1, 1, 2, 3, 4))
    if count == 1 and draft.random.random() < SYMPTOM_SHARE:
        _symptom(draft)
    items = [draft.say("present", "item") for _ in range(count)]
    draft.lines.append(draft.listed(items))


def _labelled(draft: _Draft) -> None:
    """A heading with diagnoses below it, some of them uncertain, some ruled out."""
    random = draft.random
    items = []
    if random.random() < 0.4 and not draft.inpatient:
        _symptom(draft)
        items = [draft.say("present", "item"), draft.say("possible", "item")]
    else:
        truths = random.choices(("present", "possible", "absent"), (3, 1, 1), k=random.randint(1, 3))
        items = [draft.say(truth, "item", final=True) for truth in truths]
    title = random.choice(FINAL if draft.inpatient else LABELS)
    draft.lines.append(f"{title}:{chr(10) if len(items) > 1 else ' '}{draft.listed(items)}")
    if random.random() < 0.3:
        draft.section("plan", [draft.say("planned", "plan"), draft.fill("plan")])


def _prose(draft: _Draft) -> None:
    """Sentences without sections."""
    random = draft.random
    told = [draft.say("present", "prose") for _ in range(random.randint(1, 2))]
    others = [draft.say(random.choice(("absent", "family", "history", "planned", "possible")), "prose")]
    sentences = [*told, *others[: random.randint(0, 1)], draft.fill("prose")]
    random.shuffle(sentences)
    draft.lines.append(" ".join(sentences))


def _visit(draft: _Draft) -> None:
    """A visit note with sections that mislead and an assessment that tells."""
    random = draft.random
    draft.section("prose", [draft.fill("prose"), draft.fill("prose")])
    _misleading(draft)
    for place in random.sample(("meds", "vitals", "exam"), 2):
        draft.section(place, [draft.fill(place)])
    items = []
    for _ in range(random.randint(1, 3)):
        item = draft.say("present", "item")
        items.append(f"{item.rstrip('.')}. {draft.fill('body')}" if random.random() < 0.4 else item)
    if random.random() < 0.25:
        items.append(draft.say("possible", "item"))
    draft.lines.append(f"{random.choice(LABELS)}:\n{draft.listed(items)}")
    draft.section("plan", [draft.say("planned", "plan") if random.random() < 0.5 else "", draft.fill("plan")])


def _stay(draft: _Draft) -> None:
    """A discharge summary: what is still uncertain at its end is coded."""
    random = draft.random
    draft.lines.append("DISCHARGE SUMMARY")
    course = f"Hospital course: {draft.say('present', 'prose')} {draft.say('absent', 'prose')} {draft.fill('prose')}"
    _misleading(draft)
    truths = ["present"] * random.randint(1, 3) + ["possible"] * (random.random() < 0.4)
    final = f"{random.choice(FINAL)}:\n{draft.listed([draft.say(truth, 'item', final=True) for truth in truths])}"
    draft.lines += [final, course] if random.random() < 0.5 else [course, final]


def _misleading(draft: _Draft) -> None:
    """Sections that name diagnoses the patient does not have now."""
    for truth, place in draft.random.sample(WRONG[:-1], draft.random.randint(1, 3)):
        draft.section(place, [draft.say(truth, place), draft.fill(place)])
