"""The list of known words: whatever a caption can say is in it, what no caption says is not, and the shipped file is up to date."""
import json
import random
from pathlib import Path

import pytest

from lab.captions import sample, write
from lab.words import known_words, words_of

FILE = Path(__file__).parents[2] / "vignette" / "words.json"


def test_every_word_of_every_caption_is_known() -> None:
    rng = random.Random(5)
    known = set(known_words())
    assert {word for _ in range(5000) for word in words_of(write(sample(rng), rng))} <= known


@pytest.mark.parametrize("word", ["bicycle", "dragon", "four", "red", "behind", "without"])
def test_what_no_caption_says_is_unknown(word: str) -> None:
    assert word not in known_words()


def test_the_shipped_list_is_this_one() -> None:
    assert json.loads(FILE.read_text()) == known_words()
