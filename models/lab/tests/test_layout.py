"""Layout and picture are pure functions of request and noise, and keep what the request asks."""
import random
from pathlib import Path

import numpy as np
import torch

from lab.attributes import COMPANIONS, THINGS
from lab.captions import Request, Wish, sample
from lab.dataset import Dataset
from lab.layout import arrange, cells, noise, noise_of, unasked
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


def test_a_picture_at_another_size_is_the_same_picture(pictures: Path) -> None:
    """Half size again by averaging, it differs by what antialiasing and thin grain differ; another picture by far more."""
    data = Dataset(pictures)
    for i in range(8):
        layout = data.layout(i)
        assert np.array_equal(render(layout), data.images[i])
        halved = render(layout, 512).reshape(256, 2, 256, 2, 3).mean((1, 3))
        same, other = (np.abs(halved - data.images[j]).mean() for j in (i, (i + 1) % 8))
        assert same < 2.5 and same < other / 4


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


def test_a_layout_reads_cells_alone() -> None:
    rng, generator = random.Random(7), torch.Generator().manual_seed(7)
    for seed in range(40):
        request, z = sample(rng), noise(seed)
        other = noise_of(torch.from_numpy(cells(z))[None], generator)[0].numpy()
        assert np.abs(other - z).max() > 1 and np.abs(cells(other) - cells(z)).max() < 1e-5
        assert arrange(request, other).things == arrange(request, z).things


def test_fresh_noise_for_given_cells_is_still_normal() -> None:
    generator = torch.Generator().manual_seed(8)
    z = noise_of(torch.randn((20, 12, 16, 16), generator=generator), generator)
    neighbours = (z[..., ::2] * z[..., 1::2]).mean()  # of one cell: independent all the same
    assert abs(z.mean()) < 0.01 and abs(z.std() - 1) < 0.01 and abs(neighbours) < 0.01  # 5 sigma of 246,000 draws


def test_what_is_left_out_is_gone_and_nothing_else_moves() -> None:
    rng, left_out = random.Random(9), 0
    for seed in range(300):
        request, z = sample(rng), noise(seed)
        before = arrange(request, z)
        for without in unasked(request, before):
            after = arrange(request, z, without)
            left_out += 1
            if without in THINGS:
                assert without not in {item.thing for item in after.things}
                assert after.attributes == before.attributes
                assert set(after.things) == {item for item in before.things if item.thing != without}
            else:
                assert without not in after.attributes.values()
    assert left_out > 200
