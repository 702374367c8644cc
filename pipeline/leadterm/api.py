"""Python as people write it: suggest codes for a text, or for the notes of a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.models import load
from leadterm.rows import frame_of
from leadterm.schema import Encounter, Note, SuggestionSet
from leadterm.suggester import as_encounter

if TYPE_CHECKING:
    import pandas as pd

    from leadterm.suggester import Suggester

__all__ = ["frame_answers", "suggest", "suggest_frame"]

DETAILS = ("patient_id", "setting", "language", "sex", "birth_year", "date_of_service")


@lru_cache(maxsize=2)
def _known(name: str) -> Suggester:
    return load(name)


def _model(model: str | Suggester) -> Suggester:
    return _known(model) if isinstance(model, str) else model


def suggest(
    note: str | Note | Encounter,
    *,
    model: str | Suggester = "default",
    systems: Sequence[str] | None = None,
    top: int | None = None,
) -> SuggestionSet:
    """Suggest codes for a note.

    Parameters
    ----------
    note : str, Note or Encounter
        A text is an encounter of one note, in the setting that it reads like.
    model : str or Suggester
        Name or folder of a model, loaded once; or one that `leadterm.load` gave.
    systems : sequence of str, optional
        Code systems; all of the model if left out.
    top : int, optional
        Most suggestions.

    Returns
    -------
    SuggestionSet
        Best first, each with its evidence; a notebook shows it with the words marked.

    Examples
    --------
    >>> suggest("Assessment: Essential hypertension.").suggestions[0].code
    'I10'
    """
    return _model(model).suggest(note, systems=systems, top=top)


def suggest_frame(
    frame: pd.DataFrame,
    text: str = "text",
    *,
    id: str | None = None,
    model: str | Suggester = "default",
    systems: Sequence[str] | None = None,
    top: int | None = None,
) -> pd.DataFrame:
    """Suggest codes for each row of a data frame.

    - ``frame``: one encounter a row. Columns `patient_id, setting, language, sex, birth_year` and `date_of_service`
      are used where it has them; without a setting it is what the note reads like.
    - ``id``: column that names the encounters; the index if left out.

    Gives one row a suggestion, with the columns of ``leadterm suggest --format csv``; a row without code where
    nothing is suggested or there is no text, so that no row is lost.

    ``LeadtermError`` if there is no such column, or two rows have the same id.

    >>> import pandas as pd
    >>> found = suggest_frame(pd.DataFrame({"note": ["Assessment: Gout."]}), text="note", top=1)
    >>> found.loc[0, "code"]
    'M10.9'
    """
    answers = frame_answers(frame, text, id=id, model=model, systems=systems, top=top)
    return frame_of(row for answer in answers for row in answer.rows())


def frame_answers(
    frame: pd.DataFrame,
    text: str = "text",
    *,
    id: str | None = None,
    model: str | Suggester = "default",
    systems: Sequence[str] | None = None,
    top: int | None = None,
) -> Iterator[SuggestionSet]:
    """Give the suggestions for each row of a data frame, as for `suggest_frame`."""
    engine = _model(model)
    for column in (text, *([id] if id is not None else [])):
        if column not in frame.columns:
            raise unknown_name("column of the data frame", str(column), map(str, frame.columns))
    names = [str(name) for name in (frame[id] if id is not None else frame.index)]
    if len({*names}) < len(names):
        raise LeadtermError("two rows of the data frame have the same id.", hint="Name another column with id=.")
    details = [column for column in DETAILS if column in frame.columns]
    known = frame[details].to_dict("records") if details else [{}] * len(frame)
    for one in zip(names, frame[text], known, strict=True):
        yield _answer(engine, *one, systems, top)


def _answer(
    engine: Suggester,
    name: str,
    text: object,
    details: Mapping[Any, Any],
    systems: Sequence[str] | None,
    top: int | None,
) -> SuggestionSet:
    if not isinstance(text, str) or not text.strip():
        return SuggestionSet(name, engine.name)
    known = {str(key): value for key, value in _told(details.items())}
    if "birth_year" in known:
        known["birth_year"] = int(known["birth_year"])
    if "date_of_service" in known:
        known["date_of_service"] = str(known["date_of_service"])[:10]
    encounter = replace(as_encounter(Note(name, text)), **known, setting_detected="setting" not in known)
    return engine.suggest(encounter, systems=systems, top=top)


def _told(details: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Those that are there: None and NaN are not."""
    return [(key, value) for key, value in details if value is not None and value == value and str(value) != "NaT"]
