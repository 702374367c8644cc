"""``leadterm claim``: from accepted codes to what a payer receives, or the list of what is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadterm.cli.config import read_config
from leadterm.cli.console import console, messages, say, write_output
from leadterm.cli.shared_options import EditFolder, Encounters, Output, RulesFile
from leadterm.errors import LeadtermError, printable
from leadterm.storage.writer import refuse_inputs

if TYPE_CHECKING:
    from leadterm.claim.drafts import ClaimDraft
    from leadterm.claim.parties import Kind
    from leadterm.claim.read_facts import FactBook
    from leadterm.schema import Encounter

__all__ = ["claim"]


Given = Annotated[
    str,
    typer.Argument(metavar="ENCOUNTER", help="Corpus, encounters in JSON, FHIR, notes; with --check an 837 file."),
]
As = Annotated[
    Literal["table", "json", "csv", "html", "fhir", "x12"], typer.Option("--format", help="How to write it.")
]
FactFiles = Annotated[
    list[Path] | None,
    typer.Option("--facts", metavar="FILE", help="Provider, payer, patient: .toml, or a table; may repeat."),
]
LineFiles = Annotated[list[Path] | None, typer.Option("--lines", metavar="FILE", help="Charges: a table; may repeat.")]
Form = Annotated[
    Literal["professional", "institutional"] | None,
    typer.Option(help="837P or 837I. Of a stay institutional, else professional."),
]
Model = Annotated[str, typer.Option("--model", metavar="M", help="For notes without codes: who suggests them.")]


def claim(
    encounter: Given,
    wanted: Encounters = None,
    format: As = "table",
    facts: FactFiles = None,
    lines: LineFiles = None,
    form: Form = None,
    output: Output = None,
    model: Model = "default",
    setting: Annotated[str | None, typer.Option(metavar="S", help="outpatient or inpatient, for notes.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Date of service, for notes.")] = None,
    edits: EditFolder = None,
    rules: RulesFile = None,
    denial: Annotated[
        str | None, typer.Option("--denial", metavar="CARC", help="Show what leads to a denial: 11, 16 or 97.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Read an 837 file and name its faults.")] = False,
) -> None:
    """Draft the claim for encounters whose codes are accepted, each line and pointer with its words in the note.

    What is missing is listed and nothing is invented. x12 is written only if nothing is wrong or missing, fhir if
    nothing is wrong. Notes without codes give a DRAFT of the codes that the model suggests.
    """
    refuse_inputs(output, [encounter, *(facts or ()), *(lines or ())])
    if check:
        _check(encounter, format, output)
        return
    from leadterm.claim.read_facts import FactBook

    book = FactBook.read(facts or (), lines or ())
    more = _more(edits, rules)
    drafts = [_draft(one, book, form, more) for one in _encounters(encounter, wanted or [], model, setting, date)]
    if not drafts:
        raise LeadtermError(f"{encounter} has no encounter.", hint="Give a corpus, encounters in JSON or notes.")
    if not wanted:
        _tell_strangers(book.strangers(one.encounter_id for one in drafts))
    if denial is not None:
        _explain(drafts, denial, output)
        return
    _write(drafts, format, output)
    _tell(drafts, format)


def _tell_strangers(lost: Sequence[str]) -> None:
    if lost:
        rest = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        messages().print(
            printable(f"warning: no encounter of these files: {', '.join(lost[:3])}{rest}."), soft_wrap=True
        )


def _more(edits: Path | None, rules: Path | None) -> dict[str, Any]:
    """Read official edits and the site's rules, where they are named."""
    from leadterm.rules.edits import Edits
    from leadterm.rules.site_rules import SiteRules

    return {"edits": Edits.read(edits) if edits else None, "site": SiteRules.read(rules) if rules else None}


def _explain(drafts: Sequence[ClaimDraft], number: str, output: str | None) -> None:
    """Say what in the claims leads to a denial; 1 if nothing does."""
    from leadterm.claim.denials import explain_denial, reasons

    found = [(one, finding) for one in drafts for finding in explain_denial(one, number)]
    lines = [f"Reason {number}: {reasons()[number]['what']}"]
    lines += [f"  {one.encounter_id}: {finding.message} {finding.fix}".rstrip() for one, finding in found]
    write_output("\n".join(lines if found else [*lines, "  The claim itself does not tell why."]), output)
    if not found:
        raise typer.Exit(1)


def _encounters(
    given: str, wanted: list[str], model: str, setting: str | None, date: str | None
) -> Sequence[tuple[Encounter, bool]]:
    """The encounters, and whether their codes are accepted; a model is loaded only for those without."""
    from leadterm.claim.coded_encounters import read_coded

    found = list(read_coded(given, wanted, setting=setting, date=date))
    if all(one.codes for one in found):
        return [(one, True) for one in found]
    from leadterm.claim.suggested import with_codes
    from leadterm.intake.language import in_their_language
    from leadterm.models import load

    suggester = load(model, date=date, policy=read_config().get("policy"))
    read = in_their_language(found, suggester.languages, say)
    return [(one, True) if one.codes else (with_codes(one, suggester.suggest(one)), False) for one in read]


def _draft(given: tuple[Encounter, bool], book: FactBook, form: Kind | None, more: dict[str, Any]) -> ClaimDraft:
    from dataclasses import replace

    from leadterm.claim.drafting import draft_claim

    encounter, accepted = given
    told = book.of(encounter.encounter_id)
    told = replace(told, claim=replace(told.claim, kind=form)) if form else told
    return draft_claim(encounter, told, accepted=accepted, suggested=not accepted, **more)


def _write(drafts: Sequence[ClaimDraft], format: str, output: str | None) -> None:
    from leadterm.claim.claim_table import claim_table
    from leadterm.claim.claim_text import claim_text

    table = format == "table"
    write_output(claim_table(drafts, width=console().width) if table else claim_text(drafts, format), output)


def _tell(drafts: Sequence[ClaimDraft], format: str) -> None:
    """Say on standard error what keeps the drafts from being sent; 2 where something given is wrong."""
    from leadterm.claim.requirements import UNFINISHED

    wrong = [(one, finding) for one in drafts for finding in one.findings if finding.blocks]
    if format != "table":
        for draft, finding in wrong:
            messages().print(
                printable(f"{draft.encounter_id}: {finding.message} {finding.fix}".strip()), soft_wrap=True
            )
    if any(finding.rule not in UNFINISHED for _, finding in wrong):
        raise typer.Exit(2)


def _check(path: str, format: str, output: str | None) -> None:
    """Name the faults of a claim file; 1 if there are some."""
    from leadterm.claim.x12_faults import fault_lines, find_faults

    if format not in ("table", "json"):
        raise LeadtermError(f"faults are not written as {format}.", hint="Use --format table or json.")
    faults = find_faults(Path(path))
    if format == "json":
        text = json.dumps([one.to_json() for one in faults], ensure_ascii=False, indent=1)
    else:
        text = fault_lines(path, faults)
    write_output(text, output)
    if any(one.severity == "error" for one in faults):
        raise typer.Exit(1)
