"""Every way back from noise ends where a network that knows the answer says, and exported students are drawn the way they were trained."""
import json
from pathlib import Path

import pytest
import torch

from lab.pipeline import Pipeline
from lab.recipes.diffusion import ddim, noisy, velocity
from lab.recipes.export import consistency, export
from lab.sampler import OF_FOUR, clean, renoised
from lab.stored import TEXT_ENCODER, VAE, weights_file

from .conftest import MODEL, needs_weights


@pytest.fixture
def x0() -> torch.Tensor:
    return torch.randn(2, 12, 8, 8, generator=torch.Generator().manual_seed(0))


def knowing(x0: torch.Tensor) -> object:
    """v that leads from any x_t to x0: sqrt(a) x_t - sqrt(1 - a) v = x0."""
    def v(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        signal, noise = noisy(one, zero, t), noisy(zero, one, t)
        return (signal * x - x0) / noise
    return v


def test_v_is_what_clean_undoes(x0: torch.Tensor) -> None:
    n = torch.randn(x0.shape, generator=torch.Generator().manual_seed(1))
    for step in (0, 250, 999):
        t = torch.full((2,), step)
        torch.testing.assert_close(clean(noisy(x0, n, t), velocity(x0, n, t), t), x0, rtol=1e-5, atol=1e-5)


def test_all_paths_end_at_the_answer(x0: torch.Tensor) -> None:
    z, g = torch.randn(x0.shape, generator=torch.Generator().manual_seed(2)), torch.Generator().manual_seed(3)
    # an answer is divided by sqrt(1 - a) and multiplied again: at most the rounding of that, in float32
    torch.testing.assert_close(ddim(knowing(x0), z, 50), x0, rtol=1e-4, atol=1e-4)
    for path in OF_FOUR.values():
        for shift in (1000, 500, 250):
            torch.testing.assert_close(renoised(knowing(x0), z, path, lambda: torch.randn(z.shape, generator=g), shift), x0, rtol=1e-4, atol=1e-4)


def test_a_shifted_student_is_told_the_published_steps(x0: torch.Tensor) -> None:
    """NitroFusion's lists, for its two checkpoints."""
    told: list[int] = []

    def listening(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        told.append(int(t[0]))
        return torch.zeros_like(x)

    for shift, wanted in ((250, [249, 187, 124, 62]), (500, [499, 374, 249, 124])):
        told.clear()
        renoised(listening, x0, OF_FOUR[4], lambda: x0, shift)
        assert told == wanted


@needs_weights
def test_an_exported_student_shares_bytes_and_draws(tmp_path: Path) -> None:
    shipped = Pipeline(MODEL)
    for weight in shipped.unet.parameters():
        weight.data = weight.data.half().float()  # as it is exported
    export(shipped.unet, MODEL, tmp_path / "same", consistency(500))
    for shared in (weights_file(MODEL / "text_encoder", TEXT_ENCODER), weights_file(MODEL / "vae", VAE), MODEL / "tokenizer" / "tokenizer.json"):
        assert (tmp_path / "same" / shared.relative_to(MODEL)).read_bytes() == shared.read_bytes()
    assert json.loads((tmp_path / "same" / "model_index.json").read_text())["scheduler"] == ["diffusers", "TimestepShiftLCMScheduler"]
    again = Pipeline(tmp_path / "same")
    one, two = (again.latents(["a castle"], [3], steps) for steps in (1, 2))
    z = torch.randn((1, 12, 32, 32), generator=torch.Generator().manual_seed(3))
    t = torch.tensor([499])
    with torch.no_grad():
        torch.testing.assert_close(one, clean(z, shipped.unet(z, t, shipped.encode(["a castle"])), t), rtol=1e-3, atol=1e-3)
    assert not torch.equal(one, two)
    with pytest.raises(SystemExit, match="over the model"):
        export(shipped.unet, MODEL, MODEL, consistency())
