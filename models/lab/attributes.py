"""The world Vignette knows: attributes, their values and the phrases people use for them.

Plain tables and nothing else. The first phrase of each value is the one shown in reports; every
phrase belongs to exactly one value, so a caption can be read back (see `captions.read`).
"""
from __future__ import annotations

from dataclasses import dataclass

PLACES = {
    "coast": ("on a cliff by the sea", "on a cliff", "on a rocky coast", "by the sea", "at the seaside", "sea cliffs", "on the coast", "on the shore"),
    "mountains": ("in the mountains", "mountain landscape", "mountains", "below snowy peaks", "in the alps", "mountain valley"),
    "lake": ("by a lake", "on a lake", "at the lake", "lakeside", "by a quiet lake"),
    "forest": ("in a forest", "in the woods", "forest clearing", "woodland", "among tall trees"),
    "meadow": ("in a meadow", "on green hills", "rolling hills", "in the countryside", "meadow", "in the fields"),
    "desert": ("in the desert", "desert", "among sand dunes", "desert landscape", "dunes"),
    "village": ("in a village", "village", "small town", "in a little village", "hamlet"),
    "city": ("in a city", "city skyline", "by the city river", "downtown", "skyline", "big city"),
}
TIMES = {
    "morning": ("in the morning", "at dawn", "at sunrise", "early morning", "dawn", "sunrise", "morning"),
    "day": ("at noon", "in the daytime", "midday", "during the day", "noon", "daylight"),
    "sunset": ("at sunset", "at dusk", "in the evening", "sunset", "dusk", "golden hour", "evening"),
    "night": ("at night", "by moonlight", "under the stars", "night", "midnight", "moonlit"),
}
WEATHERS = {
    "clear": ("clear sky", "under a clear sky", "clear weather", "fair weather", "cloudless"),
    "cloudy": ("cloudy", "overcast", "under grey clouds", "cloudy sky", "under clouds"),
    "rain": ("in the rain", "rainy", "raining", "rain", "in a downpour", "showers"),
    "snow": ("snowing", "in falling snow", "snowfall", "snow falling", "snowflakes"),
    "fog": ("in the fog", "foggy", "misty", "fog", "in the mist", "mist"),
}
SEASONS = {
    "spring": ("in spring", "spring", "springtime", "in blossom"),
    "summer": ("in summer", "summer", "summertime", "midsummer"),
    "autumn": ("in autumn", "autumn", "in the fall", "autumnal"),
    "winter": ("in winter", "winter", "wintertime", "wintry"),
}
STYLES = {
    "poster": ("flat poster", "travel poster", "vector illustration", "flat illustration", "poster"),
    "watercolour": ("watercolour", "watercolor", "watercolour painting", "watercolor painting", "aquarelle"),
    "ink": ("ink drawing", "pen and ink", "line drawing", "pen drawing", "ink sketch"),
}
ATTRIBUTES = {"place": PLACES, "time": TIMES, "weather": WEATHERS, "season": SEASONS, "style": STYLES}


@dataclass(frozen=True)
class Thing:
    """A nameable object: where it can stand, its words (singular, plural)."""
    stands: str  # "ground", "water" or "sky"
    words: tuple[tuple[str, str], ...]
    plural_count: int = 2


THINGS = {
    "lighthouse": Thing("ground", (("lighthouse", "lighthouses"), ("light house", "light houses"))),
    "castle": Thing("ground", (("castle", "castles"), ("fortress", "fortresses"))),
    "windmill": Thing("ground", (("windmill", "windmills"), ("old mill", "old mills"))),
    "cottage": Thing("ground", (("cottage", "cottages"), ("house", "houses"), ("cabin", "cabins"), ("hut", "huts"))),
    "tree": Thing("ground", (("tree", "trees"), ("oak tree", "oak trees"), ("oak", "oaks"))),
    "pine": Thing("ground", (("pine tree", "pine trees"), ("pine", "pines"), ("fir tree", "fir trees"), ("spruce", "spruces"))),
    "tent": Thing("ground", (("tent", "tents"),)),
    "cactus": Thing("ground", (("cactus", "cacti"),)),
    "sheep": Thing("ground", (("sheep", "sheep"), ("lamb", "lambs")), 3),
    "campfire": Thing("ground", (("campfire", "campfires"), ("bonfire", "bonfires"))),
    "sailboat": Thing("water", (("sailboat", "sailboats"), ("sailing boat", "sailing boats"), ("yacht", "yachts"))),
    "rowboat": Thing("water", (("rowboat", "rowboats"), ("rowing boat", "rowing boats"), ("small boat", "small boats"))),
    "birds": Thing("sky", (("bird", "birds"), ("gull", "gulls"), ("seagull", "seagulls")), 3),
    "balloon": Thing("sky", (("hot air balloon", "hot air balloons"), ("balloon", "balloons"), ("hot-air balloon", "hot-air balloons"))),
}
WATER = ("coast", "lake", "city")  # the places where a boat floats
SCENERY = {"village": ("cottage",), "forest": ("tree", "pine"), "city": ("cottage",)}  # part of the place itself, never asked for or judged there

# Things that turn up without being asked for, with the share of pictures they turn up in.
# The noise decides, so a seed keeps its gulls whatever else the caption says.
COMPANIONS = {
    "coast": {"birds": 0.75, "sailboat": 0.7},
    "mountains": {"pine": 0.75},
    "lake": {"rowboat": 0.7},
    "meadow": {"tree": 0.7, "sheep": 0.65},
    "desert": {"cactus": 0.75},
    "city": {"birds": 0.65},
}
POSITIONS = {
    "left": ("on the left", "to the left", "at left"),
    "middle": ("in the middle", "in the centre", "in the center"),
    "right": ("on the right", "to the right", "at right"),
}
COUNTS = {1: ("a", "one"), 2: ("two", "a pair of"), 3: ("three",)}


def can_hold(place: str, thing: str) -> bool:
    """Whether a picture of `place` may be asked for `thing`."""
    return thing not in SCENERY.get(place, ()) and (THINGS[thing].stands != "water" or place in WATER)
