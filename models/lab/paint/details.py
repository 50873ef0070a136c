"""Small repeated scenery: flowers and fallen leaves underfoot, roofs of a village, towers of a city."""
from __future__ import annotations

import numpy as np

from .canvas import SIZE, Canvas
from .palette import Colour, mix

UNDERFOOT: dict[str, tuple[Colour, ...]] = {
    "spring": ((0.99, 0.72, 0.82), (1.0, 1.0, 0.98), (0.98, 0.86, 0.36)),
    "summer": ((0.95, 0.25, 0.22), (0.99, 0.88, 0.30), (0.40, 0.40, 0.90)),
    "autumn": ((0.85, 0.28, 0.08), (0.95, 0.62, 0.12), (0.60, 0.22, 0.08)),
    "winter": ((1.0, 1.0, 1.0), (0.74, 0.82, 0.95), (1.0, 1.0, 1.0)),
}
WALLS: tuple[Colour, ...] = ((0.95, 0.90, 0.80), (0.90, 0.80, 0.68), (0.84, 0.74, 0.70))
ROOFS: tuple[Colour, ...] = ((0.72, 0.30, 0.22), (0.56, 0.28, 0.26), (0.44, 0.36, 0.42))
LAMP: Colour = (1.0, 0.84, 0.45)


def flowers(canvas: Canvas, top: float, bottom: float) -> None:
    """What the season strews on the ground, larger towards us."""
    colours = UNDERFOOT[canvas.palette.season]
    for i in range(26):
        t = ((i * 37) % 26) / 26
        x = (i * 61.8 + 13) % SIZE
        size = 1.5 + 1.6 * t
        canvas.ellipse(x, top + (bottom - top) * t, size, size * 0.85, canvas.palette.surface(colours[i % 3], 0.0), edge=0)


def roofs(canvas: Canvas, heights: np.ndarray) -> None:
    """Two rows of gabled houses with a steeple among them."""
    p = canvas.palette
    snowy = p.season == "winter"
    for row, (count, y, width, height, distance) in enumerate(((7, 178, 34, 26, 0.26), (6, 196, 40, 32, 0.10))):
        if row == 1:
            canvas.rectangle(120, 128, 16, 60, p.surface(WALLS[0], 0.2), edge=0.8)
            canvas.polygon([(116, 130), (128, 92), (140, 130)], p.surface((0.95, 0.96, 1.0) if snowy else ROOFS[2], 0.18), edge=0.8)
        for i in range(count):
            x = (i + 0.5 * row) * SIZE / (count - 0.5 * row) - 2
            tall = height + 4 * float(heights[min(15, int(max(x, 0) / 16))])
            canvas.rectangle(x, y - tall, width * 0.86, tall, p.surface(WALLS[(i + row) % 3], distance), edge=0.8)
            roof = (0.95, 0.96, 1.0) if snowy else ROOFS[(i * 2 + row) % 3]
            canvas.polygon([(x - 4, y - tall + 2), (x + width * 0.43, y - tall - 17), (x + width * 0.86 + 4, y - tall + 2)], p.surface(roof, distance), edge=0.8)
            pane = p.glow(LAMP) if p.lamps else p.surface((0.28, 0.36, 0.46), distance)
            for k in range(2):
                canvas.rectangle(x + 6 + 13 * k, y - tall + 8, 6, 8, pane, edge=0.4)


def towers(canvas: Canvas, heights: np.ndarray, base: float, distance: float, tallest: float) -> None:
    """A row of high-rises against the sky, lit from inside after sunset."""
    p = canvas.palette
    wall = mix((0.50, 0.52, 0.62), (0.62, 0.50, 0.48), 0.3 if distance > 0.5 else 0.7)
    pane = p.glow(LAMP) if p.lamps else p.surface(mix(wall, (0.85, 0.93, 1.0), 0.55), distance)
    for i in range(11):
        width = (27, 20, 24)[i % 3]
        x = i * SIZE / 10.4 - 8
        top = base - tallest * (0.62 + 0.16 * float(heights[min(15, int(i * 1.5))]) + (0.42 if i % 4 == 1 else 0.0))
        canvas.rectangle(x, top, width, base - top + 2, p.surface(wall, distance), edge=0.7)
        if p.season == "winter":
            canvas.rectangle(x - 1, top - 2, width + 2, 4, p.surface((0.96, 0.97, 1.0), distance), edge=0)
        elif i % 4 == 1:
            canvas.line([(x + width / 2, top), (x + width / 2, top - 12)], p.surface(wall, distance), 1.6)
        for r in range(int((base - top - 8) / 11)):
            for c in range(int(width / 7)):
                if (i * 5 + r * 3 + c * 7) % 4:
                    canvas.rectangle(x + 3.5 + 7 * c, top + 6 + 11 * r, 3.6, 6, pane, edge=0)
