"""A person's place at the workbench: who they are, and whose version of an encounter they work on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leadterm.claim.drafts import ClaimDraft
from leadterm.decisions.accounts import Person
from leadterm.decisions.changes import Change, Entry
from leadterm.decisions.verdicts import Standing
from leadterm.errors import LeadtermError
from leadterm.review.double import close_agreed, with_agreed
from leadterm.review.exercise import keep_attempt
from leadterm.review.workbench import Workbench
from leadterm.schema import Encounter

__all__ = ["Desk", "Forbidden"]


class Forbidden(LeadtermError):
    """Somebody asked for what their role does not allow."""


@dataclass(frozen=True)
class Desk:
    """The workbench as one person sees it. ``lane``: theirs where people code the same apart, else the one of all."""

    bench: Workbench
    person: Person
    lane: str = ""

    @classmethod
    def of(cls, bench: Workbench, person: Person, *, final: bool = False) -> Desk:
        """Seat a person; ``final``: at the version that counts, which of several only who audits may decide."""
        if final and bench.mode.double and not person.audits:
            raise Forbidden("only an auditor decides between coders.", hint="Ask for the role.")
        return cls(bench, person, "" if final or not bench.mode.double else person.name)

    def entries(self, number: int) -> tuple[Entry, ...]:
        """Give what was decided."""
        return self.bench.entries(number, self.lane)

    def standing(self, number: int) -> Standing:
        """Give where an encounter stands."""
        return self.bench.standing(number, self.lane)

    def reviewed(self, number: int) -> Encounter:
        """Give an encounter with the codes decided for."""
        return self.bench.reviewed(number, self.lane)

    def claim(self, number: int) -> ClaimDraft:
        """Draft its claim."""
        return self.bench.claim(number, self.lane)

    def decide(self, number: int, id: str, seen: int, changes: Iterable[Change]) -> None:
        """Keep changes; where several code the same, what they agree on closes by itself."""
        bench, made = self.bench, list(changes)
        if bench.mode.double and not self.lane:
            made = with_agreed(bench, number, made)
        bench.decide(number, id, seen, made, self.person.name, self.lane)
        if not any(change.action == "finish" for change in made):
            return
        if self.lane:
            close_agreed(bench, number)
        if bench.mode.answers:
            keep_attempt(bench, number, self.lane)

    def is_hidden(self, number: int) -> bool:
        """Tell whether the suggestions are not to be seen yet."""
        state = self.standing(number)
        if self.bench.mode.answers:
            return not state.finished
        return self.bench.mode.blind and self.lane == self.person.name * self.bench.mode.double and not state.revealed
