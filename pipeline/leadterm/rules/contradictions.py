"""Codes that another one tells already, or contradicts: one stage, one episode, one telling of a disease."""

from __future__ import annotations

from collections.abc import Iterator

from leadterm.rules.book import make_finding
from leadterm.rules.findings import Case, Finding
from leadterm.rules.shared import never_with

__all__ = ["one_disc", "one_episode", "one_stage", "told"]

STAGES, WORST, UNTOLD = "N18", "N18.6", "N18.9"
INJURIES, WITH_SEVENTH = ("S", "T"), 8
EPISODES = "I.C.19.a"
DISCS = ("M50.0", "M50.1", "M50.2", "M51.0", "M51.1", "M51.2")


def one_stage(case: Case) -> Iterator[Finding]:
    """A kidney has one stage: end-stage disease before all others, a stage before none."""
    stages = [item for item in case.items if item.code.startswith(STAGES)]
    stages.sort(key=lambda one: (one.code != WORST, one.code == UNTOLD))
    for one in stages[1:]:
        if one.code != stages[0].code:
            both = one.code, stages[0].code
            yield make_finding("contradicts", case.system.name, both, evidence=one.evidence[:1])


def one_episode(case: Case) -> Iterator[Finding]:
    """One injury has one episode of care."""
    episodes: dict[str, str] = {}
    for one in case.items:
        if len(one.code) == WITH_SEVENTH and one.code.startswith(INJURIES):
            first = episodes.setdefault(one.code[:-1], one.code)
            if first != one.code:
                both = one.code, first
                yield make_finding("contradicts", case.system.name, both, evidence=one.evidence[:1], section=EPISODES)


def one_disc(case: Case) -> Iterator[Finding]:
    """A displaced disc of one level presses on the cord, on a root, or on neither; the surer stands."""
    discs: dict[str, str] = {}
    for one in case.items:
        if one.code.startswith(DISCS):
            level = one.code[:3] + one.code[5:]
            first = discs.setdefault(level, one.code)
            if first != one.code:
                both = one.code, first
                yield make_finding("contradicts", case.system.name, both, evidence=one.evidence[:1])


def told(case: Case) -> Iterator[Finding]:
    """Codes that another one tells already, by ``never_with.tsv``."""
    for one in case.items if case.system.spec.knowledge else ():
        for beside, section in never_with(one.code):
            other = next((code for code in case.codes if code != one.code and code.startswith(beside)), None)
            if other is not None:
                both, words = (one.code, other), one.evidence[:1]
                yield make_finding("told-by", case.system.name, both, evidence=words, section=section)
                break
