"""leadterm reads clinical notes and suggests medical codes, best first, each with the words that support it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
