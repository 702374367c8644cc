"""leadterm reads clinical notes and suggests medical codes, best first, each with the words that support it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadterm.models import load

__all__ = ["__version__", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import `load` when it is first asked for, so that importing the package costs nothing."""
    if name != "load":
        raise AttributeError(f"module 'leadterm' has no attribute '{name}'")
    from leadterm.models import load

    return load
