"""Which pictures training never sees.

A tenth of the 1,920 combinations of place, time, weather, season and style is set aside by a hash:
the split is by what is drawn, not by how the caption words it.
"""
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from itertools import product

from .attributes import ATTRIBUTES

ONE_IN = 10


def held_out(attributes: Mapping[str, str]) -> bool:
    """Whether this combination of all five attributes is kept for measuring."""
    key = "/".join(attributes[name] for name in ATTRIBUTES)
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % ONE_IN == 0


@cache
def held_out_combinations() -> tuple[dict[str, str], ...]:
    every = (dict(zip(ATTRIBUTES, values)) for values in product(*ATTRIBUTES.values()))
    return tuple(combination for combination in every if held_out(combination))
