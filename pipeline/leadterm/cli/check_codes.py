"""``leadterm check``: a coder's own codes against the note, the rules and the tables of the day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadterm.cli.config import read_config
from leadterm.cli.console import console, say, write_output
from leadterm.cli.shared_options import Encounters, Output, Page
from leadterm.errors import LeadtermError
from leadterm.storage.writer import refuse_inputs

if TYPE_CHECKING:
    from leadterm.rules.findings import Coded
    from leadterm.rules.review import Review
    from leadterm.schema import Encounter

__all__ = ["check"]

SYSTEMS = ("icd10cm", "icd10pcs", "hcpcs", "cpt")
TABLES = (".csv", ".tsv", ".xlsx", ".parquet")
PAGE_WIDTH = 100


Given = Annotated[
    str | None,
    typer.Argument(metavar="NOTE", help="A note with --codes; or a corpus, table or encounters that hold their codes."),
]
Codes = Annotated[
    str | None,
    typer.Option(
        "--codes",
        metavar="LIST",
        help="The coder's codes, first one first: E11.9,I10. J18.9:N adds POA, J1885*2-RT units and modifiers.",
    ),
]
SiteFile = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE", help="Rules, levels and overrides of the site: TOML.")
]
QueryFile = Annotated[
    Path | None, typer.Option("--queries", metavar="FILE", help="Questions of the site instead of leadterm's: TSV.")
]
EditFolder = Annotated[
    Path | None, typer.Option("--edits", metavar="DIR", help="NCCI and Medicare coverage files, as downloaded.")
]


def check(
    note: Given = None,
    codes: Codes = None,
    wanted: Encounters = None,
    model: Annotated[str, typer.Option("--model", metavar="M", help="Who reads the notes.")] = "default",
    system: Annotated[
        str | None, typer.Option("--system", metavar="S", help="Code system of --codes. Told by each code.")
    ] = None,
    setting: Annotated[str | None, typer.Option(metavar="S", help="outpatient or inpatient.")] = None,
    date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Day of service.")] = None,
    sex: Annotated[str | None, typer.Option(metavar="F|M", help="Of the patient.")] = None,
    born: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Day of birth of the patient.")] = None,
    payer: Annotated[str, typer.Option(metavar="NAME", help="For rules of the site.")] = "",
    rules: SiteFile = None,
    queries: QueryFile = None,
    edits: EditFolder = None,
    format: Page = "table",
    output: Output = None,
    list_rules: Annotated[bool, typer.Option("--list-rules", help="Print all rules and who says so.")] = False,
) -> None:
    """Check codes against the note: missing, unsupported, inconsistent, invalid on the day, and what to ask.

    Every finding names its rule, section and sentence, and the words of the note it rests on. The exit status is 1 if
    there are errors that no override of the site lets stand.
    """
    if list_rules:
        from leadterm.pages.review_views import rules_table

        write_output(rules_table().removesuffix("\n"), output)
        return
    if note is None:
        raise LeadtermError("no note is given.", hint="For instance: leadterm check NOTE --codes E11.9,I10")
    refuse_inputs(output, [note])
    facts = _facts(sex, born, payer)
    with_codes = [
        (_told(one, sex), given) for one, given in _encounters(note, wanted or [], codes, system, setting, date)
    ]
    found = _reviews(with_codes, model, date, facts, _tables(rules, queries, edits, with_codes))
    errors = _write(found, format, output)
    raise typer.Exit(1 if errors else 0)


def _facts(sex: str | None, born: str | None, payer: str) -> dict[str, Any]:
    from leadterm.codes.release import as_day
    from leadterm.errors import unknown_name

    if sex not in (None, "F", "M"):
        raise unknown_name("sex", str(sex), ("F", "M"))
    return {"payer": payer} | ({"born": as_day(born), "born_doubt": 0} if born else {})


def _told(encounter: Encounter, sex: str | None) -> Encounter:
    return replace(encounter, sex=sex) if sex else encounter


def _tables(
    rules: Path | None,
    queries: Path | None,
    edits: Path | None,
    with_codes: Sequence[tuple[Encounter, Sequence[Coded]]],
) -> dict[str, Any]:
    """What the site and the user bring; of millions of pairs only those of the codes at hand are kept."""
    from leadterm.rules.edits import Edits
    from leadterm.rules.queries import read_query_rules
    from leadterm.rules.site_rules import SiteRules

    return {
        "site": SiteRules.read(rules) if rules else None,
        "queries": read_query_rules(queries) if queries else None,
        "edits": Edits.read(edits, codes={one.code for _, given in with_codes for one in given}) if edits else None,
    }


def _encounters(
    given: str, wanted: list[str], codes: str | None, system: str | None, setting: str | None, date: str | None
) -> Iterator[tuple[Encounter, Sequence[Coded]]]:
    """The encounters, each with the codes to check."""
    from leadterm.claim.coded_encounters import read_coded
    from leadterm.rules.findings import Coded

    if codes is not None:
        own = _typed(codes, system)
        found = list(read_coded(given, wanted, setting=setting, date=date))
        if len(found) != 1:
            raise LeadtermError(
                f"--codes are of one encounter; {Path(given).name} holds {len(found)}.",
                hint="Choose one: --encounter ID.",
            )
        yield found[0], own
        return
    if Path(given).suffix.lower() in TABLES:
        from leadterm.readers.csv_table import read

        try:
            coded: Iterable[Encounter] = [one for _, one in read(Path(given)).encounters]
        except LeadtermError as error:  # its hint may name an option of the import
            hint = "Mend the table." if "--skip" in error.hint else error.hint
            raise LeadtermError(error.message, hint=hint) from None
    else:
        coded = read_coded(given, wanted, setting=setting, date=date)
    for one in coded:
        if not wanted or one.encounter_id in wanted:
            yield one, [Coded.of(code) for code in one.codes]


def _typed(text: str, system: str | None) -> list[Coded]:
    """Codes as they are typed, in the order of the claim; spelled as their system spells them where it knows them."""
    from leadterm.rules.findings import Coded

    found = []
    for part in re.split(r"[,;\s]+", text):
        whole, _, poa = part.partition(":")
        code, units, modifiers = _parts(whole.upper())
        if code:
            name, spelled = _spelled(code, [system] if system else SYSTEMS, dotted="." in text)
            found.append(Coded(name, spelled, poa=poa.upper(), units=_units(units), modifiers=modifiers))
    if not found:
        raise LeadtermError("--codes names no code.", hint="For instance --codes E11.9,I10")
    return found


def _parts(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Code, units and modifiers of J1885*2-RT-59; units may bear a sign, for which they are refused later."""
    code, _, behind = text.partition("*")
    code, *early = code.split("-")
    sign = "-" if behind.startswith("-") else ""
    units, *late = behind.removeprefix("-").split("-")
    return code, sign + units, (*early, *late)


def _units(text: str) -> float:
    """Units as they are typed behind a code; one where none are."""
    try:
        return float(text) if text else 1
    except ValueError:
        raise LeadtermError(f"'{text[:20]}' are no units.", hint="Write J1885*2, with modifiers J1885*2-RT.") from None


def _spelled(code: str, systems: Sequence[str], *, dotted: bool) -> tuple[str, str]:
    """The first of the systems that has a code, with its spelling; the first of all where none has it.

    Where others are written with their dot, one without is of a system that has none: G0439 is no G04.39.
    """
    from leadterm.codes import load_system
    from leadterm.codes.registry import is_at_hand

    bare = dotted and "." not in code
    for name in (*systems[1:], systems[0]) if bare else systems:
        if (name == systems[0] or is_at_hand(name)) and (own := load_system(name).normalise(code)):
            return name, own
    return systems[0], code


def _reviews(
    with_codes: Sequence[tuple[Encounter, Sequence[Coded]]], model: str, date: str | None, facts: dict[str, Any],
    tables: dict[str, Any],
) -> Iterator[Review]:  # fmt: skip
    from leadterm.intake.language import in_their_language
    from leadterm.models import load
    from leadterm.rules.review import review_codes

    if not any(given for _, given in with_codes):
        raise LeadtermError("there are no codes to check.", hint="Give them: --codes E11.9,I10, or a table with codes.")
    suggester = load(model, date=date, policy=read_config().get("policy"))
    said_of = getattr(suggester, "said_of", None)  # only the model of terms reads what is denied
    read = in_their_language((one for one, _ in with_codes), suggester.languages, say)
    for encounter, (_, given) in zip(read, with_codes, strict=True):
        answer = suggester.suggest(encounter)
        yield review_codes(encounter, given, answer, date=date, facts=facts, said_of=said_of, **tables)


def _write(found: Iterator[Review], format: str, output: str | None) -> int:
    """Write the reviews; gives how many errors there are."""
    reviews = list(found)
    if format == "json":
        write_output(json.dumps([one.to_json() for one in reviews], ensure_ascii=False, indent=1), output)
    elif format == "html":
        from leadterm.pages.review_views import review_page

        write_output(review_page(reviews), output)
    else:
        from leadterm.pages.review_views import review_text

        width = console().width if output is None else PAGE_WIDTH
        write_output("\n".join(review_text(reviews, width=width)).removesuffix("\n"), output)
    return sum(one.errors for one in reviews)
