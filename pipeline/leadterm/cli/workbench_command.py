"""``leadterm review``: the coder's workbench, a page on this machine where suggestions become decisions."""

from __future__ import annotations

import getpass
import webbrowser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadterm.cli.config import read_config
from leadterm.cli.console import messages, say, write_output
from leadterm.cli.shared_options import EditFolder, RulesFile
from leadterm.errors import LeadtermError, counted
from leadterm.paths import decisions_home

if TYPE_CHECKING:
    from leadterm.corpus.baseline import Baseline
    from leadterm.review.claims import ClaimSources
    from leadterm.review.workbench import Mode, Workbench
    from leadterm.schema import Encounter

__all__ = ["review"]

Notes = Annotated[
    list[str] | None, typer.Argument(metavar="FILE|FOLDER...", help="Notes, tables, encounters in JSON, folders.")
]
Decisions = Annotated[
    str | None,
    typer.Option(metavar="DIR|URL", help="Where decisions are kept: a folder, postgresql://… Default: data folder."),
]
Facts = Annotated[
    list[Path] | None, typer.Option(metavar="FILE", help="For claims: provider, payer, patient; may repeat.")
]
Charges = Annotated[
    list[Path] | None, typer.Option("--lines", metavar="FILE", help="For claims: charges, a table; may repeat.")
]
Ground = Annotated[
    Path | None, typer.Option(metavar="CORPUS", help="Drift against it, not against what the model learned from.")
]
Invite = Annotated[str | None, typer.Option(metavar="NAME", help="Print a token for somebody, and stop.")]
Role = Annotated[Literal["coder", "auditor", "admin"], typer.Option(help="With --invite: what they may do.")]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Listen there; others reach it only with TLS and tokens.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Default: the same each time for these decisions; 0 takes any.")
]
Names = Annotated[list[str] | None, typer.Option("--name", metavar="N", help="A name that others reach it by.")]
Certificate = Annotated[Path | None, typer.Option("--tls-cert", metavar="PEM", help="Certificate.")]
Key = Annotated[Path | None, typer.Option("--tls-key", metavar="PEM", help="Its key.")]
Plain = Annotated[bool, typer.Option("--plain-http", help="No TLS though others reach it: behind a proxy that has it.")]


def review(
    notes: Notes = None,
    decisions: Decisions = None,
    model: Annotated[str, typer.Option("--model", metavar="M", help="Name or folder of a model.")] = "default",
    coder: Annotated[str | None, typer.Option(metavar="NAME", help="Who decides. Default: who is logged in.")] = None,
    port: Port = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    setting: Annotated[str | None, typer.Option(metavar="S", help="outpatient or inpatient.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Date of service, if a note has none.")] = None,
    facts: Facts = None,
    lines: Charges = None,
    edits: EditFolder = None,
    rules: RulesFile = None,
    double: Annotated[bool, typer.Option("--double", help="Each codes alone; an auditor decides between.")] = False,
    blind: Annotated[bool, typer.Option("--blind", help="Code first, then see the suggestions.")] = False,
    practise: Annotated[bool, typer.Option("--practise", help="Code encounters of a corpus, and be scored.")] = False,
    baseline: Ground = None,
    invite: Invite = None,
    role: Role = "coder",
    host: Host = "127.0.0.1",
    names: Names = None,
    certificate: Certificate = None,
    key: Key = None,
    plain: Plain = False,
) -> None:
    """Review suggestions in the browser: accept, reject, replace and add by key; every decision is kept.

    The page is served on this machine alone, behind a token, and loads nothing from elsewhere. Decisions are kept in a
    database that only grows; they hold codes and places, not the notes, but comments may say anything.
    """
    if invite is not None:
        _invite(decisions, invite, role)
        return
    sources = _sources(facts or (), lines or (), edits, rules)
    if not notes:
        raise LeadtermError("no notes are given.", hint="leadterm review NOTES/")
    given = list(_exercises(notes) if practise else _encounters(notes, setting, date))
    mode = _mode(given, double=double, blind=blind, practise=practise, baseline=_baseline(baseline, model))
    bench = _bench(given, decisions, model, coder or getpass.getuser(), sources, mode)
    _serve(bench, open_, host, port, tuple(names or ()), certificate, key, plain)


def _sources(facts: Sequence[Path], lines: Sequence[Path], edits: Path | None, rules: Path | None) -> ClaimSources:
    from leadterm.claim.read_facts import FactBook
    from leadterm.review.claims import ClaimSources
    from leadterm.rules.edits import Edits
    from leadterm.rules.site_rules import SiteRules

    book = FactBook.read(facts, lines)
    return ClaimSources(book, Edits.read(edits) if edits else None, SiteRules.read(rules) if rules else None)


def _invite(decisions: str | None, name: str, role: str) -> None:
    from leadterm.decisions.accounts import Accounts
    from leadterm.decisions.decision_store import DecisionStore

    token = Accounts(DecisionStore(decisions or decisions_home())).invite(name, role)
    write_output(token)
    messages().print(f"The token of {name}, {role}; it is shown this once. Open https://NAME:PORT/?token=TOKEN.",
                     markup=False, soft_wrap=True)  # fmt: skip


def _serve(bench: Workbench, open_: bool, *where: Any) -> None:
    """Serve the workbench until it is stopped."""
    try:
        from leadterm.review.serve import Listening, serve

        serve(bench, Listening(*where), lambda address: _tell(bench, address, open_))
    except ModuleNotFoundError as error:
        hint = "Install it with: pip install 'leadterm[review]'"
        raise LeadtermError(f"the workbench needs the package '{error.name}'.", hint=hint) from None
    except KeyboardInterrupt:
        messages().print(f"stopped; the decisions are in {bench.store.where}", markup=False)


def _tell(bench: Workbench, address: str, open_: bool) -> None:
    write_output(f"{counted(len(bench.encounters), 'encounter')}. Open {address}")
    messages().print(f"Decisions are kept in {bench.store.where}. Stop with Ctrl+C.", markup=False, soft_wrap=True)
    if open_:
        webbrowser.open(address)


def _mode(given: Sequence[Encounter], *, double: bool, blind: bool, practise: bool, baseline: Baseline) -> Mode:
    from leadterm.review.workbench import Mode

    return Mode(double, blind, {one.encounter_id: one for one in given} if practise else {}, baseline)


def _baseline(corpus: Path | None, model: str) -> Baseline:
    """What drift is measured against: a corpus, or what the model's manifest says of where it learned."""
    from leadterm.corpus.baseline import read_baseline, stored_baseline
    from leadterm.paths import model_dir
    from leadterm.storage.artifacts import read_manifest

    if corpus:
        return read_baseline(corpus)
    folder = model_dir(model)
    return stored_baseline(folder.name, read_manifest(folder).get("meta", {}).get("baseline"))


def _bench(
    given: Sequence[Encounter], decisions: str | None, model: str, coder: str, sources: ClaimSources, mode: Mode
) -> Workbench:
    from leadterm.decisions.decision_store import DecisionStore
    from leadterm.intake.language import in_their_language
    from leadterm.models import load
    from leadterm.review.workbench import Workbench

    if not given:
        raise LeadtermError("none of the notes could be read.", hint="See the messages above.")
    engine = load(model, policy=read_config().get("policy"))
    store = DecisionStore(decisions or decisions_home())
    return Workbench(list(in_their_language(given, engine.languages, say)), engine, store, coder, sources, mode)


def _exercises(folders: list[str]) -> Iterator[Encounter]:
    """The coded encounters of corpora."""
    from leadterm.corpus import iter_split, splits_of

    for folder in folders:
        for split in splits_of(folder):
            yield from (one for one in iter_split(folder, split) if one.codes)


def _encounters(notes: list[str], setting: str | None, date: str | None) -> Iterator[Encounter]:
    from leadterm.intake.encounters import read_items
    from leadterm.intake.files import find_files

    for item in read_items(find_files(notes), setting=setting, date=date):
        for said in (item.warning, item.problem):
            if said:
                say(str(said))
        if item.encounter is not None:
            yield item.encounter
