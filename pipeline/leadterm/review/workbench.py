"""What the server works on: the encounters, a model that reads them, and the decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from leadterm.claim.leading import is_external
from leadterm.claim.sequence import LEADING
from leadterm.claim.suggested import WASTE
from leadterm.codes import load_system
from leadterm.codes.registry import is_at_hand
from leadterm.codes.search import Hit, search
from leadterm.errors import LeadtermError, place_of, unknown_name
from leadterm.review.claims import ClaimSources
from leadterm.review.decision_file import DecisionStore
from leadterm.review.decisions import Change, Entry, key_of, mentions_of
from leadterm.review.verdicts import Standing, Verdict, old_value, redoable, standing, undoable
from leadterm.rules.findings import Coded
from leadterm.schema import Encounter, ReferenceCode, Suggestion, SuggestionSet

if TYPE_CHECKING:
    from leadterm.claim.drafts import ClaimDraft
    from leadterm.suggester import Suggester

__all__ = ["Found", "Workbench", "coded", "line_of"]

MOST_HITS = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A code that a search found, of whichever system."""

    system: str
    hit: Hit


class Workbench:
    """The encounters of a session by number, each read by the model when it is first asked for, or before.

    Parameters
    ----------
    encounters : sequence of Encounter
        Codes that they may have are not looked at.
    model : Suggester
        Who suggests.
    store : DecisionStore
        Where decisions are kept.
    who : str
        The coder.
    sources : ClaimSources, optional
        What claims need beside the codes.
    """

    def __init__(
        self, encounters: Sequence[Encounter], model: Suggester, store: DecisionStore, who: str,
        sources: ClaimSources | None = None,
    ) -> None:  # fmt: skip
        self.sources = sources or ClaimSources()
        self.encounters = tuple(replace(one, codes=()) for one in encounters)
        self.model, self.store, self.who = model, store, who
        self._read: dict[int, SuggestionSet] = {}
        self._failed: dict[int, str] = {}
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

    def read_all(self) -> None:
        """Read every encounter, so that the work list can tell which need a coder most; and warm the search."""
        for name in self.searched:
            _search(name, self.encounters[0].date_of_service, "warm")
        for number in range(len(self.encounters)):
            if number not in self._read and number not in self._failed:
                try:
                    self.suggestions(number)
                except LeadtermError:
                    continue

    def expected_changes(self, number: int) -> float | None:
        """How many of its suggestions a coder can be expected to change, by their confidence; None if not read yet."""
        result = self._read.get(number)
        if result is None:
            return None
        return sum(
            1 - one.confidence if one.confidence >= result.threshold else one.confidence for one in result.suggestions
        )

    def problem(self, number: int) -> str:
        """What kept the model from reading an encounter."""
        return self._failed.get(number, "")

    def proposed(self, number: int) -> int | None:
        """How many codes the model proposes; None if it was not read yet."""
        result = self._read.get(number)
        return None if result is None else sum(one.confidence >= result.threshold for one in result.suggestions)

    def entries(self, number: int) -> tuple[Entry, ...]:
        """Give what was decided on an encounter."""
        return self.store.entries(key_of(self.encounter(number)))

    def standing(self, number: int) -> Standing:
        """Give where an encounter stands."""
        return standing(self.entries(number))

    def is_other_text(self, number: int) -> bool:
        """Tell whether an encounter of this name was decided over other words than these."""
        name, text = key_of(self.encounter(number))
        return bool(self.store.texts(name) - {text})

    def decide(self, number: int, id: str, seen: int, changes: Iterable[Change]) -> None:
        """Keep changes made to an encounter that stood as ``seen`` entries made it.

        Raises
        ------
        Conflict
            If somebody decided meanwhile.
        LeadtermError
            If a code does not exist, evidence lies outside the notes, or nothing is left to undo or redo.
        """
        encounter = self.encounter(number)
        made = tuple(self._checked(encounter, change.check()) for change in changes)
        if not made:
            raise LeadtermError("nothing was decided.", hint="Give at least one change.")
        result = self.suggestions(number)
        name, text = key_of(encounter)
        entry = Entry(id, "", self.who, name, text, made, result.model, dict(result.releases))

        def pointed(known: tuple[Entry, ...]) -> Entry:
            now = standing(known)
            return replace(entry, changes=tuple(
                replace(_pointed(change, known, self.who), old=old_value(now, change)) for change in entry.changes
            ))  # fmt: skip

        self.store.append(entry, seen=seen, made=pointed)

    def _checked(self, encounter: Encounter, change: Change) -> Change:
        mentions_of(encounter, change.evidence)
        if change.action in ("add", "replace"):
            wanted = change.to or change.code
            known = load_system(self._known(change.system), encounter.date_of_service).normalise(wanted)
            if known is None:
                raise LeadtermError(f"no code '{wanted[:20]}' in {change.system}.", hint="Find it with the search.")
            return replace(change, to=known) if change.to else replace(change, code=known)
        return change

    def _known(self, system: str) -> str:
        if system not in self.searched:
            raise unknown_name("code system", system, self.searched)
        return system

    @property
    def searched(self) -> tuple[str, ...]:
        """Systems whose codes can be looked up."""
        return tuple(name for name in self.model.systems if is_at_hand(name))

    def search(self, number: int, text: str) -> list[Found]:
        """Find codes by words or by their beginning, in the releases of the day of service."""
        day = self.encounter(number).date_of_service
        found = [Found(name, hit) for name in self.searched for hit in _search(name, day, text)]
        return sorted(found, key=lambda one: -one.hit.score)[:MOST_HITS]

    def reviewed(self, number: int) -> Encounter:
        """Give an encounter with the codes decided for, the leading one by its role."""
        encounter = self.encounter(number)
        final = self.standing(number).final
        lead = next((code for _, code in final if not is_external(code)), "")
        told = {(one.system, one.code): one for one in self.suggestions(number).suggestions}
        codes = []
        for (system, code), verdict in final.items():
            role, one = LEADING[encounter.setting] if code == lead else "secondary", told.get((system, code))
            evidence = mentions_of(encounter, verdict.evidence) or (one.evidence if one else ())
            units, modifiers = line_of(verdict, one)
            codes.append(ReferenceCode(system, code, role, evidence, units=units, modifiers=modifiers))
        return replace(encounter, codes=tuple(codes))

    def claim(self, number: int) -> ClaimDraft:
        """Draft the claim from what was decided."""
        return self.sources.draft(self.reviewed(number), self.standing(number))


@lru_cache(maxsize=4096)
def _search(system: str, day: str | None, text: str) -> tuple[Hit, ...]:
    return tuple(search(load_system(system, day), text, MOST_HITS))


def line_of(verdict: Verdict, told: Suggestion | None) -> tuple[float | None, tuple[str, ...]]:
    """Give units and modifiers of a service: as decided, else as suggested."""
    suggested = tuple(one.code for one in told.modifiers if one.code != WASTE) if told else ()
    if verdict.line is None:
        return (told.units if told else None), suggested
    units = verdict.line.units
    return (told.units if units is None and told else units), verdict.line.modifiers


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
    if not target:
        raise LeadtermError(f"nothing is left to {change.action}.", hint="Only your own decisions can be taken back.")
    return replace(change, value=target)
