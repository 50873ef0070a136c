"""Where a run computes: one process on the CPU or on a GPU, or one process per GPU through torchrun.

The command is the same: `python -m lab.X ...` or `torchrun --nproc-per-node N -m lab.X ...`. Each process draws
its own part of every batch, and `loop.share` averages the gradients; a step's random numbers depend on its
number and the process's rank alone, so a run goes on exactly where it stopped, on as many processes as before.
"""
from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed


@dataclass(frozen=True)
class Machine:
    device: torch.device
    rank: int
    world: int

    @property
    def keeper(self) -> bool:
        """Whether this process prints and writes checkpoints."""
        return self.rank == 0

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16)

    def part(self, batch: int) -> int:
        """This process's share of a batch."""
        if batch % self.world:
            raise SystemExit(f"a batch of {batch} cannot be shared among {self.world} processes")
        return batch // self.world

    def clock(self, step: int) -> int:
        """A number no other step of any process has: what its random numbers are drawn from."""
        return step * self.world + self.rank


def described() -> str:
    """What a run computes on, in words."""
    count = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
    if torch.cuda.is_available():
        return f"{count} x {torch.cuda.get_device_name()}"
    return f"{count} process{'es' if count > 1 else ''} on a {os.cpu_count()}-core CPU"


def machine() -> Machine:
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if gpu else "gloo")
    return Machine(device, rank, world)


def run_here(about: str | None, main: Callable[..., None], steps: int, *folders: str) -> None:
    """A stage's command line: its folders by name and --steps; then `main(machine, *folders, steps)` in this process."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    for folder in folders:
        parser.add_argument(f"--{folder}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=steps)
    args = vars(parser.parse_args())
    main(machine(), *(args[folder.replace("-", "_")] for folder in folders), args["steps"])
