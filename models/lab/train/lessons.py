"""What the student is taught: noise and captions, and the latents that are right for them.

Most rows are plain. Some leave something out: their picture lacks what the noise would have put there
unasked, and that is named as the negative text they are steered away from (NASA-T: SNOOPI, arXiv
2412.02687 v3; there a teacher under guidance shows what the negative takes away, here the renderer does).
A few are steered away from what is not in the picture anyway, and must not change.
"""
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPTextModel

from .. import tokenizer as vocabulary
from ..attributes import ATTRIBUTES, SCENERY, THINGS
from ..captions import Request, Wish, write
from ..dataset import NAMES, VALUES, Dataset
from ..encode import Latents
from ..layout import noise_of
from ..nets.unet import Away
from ..paint import render
from ..paint.canvas import SIZE

LEFT_OUT, HARMLESS = 0.2, 0.08  # shares of the rows
SCALES = (0.25, 1.0)  # below, steering fades into no steering
EMPHASIS = 5.0  # extra weight of latents under a thing
FAULTS = ("blurry", "low quality", "worst quality, low quality", "ugly", "text", "watermark", "people", "deformed, out of frame", "cars", "bad art")


class Source:
    """A dataset with its latents and what was asked of every picture."""

    def __init__(self, folder: Path) -> None:
        self.data, self.latents = Dataset(folder), Latents(folder)
        texts = self.data.texts()[: self.latents.count]
        self.requests = [Request(tuple(t["named"].items()), tuple(Wish(**w) for w in t["wishes"])) for t in texts]  # type: ignore[attr-defined]
        self.without = [str(t.get("without", "")) for t in texts]


@dataclass(frozen=True)
class Lesson:
    z: Tensor  # [n, 12, 32, 32] noise
    x0: Tensor  # [n, 12, 32, 32] the right latents
    weight: Tensor  # [n, 1, 32, 32]
    context: Tensor  # [n, 77, d] states of the captions
    away: Away | None
    rows: Sequence[tuple[Source, int]]

    def to(self, device: torch.device) -> "Lesson":
        away = self.away and Away(self.away.rows.to(device), self.away.context.to(device), self.away.scale.to(device))
        return Lesson(self.z.to(device), self.x0.to(device), self.weight.to(device), self.context.to(device), away, self.rows)

    def images(self, size: int = SIZE) -> np.ndarray:
        """[n, size, size, 3] uint8: the pictures the latents were made from, drawn again if larger."""
        return np.stack([source.data.images[i] if size == SIZE else render(source.data.layout(i), size) for source, i in self.rows])


class Teacher:
    def __init__(self, plain: Path, left_out: Path | None, tokenizer: Tokenizer, text: CLIPTextModel) -> None:
        """Without `left_out`, no row leaves anything out."""
        self.plain, self.tokenizer, self.text = Source(plain), tokenizer, text
        self.left_out, self.share = (None, 0.0) if left_out is None else (Source(left_out), LEFT_OUT)

    def lesson(self, count: int, numbers: np.random.Generator, generator: torch.Generator) -> Lesson:
        rng = random.Random(int(numbers.integers(1 << 62)))
        dice = numbers.random(count)
        sources = [self.left_out if self.left_out is not None and die < self.share else self.plain for die in dice]
        rows = [(source, int(numbers.integers(source.latents.count))) for source in sources]
        captions = [write(source.requests[i], rng) for source, i in rows]
        steered = [row for row, die in enumerate(dice) if die < self.share + HARMLESS]
        negatives = [_name(source.without[i], rng) if source.without[i] else _harmless(source, i, rng) for source, i in (rows[row] for row in steered)]
        with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
            states = self.text(input_ids=torch.from_numpy(vocabulary.ids(self.tokenizer, captions + negatives))).last_hidden_state
        scale = torch.empty(len(steered), 1, 1).uniform_(*SCALES, generator=generator)
        focus = _stack(source.data.focus[i] for source, i in rows)[:, None]
        return Lesson(
            z=noise_of(_stack(source.data.cells[i] for source, i in rows), generator),
            x0=_stack(source.latents.values[i] for source, i in rows),
            weight=1 + EMPHASIS * F.interpolate(focus, scale_factor=2.0, mode="nearest"),
            context=states[:count],
            away=Away(torch.tensor(steered), states[count:], scale) if steered else None,
            rows=rows)


def _stack(arrays: object) -> Tensor:
    return torch.from_numpy(np.stack(list(arrays))).float()  # type: ignore[call-overload]


def _name(what: str, rng: random.Random) -> str:
    """A thing in some number, or an attribute's value, in words."""
    if what in THINGS:
        return write(Request((), (Wish(what, rng.choice((1, 1, THINGS[what].plural_count))),)), rng)
    attribute = next(name for name, values in ATTRIBUTES.items() if what in values)
    return rng.choice(ATTRIBUTES[attribute][what])


def _harmless(source: Source, i: int, rng: random.Random) -> str:
    """Something picture i does not show."""
    labels = source.data.labels[i]
    scenery = SCENERY.get(VALUES["place"][labels[0]], ())
    absent = [name for name, count in zip(NAMES, labels[len(VALUES) :]) if count == 0 and name not in scenery]
    return _name(rng.choice(absent), rng) if rng.random() < 0.5 else rng.choice(FAULTS)
