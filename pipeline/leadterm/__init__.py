"""leadterm reads clinical notes and suggests medical codes, best first, each with the words that support it.

>>> import leadterm
>>> leadterm.suggest("Assessment: Essential hypertension.").suggestions[0].code
'I10'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from leadterm.version import __version__

if TYPE_CHECKING:
    from leadterm.api import suggest, suggest_frame
    from leadterm.classifier import LeadtermClassifier
    from leadterm.errors import LeadtermError
    from leadterm.models import load
    from leadterm.schema import Encounter, Note, ReferenceCode, Suggestion, SuggestionSet
    from leadterm.training.train_model import train

__all__ = [
    "Encounter", "LeadtermClassifier", "LeadtermError", "Note", "ReferenceCode", "Suggestion", "SuggestionSet",
    "__version__", "evaluate", "load", "suggest", "suggest_frame", "train",
]  # fmt: skip

_PLACES = {
    "load": "models", "suggest": "api", "suggest_frame": "api", "evaluate": "evaluation",
    "train": "training.train_model", "LeadtermClassifier": "classifier", "LeadtermError": "errors",
    **dict.fromkeys(("Encounter", "Note", "ReferenceCode", "Suggestion", "SuggestionSet"), "schema"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for, so that importing the package costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module 'leadterm' has no attribute '{name}'")
    return getattr(import_module(f"leadterm.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
