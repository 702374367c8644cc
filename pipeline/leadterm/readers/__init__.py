"""Readers: one module for each kind of source, made into corpora.

To add a reader, write a module with a function ``read(source, *, …) -> Imported`` and name it in `READERS`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from leadterm.corpus import Card, write_stream
from leadterm.corpus.splits import check_place
from leadterm.errors import LeadtermError, unknown_name
from leadterm.readers.base import Imported
from leadterm.schema import Encounter

__all__ = ["READERS", "Imported", "import_corpus", "options_of", "read"]

READERS: Mapping[str, str] = {
    "codiesp": "leadterm.readers.codiesp",
    "aci-bench": "leadterm.readers.aci_bench",
    "cmc2007": "leadterm.readers.cmc2007",
    "csv": "leadterm.readers.csv_table",
    "jsonl": "leadterm.readers.jsonl",
    "mimic3": "leadterm.readers.mimic3",
    "mimic4": "leadterm.readers.mimic4",
    "mdace": "leadterm.readers.mdace",
    "mtsamples": "leadterm.readers.mtsamples",
    "fhir": "leadterm.readers.fhir",
    "decisions": "leadterm.readers.decisions",
}
"""Name of a kind of source → the module that reads it."""


def _reader(kind: str) -> Callable[..., Imported]:
    if kind not in READERS:
        raise unknown_name("kind of source", kind, READERS)
    made: Callable[..., Imported] = import_module(READERS[kind]).read
    return made


def options_of(kind: str) -> tuple[str, ...]:
    """List the options that a reader takes.

    Names of keyword arguments. ``kind``: a key of `READERS`. ``LeadtermError`` if the kind is unknown.

    >>> options_of("codiesp")
    ('language',)
    """
    return tuple(inspect.signature(_reader(kind)).parameters)[1:]


def read(kind: str, source: str | Path, **options: str) -> Imported:
    """Read a source; encounters come as a stream.

    - ``kind``: a key of `READERS`.
    - ``source``: file or folder.
    - ``**options``: what the reader takes (`options_of`).

    Gives the card and the encounters, each with its split. ``LeadtermError`` if the kind or an option is unknown, or
    the source is missing or not of this kind.

    >>> read("codiesp", "nowhere")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no such file or folder: 'nowhere'. ...
    """
    reader, allowed = _reader(kind), options_of(kind)
    for option in options:
        if option not in allowed:
            raise unknown_name(f"option of the {kind} reader:", option, allowed)
    if "://" in str(source):  # a database
        return reader(str(source), **options)
    if not Path(source).exists():
        raise LeadtermError(f"no such file or folder: '{source}'.", hint="Check the path.")
    return reader(Path(source), **options)


def import_corpus(
    kind: str,
    source: str | Path,
    output: str | Path,
    *,
    watch: Callable[[Iterator[tuple[str, Encounter]]], Iterator[tuple[str, Encounter]]] = iter,
    say: Callable[[str], object] = lambda _: None,
    **options: str,
) -> Card:
    """Read a source and write it as a corpus.

    - ``kind``, ``source``, ``options``: as in `read`.
    - ``output``: the corpus folder to make.
    - ``watch``: gets the stream of (split, encounter) and passes it on, for instance to show progress.
    - ``say``: gets each remark of the reader, for instance what was left out.

    Gives the card of the corpus. ``LeadtermError`` as `read`, or if the folder cannot be written; nothing is left
    half-written.

    >>> import_corpus("codisp", ".", "out")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown kind of source 'codisp'; did you mean 'codiesp'? ...
    """
    check_place(Path(output))
    if Path(source).resolve().is_relative_to(Path(output).resolve()):
        raise LeadtermError(f"the output '{output}' holds the source.", hint="Choose another folder with --output.")
    made = read(kind, source, **options)
    for remark in made.remarks:
        say(remark)
    return write_stream(output, made.card, watch(iter(made.encounters)), code_lists=made.code_lists)
