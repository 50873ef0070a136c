"""The decoder learns at both sizes, and what is exported is what was trained, beside the model's own encoder."""
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from lab.dataset import Dataset
from lab.encode import Latents
from lab.export import export_decoder
from lab.nets.autoencoder_tiny import LATENTS, AutoencoderTiny, AutoencoderTinyConfig, grow
from lab.nets.discriminator import PatchDiscriminator, hinge
from lab.paint import render
from lab.pipeline import load_autoencoder
from lab.train import decoder, perceptual
from lab.train.autoencoder import reconstruction_loss, to_tensor
from lab.train.machine import machine

from .conftest import MODEL, needs_weights

pytestmark = needs_weights


@pytest.fixture(scope="module")
def untaught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model with a decoder that has learnt nothing."""
    folder = tmp_path_factory.mktemp("untaught") / "model"
    shutil.copytree(MODEL, folder)
    torch.manual_seed(0)
    torch.save({"average": AutoencoderTiny(LATENTS).decoder.state_dict()}, folder / "decoder.pt")
    export_decoder(folder / "decoder.pt", LATENTS, folder, "vae")
    return folder


@pytest.mark.parametrize(("size", "steps"), [(256, 24), (512, 12)])
def test_the_error_falls_under_all_three_forces(untaught: Path, pictures: Path, left_out: Path, tmp_path: Path, size: int, steps: int) -> None:
    perceptual.train(machine(), pictures, tmp_path, "pictures", 2)
    decoder.train(machine(), untaught, pictures, left_out, tmp_path, size, steps, 2, renders_alone=size == 512)
    saved = torch.load(tmp_path / decoder.FILES[size], weights_only=True)
    assert saved["against"]["state"][0]["step"] == steps - int(np.ceil(decoder.LEARNS * steps))
    shipped, data = load_autoencoder(untaught), Dataset(pictures)
    fresh = grow(shipped.decoder, shipped.config, decoder.CONFIGS[size])
    taught = grow(shipped.decoder, shipped.config, decoder.CONFIGS[size])
    taught.load_state_dict(saved["decoder"])
    wanted = to_tensor(np.stack([render(data.layout(i), size) for i in range(4)]))
    latents = torch.from_numpy(Latents(pictures).values[:4].astype(np.float32))
    with torch.no_grad():
        before, after = (reconstruction_loss(network(latents), wanted).item() for network in (fresh, taught))
    assert after < 0.9 * before

    model = tmp_path / "model"
    shutil.copytree(untaught / "vae", model / "vae")
    export_decoder(tmp_path / decoder.FILES[size], decoder.CONFIGS[size], model, "vae")
    exported = load_autoencoder(model)
    assert exported.config == AutoencoderTinyConfig.from_json(json.loads((model / "vae" / "config.json").read_text())) == decoder.CONFIGS[size]
    picture = to_tensor(data.images[:1].copy())
    assert torch.equal(exported.encode(picture), shipped.encode(picture))
    assert all(torch.equal(exported.decoder.state_dict()[name], value.half().float()) for name, value in saved["average"].items())


def test_an_adversary_tells_flat_patches_from_grained_ones() -> None:
    torch.manual_seed(0)
    adversary, latents = PatchDiscriminator(), torch.zeros(4, 12, 8, 8)
    optimizer = torch.optim.AdamW(adversary.parameters(), lr=1e-3)
    losses = []
    for _ in range(12):
        grained, flat = torch.rand(4, 3, 64, 64) * 2 - 1, torch.zeros(4, 3, 64, 64)
        loss = hinge(adversary(grained, latents), adversary(flat, latents))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert adversary(grained, latents).shape == (4, 1, 8, 8)
    assert losses[-1] < 0.5 * losses[0]
