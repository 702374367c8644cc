"""What the server works on: the encounters, a model that reads them, and the decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from leadterm.codes import load_system
from leadterm.codes.registry import is_at_hand
from leadterm.codes.search import Hit, search
from leadterm.corpus.baseline import Baseline
from leadterm.decisions.changes import Change, Entry, Line, key_of, mentions_of, places_of
from leadterm.decisions.decision_store import DecisionStore
from leadterm.decisions.reviewed import reviewed
from leadterm.decisions.verdicts import Standing, old_value, redoable, standing, undoable
from leadterm.errors import LeadtermError, place_of, unknown_name
from leadterm.procedures import MAKERS
from leadterm.review.claims import ClaimSources
from leadterm.review.priority import Priority, weigh
from leadterm.rules.findings import Coded
from leadterm.schema import Encounter, SuggestionSet

if TYPE_CHECKING:
    from leadterm.claim.drafts import ClaimDraft
    from leadterm.suggester import Suggester

__all__ = ["Found", "Mode", "Workbench", "coded"]

MOST_HITS = 12
WARM = ("warm", "a0", "qvqzx")  # words, a code, what no term has: each way of the search is gone once


@dataclass(frozen=True, slots=True)
class Found:
    """A code that a search found, of whichever system."""

    system: str
    hit: Hit


@dataclass(frozen=True)
class Mode:
    """How people work.

    ``double``: each codes alone, then somebody decides between them. ``blind``: each codes before the suggestions are
    shown. ``answers``: the codes of exercises, by which a learner is scored. ``baseline``: what drift is measured
    against.
    """

    double: bool = False
    blind: bool = False
    answers: Mapping[str, Encounter] = field(default_factory=dict)
    baseline: Baseline = field(default_factory=Baseline)


class Workbench:
    """The encounters of a session by number, each read by the model when it is first asked for, or before.

    - ``encounters``: codes that they may have are not looked at.
    - ``sources``: what claims need beside the codes.
    - ``mode``: how people work.
    """

    def __init__(
        self, encounters: Sequence[Encounter], model: Suggester, store: DecisionStore, who: str,
        sources: ClaimSources | None = None, mode: Mode | None = None,
    ) -> None:  # fmt: skip
        self.encounters = tuple(replace(one, codes=()) for one in encounters)
        self.words = tuple(sum(len(note.text.split()) for note in one.notes) for one in self.encounters)
        self.model, self.store, self.who = model, store, who
        self.sources, self.mode = sources or ClaimSources(), mode or Mode()
        self._read: dict[int, SuggestionSet] = {}
        self._failed: dict[int, str] = {}
        self._weighed: dict[int, Priority] = {}
        self._stood: dict[tuple[int, str], tuple[int, Standing]] = {}
        self._one_reads = Lock()

    def encounter(self, number: int) -> Encounter:
        """Give an encounter; raises LeadtermError if there is none of that number."""
        if not 0 <= number < len(self.encounters):
            raise LeadtermError(f"no encounter {number}.", hint=f"There are {len(self.encounters)}, the first is 0.")
        return self.encounters[number]

    def suggestions(self, number: int) -> SuggestionSet:
        """Give the suggestions for an encounter; raises LeadtermError if the model fails on it."""
        encounter = self.encounter(number)
        with self._one_reads:
            if number in self._failed:
                raise LeadtermError(self._failed[number])
            if number not in self._read:
                try:
                    self._read[number] = self.model.suggest(encounter)
                except Exception as error:  # noqa: BLE001  one encounter that goes wrong keeps no other from being coded
                    known = isinstance(error, LeadtermError)
                    self._failed[number] = str(error) if known else f"a fault of leadterm: {place_of(error)}."
                    raise LeadtermError(self._failed[number]) from None
            return self._read[number]

    def ask(self, encounter: Encounter, systems: Sequence[str] | None = None, top: int | None = None) -> SuggestionSet:
        """Give suggestions for any encounter; one is read at a time."""
        with self._one_reads:
            return self.model.suggest(encounter, systems=systems, top=top)

    def read_all(self) -> None:
        """Read every encounter, so that the work list can tell which need a coder most; and warm the search."""
        for name in self.searched:
            for typed in WARM:
                _search(name, self.encounters[0].date_of_service, typed)
        for number in range(len(self.encounters)):
            if number not in self._read and number not in self._failed:
                try:
                    self.suggestions(number)
                except LeadtermError:
                    continue

    def priority(self, number: int) -> Priority | None:
        """What an encounter is worth looking at; None if it was not read yet."""
        if number not in self._weighed and number in self._read:
            self._weighed[number] = weigh(self.encounter(number), self._read[number])
        return self._weighed.get(number)

    def problem(self, number: int) -> str:
        """What kept the model from reading an encounter."""
        return self._failed.get(number, "")

    def proposed(self, number: int) -> list[str] | None:
        """Which codes the model proposes; None if it was not read yet."""
        result = self._read.get(number)
        if result is None:
            return None
        return [one.code for one in result.suggestions if one.confidence >= result.threshold]

    def entries(self, number: int, lane: str = "") -> tuple[Entry, ...]:
        """Give what was decided on an encounter."""
        return self.store.entries(key_of(self.encounter(number)), lane)

    def standing(self, number: int, lane: str = "") -> Standing:
        """Give where an encounter stands."""
        entries = self.entries(number, lane)
        count, known = self._stood.get((number, lane), (-1, Standing()))
        if count != len(entries):
            known = standing(entries)
            self._stood[number, lane] = (len(entries), known)
        return known

    def is_other_text(self, number: int) -> bool:
        """Tell whether an encounter of this name was decided over other words than these."""
        name, text = key_of(self.encounter(number))
        return bool(self.store.texts(name) - {text})

    def decide(
        self, number: int, id: str, seen: int, changes: Iterable[Change], who: str = "", lane: str = ""
    ) -> None:
        """Keep changes made to an encounter that stood as ``seen`` entries made it.

        ``Conflict`` if somebody decided meanwhile. ``LeadtermError`` if a code does not exist, evidence lies outside
        the notes, or nothing is left to undo or redo.
        """
        encounter, name = self.encounter(number), who or self.who
        made = tuple(self._checked(number, change.check()) for change in changes)
        if not made:
            raise LeadtermError("nothing was decided.", hint="Give at least one change.")
        result = self.suggestions(number)
        entry = Entry(id, "", name, *key_of(encounter), made, result.model, dict(result.releases), lane)

        def pointed(known: tuple[Entry, ...]) -> Entry:
            now = standing(known)
            return replace(entry, changes=tuple(
                replace(_pointed(change, known, name), old=old_value(now, change)) for change in entry.changes
            ))  # fmt: skip

        self.store.append(entry, seen=seen, made=pointed)

    def _checked(self, number: int, change: Change) -> Change:
        """Insist on codes and places that exist; what is accepted takes along what was suggested with it."""
        encounter = self.encounter(number)
        mentions_of(encounter, change.evidence)
        if change.action in ("add", "replace"):
            wanted = change.to or change.code
            known = load_system(self._known(change.system), encounter.date_of_service).normalise(wanted)
            if known is None:
                raise LeadtermError(f"no code '{wanted[:20]}' in {change.system}.", hint="Find it with the search.")
            change = replace(change, to=known) if change.to else replace(change, code=known)
        if change.action not in ("accept", "add"):
            return change
        told = next((one for one in self.suggestions(number).suggestions
                     if (one.system, one.code) == (change.system, change.code)), None)  # fmt: skip
        if told is None:
            return change
        marks = tuple(one.code for one in told.modifiers if one.units is None)
        line = Line(told.units, marks) if told.units is not None or marks else None
        return replace(change, evidence=change.evidence or places_of(told.evidence), line=change.line or line)

    def _known(self, system: str) -> str:
        if system not in self.searched:
            raise unknown_name("code system", system, self.searched)
        return system

    @property
    def searched(self) -> tuple[str, ...]:
        """Systems whose codes can be looked up."""
        return tuple(name for name in self.model.systems if is_at_hand(name))

    def search(self, number: int, text: str) -> list[Found]:
        """Find codes by words or by their beginning: of what the setting reports, in the releases of the day."""
        encounter = self.encounter(number)
        elsewhere = {name for name, maker in MAKERS.items() if encounter.setting not in maker.settings}
        found = [Found(name, hit) for name in self.searched if name not in elsewhere
                 for hit in _search(name, encounter.date_of_service, text)]  # fmt: skip
        return sorted(found, key=lambda one: -one.hit.score)[:MOST_HITS]

    def reviewed(self, number: int, lane: str = "") -> Encounter:
        """Give an encounter with the codes decided for, the leading one by its role."""
        return reviewed(self.encounter(number), self.standing(number, lane))

    def claim(self, number: int, lane: str = "") -> ClaimDraft:
        """Draft the claim from what was decided."""
        return self.sources.draft(self.reviewed(number, lane), self.standing(number, lane))


@lru_cache(maxsize=4096)
def _search(system: str, day: str | None, text: str) -> tuple[Hit, ...]:
    return tuple(search(load_system(system, day), text, MOST_HITS))


def coded(encounter: Encounter, state: Standing) -> list[Coded]:
    """Give the codes of a reviewed encounter as the rules take them.

    >>> from leadterm.schema import Note
    >>> coded(Encounter("e1", (Note("n1", "Gout."),)), Standing())
    []
    """
    final = state.final
    made = []
    for one in encounter.codes:
        verdict = final[one.system, one.code]
        reasons = verdict.line.pointers if verdict.line else ()
        made.append(Coded(one.system, one.code, one.role, verdict.poa, one.units or 1, one.modifiers, one.evidence,
                          None, reasons))  # fmt: skip
    return made


def _pointed(change: Change, known: tuple[Entry, ...], who: str) -> Change:
    """Name the entry that an undo or redo is about."""
    if change.action not in ("undo", "redo"):
        return change
    target = undoable(known, who) if change.action == "undo" else redoable(known, who)
    if change.action == "undo" and any(one.id == change.value and one.who == who for one in known):
        target = change.value  # a certain one, such as a decision on many encounters
    if not target:
        raise LeadtermError(f"nothing is left to {change.action}.", hint="Only your own decisions can be taken back.")
    return replace(change, value=target)
