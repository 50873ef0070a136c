"""Lessons are drawn from (seed, step) alone, and only rows that leave something out or must not change are steered."""
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import CLIPTextModel

from lab.captions import read
from lab.dataset import NAMES, VALUES, generate
from lab.encode import NAME
from lab.layout import CHANNELS, LATENT
from lab.train.lessons import SCALES, Teacher, _harmless, _name
from lab.train.text_encoder import config


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    root = tmp_path_factory.mktemp("data")
    for kind in ("plain", "left-out"):
        generate(root / kind, 12, 1, kind, 1)
        np.zeros((12, CHANNELS, LATENT, LATENT), np.float16).tofile(root / kind / NAME)
    tokenizer = Tokenizer.from_file(str(Path(__file__).parents[2] / "vignette" / "tokenizer" / "tokenizer.json"))
    return Teacher(root / "plain", root / "left-out", tokenizer, CLIPTextModel(config(tokenizer.get_vocab_size())).eval())


def test_equal_draws_give_equal_lessons(teacher: Teacher) -> None:
    first, again, other = (teacher.lesson(16, np.random.default_rng(n), torch.Generator().manual_seed(n)) for n in (1, 1, 2))
    assert torch.equal(first.z, again.z) and torch.equal(first.context, again.context)
    assert not torch.equal(first.z, other.z)


def test_every_row_that_leaves_something_out_is_steered(teacher: Teacher) -> None:
    lesson = teacher.lesson(64, np.random.default_rng(3), torch.Generator().manual_seed(3))
    left_out = {row for row, (source, i) in enumerate(lesson.rows) if source is teacher.left_out}
    assert lesson.away is not None and left_out
    steered = lesson.away.rows.tolist()
    assert left_out < set(steered) and len(steered) < 40
    assert lesson.away.context.shape == (len(steered), *lesson.context.shape[1:])
    assert SCALES[0] <= lesson.away.scale.min() and lesson.away.scale.max() <= SCALES[1]
    assert lesson.images().shape == (64, 256, 256, 3)


def test_negatives_name_what_they_should(teacher: Teacher) -> None:
    rng = random.Random(4)
    for i, without in enumerate(teacher.left_out.without):
        asked = read(_name(without, rng))
        assert [w.thing for w in asked.wishes] == [without] or [value for _, value in asked.named] == [without]
    for i in range(12):
        shown = {name for name, count in zip(NAMES, teacher.plain.data.labels[i, len(VALUES) :]) if count}
        assert all(wish.thing not in shown for wish in read(_harmless(teacher.plain, i, rng)).wishes)
