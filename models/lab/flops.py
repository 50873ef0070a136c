"""Counts what one picture costs: two operations per multiply-accumulate of convolutions, linear
layers and attention products. Norms, activations and the text encoder are left out.

`python -m lab.flops` prints the table; the budget is a test.
"""
from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from .nets.autoencoder_tiny import AutoencoderTiny, AutoencoderTinyConfig
from .nets.unet import UNet2DConditionModel, UNetConfig

BUDGET = 4.0e9
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
    unet, vae = UNetConfig(), AutoencoderTinyConfig()
    step, decode = step_flops(unet), decode_flops(vae, unet.sample_size)
    print(f"student, one step  {step / 1e9:.3f} GFLOP  {parameters(UNet2DConditionModel(unet)) / 1e6:.2f} M parameters")
    print(f"decode             {decode / 1e9:.3f} GFLOP  {parameters(AutoencoderTiny(vae)) / 1e6:.2f} M parameters (with encoder)")
    print(f"together           {(step + decode) / 1e9:.3f} GFLOP of {BUDGET / 1e9:.1f}")
