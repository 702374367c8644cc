"""Small charts as inline SVG: pure functions of numbers, coloured by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["precision_recall_chart", "reliability_chart", "share_bar"]

WIDTH, HEIGHT, LEFT, TOP, PLOT = 460, 330, 52, 16, 270
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def precision_recall_chart(
    points: Sequence[Mapping[str, float]], chosen: tuple[float, float], targets: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Draw precision over recall with the chosen operating point.

    Parameters
    ----------
    points : sequence of mapping
        ``recall, precision, threshold``, in order.
    chosen : tuple of float
        Recall and precision of the suggested set.
    targets : sequence of mapping
        ``coverage, precision`` of the precision targets that were reached.

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> precision_recall_chart([{"recall": 0.5, "precision": 1.0, "threshold": 0.9}], (0.5, 1.0))[:4]
    '<svg'
    """
    spots = [(p["recall"], p["precision"]) for p in points]
    line = " ".join(f"{_x(r):.1f},{_y(p):.1f}" for r, p in spots)
    area = f"{line} {_x(spots[-1][0]):.1f},{_y(0)} {_x(spots[0][0]):.1f},{_y(0)}" if spots else ""
    parts = [_axes("recall", "precision"), _f1_curves(), f'<polygon class="area" points="{area}"/>']
    parts.append(f'<polyline class="line" points="{line}"/>')
    for row in targets:
        text = f"precision {row['precision']:.3f} at coverage {row['coverage']:.3f}"
        parts.append(_dot(row["coverage"], row["precision"], text, "dot2", 4))
    r, p = chosen
    parts.append(_dot(r, p, f"suggested set: recall {r:.3f}, precision {p:.3f}", "dot", 6))
    x, anchor = (_x(r) - 9, "end") if r > 0.35 else (_x(r) + 9, "start")
    parts.append(f'<text class="label" x="{x:.1f}" y="{_y(p) + 18:.1f}" text-anchor="{anchor}">suggested set</text>')
    return _svg("Precision over recall", "".join(parts))


def reliability_chart(bins: Sequence[Mapping[str, Any]]) -> str:
    """Draw the share that is right over confidence, with intervals and the size of each bin.

    Parameters
    ----------
    bins : sequence of mapping
        As `leadterm.evaluation.metrics.reliability.calibration` gives them.

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> one = {"low": 0.8, "high": 0.9, "n": 5, "confidence": 0.85, "right": 0.8, "right_ci": [0.4, 0.96]}
    >>> "polyline" in reliability_chart([one])
    True
    """
    most = max((math.log1p(b["n"]) for b in bins), default=1.0)
    parts = [_axes("confidence", "share right")]
    for b in bins:
        x, width, height = _x(b["low"]), _x(b["high"]) - _x(b["low"]), 60 * math.log1p(b["n"]) / most
        parts.append(
            f'<rect class="hist" x="{x + 1:.1f}" y="{_y(0) - height:.1f}" width="{width - 2:.1f}" '
            f'height="{height:.1f}"><title>{b["n"]:,} suggestions</title></rect>'
        )
    parts.append(f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    line = " ".join(f"{_x(b['confidence']):.1f},{_y(b['right']):.1f}" for b in bins)
    parts.append(f'<polyline class="line" points="{line}"/>')
    for b in bins:
        x, (low, high) = _x(b["confidence"]), b["right_ci"]
        parts.append(f'<line class="whisker" x1="{x:.1f}" y1="{_y(low):.1f}" x2="{x:.1f}" y2="{_y(high):.1f}"/>')
        text = f"confidence {b['confidence']:.2f}: {b['right']:.2f} right, n = {b['n']:,}"
        parts.append(_dot(b["confidence"], b["right"], text, "dot", 4))
    return _svg("Reliability", "".join(parts))


def share_bar(shares: Sequence[tuple[str, int]]) -> str:
    """Draw one bar divided into shares, with a legend.

    Parameters
    ----------
    shares : sequence of (name, count)
        From left to right.

    Returns
    -------
    str
        An ``<svg>`` element with a list below.

    Examples
    --------
    >>> "75 %" in share_bar([("near", 3), ("far", 1)])
    True
    """
    total = max(sum(n for _, n in shares), 1)
    parts, items, x = [], [], 0.0
    for i, (name, n) in enumerate(shares):
        width = WIDTH * n / total
        parts.append(
            f'<rect class="s{i}" x="{x:.1f}" y="0" width="{max(width - 1, 0):.1f}" height="26">'
            f"<title>{escape(name)}: {n:,}</title></rect>"
        )
        items.append(f'<li><i class="s{i}"></i>{escape(name)} <b>{100 * n / total:.0f} %</b> <small>{n:,}</small></li>')
        x += width
    return (
        _svg("Shares", "".join(parts), height=26).replace("<svg ", '<svg preserveAspectRatio="none" ', 1)
        + f'<ul class="legend">{"".join(items)}</ul>'
    )


def _svg(title: str, inner: str, *, height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{inner}</svg>'
    )


def _axes(x_name: str, y_name: str) -> str:
    parts = []
    for t in TICKS:
        parts.append(f'<line class="grid" x1="{_x(0)}" y1="{_y(t)}" x2="{_x(1)}" y2="{_y(t)}"/>')
        parts.append(f'<line class="grid" x1="{_x(t)}" y1="{_y(0)}" x2="{_x(t)}" y2="{_y(1)}"/>')
        parts.append(f'<text class="tick" x="{_x(0) - 8}" y="{_y(t) + 4}" text-anchor="end">{t:.1f}</text>')
        parts.append(f'<text class="tick" x="{_x(t)}" y="{_y(0) + 18}" text-anchor="middle">{t:.1f}</text>')
    middle = TOP + PLOT / 2
    parts.append(f'<text class="axis" x="{_x(0.5)}" y="{_y(0) + 36}" text-anchor="middle">{x_name}</text>')
    turned = f'transform="rotate(-90 14 {middle})"'
    parts.append(f'<text class="axis" x="14" y="{middle}" {turned} text-anchor="middle">{y_name}</text>')
    return "".join(parts)


def _f1_curves() -> str:
    """Draw where F1 is 0.2, 0.4, 0.6, 0.8: precision = f r / (2 r - f)."""
    parts = []
    for f1 in TICKS[1:-1]:
        recalls = [f1 / (2 - f1) + i / 40 * (1 - f1 / (2 - f1)) for i in range(41)]
        line = " ".join(f"{_x(r):.1f},{_y(f1 * r / (2 * r - f1)):.1f}" for r in recalls)
        parts.append(f'<polyline class="iso" points="{line}"/>')
        end = f1 / (2 - f1)
        parts.append(
            f'<text class="isolabel" x="{_x(1) - 4}" y="{_y(end) - 4:.1f}" text-anchor="end">F1 {f1:.1f}</text>'
        )
    return "".join(parts)


def _dot(x: float, y: float, text: str, kind: str, radius: int) -> str:
    return (
        f'<circle class="{kind}" cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius}"><title>{escape(text)}</title></circle>'
    )


def _x(value: float) -> float:
    return round(LEFT + value * (WIDTH - LEFT - 14), 1)


def _y(value: float) -> float:
    return round(TOP + (1 - value) * PLOT, 1)
