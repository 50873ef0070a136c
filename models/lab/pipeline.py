"""The exported pipeline in PyTorch: what the page computes, from the same files, in float32.

`python -m lab.pipeline DIR --prompt TEXT --seed 1 --steps 1 --out FILE.png`
"""
from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from . import tokenizer as vocabulary
from .nets.autoencoder_tiny import AutoencoderTiny, AutoencoderTinyConfig
from .nets.unet import UNet2DConditionModel, UNetConfig
from .sampler import draw, draw_anew
from .stored import TEXT_ENCODER, UNET, VAE, weights


class Pipeline:
    """Loads a diffusers folder; `images` draws uint8 pictures."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
        self.folder = folder
        self.unet = load_unet(folder)
        self.vae = load_autoencoder(folder)
        fields = json.loads((folder / "text_encoder" / "config.json").read_text())
        self.text = CLIPTextModel(CLIPTextConfig(**{k: v for k, v in fields.items() if k not in ("architectures", "model_type", "transformers_version", "dtype")}))
        stored = weights(folder / "text_encoder", TEXT_ENCODER)
        own = {name: stored.get(name, stored.get(f"text_model.{name}")) for name in self.text.state_dict() if not name.endswith("position_ids")}
        self.text.load_state_dict({name: value for name, value in own.items() if value is not None}, strict=True)
        for module in (self.unet, self.vae, self.text):
            module.eval().requires_grad_(False)

    @cached_property
    def scheduler(self) -> dict[str, Any]:
        return json.loads((self.folder / "scheduler" / "scheduler_config.json").read_text())

    @torch.no_grad()
    def encode(self, captions: Sequence[str]) -> Tensor:
        return self.text(input_ids=torch.from_numpy(vocabulary.ids(self.tokenizer, captions))).last_hidden_state

    @torch.no_grad()
    def latents(self, captions: Sequence[str], seeds: Sequence[int], steps: int) -> Tensor:
        c = self.unet.config
        shape, scheduler = (c.in_channels, c.sample_size, c.sample_size), self.scheduler["_class_name"]
        if scheduler == "EulerDiscreteScheduler":
            return draw(self.unet, self.encode(captions), seeds, steps, shape)
        if scheduler not in ("LCMScheduler", "TimestepShiftLCMScheduler"):
            raise ValueError(f"no sampler here for {scheduler}")
        return draw_anew(self.unet, self.encode(captions), seeds, steps, shape, self.scheduler.get("shifted_timestep", 1000))

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """[n, 3, 256, 256] in -1..1."""
        return self.vae.decode(latents.to(memory_format=torch.channels_last)).float().clamp(-1, 1)

    def images(self, captions: Sequence[str], seeds: Sequence[int], steps: int) -> np.ndarray:
        """[n, 256, 256, 3] uint8."""
        pixels = self.decode(self.latents(captions, seeds, steps))
        return ((pixels + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def load_unet(folder: Path) -> UNet2DConditionModel:
    unet = UNet2DConditionModel(UNetConfig.from_json(json.loads((folder / "unet" / "config.json").read_text())))
    unet.load_state_dict(weights(folder / "unet", UNET))
    return unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def load_autoencoder(folder: Path) -> AutoencoderTiny:
    autoencoder = AutoencoderTiny(AutoencoderTinyConfig.from_json(json.loads((folder / "vae" / "config.json").read_text())))
    autoencoder.load_state_dict(weights(folder / "vae", VAE))
    return autoencoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def contact_sheet(pictures: Sequence[np.ndarray], columns: int, gap: int = 4) -> Image.Image:
    size, rows = pictures[0].shape[0] + gap, -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * size - gap, rows * size - gap), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(Image.fromarray(picture), (i % columns * size, i // columns * size))
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1, choices=(1, 2, 3, 4))
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    Image.fromarray(Pipeline(args.folder).images([args.prompt], [args.seed], args.steps)[0]).save(args.out)
