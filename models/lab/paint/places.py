"""The eight places, from the skyline down to the ground at our feet.

Each function draws over a finished sky. Heights come from the layout's ridges (unit variance, one
value for every sixteenth of the width), so hills move with the noise; what things stand on lies
where `layout.anchors` says.
"""
from __future__ import annotations

import math
from collections.abc import Callable

from ..layout import Layout
from .canvas import SIZE, Canvas, Point
from .details import flowers, roofs, towers
from .palette import Colour, mix
from .things import conifer, leafy

STEP = SIZE / 15


def ridge(layout: Layout, index: int, base: float, height: float, shift: int = 0) -> list[Point]:
    """A skyline at `base`, undulating by `height` pixels a standard deviation."""
    profile = layout.ridges[index]
    return [(i * STEP, base - height * float(profile[(i + shift) % 16 if shift else i])) for i in range(16)]


def sea(canvas: Canvas, horizon: float, bottom: float, sun_x: float) -> None:
    """Water that takes its colour from the sky above it and the sun's path upon it."""
    p = canvas.palette
    deep = {"morning": (0.34, 0.56, 0.70), "day": (0.10, 0.44, 0.66), "sunset": (0.42, 0.24, 0.42), "night": (0.04, 0.10, 0.24)}[p.time]
    far = p.treat(mix(p.haze, p.sky[1], 0.5))
    near = p.treat(mix(mix(deep, p.sky[0], 0.25), p.haze, 0.15 + 0.5 * p.fog))
    canvas.wash(horizon, bottom, [(0, far, 1), (0.3, mix(far, near, 0.6), 1), (1, near, 1)])
    shine = p.treat(mix(p.haze, (1, 1, 1), 0.45))
    span = bottom - horizon
    for i in range(9):  # long swells, wider and further apart as they come nearer
        t = (i + 1) / 9
        y = horizon + span * t * t * 0.96
        x = (i * 97 + 31) % SIZE
        canvas.line([(x - 16 - 34 * t, y), (x + 16 + 34 * t, y)], shine, 0.7 + 1.3 * t, 0.30)
    if p.weather in ("clear", "cloudy"):
        path = p.glow({"morning": (1.0, 0.94, 0.80), "day": (1.0, 1.0, 0.96), "sunset": (1.0, 0.80, 0.44), "night": (0.90, 0.93, 1.0)}[p.time])
        strength = (0.85 if p.time != "day" else 0.45) * (1.0 if p.weather == "clear" else 0.4)
        for i in range(11):
            t = (i + 0.5) / 11
            half = (4 + 15 * t) * (0.75 + 0.25 * math.cos(i * 2.4))
            y = horizon + 2 + (span - 4) * t
            canvas.line([(sun_x - half, y), (sun_x + half, y)], path, 1.2 + 1.6 * t, strength * (1 - 0.5 * t))


def coast(canvas: Canvas, layout: Layout) -> None:
    p, side = canvas.palette, layout.side
    canvas.curve(ridge(layout, 0, 131, 5), p.surface(p.hills, 0.86), 140, edge=0.3)
    sea(canvas, 138, SIZE, layout.sun * SIZE)
    rock, shadow = (0.58, 0.50, 0.46), (0.36, 0.32, 0.36)

    def at(x: float, y: float) -> Point:
        return (x if side < 0 else SIZE - x, y)

    lift = 5 * float(layout.ridges[1][3 if side < 0 else 12])
    canvas.polygon([at(120, 118), at(178, 149), at(206, 151), at(196, 158), at(110, 162)], p.surface(rock, 0.42), edge=0.5)
    canvas.polygon([at(-4, 110), at(144, 121), at(151, 140), at(143, 168), at(160, 192), at(150, 203), at(-4, 212)], p.surface(shadow, 0.12))
    canvas.polygon([at(-4, 112), at(118, 120), at(108, 152), at(116, 178), at(96, 207), at(-4, 212)], p.surface(rock, 0.10), edge=0.4)
    canvas.polygon([at(-4, 112), at(52, 116), at(60, 160), at(40, 209), at(-4, 212)], p.surface(mix(rock, shadow, 0.45), 0.08), edge=0.3)
    for x, top, foot in ((82, 126, 196), (128, 128, 184), (24, 130, 204)):
        canvas.line([at(x, top), at(x - 5, (top + foot) / 2), at(x + 3, foot)], p.surface(shadow, 0.05), 1.6, 0.6)
    top = [at(-4, 104 - lift * 0.4), at(40, 107), at(90, 113), at(132, 117), at(147, 122)]
    canvas.polygon([*top, at(146, 129), at(112, 125), at(84, 129), at(50, 121), at(22, 126), at(-4, 121)], p.surface(p.grass, 0.06))
    foam = p.surface((0.96, 0.98, 1.0), 0.05)
    canvas.line([at(-4, 212), at(60, 211), at(100, 208), at(150, 204), at(166, 197)], foam, 3.0, 0.75, smooth=True)
    bank = [(x, 243 - 4 * math.sin(x / 37 + 1)) for x in range(-8, SIZE + 24, 24)]
    canvas.curve(bank, p.surface(p.grass, 0.0))
    flowers(canvas, 242, 252)


def mountains(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    stone, snow = (0.42, 0.44, 0.56), (0.97, 0.98, 1.0)
    for index, base, height, spread, distance in ((0, 92, 15, 34, 0.74), (1, 118, 13, 30, 0.50)):
        for k in range(5):
            x = (k + 0.5) * SIZE / 5 + (index * 26 - 13)
            peak = base - height * float(layout.ridges[index][min(15, 1 + 3 * k)]) - (14 if k % 2 == index else 0)
            half = spread + 12
            canvas.polygon([(x - half, 190), (x, peak), (x + half, 190)], p.surface(stone, distance), edge=0.6)
            canvas.polygon([(x, peak), (x + half, 190), (x + 6, 190), (x - 5, peak + 34), (x + 3, peak + 20)], p.surface(mix(stone, (0.16, 0.18, 0.30), 0.55), distance), edge=0)
            cap = 26 if p.season != "winter" else 44
            drop = cap / (190 - peak) * half
            canvas.polygon([(x, peak), (x + drop, peak + cap), (x + drop * 0.4, peak + cap * 0.72), (x, peak + cap * 1.05), (x - drop * 0.5, peak + cap * 0.7), (x - drop, peak + cap)],
                           p.surface(snow, distance * 0.8), edge=0.3)
    canvas.curve(ridge(layout, 2, 160, 6), p.surface(p.hills, 0.30), edge=0.6)
    for i in range(14):
        x = 9 + i * 18.5
        conifer(canvas, x, 176 - 3 * float(layout.ridges[2][i + 1]), 17 + 3 * float(layout.ridges[1][i + 1]), 0.26, edge=0.4)
    canvas.curve([(x, 188 + 5 * math.sin(x / 44)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, 0.08))
    canvas.curve([(x, 222 + 5 * math.sin(x / 38 + 2)) for x in range(-8, SIZE + 24, 24)], p.surface(mix(p.grass, (0.1, 0.2, 0.1), 0.18 if p.season != "winter" else 0.04), 0.0))
    flowers(canvas, 226, 252)


def lake(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    layers = ((0, 108, 11, 0.74), (1, 122, 8, 0.50), (2, 136, 5, 0.28))
    for index, base, height, distance in layers:
        canvas.curve(ridge(layout, index, base, height), p.surface(p.hills, distance), 148, edge=0.5)
    sea(canvas, 146, SIZE, layout.sun * SIZE)
    for index, base, height, distance in layers:  # the hills again, head down and dimmed
        mirrored = [(x, 146 + 0.75 * (146 - y)) for x, y in ridge(layout, index, base, height)]
        canvas.tint(mirrored, mix(p.surface(p.hills, distance), p.surface((0.2, 0.35, 0.45), 0.3), 0.35), 0.42, base=146)
    canvas.curve([(x, 143 + 1.5 * math.sin(x / 20)) for x in range(-8, SIZE + 24, 16)], p.surface(p.grass, 0.16), 149, edge=0.5)
    canvas.curve([(x, 236 + 9 * math.cos(x / SIZE * math.tau)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, 0.0))
    for x in (10, 18, 27, 36, 220, 229, 238, 247):
        canvas.line([(x, 248), (x - 2, 216 + (x * 7) % 11)], p.surface(mix(p.grass, p.pine, 0.6), 0.0), 1.8)
    flowers(canvas, 244, 253)


def forest(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    canvas.curve([(x, 150) for x in range(0, SIZE + 20, 20)], p.surface(p.hills, 0.55), edge=0)
    for row, (count, height, y, distance) in enumerate(((13, 62, 156, 0.62), (9, 86, 172, 0.36))):
        for i in range(count):
            x = (i + 0.5) * SIZE / count
            gap = abs(x - SIZE / 2) / (SIZE / 2)
            size = (height + 8 * float(layout.ridges[row][min(15, int(x / 16))])) * (0.62 + 0.45 * gap)
            (conifer if (i + row) % 3 else leafy)(canvas, x, y, size, distance, edge=0.6)
        canvas.curve([(x, y - 5 + 3 * math.sin(x / 30 + row)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, distance * 0.7), edge=0.4)
    canvas.curve([(x, 188 + 4 * math.sin(x / 50)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, 0.06))
    earth = p.surface((0.72, 0.60, 0.44) if p.season != "winter" else (0.80, 0.84, 0.90), 0.02)
    canvas.polygon([(122, 176), (134, 176), (146, 196), (150, 216), (196, SIZE), (84, SIZE), (116, 216), (124, 196)], earth, edge=0.6)
    for x, size in ((14, 172), (242, 184), (44, 118), (214, 126)):
        conifer(canvas, x, 232 if size > 150 else 208, size, 0.03 if size > 150 else 0.16)
    flowers(canvas, 234, 252)


def meadow(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    canvas.curve(ridge(layout, 0, 118, 9), p.surface(p.hills, 0.74), edge=0.5)
    canvas.curve(ridge(layout, 1, 138, 8), p.surface(mix(p.hills, p.grass, 0.5), 0.46), edge=0.6)
    for i in range(12):
        x = 12 + i * 21
        leafy(canvas, x, 157 - 3 * float(layout.ridges[2][i + 2]), 13, 0.36, edge=0.4)
    canvas.curve(ridge(layout, 2, 158, 5), p.surface(p.grass, 0.24))
    canvas.curve([(x, 180 + 9 * math.sin(x / 52 + 0.6)) for x in range(-8, SIZE + 24, 24)], p.surface(mix(p.grass, (1, 1, 0.6), 0.14), 0.10))
    canvas.curve([(x, 214 + 10 * math.sin(x / 61 + 3.4)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, 0.0))
    flowers(canvas, 216, 252)


def desert(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    sand: Colour = {"spring": (0.93, 0.80, 0.58), "summer": (0.97, 0.76, 0.42), "autumn": (0.86, 0.50, 0.30), "winter": (0.93, 0.92, 0.93)}[p.season]
    shade = mix(sand, (0.50, 0.22, 0.24) if p.season != "winter" else (0.50, 0.58, 0.74), 0.42)
    for x, width, index in ((38, 58, 3), (128, 44, 8), (214, 66, 13)):
        top = 112 - 9 * float(layout.ridges[0][index])
        canvas.polygon([(x - width / 2, 152), (x - width * 0.36, top + 4), (x - width * 0.3, top), (x + width * 0.3, top), (x + width * 0.36, top + 5), (x + width / 2, 152)], p.surface(mix(shade, (0.6, 0.3, 0.3), 0.4), 0.58), edge=0.6)
    for index, base, height, distance in ((1, 150, 5, 0.36), (2, 172, 6, 0.16)):
        crest = ridge(layout, index, base, height)
        canvas.curve(crest, p.surface(sand, distance))
        canvas.curve([(x, y + 12 + 9 * math.sin(x / 34 + index)) for x, y in crest], p.surface(mix(sand, shade, 0.75), distance), edge=0)
    crest = [(x, 216 + 13 * math.sin(x / 57 + 4.1)) for x in range(-8, SIZE + 24, 24)]
    canvas.curve(crest, p.surface(sand, 0.0))
    canvas.curve([(x, y + 14 + 5 * math.sin(x / 40)) for x, y in crest], p.surface(mix(sand, shade, 0.55), 0.0), edge=0.3)
    flowers(canvas, 232, 252)


def village(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    canvas.curve(ridge(layout, 0, 116, 10), p.surface(p.hills, 0.74), edge=0.5)
    canvas.curve(ridge(layout, 1, 140, 7), p.surface(p.hills, 0.44), edge=0.6)
    roofs(canvas, layout.ridges[2])
    canvas.curve([(x, 196 + 4 * math.sin(x / 46)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, 0.05))
    lane = p.surface((0.80, 0.70, 0.56) if p.season != "winter" else (0.82, 0.85, 0.91), 0.02)
    canvas.polygon([(124, 192), (134, 192), (150, 212), (190, SIZE), (96, SIZE), (122, 212)], lane, edge=0.6)
    for i in range(9):
        x = 8 + i * 30
        leafy(canvas, x, 200, 17 + 4 * float(layout.ridges[1][min(15, 1 + 2 * i)]), 0.1, edge=0.7)
    flowers(canvas, 224, 252)


def city(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    towers(canvas, layout.ridges[0], 168, 0.66, 70)
    towers(canvas, layout.ridges[1], 172, 0.32, 48)
    sea(canvas, 172, SIZE, layout.sun * SIZE)
    canvas.rectangle(-2, 168, SIZE + 4, 6, p.surface((0.46, 0.44, 0.48), 0.22), edge=0.6)
    for i in range(13):
        leafy(canvas, 6 + i * 20.5, 171, 11 + 2 * float(layout.ridges[2][i + 1]), 0.22, edge=0.4)
    canvas.curve([(x, 230 + 2 * math.sin(x / 30)) for x in range(-8, SIZE + 24, 24)], p.surface(p.grass, 0.0))
    flowers(canvas, 237, 252)


PLACES: dict[str, Callable[[Canvas, Layout], None]] = {
    "coast": coast, "mountains": mountains, "lake": lake, "forest": forest,
    "meadow": meadow, "desert": desert, "village": village, "city": city,
}
