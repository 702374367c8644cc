"""Characters that print like others or not at all, brought to the ones that terms and cues are written in."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["GREEK", "UNSEEN", "plain", "without_markup"]

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


_TAG = re.compile(
    r"</?(?P<block>p|br|div|li|ul|ol|td|tr|th|table|h[1-6]|html|body|hr)(?:\s[^<>]{0,200})?/?>"
    r"|</?(?:b|i|u|em|strong|span|font|a|sup|sub)(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#1[03]|#x0?[ad]|#160|nbsp|amp|lt|gt|quot|apos|#39);", re.IGNORECASE)
_LINE_END = re.compile(r"\\r\\n|\\n(?![a-z])|\\r(?![a-z])")
_STANDS_FOR = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "#39": "'", "nbsp": " ", "#160": " "}
FEW = 2


def without_markup(text: str) -> str:
    r"""Write white space for tags, entities and line ends that an export spelt out; no other character moves.

    >>> without_markup("Gout.<br/>Plan:&nbsp;rest.<br>")
    'Gout.\n    Plan:      rest.\n   '
    >>> without_markup(r"Seen.\n\nPLAN:\nRest.")
    'Seen.\n \n PLAN:\n Rest.'
    """
    if "<" in text and sum(1 for found in _TAG.finditer(text) if found["block"]) >= FEW:
        text = _TAG.sub(lambda found: ("\n" if found["block"] else " ").ljust(len(found[0])), text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: _STANDS_FOR.get(found[0][1:-1].lower(), "\n").ljust(len(found[0])), text)
    if "\\" in text and len(_LINE_END.findall(text)) >= FEW:
        text = _LINE_END.sub(lambda found: "\n".ljust(len(found[0])), text)
    return text
