"""Our modules compute what diffusers' do (reference tensors, where the checkout carries some), the
sampler's constants are the published ones, and the design keeps its budget."""
import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lab.flops import BUDGET, BUDGET_512, decode_flops, step_flops
from lab.nets import collapse
from lab.nets.autoencoder_tiny import LARGE, LATENTS, PICTURE, AutoencoderTiny, AutoencoderTinyConfig, LatentNorm, grow
from lab.nets.unet import Away, UNet2DConditionModel, UNetConfig
from lab.sampler import ALPHA_BAR, START, STEPS, noised, onward

FIXTURES = Path(os.environ.get("ONESTROKE_FIXTURES", Path(__file__).parents[3] / "test" / "fixtures"))
BOUND = 1e-4


def relative(got: torch.Tensor, wanted: torch.Tensor) -> float:
    return ((got - wanted).square().mean().sqrt() / wanted.square().mean().sqrt()).item()


def reference(name: str) -> tuple[dict[str, object], dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, object]]:
    folder = FIXTURES / name
    if not (folder / "golden.safetensors").exists():
        pytest.skip(f"no reference tensors for {name}")
    weights = {k: v.float() for k, v in load_file(folder / "diffusion_pytorch_model.fp16.safetensors").items()}
    return json.loads((folder / "config.json").read_text()), weights, load_file(folder / "golden.safetensors"), json.loads((folder / "golden.json").read_text())


def test_unet_agrees_with_diffusers() -> None:
    config, weights, golden, cases = reference("unet-sd21")
    unet = UNet2DConditionModel(UNetConfig.from_json(config))
    unet.load_state_dict(weights)
    for case in cases["cases"]:  # type: ignore[attr-defined]
        i = case["i"]
        with torch.no_grad():
            got = unet(golden[f"sample.{i}"], torch.tensor([case["timestep"]]), golden["encoder_hidden_states"])
        assert relative(got, golden[f"out.{i}"]) < BOUND


def test_steering_in_training_is_the_engine_s() -> None:
    """Only some rows are steered, each by its own scale: every one as the reference's NASA, the rest untouched."""
    config, weights, golden, cases = reference("unet-sd21")
    unet = UNet2DConditionModel(UNetConfig.from_json(config))
    unet.load_state_dict(weights)
    case = cases["cases"][0]  # type: ignore[index]
    sample, text, negative = golden[f"sample.{case['i']}"], golden["encoder_hidden_states"], golden["negative_encoder_hidden_states"]
    with torch.no_grad():
        away = Away(torch.tensor([1]), negative, torch.full((1, 1, 1), case["nasa"]["alpha"]))
        got = unet(torch.cat([sample, sample]), torch.tensor([case["timestep"]] * 2), torch.cat([text, text]), away)
    assert relative(got[:1], golden[f"out.{case['i']}"]) < BOUND
    assert relative(got[1:], golden[f"out_nasa.{case['i']}"]) < BOUND


def test_autoencoder_agrees_with_diffusers() -> None:
    config, weights, golden, _ = reference("vae-tiny")
    autoencoder = AutoencoderTiny(AutoencoderTinyConfig.from_json(config))
    autoencoder.load_state_dict(weights)
    with torch.no_grad():
        assert relative(autoencoder.decode(golden["latent"]), golden["decoded"]) < BOUND
        assert relative(autoencoder.encode(golden["image"]), golden["encoded"]) < BOUND


def test_folding_the_normalisation_changes_nothing() -> None:
    torch.manual_seed(0)
    conv, norm, x = torch.nn.Conv2d(4, 12, 3), LatentNorm(12), torch.randn(2, 4, 9, 9)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    norm.eval()
    with torch.no_grad():
        wanted = norm(conv(x))
        norm.fold_into(conv)
        assert torch.allclose(conv(x), wanted, atol=1e-5)


def test_one_step_and_decode_stay_within_their_budgets() -> None:
    unet = UNetConfig()
    for config, budget in ((LATENTS, BUDGET), (PICTURE, BUDGET), (LARGE, BUDGET_512)):
        assert step_flops(unet) + decode_flops(config, unet.sample_size) <= budget


def test_a_grown_decoder_begins_with_the_levels_it_shares() -> None:
    """Run down to the last shared level, both make the same; a decoder of the same config is a copy."""
    torch.manual_seed(0)
    small = AutoencoderTiny(LATENTS).decoder
    for parameter in small.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    z = torch.randn(1, 12, 8, 8)
    shared = sum(LATENTS.num_decoder_blocks[:2]) + 6  # through the second level's convolution to the third
    with torch.no_grad():
        for config in (PICTURE, LARGE):
            grown = grow(small, LATENTS, config)
            assert torch.equal(grown.layers[:shared](z), small.layers[:shared](z)) and grown(z).shape[-1] == 8 * 2 ** (len(config.num_decoder_blocks) - 1)
        picture = grow(small, LATENTS, PICTURE)
        assert torch.equal(grow(picture, PICTURE, PICTURE)(z), picture(z))
        shared = len(picture.layers) - 1  # all but the last convolution, to which the larger one's goes on instead
        assert torch.equal(grow(picture, PICTURE, LARGE).layers[:shared](z), picture.layers[:shared](z))


def test_alphas_are_the_published_ones() -> None:
    for t, alpha in ((249, 0.675432), (499, 0.277670), (749, 0.0566235), (999, 0.00466010)):
        assert abs(ALPHA_BAR[t].item() / alpha - 1) < 1e-5


def test_later_steps_are_few_and_low() -> None:
    for count, times in STEPS.items():
        assert len(times) == count and times[0] == START and list(times) == sorted(set(times), reverse=True)
        assert all(ALPHA_BAR[t] > 0.9 for t in times[1:]), "what the first step drew is seen"


def test_a_step_is_eulers_in_sigma_space() -> None:
    """x + (sigma' - sigma) (x - x0) / sigma, where what the network sees is x / sqrt(sigma^2 + 1)."""
    torch.manual_seed(0)
    z, x0 = torch.randn(2, 2, 12, 8, 8, dtype=torch.float64)
    sigma, following = (((1 - ALPHA_BAR[t]) / ALPHA_BAR[t]).sqrt().double() for t in (START, 499))
    x = sigma * z
    euler = x + (following - sigma) * (x - x0) / sigma
    times = [torch.full((2,), t) for t in (START, 499)]
    assert torch.allclose(noised(z), x / (sigma**2 + 1).sqrt(), atol=1e-6)
    assert torch.allclose(onward(noised(z), x0, *times), euler / (following**2 + 1).sqrt(), atol=1e-6)


def test_multiplied_out_stages_agree_away_from_the_border() -> None:
    torch.manual_seed(0)
    autoencoder = AutoencoderTiny(AutoencoderTinyConfig())
    images, latents = torch.rand(1, 3, 128, 128) * 2 - 1, torch.randn(1, 12, 8, 8)
    with torch.no_grad():
        assert relative(collapse.decode(autoencoder, latents)[..., 2:-2, 2:-2], autoencoder.decode(latents)[..., 2:-2, 2:-2]) < BOUND
        front = torch.nn.Sequential(*autoencoder.encoder.layers[:3])((images + 1) / 2)
        autoencoder.encoder.layers = autoencoder.encoder.layers[:3]
        assert relative(collapse.encode(autoencoder, images)[..., 2:-2, 2:-2], front[..., 2:-2, 2:-2]) < BOUND
