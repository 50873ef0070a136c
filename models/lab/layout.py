"""Where everything stands: a pure function of (request, noise).

The student starts from the same noise, so what it must draw is decided before it begins and plain
regression can be sharp ("the renderer as teacher"). Every decision reads the noise near the place
where its effect is seen: a thing stands where a channel, averaged over a small box, is highest, and
ridges follow column means. As few decisions as make pictures differ, and the same channel for whichever
thing comes first: what every picture teaches is learnt long before what one in fourteen does. What
nobody names has one usual value.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from collections.abc import Iterator
from functools import cache
from statistics import NormalDist

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .attributes import ATTRIBUTES, COMPANIONS, SCENERY, THINGS, can_hold
from .captions import Request

CHANNELS, LATENT, GRID = 12, 32, 16  # latents are [12, 32, 32]; layout reads them in cells of two by two, [12, 16, 16]
GROUND_ROWS, SKY_ROWS, RIDGE_ROWS = slice(8, 12), slice(0, 4), slice(5, 9)
SUN_CHANNEL, CLOUD_CHANNEL, RIDGE_CHANNELS = 6, 4, (2, 3, 7)
THING_CHANNELS, COMPANY_CHANNELS = (0, 1, 5), (8, 9)  # for the first, second ... kind of thing in a band

# What an unnamed attribute is, and what else if that is not wanted.
UNNAMED = {"time": ("day", "sunset"), "weather": ("clear", "cloudy"), "season": ("summer", "autumn"), "style": ("poster", "watercolour")}
SLOTS = (0.125, 0.3125, 0.5, 0.6875, 0.875)  # x of the five columns decisions are read from
HOME = {  # the places a thing suggests when none is named, likeliest first
    "lighthouse": "coast", "castle": "mountains", "windmill": "meadow", "cottage": "meadow", "tree": "meadow", "pine": "mountains",
    "tent": "mountains", "cactus": "desert", "sheep": "meadow", "campfire": "forest", "sailboat": "coast", "rowboat": "lake",
    "birds": "coast", "balloon": "meadow",
}


@dataclass(frozen=True)
class Anchor:
    """A spot a thing can stand on: x and base line in picture widths, and its scale."""
    x: float
    y: float
    scale: float = 1.0


@dataclass(frozen=True)
class Placed:
    thing: str
    anchor: Anchor


@dataclass(frozen=True)
class Layout:
    attributes: dict[str, str]
    things: tuple[Placed, ...]
    ridges: np.ndarray  # [3, 16], unit variance
    clouds: np.ndarray  # [5], how much cloud over each fifth of the sky
    sun: float  # x of the sun or moon, in widths
    side: int  # which side high ground lies on: -1 left, 1 right
    present: frozenset[str] = field(default_factory=frozenset)


def noise(seed: int) -> np.ndarray:
    """The noise a pipeline draws for `seed`: [12, 32, 32] float32, torch's CPU generator."""
    return torch.randn((1, CHANNELS, LATENT, LATENT), generator=torch.Generator("cpu").manual_seed(seed))[0].numpy()


def cells(z: np.ndarray) -> np.ndarray:
    """Noise [..., 12, 32, 32] summed over two by two, halved: again of unit variance, [..., 12, 16, 16]."""
    return z.reshape(*z.shape[:-2], GRID, 2, GRID, 2).sum((-3, -1)) / 2


def noise_of(cells: Tensor, generator: torch.Generator) -> Tensor:
    """A fresh draw of noise [n, 12, 32, 32] among all whose cells are `cells` [n, 12, 16, 16]: the same layout, another grain."""
    z = torch.randn((*cells.shape[:-2], LATENT, LATENT), generator=generator)
    return z + F.interpolate(cells / 2 - F.avg_pool2d(z, 2), scale_factor=2.0, mode="nearest")


def arrange(request: Request, z: np.ndarray, without: str = "") -> Layout:
    """The picture `request` and noise `z` [12, 32, 32] stand for, `without` one thing or attribute value nobody asked for."""
    z = cells(z)
    named = dict(request.named)
    attributes = {name: named.get(name) or _unnamed(name, request, without) for name in ATTRIBUTES}
    place = attributes["place"]
    side = _side(place, request, z)
    taken: set[tuple[str, float]] = set()
    placed: list[Placed] = []

    def put(thing: str, count: int, position: str | None, channels: dict[str, Iterator[int]], share: float = 1.0) -> None:
        stands = THINGS[thing].stands
        channel = next(channels[stands])
        free = [a for a in anchors(place, stands, side) if (stands, a.x) not in taken and _matches(a, position, place, stands)]
        scored = sorted(((_box(z, channel, a.x, stands), a) for a in free), key=lambda pair: -pair[0])
        least = NormalDist().inv_cdf((1 - share) ** (1 / len(free))) if free and share < 1 else -np.inf
        for score, anchor in scored[:count]:
            if score > least:
                taken.add((stands, anchor.x))
                placed.append(Placed(thing, anchor))

    asked, company = ({stands: iter(channels) for stands in ("ground", "water", "sky")} for channels in (THING_CHANNELS, COMPANY_CHANNELS))
    wishes = {wish.thing: wish for wish in request.wishes}
    for thing in sorted(wishes, key=lambda thing: (wishes[thing].position is None, tuple(THINGS).index(thing))):
        put(thing, wishes[thing].count, wishes[thing].position, asked)
    for thing, share in COMPANIONS.get(place, {}).items():
        if thing not in wishes:
            put(thing, 1, None, company, share)

    placed = [item for item in placed if item.thing != without]  # everything else stands where it would
    columns = np.stack([z[c, RIDGE_ROWS].mean(0) * 2 for c in RIDGE_CHANNELS])
    padded = np.pad(columns, ((0, 0), (1, 1)), mode="edge")
    ridges = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 2.45
    clouds = np.array([_box(z, CLOUD_CHANNEL, x, "sky") for x in SLOTS])
    suns = [_box(z, SUN_CHANNEL, x, "sky") for x in SLOTS]
    present = frozenset(p.thing for p in placed) | frozenset(SCENERY.get(place, ()))
    return Layout(attributes, tuple(placed), ridges, clouds, SLOTS[int(np.argmax(suns))], side, present)


@cache
def anchors(place: str, stands: str, side: int) -> tuple[Anchor, ...]:
    """The spots of a place, in the order a picture is read."""
    if stands == "sky":
        return tuple(Anchor(x, y) for x, y in zip(SLOTS, (0.27, 0.17, 0.25, 0.15, 0.26)))
    if stands == "water":
        near, far = {"coast": (0.83, 0.69), "lake": (0.80, 0.70), "city": (0.82, 0.76)}[place]
        spots = [Anchor(x, near if i % 2 else far, 1.15 if i % 2 else 0.85) for i, x in enumerate((0.14, 0.32, 0.5, 0.68, 0.86))]
        if place == "coast":  # in front of the headland only near boats, off it both
            spots = [Anchor(a.x, 0.86, 1.1) if (a.x - 0.5) * side > -0.1 and a.x != 0.5 else a for a in spots]
        return tuple(spots)
    if place == "coast":
        return tuple(Anchor(0.5 + side * (0.5 - x), y) for x, y in zip((0.08, 0.21, 0.34, 0.47), (0.435, 0.45, 0.465, 0.48)))
    y, scale = {"mountains": (0.80, 1.0), "lake": (0.565, 0.8), "forest": (0.84, 1.0), "meadow": (0.75, 1.0), "desert": (0.78, 1.0),
                "village": (0.86, 0.95), "city": (0.92, 0.9)}[place]
    return tuple(Anchor(x, y + (0.03 if i % 2 else 0.0) * (place not in ("lake", "city")), scale) for i, x in enumerate((0.12, 0.31, 0.5, 0.69, 0.88)))


def _box(z: np.ndarray, channel: int, x: float, stands: str) -> float:
    """Unit-variance mean of `channel` over the four columns around x, in the rows of the band."""
    first = min(max(round(x * GRID) - 2, 0), GRID - 4)
    return float(z[channel, SKY_ROWS if stands == "sky" else GROUND_ROWS, first : first + 4].mean() * 4)


def _matches(anchor: Anchor, position: str | None, place: str, stands: str) -> bool:
    if position is None:
        return True
    if place == "coast" and stands == "ground" and position != "middle":
        return True  # the headland itself moves to that side
    return {"left": anchor.x < 0.4, "middle": 0.3 < anchor.x < 0.7 if place == "coast" and stands == "ground" else anchor.x == 0.5, "right": anchor.x > 0.6}[position]


def _side(place: str, request: Request, z: np.ndarray) -> int:
    for wish in request.wishes:
        if THINGS[wish.thing].stands == "ground" and wish.position in ("left", "right"):
            return -1 if wish.position == "left" else 1
    left, right = (sum(_box(z, THING_CHANNELS[0], x, "ground") for x in half) for half in (SLOTS[:2], SLOTS[3:]))
    return 1 if right > left else -1


def _unnamed(attribute: str, request: Request, without: str) -> str:
    if attribute == "place":
        homes = (HOME[wish.thing] for wish in request.wishes)
        return next(p for p in (*homes, "coast", "meadow") if all(can_hold(p, w.thing) for w in request.wishes))
    return next(value for value in UNNAMED[attribute] if value != without)


def unasked(request: Request, layout: Layout) -> list[str]:
    """What a negative prompt could take away: company that came by itself, and usual values."""
    wished = {wish.thing for wish in request.wishes}
    things = [thing for thing in COMPANIONS.get(layout.attributes["place"], {}) if thing not in wished and thing in layout.present]
    return things + [layout.attributes[name] for name in UNNAMED if request.get(name) is None]
