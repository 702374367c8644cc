"""Errors that a user can mend: the command line prints them in one or two lines and exits with status 2."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["LeadtermError", "counted", "place_of", "printable", "quote_name", "unknown_name"]

LONGEST_NAME = 40


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


def unknown_name(kind: str, got: object, allowed: Iterable[str], *, hint: str = "") -> LeadtermError:
    """Make the error for a name that is none of those allowed, with the nearest one that is.

    >>> print(unknown_name("setting", "outpatent", ["outpatient", "inpatient"]))
    unknown setting 'outpatent'; did you mean 'outpatient'? Allowed: inpatient, outpatient.
    """
    got, names = str(got), sorted(allowed)
    near = get_close_matches(got, names, n=1)
    guess = f"; did you mean '{near[0]}'?" if near else "."
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "") if names else "none"
    said = f"'{got}'" if len(got) <= LONGEST_NAME else f"of {len(got)} characters"  # that may be text of a note
    return LeadtermError(f"unknown {kind} {said}{guess} Allowed: {shown}.", hint=hint)


def printable(text: str, keep: str = "\n\t") -> str:
    r"""Make text fit for a terminal: a character that it would obey rather than show becomes a dot, but those to keep.

    >>> printable("A1\x1b[31m")
    'A1·[31m'
    >>> printable("a\nb\u202ec", keep="")
    'a·b·c'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() or c in keep else "·" for c in text)


def counted(count: int, what: str) -> str:
    """Say how many things there are, in the singular where it is one.

    >>> counted(1, "code"), counted(0, "entry"), counted(12_000, "reference code")
    ('1 code', '0 entries', '12,000 reference codes')
    """
    many = f"{what[:-1]}ies" if re.search("[^aeiou]y$", what) else f"{what}s"
    return f"{count:,} {what if count == 1 else many}"


def quote_name(name: str) -> str:
    """Give a name from a file for a message, if it looks like one; what does not may be text of a note.

    >>> quote_name("note_id"), quote_name("Mr Smith has gout")
    ("'note_id'", '(17 characters that are no name)')
    """
    looks_so = len(name) <= 30 and re.fullmatch(r"[A-Za-z_][\w.:-]*", name)
    be = "is" if len(name) == 1 else "are"
    return f"'{name}'" if looks_so else f"({counted(len(name), 'character')} that {be} no name)"


def place_of(error: BaseException) -> str:
    """Name the type of an error and where it arose; its message may hold text of a note.

    >>> place_of(ValueError("text of a note"))
    'ValueError'
    """
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    return f"{type(error).__name__} in {code.co_qualname}" if code else type(error).__name__
