"""Light: the colours of a picture from its time, weather, season and style.

One model for everything drawn: a surface colour is lit (multiplied by the hour's light), pushed
towards the haze by its distance, and passed through the style's own colour treatment last.
"""
from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]

SKY = {  # zenith, middle, horizon
    "morning": ((0.46, 0.62, 0.86), (0.95, 0.77, 0.82), (1.00, 0.91, 0.74)),
    "day": ((0.17, 0.50, 0.86), (0.47, 0.76, 0.95), (0.86, 0.95, 0.97)),
    "sunset": ((0.24, 0.17, 0.46), (0.84, 0.34, 0.40), (1.00, 0.73, 0.34)),
    "night": ((0.02, 0.05, 0.16), (0.06, 0.13, 0.32), (0.20, 0.32, 0.52)),
}
LIGHT = {"morning": (1.0, 0.93, 0.88), "day": (1.0, 1.0, 0.98), "sunset": (0.92, 0.66, 0.58), "night": (0.37, 0.46, 0.72)}
SUN = {"morning": (1.0, 0.97, 0.84), "day": (1.0, 0.98, 0.86), "sunset": (1.0, 0.86, 0.52), "night": (0.96, 0.96, 0.88)}
SUN_HEIGHT = {"morning": 0.40, "day": 0.14, "sunset": 0.44, "night": 0.17}
VEIL = {  # weather: grey it tends to, how far the sky goes there, how much haze it adds
    "clear": ((0.5, 0.5, 0.5), 0.0, 0.0),
    "cloudy": ((0.62, 0.66, 0.72), 0.50, 0.06),
    "rain": ((0.40, 0.46, 0.55), 0.62, 0.16),
    "snow": ((0.66, 0.73, 0.83), 0.55, 0.12),
    "fog": ((0.86, 0.87, 0.87), 0.62, 0.46),
}
BRIGHTNESS = {"morning": 0.95, "day": 1.0, "sunset": 0.74, "night": 0.34}
GREEN = {  # season: grass, far hills, leaves
    "spring": ((0.60, 0.78, 0.36), (0.56, 0.72, 0.50), (0.98, 0.68, 0.79)),
    "summer": ((0.24, 0.55, 0.22), (0.26, 0.50, 0.36), (0.13, 0.42, 0.20)),
    "autumn": ((0.83, 0.57, 0.20), (0.66, 0.45, 0.30), (0.85, 0.33, 0.10)),
    "winter": ((0.92, 0.95, 0.99), (0.78, 0.85, 0.93), (0.86, 0.90, 0.96)),
}
PINE = {"spring": (0.22, 0.46, 0.30), "summer": (0.08, 0.32, 0.20), "autumn": (0.30, 0.36, 0.16), "winter": (0.34, 0.48, 0.52)}
PAPER: Colour = (0.97, 0.94, 0.87)


def mix(a: Colour, b: Colour, t: float) -> Colour:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def luminance(c: Colour) -> float:
    return 0.30 * c[0] + 0.59 * c[1] + 0.11 * c[2]


@dataclass(frozen=True)
class Palette:
    time: str
    weather: str
    season: str
    style: str
    sky: tuple[Colour, Colour, Colour]
    haze: Colour
    light: Colour
    fog: float
    grass: Colour
    hills: Colour
    leaves: Colour
    pine: Colour

    def surface(self, colour: Colour, distance: float = 0.0) -> Colour:
        """`colour` as seen at `distance` (0 at our feet, 1 at the horizon)."""
        lit = (colour[0] * self.light[0], colour[1] * self.light[1], colour[2] * self.light[2])
        veil = min(0.95, 0.78 * distance + self.fog * (0.25 + 0.95 * distance))
        return self.treat(mix(lit, self.haze, veil))

    def glow(self, colour: Colour) -> Colour:
        """A colour that shines by itself: no light, a little fog."""
        return self.treat(mix(colour, self.haze, 0.4 * self.fog))

    def treat(self, c: Colour) -> Colour:
        """The style's own handling of any colour."""
        grey = luminance(c)
        if self.style == "ink":
            return mix(mix((grey, grey, grey), c, 0.60), PAPER, 0.24)
        if self.style == "watercolour":
            return mix(mix((grey, grey, grey), c, 1.12), PAPER, 0.20)
        return tuple(min(1.0, max(0.0, grey + (v - grey) * 1.10)) for v in c)  # type: ignore[return-value]

    @property
    def dark(self) -> bool:
        return self.time == "night"

    @property
    def lamps(self) -> bool:
        """Whether windows are lit."""
        return self.time in ("night", "sunset")


def palette(time: str, weather: str, season: str, style: str) -> Palette:
    grey, pull, fog = VEIL[weather]
    bright = BRIGHTNESS[time]
    tinted = tuple(g * bright * t for g, t in zip(grey, (0.78, 0.94, 1.25) if time == "night" else (1.0, 1.0, 1.0)))
    stops = tuple(mix(c, mix(tinted, c, 0.18), pull) for c in SKY[time])
    light = LIGHT[time]
    if weather in ("cloudy", "rain", "snow"):
        light = mix(light, tuple(v * luminance(light) for v in (0.88, 0.93, 1.0)), 0.45)
    if weather == "rain":
        light = tuple(v * 0.86 for v in light)
    grass, hills, leaves = GREEN[season]
    haze = mix(stops[2], stops[1], 0.25)
    return Palette(time, weather, season, style, stops, haze, light, fog, grass, hills, leaves, PINE[season])
