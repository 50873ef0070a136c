"""Counts what one picture costs: two operations per multiply-accumulate of convolutions, linear
layers and attention products. Norms, activations and the text encoder are left out.

`python -m lab.flops` prints the table; the budget is a test.
"""
from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from .nets.autoencoder_tiny import LARGE, PICTURE, AutoencoderTiny, AutoencoderTinyConfig
from .nets.unet import UNet2DConditionModel, UNetConfig

BUDGET = 6.0e9  # one step and a decode to 256 pixels
BUDGET_512 = 12.0e9  # the same to 512, where there is a GPU
TOKENS = 77


def step_flops(config: UNetConfig) -> int:
    """One evaluation of the student."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(config)
    sample = torch.zeros(1, config.in_channels, config.sample_size, config.sample_size)
    unet = unet.to_empty(device="cpu")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        unet(sample, torch.tensor([999]), torch.zeros(1, TOKENS, config.cross_attention_dim))
    return counter.get_total_flops()


def decode_flops(config: AutoencoderTinyConfig, latent_size: int) -> int:
    """Latents to pixels."""
    decoder = AutoencoderTiny(config)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        decoder.decode(torch.zeros(1, config.latent_channels, latent_size, latent_size))
    return counter.get_total_flops()


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


if __name__ == "__main__":
    unet = UNetConfig()
    step = step_flops(unet)
    print(f"student, one step  {step / 1e9:6.3f} GFLOP  {parameters(UNet2DConditionModel(unet)) / 1e6:.2f} M parameters")
    for size, vae, budget in ((256, PICTURE, BUDGET), (512, LARGE, BUDGET_512)):
        decode = decode_flops(vae, unet.sample_size)
        print(f"decode to {size}      {decode / 1e9:6.3f} GFLOP  {parameters(AutoencoderTiny(vae).decoder) / 1e6:.2f} M parameters; with a step {(step + decode) / 1e9:.3f} of {budget / 1e9:.0f}")
