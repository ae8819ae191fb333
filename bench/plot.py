"""Cost and bound over time, drawn as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH, HEIGHT, MARGIN, GAP = 640, 220, 60, 40
COST, BOUND = "#1f5fa8", "#b4531a"
FONT: Final = "font-family='sans-serif' font-size='12'"

Points = Sequence[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Curve:
    """What a run of an instance had found, and what it had proven, after so many seconds."""

    name: str
    costs: Points
    bounds: Points


def svg_of(curves: Sequence[Curve]) -> str:
    """One panel for each curve, one below the other."""
    height = len(curves) * (HEIGHT + GAP) + GAP
    panels = [_panel(curve, GAP + number * (HEIGHT + GAP)) for number, curve in enumerate(curves)]
    size = f"viewBox='0 0 {WIDTH + 2 * MARGIN} {height}'"
    return "\n".join([f"<svg xmlns='http://www.w3.org/2000/svg' {size}>", *panels, "</svg>", ""])


def _panel(curve: Curve, top: int) -> str:
    """Steps: a cost or a bound stays until the next; the bound as soon as half the cost."""
    last = max((at for at, _ in (*curve.costs, *curve.bounds)), default=1.0) or 1.0
    most = max((cost for _, cost in curve.costs), default=1)
    bounds = [(at, bound) for at, bound in curve.bounds if bound > most // 2]
    least = min((value for _, value in (*curve.costs, *bounds)), default=0)
    scale = (last, least, max(1, most - least))
    title = f"{curve.name}: cost (blue), bound (brown)"
    bottom, right = top + HEIGHT, MARGIN + WIDTH
    return "\n".join(
        [
            f"<path d='M{MARGIN} {top}V{bottom}H{right}' fill='none' stroke='#888'/>",
            f"<text x='{MARGIN + 8}' y='{top + 4}' {FONT}>{title}</text>",
            f"<text x='{MARGIN - 6}' y='{top + 4}' text-anchor='end' {FONT}>{most:,}</text>",
            f"<text x='{MARGIN - 6}' y='{bottom}' text-anchor='end' {FONT}>{least:,}</text>",
            f"<text x='{right}' y='{bottom + 16}' text-anchor='end' {FONT}>{last:.0f} s</text>",
            _steps(curve.costs, COST, top, scale),
            _steps(bounds, BOUND, top, scale),
        ]
    )


def _steps(points: Points, colour: str, top: int, scale: tuple[float, int, int]) -> str:
    last, least, spread = scale
    drawn = [
        (MARGIN + at / last * WIDTH, top + HEIGHT - (value - least) / spread * HEIGHT)
        for at, value in points
    ]
    if not drawn:
        return ""
    path = f"M{drawn[0][0]:.1f} {drawn[0][1]:.1f}"
    path += "".join(f"H{x:.1f}V{y:.1f}" for x, y in drawn[1:]) + f"H{MARGIN + WIDTH}"
    return f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='2'/>"
