"""HTML as text, line for line as it would be seen; and line ends that an export wrote out as backslash and n."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

__all__ = ["html_text", "looks_like_html", "readable"]

BLOCKS = frozenset(
    ("address", "article", "blockquote", "body", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "footer",
     "form", "header", "hr", "item", "li", "main", "nav", "pre", "section", "tbody", "tfoot", "thead", "title", "tr")
)  # fmt: skip
APART = frozenset(("p", "paragraph", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "list"))
HIDDEN = frozenset(["script", "style", "head", "template", "noscript"])
TAG = re.compile(
    r"</?(?:p|br|div|li|ul|ol|td|tr|th|table|h[1-6]|html|body|pre|hr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
START = re.compile(r"(?is)\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|body|head)\b")
SPACES = re.compile(r"[ \t\r\n\f]+")
BREAK, GAP, CELL = "\x01", "\x02", "\x03"
ESCAPED = re.compile(r"\\r\\n|\\n|\\r(?![a-z])|&#1[03];|&#x0?[ad];", re.IGNORECASE)
SURE = re.compile(r"\\r\\n|&#1[03];|&#x0?[ad];", re.IGNORECASE)
NEXT_LINE = re.compile(r"\\n(?![a-z])")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8}\d{0,2});")
TWICE = 2  # an export of an export spells the sign of a spelling
OPEN_TAG = re.compile(r"</?[A-Za-z]")
FEW = 2


class _Text(HTMLParser):
    """Gathers what is seen; spaces are run together, except within ``pre``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = self.kept = 0
        self.numbers: list[int] = []

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Pass over what looks like a marked section and is none, as browsers do; it would end the reading."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self.hidden += 1
        self.kept += tag == "pre"
        if tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(CELL)
        elif tag in BLOCKS or tag in APART:
            self.parts.append(GAP if tag in APART else BREAK)
        if tag in ("ol", "ul", "list"):
            ordered = tag == "ol" or ("listtype", "ordered") in ((name.lower(), value) for name, value in attrs)
            self.numbers.append(0 if ordered else -1)
        elif tag in ("li", "item"):
            self.parts.append(self._mark())

    def _mark(self) -> str:
        if not self.numbers or self.numbers[-1] < 0:
            return "- "
        self.numbers[-1] += 1
        return f"{self.numbers[-1]}. "

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        self.kept = max(0, self.kept - (tag == "pre"))
        if tag in ("ol", "ul", "list") and self.numbers:
            self.numbers.pop()
        if tag in BLOCKS or tag in APART:
            self.parts.append(GAP if tag in APART else BREAK)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data if self.kept else SPACES.sub(" ", data))


def html_text(markup: str) -> str:
    r"""Give the text of HTML, or of the narrative of a clinical document: each paragraph, item and row on its line.

    >>> html_text("<h2>Plan</h2><ol><li>Rest &amp; fluids</li><li>Return</li></ol>")
    'Plan\n\n1. Rest & fluids\n2. Return\n'
    """
    parser = _Text()
    cut = OPEN_TAG.search(markup, markup.rfind(">") + 1)  # by the end of the file
    parser.feed(markup[: cut.start()] if cut else markup)
    parser.close()
    text = "".join(parser.parts)
    text = text if "<pre" in markup else re.sub("[ \t]+", " ", text)
    text = re.sub(rf"[ \t\r\n{BREAK}{GAP}]*{GAP}[ \t\r\n{BREAK}{GAP}]*", "\n\n", text)
    text = re.sub(rf" *\n? *(?:{BREAK} *)+", "\n", text)
    lines = [re.sub(rf" *{CELL} *", "  ", line.strip(f" \t{CELL}")) for line in text.split("\n")]
    seen = "\n".join(line.replace("\xa0", " ").rstrip() for line in lines)  # they are spaces that a page shows
    return re.sub(r"\n{3,}", "\n\n", seen).strip("\n") + "\n"


def looks_like_html(text: str) -> bool:
    """Tell whether a text is HTML: it begins as such, or has several tags that set lines apart.

    >>> looks_like_html("Cough.<br>Plan: rest.<br/>"), looks_like_html("BP <120, a<b and c>d")
    (True, False)
    """
    return bool(START.match(text[:2000])) or sum(1 for _, _ in zip(TAG.finditer(text), range(FEW), strict=False)) >= FEW


def readable(text: str) -> str:
    r"""Give the text of a cell as it was written: without tags, and what an export spelt out as what it stands for.

    A text that has none of these stands as it is, every character in its place.

    >>> readable(r"Cough.\nPlan: rest &amp; fluids."), readable("<p>Cough.</p><p>Rest.</p>")
    ('Cough.\nPlan: rest & fluids.', 'Cough.\n\nRest.\n')
    """
    if "\\" in text or "&#" in text:
        text = _with_line_ends(text)
    if "<" in text and looks_like_html(text):
        return html_text(text)
    if "&" in text and ENTITY.search(text):
        for _ in range(TWICE):
            text = ENTITY.sub(lambda found: unescape(found[0]).replace("\xa0", " "), text)
        return html_text(text) if "<" in text and looks_like_html(text) else text
    return text


def _with_line_ends(text: str) -> str:
    r"""Put line ends where they are spelt out: ``\r\n`` always, ``\n`` where it can be nothing else.

    A single one before a small letter may be a path, or a word after a stroke; among real line ends two are asked for.
    """
    ends = ESCAPED.findall(text)
    if "\n" not in text:
        one_word = len(ends) == 1 and re.search(r"\\[nr][a-z]", text)
        return text if one_word else ESCAPED.sub("\n", text)
    text = SURE.sub("\n", text)
    return NEXT_LINE.sub("\n", text) if len(NEXT_LINE.findall(text)) >= FEW else text
