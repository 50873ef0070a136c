"""AutoencoderTiny in diffusers' layout: the same modules, keys and arithmetic.

Pictures are in -1..1 outside and 0..1 inside. Latents come out near unit variance because training
normalises them (`LatentNorm`) and export folds that into the last encoder convolution.
"""
from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class AutoencoderTinyConfig:
    """diffusers' fields. Levels may differ in width, which `AutoencoderTiny` itself does not allow; the engine does."""
    in_channels: int = 3
    out_channels: int = 3
    encoder_block_out_channels: tuple[int, ...] = (32, 32, 32, 32)
    decoder_block_out_channels: tuple[int, ...] = (32, 32, 32, 32)
    act_fn: str = "relu"
    upsample_fn: str = "nearest"
    latent_channels: int = 12
    upsampling_scaling_factor: int = 2
    num_encoder_blocks: tuple[int, ...] = (0, 0, 2, 3)
    num_decoder_blocks: tuple[int, ...] = (4, 3, 0, 0)
    latent_magnitude: int = 3
    latent_shift: float = 0.5
    force_upcast: bool = False
    scaling_factor: float = 1.0
    shift_factor: float = 0.0

    def to_json(self) -> dict[str, object]:
        return {"_class_name": "AutoencoderTiny", "_diffusers_version": "0.40.0", **asdict(self), "block_out_channels": self.encoder_block_out_channels}

    @classmethod
    def from_json(cls, config: dict[str, object]) -> "AutoencoderTinyConfig":
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in config.items() if name in cls.__dataclass_fields__})  # type: ignore[arg-type]


# Decoders of the same latents: the one the latents are learnt with, whose two finest levels are linear so that
# training can multiply them out; the one that draws 256 pixels, with blocks at half size, where an outline has its
# width; and the one that draws 512, one level longer.
LATENTS = AutoencoderTinyConfig()
PICTURE = replace(LATENTS, decoder_block_out_channels=(32, 32, 32, 16), num_decoder_blocks=(4, 3, 2, 0))
LARGE = replace(LATENTS, decoder_block_out_channels=(32, 32, 32, 16, 8), num_decoder_blocks=(4, 3, 2, 1, 0))


class Block(nn.Module):
    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inward, outward, 3, padding=1), nn.ReLU(), nn.Conv2d(outward, outward, 3, padding=1), nn.ReLU(), nn.Conv2d(outward, outward, 3, padding=1))
        self.skip = nn.Conv2d(inward, outward, 1, bias=False) if inward != outward else nn.Identity()
        self.fuse = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.fuse(self.conv(x) + self.skip(x))


class Encoder(nn.Module):
    def __init__(self, c: AutoencoderTinyConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = c.in_channels
        for level, (blocks, width) in enumerate(zip(c.num_encoder_blocks, c.encoder_block_out_channels)):
            layers.append(nn.Conv2d(before, width, 3, padding=1) if level == 0 else nn.Conv2d(before, width, 3, padding=1, stride=2, bias=False))
            layers.extend(Block(width, width) for _ in range(blocks))
            before = width
        layers.append(nn.Conv2d(c.encoder_block_out_channels[-1], c.latent_channels, 3, padding=1))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers((x + 1) / 2)


class Decoder(nn.Module):
    def __init__(self, c: AutoencoderTinyConfig) -> None:
        super().__init__()
        widths = c.decoder_block_out_channels
        layers: list[nn.Module] = [nn.Conv2d(c.latent_channels, widths[0], 3, padding=1), nn.ReLU()]
        for level, (blocks, width) in enumerate(zip(c.num_decoder_blocks, widths)):
            last = level == len(widths) - 1
            layers.extend(Block(width, width) for _ in range(blocks))
            if not last:
                layers.append(nn.Upsample(scale_factor=c.upsampling_scaling_factor, mode=c.upsample_fn))
            layers.append(nn.Conv2d(width, c.out_channels if last else widths[level + 1], 3, padding=1, bias=last))
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(torch.tanh(z / 3) * 3) * 2 - 1


class AutoencoderTiny(nn.Module):
    def __init__(self, config: AutoencoderTinyConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

        self.apply(_start_as_resampling)

    def encode(self, images: Tensor) -> Tensor:
        return self.encoder(images)

    def decode(self, latents: Tensor) -> Tensor:
        return self.decoder(latents)


@torch.no_grad()
def grow(decoder: Decoder, start: AutoencoderTinyConfig, config: AutoencoderTinyConfig) -> Decoder:
    """A decoder of another `config` that begins with the levels it shares with `decoder`, whose config is `start`: those
    of equal width, as long as all before them were equal too. What is new begins as resampling."""
    grown = AutoencoderTiny(config).decoder
    grown.layers[0].load_state_dict(decoder.layers[0].state_dict())
    here = there = 2  # after the first convolution and its activation
    for level, width in enumerate(config.decoder_block_out_channels):
        if level >= len(start.decoder_block_out_channels) or start.decoder_block_out_channels[level] != width:
            break
        old, new = start.num_decoder_blocks[level], config.num_decoder_blocks[level]
        for i in range(min(old, new)):
            grown.layers[there + i].load_state_dict(decoder.layers[here + i].state_dict())
        here, there = here + old, there + new
        here += level + 1 < len(start.decoder_block_out_channels)  # the upsampling, which the last level has not
        there += level + 1 < len(config.decoder_block_out_channels)
        a, b = decoder.layers[here], grown.layers[there]
        if a.weight.shape == b.weight.shape and (a.bias is None) == (b.bias is None):
            b.load_state_dict(a.state_dict())
        here, there = here + 1, there + 1
    return grown


@torch.no_grad()
def _start_as_resampling(module: nn.Module) -> None:
    """Blocks start as the identity, convolutions between levels mostly so: before it has learnt
    anything the network passes colours down and up, and learns detail from there."""
    if isinstance(module, Block):
        nn.init.zeros_(module.conv[4].weight)
        nn.init.zeros_(module.conv[4].bias)
    elif isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is None:
            module.weight.mul_(0.25)
            for i in range(min(module.weight.shape[:2])):
                module.weight[i, i] += torch.full((3, 3), 1 / 9) if module.stride == (2, 2) else F.pad(torch.ones(1, 1), (1, 1, 1, 1))
        else:
            nn.init.zeros_(module.bias)


class LatentNorm(nn.Module):
    """Keeps every latent channel near mean 0, variance 1 while the encoder learns, by the running
    statistics alone: those of a batch of few pictures would take the pictures' own colours away."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, momentum: float = 0.03, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            var, mean = torch.var_mean(x.detach().float(), (0, 2, 3))
            self.running_var.lerp_(var + (mean - self.running_mean).square(), self.momentum)
            self.running_mean.lerp_(mean, self.momentum)
        return (x - self.running_mean[:, None, None]) * (self.running_var + self.eps).rsqrt()[:, None, None]

    @torch.no_grad()
    def fold_into(self, conv: nn.Conv2d) -> None:
        """Makes `conv` produce what this layer would have made of its output; exact, the layer is affine."""
        assert conv.bias is not None
        scale = (self.running_var + self.eps).rsqrt()
        conv.weight.mul_(scale[:, None, None, None])
        conv.bias.copy_((conv.bias - self.running_mean) * scale)
        self.running_mean.zero_()
        self.running_var.fill_(1 - self.eps)


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    """Horizontal and vertical differences, where outlines live."""
    return F.pad(x[..., 1:] - x[..., :-1], (0, 0)), x[..., 1:, :] - x[..., :-1, :]
