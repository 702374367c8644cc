"""Characters that print like others or not at all, brought to the ones that terms and cues are written in."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["GREEK", "UNSEEN", "plain"]

UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphen, zero-width characters, byte order mark."""
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "θ": "theta", "κ": "kappa",
    "λ": "lambda", "σ": "sigma", "ω": "omega", "ß": "beta",
}  # fmt: skip
_UNSEEN = re.compile(f"[{UNSEEN}]")
_HYPHENS = str.maketrans("‐‑‒−", "----", "")


def plain(text: str) -> str:
    """Compose accents, leave out what is not seen, and write typographic apostrophes and hyphens as typed ones.

    >>> plain("hypo\u00adthyroidism"), plain("Sjo\u0308gren’s") == "Sjögren's"
    ('hypothyroidism', True)
    """
    if text.isascii():
        return text
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text)).replace("’", "'").translate(_HYPHENS)
