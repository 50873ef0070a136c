"""The Fréchet loss is the Fréchet distance, and its gradient is the newest batch's own."""
import pytest
import torch

from lab.measures import frechet
from lab.nets.moments import Joint, Moments, Target


def rows(seed: int, mean: float = 0.0, scale: float = 1.0) -> torch.Tensor:
    return mean + scale * torch.randn(4000, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_distance_is_the_measure_s() -> None:
    """To what the floor under the root adds: at most 6 x 1e-4 in eigenvalues near one."""
    target = Target(6).double()
    target.fit(rows(0))
    for other in (rows(0), rows(1, 0.5), rows(2, 0.0, 2.0)):
        assert target.distance(other.mean(0), torch.cov(other.T)).item() == pytest.approx(frechet(other, rows(0)), abs=2e-3)


def test_moments_run_on_and_the_first_batches_weigh_alike() -> None:
    moments = Moments(6, keep=0.5).double()
    first, second, third = rows(0, 1.0), rows(1, 3.0), rows(2, 8.0)
    moments(first)
    mean, covariance = moments(second)
    both = torch.cat([first, second])
    torch.testing.assert_close(mean, both.mean(0))
    torch.testing.assert_close(covariance, torch.cov(both.T, correction=0))
    torch.testing.assert_close(moments(third)[0], both.mean(0) / 2 + third.mean(0) / 2)


def test_the_gradient_is_not_scaled_down_by_what_is_kept() -> None:
    def slope(moments: Moments) -> torch.Tensor:
        x = rows(3)[:50].clone().requires_grad_()
        moments(x)[0].sum().backward()
        return x.grad
    old = Moments(6, keep=0.99).double()
    for i in range(200):
        old(rows(i)[:50])
    torch.testing.assert_close(slope(old), slope(Moments(6).double()))


def test_joined_views_have_unit_variance_in_the_renders() -> None:
    joint = Joint(200, 20, seed=1)
    features, captions = 5 + 3 * torch.randn(500, 200), torch.randn(500, 20)
    joint.fit(features, captions)
    view = joint(features, captions)
    assert view.shape == (500, 96)
    low = view.std(0)
    torch.testing.assert_close(low[:64], torch.ones(64), rtol=1e-4, atol=1e-4)
