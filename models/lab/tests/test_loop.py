"""A run stopped and started again ends exactly where an unbroken one does."""
from math import isnan
from pathlib import Path

import pytest
import torch
from torch import nn

from lab.plot import columns
from lab.train.loop import Average, Run, descend, draws, learning_rate, report, spread
from lab.train.machine import Machine
from lab.train.optimizer import Muon, matrices, orthogonalise


def train(path: Path, stop: int, steps: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = Muon(*matrices(net, (net[0], net[4])))
    average = Average(net, 0.9)
    run = Run(path, steps, {"net": net, "optimizer": optimizer}, average)
    for step in run:
        if step == stop:
            run.save()
            break
        x = torch.randn(16, 6, generator=draws(1, step)[1])
        descend((net(x) - x[:, :2]).square().mean(), net, optimizer, average, step, learning_rate(step, steps, 1e-2, warmup=2))
    return dict(average) | {f"now.{k}": v for k, v in net.state_dict().items()}


def test_resume_is_exact(tmp_path: Path) -> None:
    unbroken = train(tmp_path / "a.pt", stop=-1, steps=12)
    train(tmp_path / "b.pt", stop=5, steps=12)
    resumed = train(tmp_path / "b.pt", stop=-1, steps=12)
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)


def test_a_step_down_is_no_longer_than_its_clip() -> None:
    for clip in (None, 0.5):
        net = nn.Linear(1, 1, bias=False)
        nn.init.ones_(net.weight)
        average = Average(net, 0.0)
        descend(3 * net.weight.sum(), net, torch.optim.SGD(net.parameters(), lr=0.0), average, 0, 0.1, clip)
        torch.testing.assert_close(net.weight.item(), 1 - 0.1 * (clip or 3.0))
        assert torch.equal(average["weight"], net.weight)


def one_step(worker: int, workers: int, folder: Path) -> None:
    """Loss (worker + 1) w, and what w became."""
    net = nn.Linear(1, 1, bias=False)
    nn.init.ones_(net.weight)
    descend((worker + 1) * net.weight.sum(), net, torch.optim.SGD(net.parameters(), lr=0.0), None, 0, 0.1)
    (folder / str(worker)).write_text(str(net.weight.item()))


def test_processes_go_down_the_mean_of_their_gradients(tmp_path: Path) -> None:
    spread(one_step, 2, tmp_path)
    assert [float((tmp_path / str(worker)).read_text()) for worker in range(2)] == pytest.approx([0.85, 0.85])


def test_a_machine_of_many_processes_shares_a_batch_and_never_a_random_number() -> None:
    first, second = (Machine(torch.device("cpu"), rank, 2) for rank in range(2))
    assert first.part(8) == 4 and first.keeper and not second.keeper
    assert len({m.clock(step) for m in (first, second) for step in range(10)}) == 20
    with pytest.raises(SystemExit, match="cannot be shared"):
        first.part(5)


def test_a_table_of_reports_has_every_step_once_after_a_resume(tmp_path: Path) -> None:
    def reported(stop: int) -> Run:
        run = Run(tmp_path / "run.pt", 6, {})
        for step in run:
            if step == stop:
                break
            report(run, 1, loss=float(step))
            if step == 2:
                run.save()
        return run

    reported(stop=5)  # saved at step 2, stopped later
    reported(stop=-1)
    rows = (tmp_path / "run.csv").read_text().splitlines()
    assert rows[0] == "step,minutes,loss" and [row.split(",")[0] for row in rows[1:]] == list("012345")


def test_a_table_of_reports_takes_up_what_a_resumed_run_reports_anew(tmp_path: Path) -> None:
    for steps, numbers in ((2, {"loss": 1.0}), (4, {"pairs": 2.0, "loss": 3.0})):
        run = Run(tmp_path / "run.pt", steps, {})
        for _ in run:
            report(run, 1, **numbers)
    table = columns(tmp_path / "run.csv")
    assert table["step"] == [0, 1, 2, 3] and table["loss"] == [1, 1, 3, 3]
    assert [isnan(pair) for pair in table["pairs"]] == [True, True, False, False] and table["pairs"][2:] == [2, 2]


def test_orthogonalised_singular_values_are_near_one() -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(24, 64)))
    assert values.min() > 0.5 and values.max() < 1.5
