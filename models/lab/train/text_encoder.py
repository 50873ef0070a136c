"""Trains the text encoder to say what a caption asks for.

A small CLIP text model reads a caption and, from the end mark and the padding after it, linear
heads must recover every attribute (or that it was not named) and the count and position of every
thing; from the last token of each phrase, what that phrase means. The heads are thrown away: what
stays is an encoder whose states hold the request in plain sight of the student's cross-attention.

`python -m lab.train.text_encoder --tokenizer DIR --out WORK`
"""
from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextConfig, CLIPTextModel

from ..attributes import ATTRIBUTES, POSITIONS, THINGS
from ..captions import Request, meaning_of_spans, sample, write
from ..tokenizer import END, LENGTH, START
from .loop import Average, Run, descend, draws, learning_rate, report

SEED = 12
VALUES = {name: tuple(values) for name, values in ATTRIBUTES.items()}
HEADS = [len(v) + 1 for v in VALUES.values()] + [4] * len(THINGS) + [4] * len(THINGS)  # attributes, counts, positions
SENSES = {sense: i + 1 for i, sense in enumerate(
    [(a, v) for a, values in VALUES.items() for v in values] + [("thing", t) for t in THINGS] + [("position", p) for p in POSITIONS] + [("count", str(c)) for c in (2, 3)])}
FILLERS = ("a beautiful", "painting of", "highly detailed", "picture of", "please draw", "my favourite", "nice", "photo", "of", "with", "and", "scene", "art", "view", "old", "lovely", "quiet")


def config(vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary, hidden_size=128, intermediate_size=512, projection_dim=128, num_hidden_layers=4, num_attention_heads=4, max_position_embeddings=LENGTH,
        hidden_act="quick_gelu", bos_token_id=vocabulary - 2, eos_token_id=vocabulary - 1, pad_token_id=vocabulary - 1)


def target(request: Request) -> list[int]:
    named = dict(request.named)
    wishes = {w.thing: w for w in request.wishes}
    row = [VALUES[a].index(named[a]) + 1 if a in named else 0 for a in VALUES]
    row += [wishes[t].count if t in wishes else 0 for t in THINGS]
    row += [tuple(POSITIONS).index(p) + 1 if t in wishes and (p := wishes[t].position) else 0 for t in THINGS]
    return row


def embellish(caption: str, rng: random.Random) -> str:
    """Now and then words that mean nothing here, which the encoder must learn to read past."""
    if rng.random() < 0.7:
        return caption
    filler = rng.choice(FILLERS) if rng.random() < 0.7 else "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9)))
    return f"{filler} {caption}" if rng.random() < 0.5 else f"{caption}, {filler}"


def batch(tokenizer: Tokenizer, size: int, rng: random.Random) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """ids [n, 77], end position [n], request targets [n, heads], phrase sense per token [n, 77] (0 none)."""
    requests = [sample(rng) for _ in range(size)]
    captions = [embellish(write(r, rng), rng).lower() for r in requests]
    end, rows = tokenizer.token_to_id(END), []
    senses, ends = np.zeros((size, LENGTH), np.int64), []
    for n, (caption, encoding) in enumerate(zip(captions, tokenizer.encode_batch(captions))):
        kept = encoding.ids[: LENGTH - 1]
        rows.append(kept + [end] * (LENGTH - len(kept)))
        ends.append(min(len(kept) - 1 if kept[-1] == end else len(kept), LENGTH - 1))
        last_token = {stop: i for i, (_, stop) in enumerate(encoding.offsets[: LENGTH - 1]) if 0 < i < ends[-1]}
        for stop, sense in meaning_of_spans(caption):
            if stop in last_token:
                senses[n, last_token[stop]] = SENSES[sense]
    return torch.tensor(rows), torch.tensor(ends), torch.tensor([target(r) for r in requests]), torch.from_numpy(senses)


class Reader(nn.Module):
    def __init__(self, text: CLIPTextModel) -> None:
        super().__init__()
        self.text = text
        self.request = nn.Linear(text.config.hidden_size, sum(HEADS))
        self.sense = nn.Linear(text.config.hidden_size, len(SENSES) + 1)

    def forward(self, rows: Tensor) -> Tensor:
        return self.text(input_ids=rows).last_hidden_state


def request_loss(logits: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Summed cross-entropy of all heads, and whether all are right, per row."""
    loss, right, start = logits.new_zeros(()), torch.ones(len(logits), dtype=torch.bool), 0
    for i, width in enumerate(HEADS):
        head = logits[:, start : start + width]
        loss = loss + F.cross_entropy(head, wanted[:, i])
        right &= head.argmax(-1) == wanted[:, i]
        start += width
    return loss, right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=700)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.from_file(str(args.tokenizer / "tokenizer.json"))
    assert tokenizer.token_to_id(START) == tokenizer.get_vocab_size() - 2
    reader = Reader(CLIPTextModel(config(tokenizer.get_vocab_size())))
    optimizer = torch.optim.AdamW(reader.parameters(), lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)
    average = Average(reader, 0.995)
    run = Run(args.out / "text_encoder.pt", args.steps, {"reader": reader, "optimizer": optimizer}, average)
    for step in run:
        rng = random.Random(SEED * 1_000_003 + step)
        rows, ends, wanted, senses = batch(tokenizer, 64, rng)
        with torch.autocast("cpu", torch.bfloat16):
            states = reader(rows)
        states = states.float()
        loss = states.new_zeros(())
        n = torch.arange(len(rows))
        rights = []
        for part in range(3):  # at the end mark and twice somewhere in the padding
            where = ends if part == 0 else ends + (torch.rand(len(rows), generator=draws(SEED, 3 * step + part)[1]) * (LENGTH - ends)).long()
            part_loss, right = request_loss(reader.request(states[n, where]), wanted)
            loss = loss + part_loss / 3
            rights.append(right)
        marked = senses > 0
        loss = loss + F.cross_entropy(reader.sense(states[marked]), senses[marked])
        descend(loss, reader, optimizer, average, step, learning_rate(step, args.steps, 2e-3, warmup=100), clip=1.0)
        report(run, 50, loss=loss.item(), exact=torch.stack(rights).float().mean().item())


if __name__ == "__main__":
    main()
