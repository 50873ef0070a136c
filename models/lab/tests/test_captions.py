"""A caption says exactly what its request asks: writing and reading back is the identity."""
import random

from lab.attributes import ATTRIBUTES, THINGS
from lab.captions import Request, Wish, read, sample, write


def test_round_trip() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        request = sample(rng)
        understood = read(write(request, rng))
        assert dict(understood.named) == dict(request.named)
        assert set(understood.wishes) == set(request.wishes)


def test_the_wording_varies_and_the_meaning_does_not() -> None:
    request = Request((("place", "coast"), ("time", "sunset")), (Wish("lighthouse"), Wish("sailboat", 2)))
    wordings = {write(request, random.Random(i)) for i in range(200)}
    assert len(wordings) > 100
    assert {frozenset(read(w).wishes) for w in wordings} == {frozenset(request.wishes)}


def test_the_sample_prompt_is_in_the_language() -> None:
    request = read("a lighthouse on a cliff at sunset, two sailboats")
    assert dict(request.named) == {"place": "coast", "time": "sunset"}
    assert request.wishes == (Wish("lighthouse"), Wish("sailboat", 2))


def test_nothing_is_ever_denied() -> None:
    rng = random.Random(2)
    words = {word for _ in range(2000) for word in write(sample(rng), rng).lower().replace(",", "").split()}
    assert not words & {"no", "not", "without", "none"}


def test_the_world_is_as_large_as_the_card_says() -> None:
    assert [len(values) for values in ATTRIBUTES.values()] == [8, 4, 5, 4, 3]
    assert len(THINGS) == 14


def test_every_phrase_means_one_thing() -> None:
    phrases = [phrase for values in ATTRIBUTES.values() for options in values.values() for phrase in options]
    assert len(phrases) == len(set(phrases))
