"""What recipes are made of: the shipped model's parts, and batches of latents with captions."""
from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import tokenizer as vocabulary
from ..captions import write
from ..nets.unet import UNet2DConditionModel
from ..pipeline import Pipeline
from ..sampler import clean
from ..train.lessons import Source
from ..train.machine import Machine
from .diffusion import Denoiser


@dataclass(frozen=True)
class Batch:
    x0: Tensor  # [n, 12, 32, 32] latents of renders
    context: Tensor  # [n, 77, d] states of their captions


class Material:
    """A folder of training latents, and the model whose text encoder and latents every student shares."""

    def __init__(self, model: Path, data_folder: Path, at: Machine) -> None:
        self.at, self.model, self.source = at, Pipeline(model), Source(data_folder)
        self.model.text.to(at.device)
        self.unnamed = self.states([""])

    def states(self, texts: list[str]) -> Tensor:
        ids = torch.from_numpy(vocabulary.ids(self.model.tokenizer, texts)).to(self.at.device)
        with self.at.autocast(), torch.no_grad():
            return self.model.text(input_ids=ids).last_hidden_state.float()

    def batch(self, count: int, numbers: np.random.Generator, silent: float = 0.0) -> Batch:
        """Random renders, their captions worded anew; a `silent` share of them without one."""
        rng = random.Random(int(numbers.integers(1 << 62)))
        rows = numbers.integers(self.source.latents.count, size=count)
        captions = ["" if die < silent else write(self.source.requests[i], rng) for i, die in zip(rows, numbers.random(count))]
        x0 = torch.from_numpy(np.stack([self.source.latents.values[i] for i in rows])).float()
        return Batch(x0.to(self.at.device), self.states(captions))

    def student(self) -> UNet2DConditionModel:
        """A copy of the shipped student to train."""
        unet = UNet2DConditionModel(self.model.unet.config)
        unet.load_state_dict(self.model.unet.state_dict())
        return self.ready(unet)

    def ready(self, unet: UNet2DConditionModel) -> UNet2DConditionModel:
        return unet.to(self.at.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def denoise(self, unet: UNet2DConditionModel, x: Tensor, t: Tensor, context: Tensor) -> Tensor:
        """v, in float32, computed in bfloat16."""
        with self.at.autocast():
            return unet(x.contiguous(memory_format=torch.channels_last), t, context).float()

    def cleaned(self, unet: UNet2DConditionModel, x: Tensor, t: Tensor, context: Tensor) -> Tensor:
        return clean(x, self.denoise(unet, x, t, context), t)

    def silence(self, count: int) -> Tensor:
        """States of the empty caption for `count` rows."""
        return self.unnamed.expand(count, -1, -1)

    def guided(self, unet: UNet2DConditionModel, context: Tensor, scale: float | Tensor, negative: Tensor | None = None) -> Denoiser:
        """`unet` under classifier-free guidance, both captions in one pass."""
        other = self.silence(len(context)) if negative is None else negative

        def denoiser(x: Tensor, t: Tensor) -> Tensor:
            if isinstance(scale, float) and scale == 1.0:
                return self.denoise(unet, x, t, context)
            named, unnamed = self.denoise(unet, torch.cat([x, x]), torch.cat([t, t]), torch.cat([context, other])).chunk(2)
            return unnamed + scale * (named - unnamed)

        return denoiser


def load(path: Path, material: Material) -> UNet2DConditionModel:
    """A finished or running recipe's averaged student (or teacher)."""
    if not path.exists():
        raise SystemExit(f"{path} is missing: train that recipe first")
    unet = UNet2DConditionModel(material.model.unet.config)
    unet.load_state_dict(torch.load(path, weights_only=True, map_location="cpu")["average"])
    return material.ready(unet.eval().requires_grad_(False))
