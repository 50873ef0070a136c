"""A Cairo surface that knows the three drawing styles.

Everything is drawn with these few verbs, so a style is changed here and nowhere else: how a shape
is filled, what its edge looks like, and how the finished sheet is treated.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import cairo
import numpy as np

from .palette import PAPER, Colour, Palette, mix

SIZE = 256
Point = tuple[float, float]
INK: Colour = (0.16, 0.13, 0.15)


class Canvas:
    def __init__(self, palette: Palette, size: int = SIZE) -> None:
        """Everything is drawn in units of a 256th; `size` is how many pixels a side that becomes."""
        self.palette, self.size = palette, size
        self.surface = cairo.ImageSurface(cairo.FORMAT_RGB24, size, size)
        self.pen = cairo.Context(self.surface)
        self.pen.scale(size / SIZE, size / SIZE)
        self.pen.set_line_join(cairo.LINE_JOIN_ROUND)
        self.pen.set_line_cap(cairo.LINE_CAP_ROUND)

    def polygon(self, points: Sequence[Point], colour: Colour, edge: float = 1.0) -> None:
        self._trace(points)
        self.pen.close_path()
        self._fill(colour, edge)

    def curve(self, points: Sequence[Point], colour: Colour, base: float = SIZE, edge: float = 1.0) -> None:
        """Fills from a smooth line through `points` (left to right) down to `base`."""
        self._spline(points)
        self.pen.line_to(points[-1][0], base)
        self.pen.line_to(points[0][0], base)
        self.pen.close_path()
        self._fill(colour, edge)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour, edge: float = 1.0) -> None:
        self.pen.save()
        self.pen.translate(x, y)
        self.pen.scale(rx, ry)
        self.pen.new_path()
        self.pen.arc(0, 0, 1, 0, math.tau)
        self.pen.restore()
        self._fill(colour, edge)

    def crescent(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A moon four days old."""
        self.pen.new_path()
        self.pen.arc(x, y, radius, math.pi * 0.28, math.pi * 1.42)
        self.pen.curve_to(x - radius * 0.75, y - radius * 0.35, x - radius * 0.30, y + radius * 0.62, x + radius * 0.637, y + radius * 0.77)
        self._fill(colour, 0.3)

    def rectangle(self, x: float, y: float, width: float, height: float, colour: Colour, edge: float = 1.0) -> None:
        self.pen.new_path()
        self.pen.rectangle(x, y, width, height)
        self._fill(colour, edge)

    def line(self, points: Sequence[Point], colour: Colour, width: float, alpha: float = 1.0, smooth: bool = False) -> None:
        if smooth:
            self._spline(points)
        else:
            self._trace(points)
        self.pen.set_source_rgba(*colour, alpha)
        self.pen.set_line_width(width)
        self.pen.stroke()

    def tint(self, points: Sequence[Point], colour: Colour, alpha: float, base: float | None = None) -> None:
        """A see-through shape: a polygon, or with `base` the area between a smooth line and that height."""
        if base is None:
            self._trace(points)
        else:
            self._spline(points)
            self.pen.line_to(points[-1][0], base)
            self.pen.line_to(points[0][0], base)
        self.pen.set_source_rgba(*colour, alpha)
        self.pen.fill()

    def halo(self, x: float, y: float, radius: float, colour: Colour, alpha: float) -> None:
        """A soft light around a point."""
        light = cairo.RadialGradient(x, y, 0, x, y, radius)
        light.add_color_stop_rgba(0, *colour, alpha)
        light.add_color_stop_rgba(0.35, *colour, alpha * 0.42)
        light.add_color_stop_rgba(1, *colour, 0)
        self.pen.set_source(light)
        self.pen.rectangle(x - radius, y - radius, 2 * radius, 2 * radius)
        self.pen.fill()

    def wash(self, top: float, bottom: float, stops: Sequence[tuple[float, Colour, float]]) -> None:
        """A vertical gradient band across the sheet: (offset, colour, alpha)."""
        band = cairo.LinearGradient(0, top, 0, bottom)
        for offset, colour, alpha in stops:
            band.add_color_stop_rgba(offset, *colour, alpha)
        self.pen.set_source(band)
        self.pen.rectangle(0, top, SIZE, bottom - top)
        self.pen.fill()

    def finish(self) -> np.ndarray:
        """Treats the sheet in its style and returns [size, size, 3] uint8, RGB."""
        if self.palette.style != "poster":
            self.pen.identity_matrix()
            self.pen.set_operator(cairo.OPERATOR_MULTIPLY)
            self.pen.set_source_surface(_grain(self.palette.style, self.size))
            self.pen.paint()
            self.pen.set_operator(cairo.OPERATOR_OVER)
            self.pen.set_source_surface(_mount(self.palette.style, self.size))
            self.pen.paint()
        self.surface.flush()
        pixels = np.frombuffer(self.surface.get_data(), np.uint8).reshape(self.size, self.size, 4)
        return np.ascontiguousarray(pixels[..., 2::-1])

    def _fill(self, colour: Colour, edge: float) -> None:
        style = self.palette.style
        self.pen.set_source_rgb(*colour)
        if style == "poster" or edge <= 0:
            self.pen.fill()
            return
        self.pen.fill_preserve()
        if style == "ink":
            line = mix(INK, colour, 0.12 + 0.55 * (1 - min(1.0, edge)))
            self.pen.set_source_rgb(*line)
            self.pen.set_line_width(1.5 * min(1.0, 0.45 + 0.55 * edge))
        else:  # pigment gathers where a wash ends
            self.pen.set_source_rgba(colour[0] * 0.62, colour[1] * 0.62, colour[2] * 0.66, 0.42 * min(1.0, edge))
            self.pen.set_line_width(2.2)
        self.pen.stroke()

    def _trace(self, points: Sequence[Point]) -> None:
        self.pen.new_path()
        self.pen.move_to(*points[0])
        for point in points[1:]:
            self.pen.line_to(*point)

    def _spline(self, points: Sequence[Point]) -> None:
        """Catmull-Rom through the points."""
        self.pen.new_path()
        self.pen.move_to(*points[0])
        last = len(points) - 1
        for i in range(last):
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, last)]
            self.pen.curve_to(x1 + (x2 - x0) / 6, y1 + (y2 - y0) / 6, x2 - (x3 - x1) / 6, y2 - (y3 - y1) / 6, x2, y2)


def _value_noise(cells: int, seed: int, size: int) -> np.ndarray:
    """Smooth [size, size] noise in 0..1 with `cells` cells a side; the same for every picture."""
    lattice = np.random.default_rng(seed).random((cells + 1, cells + 1))
    at = np.linspace(0, cells, size, endpoint=False)
    low = at.astype(int)
    t = at - low
    t = t * t * (3 - 2 * t)
    rows = lattice[low] * (1 - t)[:, None] + lattice[low + 1] * t[:, None]
    return rows[:, low] * (1 - t) + rows[:, low + 1] * t


def _surface(rgba: np.ndarray) -> cairo.ImageSurface:
    bgra = np.ascontiguousarray((np.clip(rgba, 0, 1) * 255).round().astype(np.uint8)[..., [2, 1, 0, 3]])
    surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, *bgra.shape[:2])
    np.frombuffer(surface.get_data(), np.uint8).reshape(bgra.shape)[:] = bgra
    surface.mark_dirty()
    return surface


@cache
def _grain(style: str, size: int) -> cairo.ImageSurface:
    """The tooth of the paper, to be multiplied over the picture."""
    if style == "watercolour":
        tone = 1.03 - 0.09 * _value_noise(9, 1, size) - 0.07 * _value_noise(34, 2, size)
    else:
        diagonal = (np.add.outer(np.arange(size), np.arange(size)) * SIZE / size % 8) / 8
        tone = 1 - 0.085 * (diagonal < 0.25) - 0.02 * _value_noise(40, 3, size)
    return _surface(np.dstack([tone, tone, tone, np.ones_like(tone)]))


@cache
def _mount(style: str, size: int) -> cairo.ImageSurface:
    """What the paper leaves uncovered: a ragged rim for watercolour, a ruled frame for ink."""
    y, x = (np.mgrid[0:size, 0:size] + 0.5) * SIZE / size
    inset = np.minimum(np.minimum(x, SIZE - x), np.minimum(y, SIZE - y))
    if style == "watercolour":
        rim = 9 + 11 * (_value_noise(14, 4, size) - 0.5) + 5 * (_value_noise(40, 5, size) - 0.5)
        alpha = np.clip((rim - inset) / 2.2 + 0.5, 0, 1)
        colour = np.ones((size, size, 3)) * PAPER
    else:
        alpha = np.clip(9.5 - inset, 0, 1)
        rule = np.clip(1.2 - np.abs(inset - 9.5), 0, 1)
        colour = PAPER * (1 - rule[..., None]) + np.array(INK) * rule[..., None]
        alpha = np.maximum(alpha, rule)
    return _surface(np.dstack([colour * alpha[..., None], alpha]))
