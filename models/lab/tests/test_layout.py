"""Layout and picture are pure functions of request and noise, and keep what the request asks."""
import random

import numpy as np

from lab.attributes import COMPANIONS, THINGS
from lab.captions import Request, Wish, sample
from lab.layout import arrange, noise
from lab.paint import render


def test_the_same_seed_draws_the_same_picture() -> None:
    request = sample(random.Random(3), complete=True)
    first, again, other = (render(arrange(request, noise(seed))) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_picture_is_256_square_and_not_empty() -> None:
    rng = random.Random(4)
    for seed in range(40):
        picture = render(arrange(sample(rng), noise(seed)))
        assert picture.shape == (256, 256, 3) and picture.dtype == np.uint8
        assert picture.std() > 8


def test_what_is_asked_for_is_there_as_often_as_asked() -> None:
    rng = random.Random(5)
    for seed in range(500):
        request = sample(rng)
        layout = arrange(request, noise(seed))
        for wish in request.wishes:
            assert sum(p.thing == wish.thing for p in layout.things) == wish.count, (request, wish)


def test_named_attributes_are_kept() -> None:
    rng = random.Random(6)
    for seed in range(200):
        request = sample(rng)
        attributes = arrange(request, noise(seed)).attributes
        assert all(attributes[name] == value for name, value in request.named)


def test_positions_are_kept() -> None:
    for seed in range(60):
        for place in ("coast", "meadow"):
            for position, low, high in (("left", 0.0, 0.5), ("right", 0.5, 1.0)):
                layout = arrange(Request((("place", place),), (Wish("lighthouse", 1, position),)), noise(seed))
                assert low < layout.things[0].anchor.x < high


def test_companions_come_about_as_often_as_they_should() -> None:
    for place, things in COMPANIONS.items():
        for thing, share in things.items():
            request = Request((("place", place),), ())
            seen = np.mean([any(p.thing == thing for p in arrange(request, noise(seed)).things) for seed in range(300)])
            assert abs(seen - share) < 0.12, (place, thing, seen)
            assert seen >= 0.5


def test_every_thing_can_be_drawn() -> None:
    for thing in THINGS:
        place = "coast" if THINGS[thing].stands != "ground" else "meadow"
        bare = Request((("place", place), ("weather", "clear")), ())
        with_thing = Request(bare.named, (Wish(thing, 3),))
        assert not np.array_equal(render(arrange(bare, noise(1))), render(arrange(with_thing, noise(1))))
