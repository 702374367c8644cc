"""A claim draft as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from leadterm.claim.claim_json import MISSING
from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.parties import Party
from leadterm.claim.wire import number_of
from leadterm.pages.terminal import make_console, make_table, plain
from leadterm.schema import Mention

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["claim_table", "heading_of", "state_of"]

FORMS = {"professional": "837P", "institutional": "837I"}
MARKS = {"error": "✗", "warning": "!", "advice": "·"}
QUOTED = 60


def claim_table(drafts: Sequence[ClaimDraft], *, width: int = 100) -> str:
    """Lay the drafts out as text, one below the other, without spaces at the ends of lines."""
    text = StringIO()
    console = make_console(file=text, width=width, color_system=None)
    for number, draft in enumerate(drafts):
        for part in _parts(draft, first=number == 0):
            console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def state_of(draft: ClaimDraft) -> str:
    """Say in a word or two whether the claim may be sent."""
    if not draft.accepted:
        return "DRAFT: suggested, nobody has accepted the codes"
    return "ready" if draft.ready else "not ready"


def heading_of(draft: ClaimDraft) -> str:
    """Give the line that stands above a claim."""
    return f"Claim {number_of(draft)} · {draft.kind} ({FORMS[draft.kind]}) · {state_of(draft)}"


def words_of(evidence: Iterable[Mention]) -> str:
    """Give the first words of evidence, in one line."""
    found = " ".join(next((mention.text for mention in evidence), "").split())
    return f"{found[:QUOTED]}…" if len(found) > QUOTED else found


def _parts(draft: ClaimDraft, *, first: bool) -> Iterator[RenderableType]:
    yield plain(("" if first else "\n") + heading_of(draft), "bold")
    named = [f"{name} {party.shown}" for name, party in draft.parties.items() if party != Party() and party.shown]
    if named:
        yield plain(" · ".join(named))
    yield _diagnoses(draft)
    if draft.procedures:
        table = make_table("Procedures", ("#", "Code", "Title", "Date", "In the note"), whole=("Code", "Date"))
        for number, made in enumerate(draft.procedures, 1):
            table.add_row(*map(plain, (str(number), made.code, made.title, made.date, words_of(made.evidence))))
        yield table
    yield _lines(draft)
    if draft.unusual:
        table = make_table("Out of the ordinary", ("What", "In the note"))
        for one in draft.unusual:
            table.add_row(
                plain(f"{one.name}: {one.text}" if one.name not in one.text else one.text),
                plain(words_of(one.evidence)),
            )
        yield table
    yield from _told(draft)


def _diagnoses(draft: ClaimDraft) -> RenderableType:
    stay = draft.kind == "institutional"
    columns = ("#", "Code", "Title", "Role", *(("POA",) if stay else ()), "In the note")
    table = make_table("Diagnoses", columns, right=("#",), whole=("Code", "Role"))
    for number, one in enumerate(draft.diagnoses, 1):
        poa = (one.poa or "?",) if stay else ()
        table.add_row(*map(plain, (str(number), one.code, one.title, one.role, *poa, words_of(one.evidence))))
    return table


def _lines(draft: ClaimDraft) -> RenderableType:
    columns = ("#", "Code", "Service", "Units", "Charge", "For", "Because")
    table = make_table("Services", columns, right=("#", "Units", "Charge"), whole=("Code", "For"))
    for number, line in enumerate(draft.lines, 1):
        code = "-".join((line.code or line.revenue, *line.modifiers))
        charge = "missing" if line.charge is None else f"{line.charge:.2f}"
        pointers = " ".join(str(pointer.position) for pointer in line.pointers)
        because = "; ".join(dict.fromkeys(pointer.why for pointer in line.pointers))
        table.add_row(*map(plain, (str(number), code, line.title, f"{line.units:f}", charge, pointers, because)))
    return table if draft.lines else plain("\nNo service line.")


def _told(draft: ClaimDraft) -> Iterator[RenderableType]:
    lacking = [one for one in draft.findings if one.rule == MISSING]
    if lacking:
        yield plain("Missing", "bold")
        for one in lacking:
            yield plain(f"  {one.message} ({one.section})" if one.section else f"  {one.message}")
        yield plain("")
    others = [one for one in draft.findings if one.rule != MISSING]
    if others:
        yield plain("To mend or confirm", "bold")
        for one in others:
            yield plain(f"  {MARKS[one.severity]} {one.message} {one.fix}{f' [{one.section}]' if one.section else ''}")
