"""``leadterm practise``: code a reference note, and see what was missed or too much, and why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadterm.cli.console import write_output
from leadterm.errors import LeadtermError
from leadterm.paths import progress_file

if TYPE_CHECKING:
    from leadterm.practise.exercises import Exercise
    from leadterm.practise.scoring import Asked

__all__ = ["practise"]

ASKING = "Your codes, the leading one first (Enter to stop): "
Corpus = Annotated[str | None, typer.Argument(metavar="[CORPUS]", help="A coded corpus. The reference corpus.")]
Area = Annotated[str, typer.Option(metavar="A", help="An area; --areas lists them.")]


def practise(
    corpus: Corpus = None,
    area: Area = "",
    level: Annotated[int, typer.Option(min=0, max=3, help="1 easy to 3 hard; 0 any.")] = 0,
    encounter: Annotated[str, typer.Option(metavar="ID", help="A certain note.")] = "",
    codes: Annotated[str | None, typer.Option(metavar="CODES", help="The answer, instead of being asked.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Notes one after the other.")] = 1,
    why: Annotated[bool, typer.Option("--why/--no-why", help="Read the note, to say why a code is too much.")] = True,
    progress: Annotated[bool, typer.Option("--progress", help="Show what you have done.")] = False,
    areas: Annotated[bool, typer.Option("--areas", help="List areas and levels.")] = False,
) -> None:
    """Code a reference note and see what was missed or too much, and why.

    Codes are typed with spaces between them, or come from --codes or standard input, a line a note. What you have done
    is kept on this machine alone: areas, scores and codes, no word of a note.
    """
    if progress:
        _show_progress()
        return
    from leadterm.practise.attempt_text import areas_text, exercise_text
    from leadterm.practise.exercises import choose
    from leadterm.practise.progress import key_of, read_progress

    found = _exercises(corpus)
    if areas:
        write_output(areas_text(found))
        return
    ask = _reader() if why else None
    for _ in range(1 if encounter else count):
        known = {one.key: one.f1 for one in read_progress(progress_file())}
        scores = {one.encounter.encounter_id: known[key] for one in found
                  if (key := key_of(one.encounter.encounter_id)) in known}  # fmt: skip
        exercise = choose(found, scores, area=area, level=level, name=encounter)
        write_output(exercise_text(exercise))
        typed = codes if codes is not None else _answer()
        if not typed.strip():
            break
        _judge(exercise, typed, ask)


def _exercises(corpus: str | None) -> list[Exercise]:
    from leadterm.corpus import iter_split, splits_of
    from leadterm.practise.exercises import exercises

    own = Path(__file__).parents[3] / "corpora" / "reference"
    if corpus is None and not own.is_dir():
        raise LeadtermError(
            "the reference corpus does not come with the package.",
            hint="Give a corpus: leadterm practise CORPUS (corpora/reference of the source tree, or your own).",
        )
    folder = corpus or str(own)
    found = exercises(one for split in splits_of(folder) for one in iter_split(folder, split))
    if not found:
        raise LeadtermError(f"the corpus '{folder}' has no coded encounter.", hint="Give one with reference codes.")
    return found


def _reader() -> Asked:
    """Give what reads a note; the model is loaded when the first code is too much."""

    def ask(encounter):  # type: ignore[no-untyped-def]
        from leadterm.models import load

        return load("default", date=encounter.date_of_service).suggest(encounter)

    return ask


def _answer() -> str:
    if sys.stdin.isatty():
        print(ASKING, end="", flush=True)
    return sys.stdin.readline()


def _judge(exercise: Exercise, typed: str, ask: Asked | None) -> None:
    from leadterm.practise.attempt_text import attempt_text
    from leadterm.practise.progress import append
    from leadterm.practise.scoring import checked, score_attempt

    attempt = score_attempt(exercise.encounter, checked(typed), ask)
    write_output(attempt_text(attempt))
    append(progress_file(), exercise, attempt)


def _show_progress() -> None:
    from leadterm.codes import load_system
    from leadterm.codes.systems import dictionary_system
    from leadterm.practise.attempt_text import progress_text
    from leadterm.practise.progress import most_missed, read_progress

    done = read_progress(progress_file())
    system = load_system(dictionary_system())
    titles = {code: system.title(code) for code, _ in most_missed(done) if code in system}
    write_output(progress_text(done, titles))
