"""Trains the autoencoder: 256x256 pictures to 12x32x32 latents and back.

Absolute error on pixels and on their differences (outlines are what an average blurs first). Some
latents get noise before decoding, so that the decoder forgives what the student gets slightly
wrong. Whole pictures only: trained on crops, the network learns to expect an edge nearby.

`python -m lab.train.autoencoder --data TRAIN --out WORK`
"""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..dataset import Dataset
from ..layout import CHANNELS, LATENT
from ..nets import collapse
from ..nets.autoencoder_tiny import AutoencoderTiny, AutoencoderTinyConfig, LatentNorm, edges
from .loop import Average, Run, command, descend, draws, learning_rate, report
from .optimizer import Muon, matrices

SEED, BATCH = 11, 8


def to_tensor(images: np.ndarray) -> Tensor:
    """[n, h, w, 3] uint8 to [n, 3, h, w] in -1..1, channels last in memory."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def reconstruction_loss(got: Tensor, wanted: Tensor) -> Tensor:
    loss = (got - wanted).abs().mean() + 0.5 * (got - wanted).square().mean()
    for a, b in zip(edges(got), edges(wanted)):
        loss = loss + (a - b).abs().mean()
    return loss


class Trainee(nn.Module):
    """The autoencoder with its latents held at unit variance."""

    def __init__(self) -> None:
        super().__init__()
        config = AutoencoderTinyConfig()
        self.autoencoder = AutoencoderTiny(config)
        self.norm = LatentNorm(config.latent_channels)

    def forward(self, images: Tensor, noise: Tensor) -> Tensor:
        return collapse.decode(self.autoencoder, self.norm(collapse.encode(self.autoencoder, images)) + noise)


def load(path: Path) -> AutoencoderTiny:
    """The last weights of a run (its learning rate ends at nothing), latents normalised, ready for float16."""
    trainee = Trainee()
    trainee.load_state_dict(torch.load(path, weights_only=True)["trainee"])
    last = trainee.autoencoder.encoder.layers[-1]
    assert isinstance(last, nn.Conv2d)
    tame(trainee.autoencoder.encoder.layers, trainee.norm)
    trainee.norm.fold_into(last)
    return trainee.autoencoder.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@torch.no_grad()
def tame(layers: nn.Sequential, norm: LatentNorm) -> None:
    """Brings every resolution's activations to about 1, in the geometric mean of its first and its last.
    The normalisation at the end leaves their scale free, and a network of ReLUs is homogeneous: scaling
    a convolution and every later bias alike changes nothing, and float16 keeps what it would lose."""
    x = F.interpolate(torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)), size=256, mode="bilinear")
    stages: list[list[nn.Module]] = []  # a convolution and the blocks after it
    sizes: list[list[float]] = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            stages.append([])
            sizes.append([])
        x = layer(x)
        stages[-1].append(layer)
        sizes[-1].append(x.square().mean().sqrt().item())
    before = 1.0
    for stage, size in zip(stages, sizes):
        scale = (size[0] * size[-1]) ** -0.5
        enter = stage[0]
        assert isinstance(enter, nn.Conv2d)
        enter.weight.mul_(scale / before)
        for module in (module for layer in stage for module in layer.modules()):
            if isinstance(module, nn.Conv2d) and module.bias is not None:
                module.bias.mul_(scale)
        before = scale
    norm.running_mean.mul_(before)
    norm.running_var.copy_((norm.running_var.double() * before**2).float())


def train(worker: int, workers: int, data_folder: Path, out: Path, steps: int) -> None:
    torch.manual_seed(SEED)
    data = Dataset(data_folder)
    trainee = Trainee().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    encoder, decoder = trainee.autoencoder.encoder.layers, trainee.autoencoder.decoder.layers
    optimizer = Muon(*matrices(trainee, (encoder[0], encoder[-1], decoder[0], decoder[-1])), weight_decay=1e-3)
    average = Average(trainee, 0.995)
    run = Run(out / "autoencoder.pt", steps, {"trainee": trainee, "optimizer": optimizer}, average, keeper=worker == 0)
    for step in run:
        numpy_draws, torch_draws = draws(SEED, step * workers + worker)
        picked = np.sort(numpy_draws.integers(0, data.count, BATCH // workers))
        images = to_tensor(np.array(data.images[picked]))
        strength = torch.rand((len(picked), 1, 1, 1), generator=torch_draws).sub_(0.5).clamp_(min=0) * 0.5  # half of them none
        noise = torch.randn((len(picked), CHANNELS, LATENT, LATENT), generator=torch_draws) * strength
        with torch.autocast("cpu", torch.bfloat16):
            got = trainee(images, noise)
        loss = reconstruction_loss(got.float(), images)
        descend(loss, trainee, optimizer, average, step, learning_rate(step, steps, 2e-3, warmup=50))
        report(run, 25, loss=loss.item(), mse=(got.float() - images).square().mean().item() / 4)


if __name__ == "__main__":
    command(__doc__, train, 3600, "data", "out")
