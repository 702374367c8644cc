"""Errors that a user can mend: the command line prints them in one or two lines and exits with status 2."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["LeadtermError", "printable", "unknown_name"]


class LeadtermError(Exception):
    """A problem with input, usage or an installation, said so that the user can mend it.

    The message says what is wrong, what was got, what is allowed and what to do next. It never
    holds the text of a note: that is patient data.

    Parameters
    ----------
    message : str
        What is wrong, what was got and what is allowed.
    hint : str, optional
        What to do next.

    Examples
    --------
    >>> print(LeadtermError("no such note: a.txt.", hint="Check the path."))
    no such note: a.txt. Check the path.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message} {hint}".strip())


def unknown_name(kind: str, got: str, allowed: Iterable[str], *, hint: str = "") -> LeadtermError:
    """Make the error for a name that is none of those allowed, with the nearest one that is.

    Parameters
    ----------
    kind : str
        What is named, for instance ``"setting"``.
    got : str
        The name that was given.
    allowed : iterable of str
        The names that would do.
    hint : str, optional
        What to do next.

    Returns
    -------
    LeadtermError
        The error, to be raised by the caller.

    Examples
    --------
    >>> print(unknown_name("setting", "outpatent", ["outpatient", "inpatient"]))
    unknown setting 'outpatent'; did you mean 'outpatient'? Allowed: inpatient, outpatient.
    """
    names = sorted(allowed)
    near = get_close_matches(got, names, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else "."
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "") if names else "none"
    return LeadtermError(f"unknown {kind} '{got}'{guess} Allowed: {shown}.", hint=hint)


def printable(text: str) -> str:
    """Make text fit for a terminal: what is no printable character (an escape sequence begins with one) is dotted.

    Examples
    --------
    >>> printable("A1\\x1b[31m")
    'A1·[31m'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() or c in "\n\t" else "·" for c in text)
