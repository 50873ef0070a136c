"""A whole picture: sky, place, things, weather, in the order light passes through them."""
from __future__ import annotations

import math

import numpy as np

from ..layout import Layout
from .canvas import SIZE, Canvas
from .palette import SUN, SUN_HEIGHT, mix, palette
from .places import PLACES
from .things import DRAW


def render(layout: Layout, size: int = SIZE) -> np.ndarray:
    """Draws `layout`: [size, size, 3] uint8, RGB."""
    a = layout.attributes
    canvas = Canvas(palette(a["time"], a["weather"], a["season"], a["style"]), size)
    _sky(canvas, layout)
    above = [item for item in layout.things if item.thing in ("birds", "balloon")]
    for item in above:
        DRAW[item.thing](canvas, item.anchor.x * SIZE, item.anchor.y * SIZE, item.anchor.scale)
    PLACES[a["place"]](canvas, layout)
    for item in sorted(layout.things, key=lambda item: item.anchor.y):  # far things first
        if item not in above:
            DRAW[item.thing](canvas, item.anchor.x * SIZE, item.anchor.y * SIZE, item.anchor.scale)
    _weather(canvas)
    return canvas.finish()


def _sky(canvas: Canvas, layout: Layout) -> None:
    p = canvas.palette
    zenith, middle, horizon = (p.treat(c) for c in p.sky)
    canvas.wash(0, SIZE, [(0, zenith, 1), (0.34, middle, 1), (0.58, horizon, 1), (1, horizon, 1)])
    x, y = layout.sun * SIZE, SUN_HEIGHT[p.time] * SIZE
    disc = p.treat(mix(SUN[p.time], p.haze, 0.25 if p.weather == "fog" else 0.0))
    if p.dark and p.weather == "clear":
        _stars(canvas)
    if p.weather in ("clear", "fog"):
        strength = 1.0 if p.weather == "clear" else 0.5
        canvas.halo(x, y, 150 if p.time == "sunset" else 105, disc, (0.80 if p.time != "night" else 0.42) * strength)
        if p.dark:
            canvas.crescent(x, y, 16, disc)
        else:
            radius = 20 if p.time == "sunset" else 15
            canvas.ellipse(x, y, radius, radius, disc, edge=0.6 if p.style == "ink" else 0)
    elif p.weather == "cloudy":
        canvas.halo(x, y, 90, disc, 0.45)
    if p.weather != "fog":
        _clouds(canvas, layout)


def _stars(canvas: Canvas) -> None:
    star = canvas.palette.treat((0.95, 0.96, 1.0))
    for i in range(34):
        x, y = (i * 158.1 + 20) % SIZE, (i * 61.8 + 9) % 118
        canvas.ellipse(x, y, 1.5 if i % 5 else 2.2, 1.5 if i % 5 else 2.2, star, edge=0)


def _clouds(canvas: Canvas, layout: Layout) -> None:
    """A few fair-weather clouds, or a closed ceiling of them."""
    p = canvas.palette
    heavy = p.weather in ("cloudy", "rain", "snow")
    white = mix((1.0, 1.0, 1.0), p.sky[2], 0.25)
    if p.time == "sunset":
        white = mix(white, (1.0, 0.62, 0.50), 0.5)
    if p.dark:
        white = mix(p.sky[1], (0.60, 0.66, 0.82), 0.35)
    low = mix(white, p.sky[1], 0.45)
    if heavy:
        white = mix(mix(p.sky[2], (1, 1, 1), 0.30 if not p.dark else 0.12), p.sky[0], 0.05 if p.weather == "cloudy" else 0.25)
        low = mix(white, p.sky[0], 0.55)
    for i, (x, cover) in enumerate(zip((0.125, 0.3125, 0.5, 0.6875, 0.875), layout.clouds)):
        size = (1.0 if heavy else 0.35) + 0.22 * float(cover)
        y = (22, 40, 17, 46, 27)[i] + (0 if heavy else 12)
        if size > 0.38:
            _cloud(canvas, x * SIZE, y, size, p.treat(white), p.treat(low))
            if heavy:
                _cloud(canvas, x * SIZE + 24, y + 34 + 6 * (i % 2), size * 0.75, p.treat(mix(white, p.haze, 0.3)), p.treat(mix(low, p.haze, 0.3)))


def _cloud(canvas: Canvas, x: float, y: float, size: float, top: tuple[float, float, float], under: tuple[float, float, float]) -> None:
    w = 34 * size
    canvas.ellipse(x, y + 4 * size, w * 1.1, 8 * size, under, edge=0.5)
    for dx, dy, r in ((-0.62, 2, 0.36), (-0.18, -3, 0.50), (0.32, 0, 0.42), (0.72, 3, 0.28)):
        canvas.ellipse(x + dx * w, y + dy * size, r * w, r * w * 0.66, top, edge=0.35)
    canvas.ellipse(x, y + 3.5 * size, w * 0.92, 6 * size, top, edge=0)


def _weather(canvas: Canvas) -> None:
    p = canvas.palette
    if p.weather == "fog":
        veil = p.treat(mix(p.haze, (1, 1, 1), 0.25 if not p.dark else 0.05))
        canvas.wash(0, SIZE, [(0, veil, 0.10), (0.40, veil, 0.46), (0.47, veil, 0.20), (0.58, veil, 0.50), (0.66, veil, 0.18), (0.76, veil, 0.34), (0.84, veil, 0.08), (1, veil, 0.04)])
    elif p.weather == "rain":
        drop = p.treat(mix((0.92, 0.95, 1.0), p.haze, 0.2))
        for i in range(58):
            x, y = (i * 158.1 + 7) % (SIZE + 40) - 10, (i * 61.8 + (i * i * 7) % 31) % SIZE
            length = 13 + (i * 5) % 9
            canvas.line([(x, y), (x - length * 0.32, y + length)], drop, 1.5, 0.62)
    elif p.weather == "snow":
        flake = p.treat((1.0, 1.0, 1.0)) if not p.dark else p.treat((0.90, 0.93, 1.0))
        for i in range(76):
            x, y = (i * 158.1 + 11 * math.sin(i)) % SIZE, (i * 61.8 + (i * i * 5) % 37) % SIZE
            size = 1.7 + 0.6 * ((i * 7) % 4)
            canvas.ellipse(x, y, size, size, flake, edge=0)
