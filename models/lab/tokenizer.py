"""Vignette's own CLIP-style tokenizer: the same normaliser, pre-tokeniser and byte-level BPE with
`</w>` as CLIP's, with merges learnt from captions. Every byte has a token, so any text tokenises.

`python -m lab.tokenizer OUT` writes tokenizer.json and its companions.
"""
from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from .captions import sample, write

START, END, LENGTH = "<|startoftext|>", "<|endoftext|>", 77
MERGES = 510  # with 2 x 256 bytes and the two marks: 1,024 tokens
WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def _dressed(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def learn(captions: Sequence[str]) -> Tokenizer:
    """Learns the merges, then lays the vocabulary out as CLIP does: bytes, bytes ending a word, merges, marks."""
    learner = _dressed(models.BPE(end_of_word_suffix="</w>"))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(captions, trainers.BpeTrainer(vocab_size=4000, min_frequency=2, initial_alphabet=alphabet, end_of_word_suffix="</w>", show_progress=False))
    merges = [tuple(m) for m in json.loads(learner.to_str())["model"]["merges"]][:MERGES]
    tokens = [*alphabet, *(letter + "</w>" for letter in alphabet), *(a + b for a, b in merges)]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys([*tokens, START, END]))}
    tokenizer = _dressed(models.BPE(vocabulary, merges, unk_token=END, continuing_subword_prefix="", end_of_word_suffix="</w>"))
    tokenizer.add_special_tokens([START, END])
    tokenizer.post_processor = processors.RobertaProcessing((END, vocabulary[END]), (START, vocabulary[START]), trim_offsets=False, add_prefix_space=False)
    return tokenizer


def ids(tokenizer: Tokenizer, captions: Sequence[str]) -> np.ndarray:
    """[n, 77] int64: start, at most 75 tokens, end, padded with end; as a pipeline feeds the encoder."""
    end = tokenizer.token_to_id(END)
    rows = np.full((len(captions), LENGTH), end, np.int64)
    for row, encoding in zip(rows, tokenizer.encode_batch(list(captions))):
        kept = encoding.ids[: LENGTH - 1]
        row[: len(kept)] = kept
    return rows


def save(tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True) + "\n")
    config = {"bos_token": START, "eos_token": END, "model_max_length": LENGTH, "pad_token": END, "tokenizer_class": "CLIPTokenizer", "unk_token": END}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    marks = {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}
    (folder / "special_tokens_map.json").write_text(json.dumps(marks, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    rng = random.Random(7)
    captions = [write(sample(rng), rng) for _ in range(20000)]
    save(learn(captions), parser.parse_args().out)


if __name__ == "__main__":
    main()
