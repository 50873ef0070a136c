"""The shipped tokenizer: CLIP's behaviour on any text, 77 ids, few tokens for the words it was made for."""
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from lab.tokenizer import END, LENGTH, START, ids, learn

FILE = Path(__file__).parents[2] / "vignette" / "tokenizer" / "tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(FILE))


@pytest.mark.parametrize("text", ["", "   ", "灯台と二艘の帆船", "маяк на скале", "🌅🚤", "a\tlight\nhouse", "\u0000\u200b", "x" * 4000])
def test_any_text_gives_77_ids(tokenizer: Tokenizer, text: str) -> None:
    row = ids(tokenizer, [text])[0]
    assert row.shape == (LENGTH,)
    assert row[0] == tokenizer.token_to_id(START) and row[-1] == tokenizer.token_to_id(END)
    assert row.max() < tokenizer.get_vocab_size()


def test_case_and_space_do_not_matter(tokenizer: Tokenizer) -> None:
    a, b = ids(tokenizer, ["a lighthouse, at sunset", "  A  LightHouse,\n at   SUNSET "])
    assert (a == b).all()


def test_composed_and_decomposed_accents_are_one(tokenizer: Tokenizer) -> None:
    a, b = ids(tokenizer, ["caf\u00e9", "cafe\u0301"])
    assert (a == b).all()


def test_common_words_are_one_token(tokenizer: Tokenizer) -> None:
    for word in ("lighthouse", "sunset", "watercolour", "sailboats"):
        assert len(tokenizer.encode(word, add_special_tokens=False).ids) == 1


def test_every_byte_has_a_token_even_with_nothing_learnt() -> None:
    bare = learn(["a a"])
    assert bare.encode("é 猫", add_special_tokens=False).ids
    assert bare.token_to_id(END) == bare.get_vocab_size() - 1
