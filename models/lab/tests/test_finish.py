"""Training meets each time step where sampling will, and the perceptual distance is one."""
import pytest
import torch

from lab.nets.perceptual import Perceptual
from lab.nets.unet import Away, UNet2DConditionModel, UNetConfig
from lab.sampler import STEPS, clean, draw_from
from lab.train import finish
from lab.train.lessons import Lesson


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    torch.manual_seed(1)
    return UNet2DConditionModel(UNetConfig()).eval()


def lesson(rows: int, away: Away | None) -> Lesson:
    g = torch.Generator().manual_seed(2)
    return Lesson(z=torch.randn(rows, 12, 32, 32, generator=g), x0=torch.zeros(rows, 12, 32, 32), weight=torch.ones(rows, 1, 32, 32),
                  context=torch.randn(rows, 7, 128, generator=g), away=away, rows=())


@torch.no_grad()
def test_a_walk_ends_where_the_sampler_is(unet: UNet2DConditionModel) -> None:
    away = Away(torch.tensor([0, 2]), torch.randn(2, 7, 128, generator=torch.Generator().manual_seed(3)), torch.full((2, 1, 1), 0.7))
    taught = lesson(3, away)
    paths = [STEPS[1], STEPS[2], STEPS[4]]
    x, times = finish.walk(unet, taught, paths), torch.tensor([path[-1] for path in paths])
    with torch.autocast("cpu", torch.bfloat16):
        got = clean(x, unet(x, times, taught.context, away).float(), times)
        for row, path in enumerate(paths):
            steered = away.among(torch.tensor([row]))
            drawn = draw_from(taught.z[row : row + 1], lambda x, t: unet(x, t, taught.context[row : row + 1], steered), len(path))
            torch.testing.assert_close(got[row : row + 1], drawn, rtol=0.05, atol=0.05)


def test_chosen_rows_keep_what_they_are_steered_away_from() -> None:
    away = Away(torch.tensor([1, 4, 5]), torch.arange(3.0)[:, None, None].expand(3, 2, 2), torch.tensor([0.1, 0.4, 0.5])[:, None, None])
    some = away.among(torch.tensor([5, 0, 1]))
    assert some is not None
    assert dict(zip(some.rows.tolist(), some.context[:, 0, 0].tolist())) == {2: 0.0, 0: 2.0}
    assert dict(zip(some.rows.tolist(), some.scale.flatten().tolist())) == pytest.approx({2: 0.1, 0: 0.5})
    assert away.among(torch.tensor([0, 2])) is None


def test_the_distance_is_nothing_only_between_equals() -> None:
    torch.manual_seed(4)
    network = Perceptual().eval()
    a = torch.randn(2, 12, 32, 32)
    b = torch.cat([a[:1], a[1:] + 0.5 * torch.randn(1, 12, 32, 32)]).requires_grad_()
    weight = torch.ones(2, 1, 32, 32)
    distance = network.distance(a, b, weight)
    assert distance[0] == 0 < distance[1]
    assert torch.allclose(distance, network.distance(b, a, weight)) and torch.allclose(2 * distance, network.distance(a, b, 2 * weight))
    distance.sum().backward()
    assert b.grad is not None and b.grad[1].abs().sum() > 0


def test_finishing_covers_every_step_of_every_count(unet: UNet2DConditionModel) -> None:
    assert {(of, which) for of, which, _ in finish.PARTS} >= {(of, which) for of in STEPS for which in range(2, of + 1)} | {(1, 1)}
    assert all(count % 2 == 0 for _, _, count in finish.PARTS)  # two workers share them
    trained = [finish.TRAINED.match(name) is not None for name, _ in unet.named_parameters()]
    share = sum(p.numel() for (_, p), kept in zip(unet.named_parameters(), trained) if kept) / sum(p.numel() for p in unet.parameters())
    assert 0.2 < share < 0.35
