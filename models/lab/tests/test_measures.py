"""The figures are nothing between equals, known in closed form where they can be, and see what they are named for."""
import pytest
import torch
from torch.nn import functional as F

from lab.measures import band_energy, diversity, frechet, sliced_wasserstein


def features(mean: float, scale: float, seed: int = 0) -> torch.Tensor:
    return mean + scale * torch.randn(4000, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_frechet_is_the_closed_form_of_gaussians() -> None:
    """d (mean^2 + (s - 1)^2): of 4,000 samples to about 3 / sqrt(4000) of each term."""
    assert frechet(features(0, 1), features(0, 1)) == pytest.approx(0, abs=1e-6)
    assert frechet(features(0, 1), features(2, 3, seed=1)) == pytest.approx(6 * (4 + 4), rel=0.05)


def test_sliced_wasserstein_grows_with_shift_and_is_nothing_between_equals() -> None:
    a = features(0, 1)
    assert sliced_wasserstein(a, a[torch.randperm(len(a))]) == pytest.approx(0, abs=1e-12)
    near, far = (sliced_wasserstein(a, features(mean, 1, seed=1)) for mean in (0.5, 2.0))
    assert 0 < near < far
    with pytest.raises(ValueError, match="equal size"):
        sliced_wasserstein(a, a[:10])


def test_energy_lies_in_the_band_of_its_wave() -> None:
    x = torch.arange(64) * 2 * torch.pi / 64
    for band, cycles in enumerate((1, 5, 24)):
        wave = torch.sin(cycles * x).expand(1, 3, 64, 64)
        energy = band_energy(wave)[0]
        assert energy.argmax() == band and energy[band] > 0.8 * energy.sum()


def test_blur_takes_from_the_highest_band() -> None:
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    soft = F.avg_pool2d(picture, 3, stride=1, padding=1)
    kept = band_energy(soft) / band_energy(picture)
    assert kept[0, 2] < 0.5 < kept[0, 0]


def test_diversity_scales_with_spread() -> None:
    a = features(0, 1)
    assert diversity(3 * a) == pytest.approx(3 * diversity(a))
    assert diversity(a[:1].expand(50, 6)) == 0
