"""The autoencoder with its linear stages multiplied out, for cheaper training.

AutoencoderTiny has convolutions with nothing between them: three at the encoder's entrance (no
blocks at the two finest levels) and as many at the decoder's exit. Their product is one convolution
with a larger kernel, computed here from the same weights, and nearest-neighbour upsampling followed
by a convolution is a small convolution for each of the four pixel phases. Pixels within a narrow border
differ from the layer-by-layer result (padding happens between layers there); all others agree.
"""
from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .autoencoder_tiny import AutoencoderTiny

# Taps of a 5-kernel on a doubled row that fall on the source pixel before, at and after, per phase.
_PHASES = torch.tensor([[[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]], [[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]]], dtype=torch.float32)


def product(first: Tensor, then: Tensor, stride: int = 1) -> Tensor:
    """The kernel of `then` applied to what `first`, with `stride`, makes."""
    reach = stride * (then.shape[-1] - 1)
    return F.conv2d(first.transpose(0, 1), then.flip(2, 3), padding=reach, dilation=stride).transpose(0, 1)


def encode(autoencoder: AutoencoderTiny, images: Tensor) -> Tensor:
    layers = autoencoder.encoder.layers
    enter, half, quarter = layers[0], layers[1], layers[2]
    kernel = product(product(enter.weight, half.weight), quarter.weight, stride=2)
    bias = quarter.weight.sum((2, 3)) @ (half.weight.sum((2, 3)) @ enter.bias)
    x = F.conv2d((images + 1) / 2, kernel, bias, stride=4, padding=4)
    return nn.Sequential(*layers[3:])(x)


def decode(autoencoder: AutoencoderTiny, latents: Tensor) -> Tensor:
    layers = list(autoencoder.decoder.layers)
    leave = layers.pop()
    kernel, doublings = leave.weight, 0
    while isinstance(layers[-2], nn.Upsample):
        inner = layers.pop()
        layers.pop()
        kernel = torch.einsum("aud,bve,cide->cabiuv", _PHASES, _PHASES, product(inner.weight, kernel)).flatten(0, 2)
        doublings += 1
    x = nn.Sequential(*layers)(torch.tanh(latents / 3) * 3)
    x = F.conv2d(x, kernel, leave.bias.repeat_interleave(4**doublings), padding=1)
    for _ in range(doublings):
        x = F.pixel_shuffle(x, 2)
    return x * 2 - 1
