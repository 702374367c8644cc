"""The claim of a reviewed encounter: drafted as `leadterm claim` drafts it, from what the coder decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from leadterm.claim.drafting import draft_claim
from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.parties import Facts, LineFacts
from leadterm.claim.read_facts import FactBook
from leadterm.decisions.verdicts import Standing, Verdict
from leadterm.schema import Encounter

if TYPE_CHECKING:
    from leadterm.rules.edits import Edits
    from leadterm.rules.site_rules import SiteRules

__all__ = ["ClaimSources"]


@dataclass(frozen=True)
class ClaimSources:
    """What a claim needs beside the codes: facts and charges, official edits, rules of the site."""

    book: FactBook = field(default_factory=FactBook.read)
    edits: Edits | None = None
    site: SiteRules | None = None

    def draft(self, encounter: Encounter, state: Standing) -> ClaimDraft:
        """Draft the claim for an encounter with its decided codes; `LeadtermError` if no form carries one of them."""
        final = state.final
        facts = self.book.of(encounter.encounter_id)
        told = replace(facts, lines=_with_decided(facts, final))
        poa = {code: verdict.poa for (_, code), verdict in final.items() if verdict.poa}
        return draft_claim(encounter, told, accepted=state.finished, poa=poa, edits=self.edits, site=self.site)


def _with_decided(facts: Facts, final: Mapping[tuple[str, str], Verdict]) -> tuple[LineFacts, ...]:
    """The charges, as the coder decided on them; a line of its own for a service that has pointers and no charge."""
    decided = {code: (system, verdict.line) for (system, code), verdict in final.items() if verdict.line}
    lines = list(facts.lines)
    for at, one in enumerate(lines):
        said = decided.get(one.code, ("", None))[1]
        if said:
            lines[at] = replace(one, units=one.units if said.units is None else said.units,
                                modifiers=said.modifiers, diagnoses=said.pointers or one.diagnoses)  # fmt: skip
    charged = {one.code for one in lines}
    lines += [LineFacts(code, system, diagnoses=line.pointers) for code, (system, line) in decided.items()
              if line and line.pointers and code not in charged]  # fmt: skip
    return tuple(lines)
