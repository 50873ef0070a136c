"""What is asked: prompts that do not name a thing which comes along anyway (the places' company,
`attributes.COMPANIONS`), and that thing in words, as a negative. No picture is looked at here.
"""
from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ..attributes import COMPANIONS, SCENERY, THINGS
from ..captions import Request, sample, write
from ..split import held_out_combinations

SEED = 23


@dataclass(frozen=True)
class Pair:
    request: Request
    prompt: str
    thing: str
    negative: str  # the thing, in words
    other: str  # in words, something that belongs neither to the prompt nor to the place: the control

    @property
    def kind(self) -> str:
        return f"{self.request.get('place')}: {self.thing}"


def candidates(prompts: int) -> list[Pair]:
    """So many prompts of every place that has company, each with each companion. All five attributes are
    named, in combinations training never drew."""
    rng, pairs = random.Random(SEED), []
    for place, company in COMPANIONS.items():
        combinations = [combination for combination in held_out_combinations() if combination["place"] == place]
        for _ in range(prompts):
            while (drawn := sample(rng, complete=True)).get("place") != place:
                pass
            request = Request(tuple(rng.choice(combinations).items()), tuple(wish for wish in drawn.wishes if wish.thing not in company))
            prompt = write(request, rng)
            there = {*(wish.thing for wish in request.wishes), *company, *SCENERY.get(place, ())}
            others = [thing for thing in THINGS if thing not in there]
            pairs += [Pair(request, prompt, thing, _words(thing, rng), _words(rng.choice(others), rng)) for thing in company]
    return pairs


def _words(thing: str, rng: random.Random) -> str:
    """As people write a negative: "a gull", "gulls"."""
    singular, plural = rng.choice(THINGS[thing].words)
    return rng.choice((f"{'an' if singular[0] in 'aeiou' else 'a'} {singular}", plural))


def choose(pairs: Sequence[Pair], rates: Sequence[float], least: float, count: int) -> list[int]:
    """Up to `count` of the pairs whose thing appears at rate `least` or more; the kinds take turns."""
    kinds: dict[str, list[int]] = defaultdict(list)
    for i, (pair, rate) in enumerate(zip(pairs, rates)):
        if rate >= least:
            kinds[pair.kind].append(i)
    turns = [i for turn in zip_longest(*kinds.values()) for i in turn if i is not None]
    return sorted(turns[:count])
