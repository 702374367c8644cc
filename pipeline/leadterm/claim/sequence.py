"""The order of the diagnoses: what leads, and what may not stand before what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadterm.claim.leading import is_external, is_manifestation
from leadterm.codes.system import CodeSystem
from leadterm.errors import unknown_name
from leadterm.rules.lead_choice import lead_order
from leadterm.schema import Encounter, ReferenceCode
from leadterm.service_line import LEADING

__all__ = ["LEADING", "Placed", "in_order"]

SUREST = 0.96  # so often the surest proposals were right, out of fold
ROLES = ("", *LEADING.values(), "secondary", "external cause")


@dataclass(frozen=True, slots=True)
class Placed:
    """A code at its place.

    ``moved`` says why it does not stand where it was given. ``next_best``: where nobody said which code leads, the one
    that may, too.
    """

    code: ReferenceCode
    role: str
    why: str = ""
    moved: str = ""
    next_best: str = ""


def in_order(
    encounter: Encounter, codes: Sequence[ReferenceCode], system: CodeSystem, *, suggested: bool = False
) -> list[Placed]:
    """Put diagnoses into the order of a claim.

    The one that a person called principal or first-listed leads; where nobody did, the one that guidelines and note
    speak for (`leadterm.rules.lead_choice`). The others keep their order, but for two rules: external causes stand last
    (I.C.20.a.6), and a manifestation stands behind the disease it belongs to (I.A.13).

    ``suggested``: a model said which leads, so it keeps its place, as a proposal.
    """
    for one in codes:
        if one.role not in ROLES:
            raise unknown_name(f"role of {one.code} in '{encounter.encounter_id}'", one.role, filter(None, ROLES))
    told = next((one for one in codes if one.role in LEADING.values()), None)
    lead, why, next_best = (told, "as told", "") if told and not suggested else _chosen(encounter, codes, system, told)
    rest = [one for one in codes if one is not lead]
    ordered = [*([lead] if lead else []), *sorted(rest, key=lambda one: is_external(one.code))]
    moved = _behind_their_cause(ordered, system)
    role = LEADING[encounter.setting]
    return [
        Placed(one, role if number == 0 else "external cause" if is_external(one.code) else "secondary",
               why if number == 0 else "", moved.get(one.code, ""), next_best if number == 0 else "")
        for number, one in enumerate(ordered)
    ]  # fmt: skip


def _chosen(
    encounter: Encounter, codes: Sequence[ReferenceCode], system: CodeSystem, suggested: ReferenceCode | None
) -> tuple[ReferenceCode | None, str, str]:
    """The code that leads where no person has said so, why, and the next that might."""
    if not codes:
        return None, "", ""
    order = lead_order(encounter, codes, system)
    (first, sure), *others = sorted(order, key=lambda one: not (one[1] and codes[one[0]] is suggested))
    rivals = [codes[at].code for at, chance in others if chance]
    if not rivals:
        return codes[first], "the only one that may lead", ""
    return codes[first], f"proposed, {min(sure, SUREST):.0%} sure", rivals[0]


def _behind_their_cause(ordered: list[ReferenceCode], system: CodeSystem) -> dict[str, str]:
    """Swap a leading manifestation with the disease that its own instruction names; say what was moved."""
    first = ordered[0] if ordered else None
    if first is None or not is_manifestation(system, first.code):
        return {}
    text = " ".join(system.code_first(first.code)).replace(".-", "").replace("-", "")
    for at, other in enumerate(ordered[1:], 1):
        if other.code[:3] in text:
            ordered.insert(0, ordered.pop(at))
            return {first.code: f"it is a manifestation and stands behind {other.code} (I.A.13)"}
    return {}
