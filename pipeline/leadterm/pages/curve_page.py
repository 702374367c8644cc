"""A learning curve as a table for a terminal, as an SVG chart and as a page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from leadterm.experiments.curve import LearningCurve
from leadterm.pages.pieces import card, page, span_of, table
from leadterm.pages.style import STYLE

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["curve_page", "curve_svg", "curve_tables"]

Scale = Callable[[float], float]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 380, 58, 20, 18, 52


def curve_tables(curve: LearningCurve) -> list[RenderableType]:
    """Lay a curve out for a terminal.

    Parameters
    ----------
    curve : LearningCurve
        What `learning_curve` gave.

    Returns
    -------
    list of rich renderables
        To be printed one after the other.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"{curve.metric} on {curve.n_test} encounters", title_justify="left", box=SIMPLE_HEAD)
    for column in ("encounters", curve.metric, "95 % interval", "repeats", "fitted"):
        table.add_column(column, justify="right")
    for p in curve.points:
        repeats = " ".join(f"{value:.3f}" for value in p.repeats)
        table.add_row(str(p.n), f"{p.value:.3f}", f"{p.low:.3f} to {p.high:.3f}", repeats, f"{curve.law.at(p.n):.3f}")
    last = curve.points[-1].n
    for g in curve.gains:
        expected = curve.law.at(last) + g.gain
        ends = f"{g.low:+.3f} to {g.high:+.3f}"
        table.add_row(f"{last + g.more} ?", f"{g.gain:+.3f}", ends, "extrapolated", f"{expected:.3f}", style="dim")
    law = curve.law
    fitted = (
        f"Fitted: {curve.metric} = {law.limit:.3f} - {law.loss:.3f} / n^{law.rate:.2f}. Lines with ? extrapolate it."
    )
    return [table, fitted, curve.verdict()]


def curve_svg(curve: LearningCurve) -> str:
    """Draw the points with their intervals, the fitted law and, dashed, what it foretells.

    Parameters
    ----------
    curve : LearningCurve
        What `learning_curve` gave.

    Returns
    -------
    str
        An ``<svg>`` element that stands by itself.
    """
    last = curve.points[-1].n
    end = last + max(g.more for g in curve.gains)
    top = _ceiling(max(*(p.high for p in curve.points), curve.law.at(end)))

    def x(n: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * n / end

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)

    parts = [_grid(end, top, curve.metric)]
    near = np.linspace(curve.points[0].n, last, 60).tolist()
    parts.append(f'<polyline class="line" points="{_line(near, curve, x, y)}"/>')
    parts.append(f'<polyline class="ahead" points="{_line(np.linspace(last, end, 40).tolist(), curve, x, y)}"/>')
    middle = x((last + end) / 2)
    parts.append(f'<text class="tick" x="{middle:.1f}" y="{TOP + 12}" text-anchor="middle">extrapolated</text>')
    for p in curve.points:
        parts.append(
            f'<line class="whisker" x1="{x(p.n):.1f}" y1="{y(p.low):.1f}" x2="{x(p.n):.1f}" y2="{y(p.high):.1f}"/>'
        )
        parts += [f'<circle class="one" cx="{x(p.n):.1f}" cy="{y(v):.1f}" r="2.5"/>' for v in p.repeats]
        text = f"{p.n} encounters: {p.value:.3f} ({p.low:.3f} to {p.high:.3f})"
        place = f'cx="{x(p.n):.1f}" cy="{y(p.value):.1f}"'
        parts.append(f'<circle class="dot" {place} r="5"><title>{text}</title></circle>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Learning curve" '
        f'xmlns="http://www.w3.org/2000/svg"><style>{_ALONE}</style>{"".join(parts)}</svg>'
    )


def curve_page(curve: LearningCurve, corpus: str) -> str:
    """Render a curve as a page of its own.

    Parameters
    ----------
    curve : LearningCurve
        What `learning_curve` gave.
    corpus : str
        Name of the corpus, for the head of the page.

    Returns
    -------
    str
        The whole page.
    """
    last = curve.points[-1].n
    rows = [[f"{p.n:,}", f"{p.value:.3f}", span_of((p.low, p.high))] for p in curve.points]
    rows += [
        [f"{last + g.more:,} (extrapolated)", f"{g.gain:+.3f}", f"{g.low:+.3f} to {g.high:+.3f}"] for g in curve.gains
    ]
    said = f"{curve.metric} on {curve.n_test:,} encounters"
    points = table(["encounters", curve.metric, "95 % interval"], rows, numeric=(0, 1, 2))
    body = (
        f'<header><p class="kind">Learning curve</p><h1>{escape(corpus)}</h1><p>{escape(said)}</p></header>'
        f'<p class="note">{escape(curve.verdict())} This is an extrapolation of the fitted curve, no measurement.</p>'
        f'<div class="wide">{card("Accuracy by number of coded encounters", "", curve_svg(curve))}</div>'
        f"{card('Figures', '', points)}"
        f"<footer>Nested samples by patient, {len(curve.points[0].repeats)} orders, seed {curve.seed}; small dots: "
        "single repeats; bars: 95 % bootstrap intervals over repeats and encounters.</footer>"
    )
    return page(f"{corpus}: learning curve", body, STYLE + ".card>svg{max-width:760px;margin:0 auto}\n")


def _line(sizes: Sequence[float], curve: LearningCurve, x: Scale, y: Scale) -> str:
    return " ".join(f"{x(n):.1f},{y(max(curve.law.at(n), 0.0)):.1f}" for n in sizes)


def _grid(end: int, top: float, metric: str) -> str:
    parts = []
    step = 0.05 if top <= 0.3 else 0.1
    for i in range(round(top / step) + 1):
        value, high = i * step, TOP + (HEIGHT - TOP - BOTTOM) * (1 - i * step / top)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{high:.1f}" x2="{WIDTH - RIGHT}" y2="{high:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 8}" y="{high + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    for n in range(0, end + 1, _step(end)):
        right = LEFT + (WIDTH - LEFT - RIGHT) * n / end
        parts.append(f'<text class="tick" x="{right:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{n}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="axis" x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">coded encounters</text>')
    turned = f'transform="rotate(-90 14 {HEIGHT / 2 - 16})"'
    parts.append(
        f'<text class="axis" x="14" y="{HEIGHT / 2 - 16}" {turned} text-anchor="middle">{escape(metric)}</text>'
    )
    return "".join(parts)


def _step(end: int) -> int:
    """Give a round distance of ticks, four to nine of them."""
    power = 10 ** int(math.log10(max(end / 4, 1)))
    return int(max(power * m for m in (1, 2, 5) if power * m * 4 <= max(end, 4)))


def _ceiling(value: float) -> float:
    return min(1.0, max(0.1, math.ceil(10 * value) / 10))


_ALONE = (
    "text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#5b6776}"
    ".grid{stroke:#d5dbe3;stroke-width:.7}.line{fill:none;stroke:#1f6feb;stroke-width:2.2}"
    ".ahead{fill:none;stroke:#0a9d8a;stroke-width:2.2;stroke-dasharray:6 5}.dot{fill:#1f6feb}"
    ".one{fill:#1f6feb;opacity:.4}.whisker{stroke:#1f6feb;opacity:.55;stroke-width:1.5}"
)
