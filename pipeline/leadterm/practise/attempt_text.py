"""A note to be coded, a judged attempt and the progress, laid out for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from leadterm.errors import printable
from leadterm.practise.exercises import LEVELS, Exercise, area_names
from leadterm.practise.progress import Done, most_missed
from leadterm.practise.scoring import Attempt, Verdict

__all__ = ["areas_text", "attempt_text", "exercise_text", "progress_text"]

WIDTH = 80
MARKS = {"right": "✓", "optional": "·", "near": "≈", "over": "+", "missed": "✗"}
HEADS = {
    "right": "Right", "optional": "Neither right nor wrong", "near": "Nearly: the category is right",
    "missed": "Missed",
    "over": "Too much",
}  # fmt: skip
QUOTED = 160


def exercise_text(exercise: Exercise) -> str:
    """Show the note; nothing of its codes."""
    one = exercise.encounter
    patient = " ".join(filter(None, (one.sex, f"born {one.birth_year}" if one.birth_year else "")))
    about = " · ".join(filter(None, (one.setting, one.date_of_service, patient)))
    head = f"{one.encounter_id} · {area_names().get(exercise.area, exercise.area)} · level {exercise.level}"
    parts = [head, about, "─" * WIDTH]
    for note in one.notes:
        if note.kind:
            parts.append(f"[{note.kind}]")
        parts += [_wrapped(line) for line in printable(note.text).split("\n")]
    return "\n".join([*parts, "─" * WIDTH]) + "\n"


def _wrapped(line: str, indent: str = "") -> str:
    ahead = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line, WIDTH, initial_indent=indent, subsequent_indent=indent + ahead) if line.strip() else ""


def attempt_text(attempt: Attempt) -> str:
    """Show what was right, missed and too much, with the words of the note and the sections of the rules."""
    return "\n".join(_parts(attempt)) + "\n"


def _parts(attempt: Attempt) -> Iterator[str]:
    for kind, head in HEADS.items():
        found = attempt.of(kind)
        if found:
            yield ""
            yield head
            for one in found:
                yield from _verdict(one)
    others = [finding for finding in attempt.findings if not _told(finding.message, attempt.verdicts)]
    if others:
        yield ""
        yield "What the rules say of your set"
        for finding in others:
            where = f" [{finding.section}]" if finding.section else ""
            yield _wrapped(f"  {finding.message} {finding.fix}{where}")
    yield ""
    lead = {True: "the right code leads", False: "another code leads", None: ""}[attempt.first]
    figures = f"precision {attempt.precision:.0%} · recall {attempt.recall:.0%} · F1 {attempt.f1:.0%}"
    yield " · ".join(filter(None, ("All right." if attempt.exact else "", figures, lead)))


def _told(message: str, verdicts: Iterable[Verdict]) -> bool:
    return any(one.why.startswith(message) for one in verdicts)


def _verdict(one: Verdict) -> Iterator[str]:
    indent = " " * 13
    yield textwrap.fill(f"  {MARKS[one.kind]} {one.code:9}{one.title}", WIDTH, subsequent_indent=indent)
    if one.why:
        yield textwrap.fill(one.why, WIDTH, initial_indent=indent, subsequent_indent=indent)
    if one.evidence and one.kind != "right":
        words = printable(" ".join(" … ".join(mention.text for mention in one.evidence[:2]).split()), keep="")
        words = words if len(words) <= QUOTED else f"{words[:QUOTED]} …"
        yield textwrap.fill(f"“{words}”", WIDTH, initial_indent=indent, subsequent_indent=indent)


def areas_text(found: Sequence[Exercise]) -> str:
    """List the areas with how many notes each level has."""
    lines = [f"{'area':14}{'':38}" + "".join(f"{f'level {level}':>9}" for level in LEVELS)]
    for name, what in area_names().items():
        counts = [sum(one.area == name and one.level == level for one in found) for level in LEVELS]
        lines.append(f"{name:14}{what:38}" + "".join(f"{count:9}" for count in counts))
    told = ", ".join(f"{level} {what}" for level, what in LEVELS.items())
    return "\n".join([*lines, f"Levels: {told}."]) + "\n"


def progress_text(done: Sequence[Done], titles: dict[str, str]) -> str:
    """Show the notes done by area, the mean score of the last ten of each, and what is missed most."""
    if not done:
        return "Nothing done yet. Begin with: leadterm practise\n"
    lines = [f"{'area':34}{'notes':>7}{'exact':>7}{'precision':>11}{'recall':>8}{'F1':>6}"]
    for name, what in area_names().items():
        own = [one for one in done if one.area == name]
        if own:
            last = own[-10:]
            means = [sum(getattr(one, field) for one in last) / len(last) for field in ("precision", "recall", "f1")]
            exact = sum(one.f1 == 1 for one in own)
            lines.append(f"{what:34}{len(own):7}{exact:7}{means[0]:>11.0%}{means[1]:>8.0%}{means[2]:>6.0%}")
    missed = most_missed(done)
    if missed:
        lines += ["", "Missed most often"]
        lines += [_wrapped(f"{count:5} × {code} {titles.get(code, '')}") for code, count in missed]
    return "\n".join(lines) + "\n"
