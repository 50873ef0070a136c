"""The fourteen things a caption can ask for. (x, y) is where a thing touches the ground, the water
or, in the sky, its middle; `s` its scale, 1 being full size at the bottom of the picture.
"""
from __future__ import annotations

import math
from collections.abc import Callable

from .canvas import Canvas, Point
from .palette import Colour, mix

LAMP: Colour = (1.0, 0.84, 0.42)
SNOW: Colour = (0.96, 0.97, 1.0)
WHITE: Colour = (0.97, 0.96, 0.93)
RED: Colour = (0.86, 0.20, 0.16)
BARK: Colour = (0.36, 0.25, 0.20)


def conifer(canvas: Canvas, x: float, y: float, height: float, distance: float, edge: float = 1.0) -> None:
    """A fir of three tiers, snow-laden in winter."""
    p = canvas.palette
    needle, lit = p.surface(p.pine, distance), p.surface(mix(p.pine, SNOW if p.season == "winter" else (0.55, 0.65, 0.35), 0.75 if p.season == "winter" else 0.22), distance)
    half = height * 0.27
    canvas.rectangle(x - height * 0.035, y - height * 0.14, height * 0.07, height * 0.14, p.surface(BARK, distance), edge=edge * 0.5)
    for tier in range(3):
        foot, top, wide = y - height * (0.10 + 0.25 * tier), y - height * (0.56 + 0.22 * tier), half * (1 - 0.25 * tier)
        canvas.polygon([(x - wide, foot), (x, top), (x + wide, foot)], needle, edge=edge)
        canvas.polygon([(x - wide, foot), (x, top), (x - wide * 0.25, foot - height * 0.02)], lit, edge=0)


def leafy(canvas: Canvas, x: float, y: float, height: float, distance: float, edge: float = 1.0) -> None:
    """A round tree in the leaves of its season."""
    p = canvas.palette
    leaf = p.surface(p.leaves, distance)
    light = p.surface(mix(p.leaves, (1.0, 0.95, 0.70) if p.season != "winter" else (1, 1, 1), 0.30), distance)
    canvas.polygon([(x - height * 0.06, y), (x - height * 0.03, y - height * 0.5), (x + height * 0.03, y - height * 0.5), (x + height * 0.06, y)], p.surface(BARK, distance), edge=edge * 0.5)
    r = height * 0.30
    for dx, dy, k in ((-0.62, 0.52, 0.72), (0.62, 0.50, 0.74), (0.0, 0.68, 1.0)):
        canvas.ellipse(x + dx * r, y - dy * height, r * k, r * k * 0.92, leaf, edge=edge)
    canvas.ellipse(x - r * 0.28, y - height * 0.76, r * 0.58, r * 0.46, light, edge=0)


def lighthouse(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    h = 82 * s

    def half(t: float) -> float:
        return (10.5 - 4.2 * t) * s

    def band(low: float, high: float, colour: Colour) -> None:
        canvas.polygon([(x - half(low), y - h * low), (x - half(high), y - h * high), (x + half(high), y - h * high), (x + half(low), y - h * low)], p.surface(colour, 0.02))

    for k in range(5):
        band(k * 0.146, (k + 1) * 0.146, WHITE if k % 2 == 0 else RED)
    canvas.rectangle(x - 9.5 * s, y - h * 0.765, 19 * s, 3.4 * s, p.surface((0.24, 0.24, 0.30), 0.02), edge=0.5)
    lit = p.time != "day" or p.weather in ("fog", "rain")
    if lit:
        top = y - h * 0.825
        for direction in (-1, 1):
            beam: list[Point] = [(x, top), (x + direction * 120, top - 22), (x + direction * 120, top + 18)]
            canvas.tint(beam, p.glow(LAMP), 0.26 if p.dark else 0.20)
        canvas.halo(x, top, 30 * s, p.glow((1.0, 0.92, 0.62)), 0.9)
    canvas.rectangle(x - 5.2 * s, y - h * 0.885, 10.4 * s, h * 0.12, p.glow((1.0, 0.93, 0.60)) if lit else p.surface((0.70, 0.84, 0.90), 0.0), edge=0.6)
    canvas.polygon([(x - 7.6 * s, y - h * 0.88), (x, y - h), (x + 7.6 * s, y - h * 0.88)], p.surface(RED, 0.02))


def castle(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    stone, roof = p.surface((0.70, 0.66, 0.68), 0.06), p.surface((0.30, 0.34, 0.56) if p.season != "winter" else SNOW, 0.04)
    canvas.rectangle(x - 25 * s, y - 26 * s, 50 * s, 26 * s, stone)
    for k in range(5):
        canvas.rectangle(x - 25 * s + 11 * k * s, y - 31 * s, 6 * s, 6 * s, stone, edge=0.5)
    for dx, tall, wide in ((-25, 44, 13), (25, 40, 13), (0, 58, 15)):
        canvas.rectangle(x + (dx - wide / 2) * s, y - tall * s, wide * s, tall * s, stone)
        canvas.polygon([(x + (dx - wide * 0.68) * s, y - tall * s), (x + dx * s, y - (tall + 19) * s), (x + (dx + wide * 0.68) * s, y - tall * s)], roof)
        pane = p.glow(LAMP) if p.lamps else p.surface((0.22, 0.22, 0.30), 0.0)
        canvas.rectangle(x + (dx - 1.8) * s, y - (tall - 9) * s, 3.6 * s, 7 * s, pane, edge=0.3)
    canvas.polygon([(x - 5 * s, y), (x - 5 * s, y - 10 * s), (x, y - 15 * s), (x + 5 * s, y - 10 * s), (x + 5 * s, y)], p.surface((0.26, 0.18, 0.18), 0.0), edge=0.6)


def windmill(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    canvas.polygon([(x - 14 * s, y), (x - 8 * s, y - 44 * s), (x + 8 * s, y - 44 * s), (x + 14 * s, y)], p.surface((0.95, 0.91, 0.83), 0.02))
    canvas.polygon([(x - 10 * s, y - 43 * s), (x, y - 57 * s), (x + 10 * s, y - 43 * s)], p.surface(SNOW if p.season == "winter" else (0.52, 0.30, 0.24), 0.02))
    canvas.rectangle(x - 3 * s, y - 25 * s, 6 * s, 7 * s, p.glow(LAMP) if p.lamps else p.surface((0.30, 0.36, 0.44), 0.0), edge=0.5)
    canvas.rectangle(x - 3.6 * s, y - 11 * s, 7.2 * s, 11 * s, p.surface((0.42, 0.26, 0.20), 0.0), edge=0.5)
    hub: Point = (x, y - 45 * s)
    frame, cloth = p.surface((0.30, 0.20, 0.18), 0.0), p.surface((0.99, 0.95, 0.86), 0.0)
    for k in range(4):
        a = math.pi / 4 + k * math.pi / 2
        ca, sa = math.cos(a) * s, math.sin(a) * s
        canvas.polygon([(hub[0] + 8 * ca, hub[1] + 8 * sa), (hub[0] + 35 * ca, hub[1] + 35 * sa), (hub[0] + 35 * ca - 9 * sa, hub[1] + 35 * sa + 9 * ca), (hub[0] + 8 * ca - 9 * sa, hub[1] + 8 * sa + 9 * ca)], cloth, edge=0.7)
        canvas.line([hub, (hub[0] + 37 * ca, hub[1] + 37 * sa)], frame, 2.2 * s)


def cottage(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    canvas.rectangle(x + 7 * s, y - 38 * s, 6 * s, 16 * s, p.surface((0.58, 0.34, 0.30), 0.02), edge=0.6)
    canvas.rectangle(x - 17 * s, y - 20 * s, 34 * s, 20 * s, p.surface((0.96, 0.90, 0.78), 0.02))
    canvas.polygon([(x - 22 * s, y - 19 * s), (x - 13 * s, y - 38 * s), (x + 13 * s, y - 38 * s), (x + 22 * s, y - 19 * s)], p.surface(SNOW if p.season == "winter" else (0.74, 0.27, 0.20), 0.02))
    pane = p.glow(LAMP) if p.lamps else p.surface((0.30, 0.40, 0.50), 0.0)
    for dx in (-11, 6):
        canvas.rectangle(x + dx * s, y - 15 * s, 6.5 * s, 7 * s, pane, edge=0.5)
    canvas.rectangle(x - 3 * s, y - 12 * s, 6.4 * s, 12 * s, p.surface((0.40, 0.24, 0.20), 0.0), edge=0.5)


def tree(canvas: Canvas, x: float, y: float, s: float) -> None:
    leafy(canvas, x, y, 62 * s, 0.02)


def pine(canvas: Canvas, x: float, y: float, s: float) -> None:
    conifer(canvas, x, y, 68 * s, 0.02)


def tent(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    canvas.polygon([(x - 24 * s, y), (x, y - 31 * s), (x + 24 * s, y)], p.surface((0.96, 0.56, 0.14), 0.0))
    canvas.polygon([(x, y - 31 * s), (x + 24 * s, y), (x + 9 * s, y)], p.surface((0.74, 0.36, 0.12), 0.0), edge=0.4)
    canvas.polygon([(x, y - 25 * s), (x - 8 * s, y), (x + 8 * s, y)], p.glow(LAMP) if p.lamps else p.surface((0.30, 0.18, 0.16), 0.0), edge=0.6)


def cactus(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    flesh, ridge = p.surface((0.20, 0.50, 0.30), 0.0), p.surface((0.42, 0.68, 0.42), 0.0)
    outline = mix(flesh, (0.1, 0.1, 0.1), 0.6)
    limbs: tuple[tuple[list[Point], float], ...] = (
        ([(x, y - 3 * s), (x, y - 47 * s)], 11.0),
        ([(x, y - 17 * s), (x - 15 * s, y - 19 * s), (x - 15 * s, y - 36 * s)], 7.5),
        ([(x, y - 24 * s), (x + 15 * s, y - 26 * s), (x + 15 * s, y - 42 * s)], 7.5),
    )
    if p.style != "poster":
        for limb, width in limbs:
            canvas.line(limb, outline, (width + 2.4) * s)
    for limb, width in limbs:
        canvas.line(limb, flesh, width * s)
    canvas.line([(x - 1.5 * s, y - 5 * s), (x - 1.5 * s, y - 46 * s)], ridge, 2.2 * s)
    if p.season in ("spring", "winter"):
        canvas.ellipse(x, y - 53 * s, 4.5 * s, 3.5 * s, p.surface(SNOW if p.season == "winter" else (0.95, 0.35, 0.60), 0.0), edge=0.4)


def sheep(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    dark, wool = p.surface((0.20, 0.17, 0.18), 0.0), p.surface((0.99, 0.97, 0.92), 0.0)
    for dx in (-8, -4, 5, 9):
        canvas.line([(x + dx * s, y - 7 * s), (x + dx * s, y)], dark, 2.4 * s)
    for dx, dy, r in ((-8, 12, 7.5), (8, 12, 7.5), (0, 15, 9), (0, 9, 8)):
        canvas.ellipse(x + dx * s, y - dy * s, r * s, r * 0.85 * s, wool, edge=0.5)
    canvas.ellipse(x, y - 12 * s, 11 * s, 6.5 * s, wool, edge=0)
    canvas.ellipse(x - 16 * s, y - 14 * s, 4.8 * s, 5.6 * s, dark, edge=0.5)


def campfire(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    canvas.halo(x, y - 12 * s, (46 if p.dark else 32) * s, p.glow((1.0, 0.66, 0.22)), 0.75)
    for dx in (-1, 1):
        canvas.line([(x - 15 * dx * s, y - 1 * s), (x + 12 * dx * s, y - 8 * s)], p.surface(BARK, 0.0), 5 * s)
    for half, tall, colour in ((11, 33, (0.98, 0.36, 0.10)), (7.5, 24, (1.0, 0.66, 0.14)), (4, 14, (1.0, 0.94, 0.58))):
        canvas.polygon([(x - half * s, y - 9 * s), (x - half * 0.72 * s, y - (9 + tall * 0.5) * s), (x - half * 0.25 * s, y - (7 + tall * 0.62) * s), (x, y - (8 + tall) * s),
                        (x + half * 0.4 * s, y - (8 + tall * 0.55) * s), (x + half * 0.85 * s, y - (9 + tall * 0.45) * s), (x + half * s, y - 9 * s), (x, y - 3 * s)], p.glow(colour), edge=0.3)


def sailboat(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    shade = p.surface((0.20, 0.26, 0.36), 0.1)
    for i in range(3):  # what the water gives back of the sails
        canvas.line([(x - (13 - 4 * i) * s, y + (4 + 3.4 * i) * s), (x + (13 - 4 * i) * s, y + (4 + 3.4 * i) * s)], mix(p.surface(WHITE, 0.1), shade, 0.3 + 0.2 * i), 2 * s, 0.55)
    canvas.line([(x, y - 5 * s), (x, y - 51 * s)], p.surface(BARK, 0.0), 2 * s)
    canvas.polygon([(x - 2 * s, y - 50 * s), (x - 2 * s, y - 9 * s), (x - 20 * s, y - 9 * s)], p.surface(WHITE, 0.0), edge=0.8)
    canvas.polygon([(x + 2 * s, y - 46 * s), (x + 2 * s, y - 9 * s), (x + 16 * s, y - 9 * s)], p.surface((0.93, 0.42, 0.26), 0.0), edge=0.8)
    canvas.polygon([(x - 21 * s, y - 7 * s), (x + 21 * s, y - 7 * s), (x + 14 * s, y + 3 * s), (x - 14 * s, y + 3 * s)], p.surface((0.36, 0.20, 0.18), 0.0))


def rowboat(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    canvas.line([(x - 18 * s, y + 5 * s), (x + 18 * s, y + 5 * s)], p.surface((0.16, 0.22, 0.30), 0.05), 3 * s, 0.5)
    canvas.line([(x + 3 * s, y - 8 * s), (x + 24 * s, y + 3 * s)], p.surface((0.86, 0.72, 0.50), 0.0), 2.2 * s)
    canvas.ellipse(x - 2 * s, y - 13 * s, 6 * s, 8 * s, p.surface((0.20, 0.42, 0.62), 0.0), edge=0.6)
    canvas.ellipse(x - 2 * s, y - 23 * s, 4.2 * s, 4.4 * s, p.surface((0.94, 0.74, 0.58), 0.0), edge=0.6)
    canvas.polygon([(x - 25 * s, y - 10 * s), (x - 14 * s, y - 7 * s), (x + 14 * s, y - 7 * s), (x + 25 * s, y - 10 * s), (x + 16 * s, y + 3.5 * s), (x - 16 * s, y + 3.5 * s)], p.surface((0.80, 0.22, 0.18), 0.0))
    canvas.line([(x - 22 * s, y - 7.6 * s), (x + 22 * s, y - 7.6 * s)], p.surface(WHITE, 0.0), 1.8 * s, 0.9)


def birds(canvas: Canvas, x: float, y: float, s: float) -> None:
    """One gull, wings raised: dark against a bright sky, pale at night."""
    p = canvas.palette
    body = p.treat((0.86, 0.89, 0.96)) if p.dark else p.surface((0.12, 0.12, 0.18), 0.0)
    canvas.polygon([(x, y + 4 * s), (x - 7 * s, y - 4 * s), (x - 19 * s, y - 7.5 * s), (x - 8 * s, y - 8.5 * s), (x, y - 1.5 * s),
                    (x + 8 * s, y - 8.5 * s), (x + 19 * s, y - 7.5 * s), (x + 7 * s, y - 4 * s)], body, edge=0.3)


def balloon(canvas: Canvas, x: float, y: float, s: float) -> None:
    p = canvas.palette
    warm, pale = (p.glow if p.dark else p.surface)((0.92, 0.30, 0.22)), (p.glow if p.dark else p.surface)((1.0, 0.84, 0.44))
    for dx in (-5, 5):
        canvas.line([(x + dx * 1.8 * s, y + 14 * s), (x + dx * 0.8 * s, y + 29 * s)], p.surface((0.25, 0.2, 0.2), 0.0), 1.2 * s)
    canvas.polygon([(x - 15 * s, y + 8 * s), (x + 15 * s, y + 8 * s), (x + 6 * s, y + 21 * s), (x - 6 * s, y + 21 * s)], warm, edge=0.7)
    canvas.ellipse(x, y - 5 * s, 21 * s, 22 * s, warm)
    canvas.ellipse(x, y - 5 * s, 13 * s, 22 * s, pale, edge=0.3)
    canvas.ellipse(x, y - 5 * s, 5 * s, 22 * s, warm, edge=0.3)
    canvas.rectangle(x - 5.5 * s, y + 27 * s, 11 * s, 8 * s, p.surface((0.50, 0.32, 0.18), 0.0), edge=0.7)


DRAW: dict[str, Callable[[Canvas, float, float, float], None]] = {
    "lighthouse": lighthouse, "castle": castle, "windmill": windmill, "cottage": cottage, "tree": tree, "pine": pine, "tent": tent,
    "cactus": cactus, "sheep": sheep, "campfire": campfire, "sailboat": sailboat, "rowboat": rowboat, "birds": birds, "balloon": balloon,
}
# Boxes (half width, up, down) in pixels at scale 1: where training looks harder.
EXTENT: dict[str, tuple[int, int, int]] = {
    "lighthouse": (14, 84, 2), "castle": (34, 78, 2), "windmill": (30, 72, 2), "cottage": (23, 40, 2), "tree": (22, 64, 2), "pine": (20, 70, 2), "tent": (25, 33, 2),
    "cactus": (20, 58, 2), "sheep": (22, 26, 2), "campfire": (18, 44, 4), "sailboat": (22, 53, 14), "rowboat": (27, 30, 8), "birds": (20, 12, 8), "balloon": (22, 28, 36),
}
