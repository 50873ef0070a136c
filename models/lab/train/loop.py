"""What every training run shares: a clock made of step numbers, checkpoints, and a table of what it measured.

All randomness of step n (which samples, which noise) comes from (seed, n). A run stopped anywhere
and started again therefore repeats what it would have done: restoring the weights, the optimizer
and n restores the random numbers and the place in the data as well.
"""
from __future__ import annotations

import argparse
import csv
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
import torch.distributed
import torch.multiprocessing
from torch import nn

from ..together import mean_of_all
from .machine import described


def draws(seed: int, step: int) -> tuple[np.random.Generator, torch.Generator]:
    """The random numbers of one step."""
    return np.random.default_rng((seed, step)), torch.Generator("cpu").manual_seed(seed * 10_000_019 + step)


def learning_rate(step: int, steps: int, peak: float, warmup: int = 200) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    return peak * min((step + 1) / warmup, 0.5 + 0.5 * math.cos(math.pi * min(step / steps, 1.0)))


class Average(dict[str, torch.Tensor]):
    """Exponential moving average of a module's state; young averages follow faster."""

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        super().__init__({name: value.detach().clone() for name, value in module.state_dict().items()})
        self.decay = decay

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        keep = min(self.decay, (step + 1) / (step + 10))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self[name].lerp_(value, 1 - keep)
            else:
                self[name].copy_(value)


def command(about: str | None, main: Callable[..., None], steps: int, *folders: str) -> None:
    """A stage's command line: its folders by name, --steps and --workers; then `main(worker, workers, *folders, steps)` in every worker."""
    parser = argparse.ArgumentParser(description=about)
    for folder in folders:
        parser.add_argument(f"--{folder}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--workers", type=int, default=2)
    args = vars(parser.parse_args())
    spread(main, args["workers"], *(args[folder.replace("-", "_")] for folder in folders), args["steps"])


def spread(main: Callable[..., None], workers: int, *args: object) -> None:
    """Runs `main(worker, workers, *args)` in as many processes of one thread each. Two processes that
    meet once a step beat two threads that meet in every operation when the machine is shared."""
    with tempfile.TemporaryDirectory() as meeting:
        torch.multiprocessing.spawn(_worker, (main, workers, f"file://{meeting}/at", args), workers)


def _worker(worker: int, main: Callable[..., None], workers: int, meeting: str, args: tuple[object, ...]) -> None:
    if worker > 0:
        os.setsid()  # schedulers that share a machine by session then see two jobs
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=worker, world_size=workers)
    main(worker, workers, *args)


def share(module: nn.Module) -> None:
    """Replaces every worker's gradients and running statistics by their mean; a run of one process has nothing to share."""
    if not torch.distributed.is_initialized():
        return
    gradients = [p.grad for p in module.parameters() if p.grad is not None] + list(module.buffers())
    flat = mean_of_all(torch.cat([g.reshape(-1) for g in gradients]))
    for g, mean in zip(gradients, flat.split([g.numel() for g in gradients])):
        g.copy_(mean.view_as(g))


def descend(loss: torch.Tensor, module: nn.Module, optimizer: torch.optim.Optimizer, average: Average | None, step: int, rate: float, clip: float | None = None) -> None:
    """One step down the gradient all workers agree on, of norm `clip` at most; the average, if one is kept, follows."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    share(module)
    if clip is not None:
        nn.utils.clip_grad_norm_(module.parameters(), clip)
    optimizer.step()
    if average is not None:
        average.update(module, step)


class Run:
    """A resumable sequence of steps that saves itself every few minutes."""

    def __init__(self, path: Path, steps: int, parts: Mapping[str, nn.Module | torch.optim.Optimizer], average: Average | None = None, minutes: float = 3.0, keeper: bool = True) -> None:
        self.path, self.steps, self.parts, self.average, self.minutes = path, steps, parts, average, minutes
        self.step, self.seconds, self.keeper = 0, 0.0, keeper  # only the keeper writes
        if path.exists():
            saved = torch.load(path, weights_only=True, map_location="cpu")
            for name, part in parts.items():
                part.load_state_dict(saved[name])
            if average is not None:
                for name, value in saved["average"].items():
                    average[name].copy_(value)
            self.step, self.seconds = saved["step"], saved["seconds"]
            if keeper:
                _forget_rows(path.with_suffix(".csv"), self.step)
                print(f"resumed at step {self.step} after {self.seconds / 60:.1f} min", flush=True)

    def __iter__(self) -> Iterator[int]:
        started, saved_at, before = time.monotonic(), time.monotonic(), self.seconds
        while self.step < self.steps:
            yield self.step
            self.step += 1
            now = time.monotonic()
            self.seconds = before + now - started
            if self.keeper and (now - saved_at > 60 * self.minutes or self.step == self.steps):
                self.save()
                saved_at = now

    def save(self) -> None:
        state: dict[str, object] = {name: part.state_dict() for name, part in self.parts.items()}
        state |= {"step": self.step, "seconds": self.seconds, "machine": described(), "average": dict(self.average or {})}
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)


def report(run: Run, every: int, **numbers: float) -> None:
    """Every so many steps: a line on the screen, and a row of the table beside the checkpoint."""
    if not run.keeper or run.step % every:
        return
    print(f"{run.step:6d}/{run.steps} {run.seconds / 60:6.1f} min  " + "  ".join(f"{k} {v:.4f}" for k, v in numbers.items()), flush=True)
    row = {"step": str(run.step), "minutes": f"{run.seconds / 60:.2f}"} | {k: f"{v:.6g}" for k, v in numbers.items()}
    path = run.path.with_suffix(".csv")
    columns = _with_columns(path, list(row))
    with path.open("a", newline="") as out:
        csv.DictWriter(out, columns, restval="nan").writerow(row)


def _with_columns(path: Path, wanted: list[str]) -> list[str]:
    """The table's columns, in order. A run that goes on with other settings may report others: where those were not reported, they are nan."""
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    if path.exists():
        with path.open(newline="") as lines:
            reader = csv.DictReader(lines)
            rows, columns = list(reader), list(reader.fieldnames or [])
    if not set(wanted) <= set(columns):
        columns = list(dict.fromkeys([*columns, *wanted]))
        partial = path.with_suffix(".csv.partial")
        with partial.open("w", newline="") as out:
            writer = csv.DictWriter(out, columns, restval="nan")
            writer.writeheader()
            writer.writerows(rows)
        partial.replace(path)  # a run that is stopped meanwhile loses no row
    return columns


def _forget_rows(path: Path, step: int) -> None:
    """Drops what a run wrote after the checkpoint it goes on from: those steps will be made again."""
    if path.exists():
        head, *rows = path.read_text().splitlines()
        path.write_text("\n".join([head, *(row for row in rows if int(row.split(",")[0]) < step)]) + "\n")
