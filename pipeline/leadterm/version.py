"""Which leadterm this is; every answer names it."""

__all__ = ["__version__"]

__version__ = "0.1.0"
