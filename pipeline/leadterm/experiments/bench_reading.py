"""Speed, memory and start-up beside other tools: ``python -m leadterm.experiments.bench_reading [NOTES…]``.

Every contender reads the same notes in the same run, in turns, so that other work on the machine slows them alike.
Two times are given: of the first reading, when no word has been met before, and of a later one, as in a long run.
Times are processor time of one thread. Each contender of ours has a model of its own, so that none finds words that
another has met.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadterm.errors import LeadtermError
from leadterm.experiments.peers import peers
from leadterm.storage.text_files import read_text

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from leadterm.codes.system import CodeSystem
    from leadterm.dictionary.dictionary_model import DictionaryModel
    from leadterm.schema import Encounter

__all__ = ["Row", "Timing", "concatenate", "main", "measure"]

WORDS = 430
PART = 10
LINKER_NOTES = 1
MOST_NOTES = 50
RUNS = 3
TRIGRAMS = (3, 3)
STARTED = """
import resource, sys, time
began = time.process_time()
import leadterm.text.light_spacy
spacy = time.process_time() - began
from leadterm.schema import Encounter, Note
from leadterm.models import load
found = load(sys.argv[1]).suggest(Encounter("bench", (Note("n1", "Assessment: Gout of the right knee."),)))
print(spacy, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
HELPED = """
import time
from leadterm.cli import main
try:
    main(["--help"])
finally:
    print(time.process_time())
"""


@dataclass(frozen=True, slots=True)
class Row:
    """How fast one contender read the notes.

    `notes, words`: What it read; `seconds`: Processor time of the fastest later reading; `first_seconds`: Processor
    time of the first reading.

    >>> row = Row("tokenizer", 10, 4300, 0.02, 0.05)
    >>> (row.ms_per_note, row.notes_per_second, row.words_per_second)
    (2.0, 500.0, 215000.0)
    """

    name: str
    notes: int
    words: int
    seconds: float
    first_seconds: float

    @property
    def first_ms_per_note(self) -> float:
        """Milliseconds a note, at the first reading."""
        return 1000 * self.first_seconds / self.notes

    @property
    def ms_per_note(self) -> float:
        """Milliseconds a note."""
        return 1000 * self.seconds / self.notes

    @property
    def notes_per_second(self) -> float:
        """Notes a second."""
        return self.notes / self.seconds

    @property
    def words_per_second(self) -> float:
        """Words a second."""
        return self.words / self.seconds


@dataclass(frozen=True, slots=True)
class Timing:
    """A contender: how it prepares a text (not measured) and what is measured.

    `name`: Shown in the table; `run`: Takes what `prepare` gave; `prepare`: Takes the text of a note; `most`: Most
    notes it reads of each ten; fewer for slow contenders.
    """

    name: str
    run: Callable[[Any], object]
    prepare: Callable[[str], Any]
    most: int = PART


def concatenate(texts: Iterable[str], words: int = WORDS) -> list[str]:
    """Join short notes into longer ones.

    `words`: About how many words a joined note has; it is complete before a note that would take it further away.
    Gives joined notes; a last one of less than half the length is left out unless it is the only one.

    >>> concatenate(["one two", "three", "four five", "six"], words=3)
    ['one two\\n\\nthree', 'four five\\n\\nsix']
    """
    done: list[str] = []
    parts: list[str] = []
    count = 0
    for text in texts:
        size = len(text.split())
        if parts and count + size / 2 > words:
            done.append("\n\n".join(parts))
            parts, count = [], 0
        parts.append(text)
        count += size
    return [*done, "\n\n".join(parts)] if parts and (not done or 2 * count > words) else done


def measure(contenders: Sequence[Timing], notes: Sequence[str], rounds: int = 3) -> list[Row]:
    """Let contenders read notes in turns.

    `rounds`: Readings, at least two; the first is counted apart.

    >>> rows = measure([Timing("split", str.split, str)], ["one two", "three four five"])
    >>> (rows[0].notes, rows[0].words)
    (2, 5)
    """
    if not notes or rounds < 2:
        raise LeadtermError(f"{len(notes)} notes and {rounds} rounds.", hint="Give one note and two rounds or more.")
    took: dict[str, list[float]] = {c.name: [0.0] * rounds for c in contenders}
    for number in range(rounds):
        for at in range(0, len(notes), PART):
            for contender in contenders:
                ready = [contender.prepare(text) for text in notes[at : at + PART][: contender.most]]
                start = time.process_time()
                for item in ready:
                    contender.run(item)
                took[contender.name][number] += time.process_time() - start
    rows = []
    for contender in contenders:
        read = [text for at in range(0, len(notes), PART) for text in notes[at : at + PART][: contender.most]]
        first, *later = (max(seconds, 1e-9) for seconds in took[contender.name])
        rows.append(Row(contender.name, len(read), sum(len(text.split()) for text in read), min(later), first))
    return rows


def _linker(system: CodeSystem) -> Callable[[Doc], object]:
    """scispaCy's entity linker over the titles of a code system."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from scispacy.candidate_generation import CandidateGenerator
        from scispacy.linking import EntityLinker
    import numpy as np
    from scispacy.linking_utils import Entity, KnowledgeBase
    from sklearn.feature_extraction.text import TfidfVectorizer

    from leadterm.text.matching.linker import ExactIndex

    base = KnowledgeBase([Entity(code, system.title(code), [], [system.name], system.title(code)) for code in system])
    aliases = list(base.alias_to_cuis)
    vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=TRIGRAMS, dtype=np.float32)
    index = ExactIndex(vectoriser.fit_transform(aliases))
    generator = CandidateGenerator(index, vectoriser, aliases, base)
    linker: Callable[[Doc], object] = EntityLinker(candidate_generator=generator, filter_for_definitions=False, k=10)
    return linker


def _negex(engine: DictionaryModel) -> Callable[[Doc], object]:
    from negspacy.negation import Negex
    from negspacy.termsets import termset

    terms: Any = termset
    negex: Callable[[Doc], object] = Negex(engine.readers.of("en")[0], "negex", terms("en_clinical").get_patterns())
    return negex


def contenders(load: Callable[[], DictionaryModel]) -> list[Timing]:
    """Everything that is compared; `load` gives a model that has read nothing."""
    import spacy
    from spacy.tokens import Span
    from spacy.util import filter_spans

    engine = load()

    def with_mentions(text: str) -> Doc:
        doc = engine.readers.of("en")[0](text)
        doc.ents = filter_spans([Span(doc, span.start, span.end, "PROBLEM") for span in doc.spans["mentions"]])
        return doc

    plain = spacy.blank("en")
    return [
        Timing("spaCy tokenizer", plain.make_doc, str),
        Timing("scispaCy tokenizer", engine.readers.of("en")[0].make_doc, str),
        Timing("negspacy, mentions given", _negex(engine), with_mentions),
        Timing("scispaCy linker, mentions given", _linker(engine.system), with_mentions, most=LINKER_NOTES),
        Timing("leadterm text stages", load().readers.of("en")[0], str),
        *(Timing(name, read, str) for name, read in peers(_terms(engine))),
        _suggesting("leadterm suggest, diagnoses alone", load(), "outpatient", systems=[engine.system.name]),
        _suggesting("leadterm suggest, outpatients", load(), "outpatient"),
        _suggesting("leadterm suggest, inpatients", load(), "inpatient"),
    ]


def _terms(model: DictionaryModel) -> list[tuple[str, str]]:
    lexicon = model.readers.of("en")[1].lexicon
    return [(lexicon.text(number), lexicon.codes[lexicon.code[number]]) for number in range(len(lexicon))]


def _suggesting(name: str, model: DictionaryModel, setting: str, **asked: Any) -> Timing:
    """All that a setting reports, or what is asked for; what is loaded once is loaded before."""
    from leadterm.schema import Encounter, Note

    def encounter(text: str) -> Encounter:
        return Encounter("bench", (Note("n1", text),), setting=setting)

    def suggest(note: Encounter) -> object:
        return model.suggest(note, **asked)

    suggest(encounter("Gout."))
    return Timing(name, suggest, encounter)


def _start_up(model: str) -> dict[str, float]:
    """Measure fresh processes: processor time (the best of three) of the help and of a first suggestion, and memory."""
    helped = min(float(_run(HELPED, model).split()[-1]) for _ in range(RUNS))
    runs = [list(map(float, _run(STARTED, model).split())) for _ in range(RUNS)]
    spacy, first, peak = map(min, zip(*runs, strict=True))
    return {"help_seconds": helped, "spacy_seconds": spacy, "first_suggestion_seconds": first, "peak_mb": peak}


def _run(program: str, model: str) -> str:
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", program, model]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=one_thread)
    if done.returncode:
        raise LeadtermError("a fresh process could not run leadterm.", hint="Try `leadterm suggest` by hand.")
    return done.stdout


def read_notes(files: Sequence[Path], corpus: Path, most: int = MOST_NOTES) -> list[str]:
    """Read the notes to measure on.

    `corpus`: A corpus whose notes are joined to about 430 words when there are no files; `most`: How many of these,
    evenly spread, are read.
    """
    if not files:
        from leadterm.corpus import iter_split, splits_of

        split = splits_of(corpus)[0]
        joined = concatenate(note.text for encounter in iter_split(corpus, split) for note in encounter.notes)
        return joined[:: max(1, len(joined) // max(1, most))][:most]
    return [read_text(path) for path in files]


def _table(rows: Sequence[Row], start: dict[str, float], peak: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{rows[0].notes} notes of {rows[0].words // rows[0].notes} words, one thread, processor time")
    table.add_column("", no_wrap=True)
    for heading in ("first, ms a note", "later, ms a note", "notes/s", "words/s", "× spaCy tokenizer"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row.name, f"{row.first_ms_per_note:,.2f}", f"{row.ms_per_note:,.2f}",
            f"{row.notes_per_second:,.0f}", f"{row.words_per_second:,.0f}",
            f"{row.ms_per_note / rows[0].ms_per_note:,.1f}",
        )  # fmt: skip
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    console.print(
        f"leadterm --help {start['help_seconds']:.2f} s; first suggestion in a fresh process "
        f"{start['first_suggestion_seconds']:.2f} s, of which importing spaCy {start['spacy_seconds']:.2f} s, "
        f"{start['peak_mb']:.0f} MB at most; "
        f"this run with all contenders {peak:.0f} MB"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Gives 0, or 2 for bad input.
    """
    program = "python -m leadterm.experiments.bench_reading"
    parser = argparse.ArgumentParser(prog=program, description="Measure speed, memory and start-up.")
    parser.add_argument("notes", nargs="*", type=Path, help="text files; default: the notes of the corpus, joined")
    parser.add_argument("--corpus", type=Path, default=Path("corpora/reference"), help="corpus to take notes from")
    parser.add_argument("--most", type=int, default=MOST_NOTES, help="most notes taken from the corpus")
    parser.add_argument("--model", default="default", help="name or folder of the model")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    given = parser.parse_args(arguments)
    try:
        report = _report(given)
    except LeadtermError as error:
        print(error, file=sys.stderr)
        return 2
    rows, start, peak = report
    if given.format == "table":
        _table(rows, start, peak)
        return 0
    shown = [asdict(r) | {"ms_per_note": r.ms_per_note, "ratio": r.ms_per_note / rows[0].ms_per_note} for r in rows]
    print(json.dumps({"rows": shown, **start, "peak_all_mb": peak}, indent=2))
    return 0


def _report(given: argparse.Namespace) -> tuple[list[Row], dict[str, float], float]:
    from leadterm.dictionary.dictionary_model import load_dictionary
    from leadterm.paths import model_dir

    notes = read_notes(given.notes, given.corpus, given.most)
    start = _start_up(given.model)  # first: a process begins with the peak memory of the one that started it
    rows = measure(contenders(partial(load_dictionary, model_dir(given.model))), notes)
    return rows, start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
