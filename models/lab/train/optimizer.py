"""Muon for matrices, Adam for the rest: the fewest steps we know of for small convolutional nets.

Muon replaces a weight's momentum by the nearest matrix with equal singular values (four
Newton-Schulz steps), so that every direction of the layer learns at the same speed
(K. Jordan et al., 2024; the 0.2 sqrt(max(rows, columns)) scale, which lets it share Adam's learning
rate, from Liu et al., arXiv 2502.16982). Kernels count as [out, in * h * w] matrices.
"""
from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def matrices(module: nn.Module, ends: Iterable[nn.Module]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """A module's weights for Muon, and what is left for Adam: vectors, and the layers named in `ends`."""
    apart = {id(p) for end in ends for p in end.parameters()}
    hidden = [p for p in module.parameters() if p.ndim >= 2 and id(p) not in apart]
    chosen = {id(p) for p in hidden}
    return hidden, [p for p in module.parameters() if id(p) not in chosen]


def orthogonalise(g: Tensor, steps: int = 4) -> Tensor:
    """Newton-Schulz towards U V^T of g = U S V^T, in bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (g / (g.norm() + 1e-7)).bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return (x.T if tall else x).to(g.dtype)


class Muon(torch.optim.Optimizer):
    """Set `lr` of every group alike; weight decay is decoupled."""

    def __init__(self, hidden: list[nn.Parameter], rest: list[nn.Parameter], momentum: float = 0.95, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0.01) -> None:
        super().__init__([{"params": hidden, "orthogonal": True}, {"params": rest, "orthogonal": False}],
                         {"lr": 0.0, "momentum": momentum, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            (beta1, beta2), lr = group["betas"], group["lr"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["first"] = torch.zeros_like(p)
                    if not group["orthogonal"]:
                        state["second"], state["step"] = torch.zeros_like(p), torch.zeros(())
                if group["orthogonal"]:
                    first = state["first"].lerp_(p.grad, 1 - group["momentum"])
                    update = orthogonalise(p.grad.lerp(first, group["momentum"]).reshape(len(p), -1))
                    update = update.view(p.shape) * (0.2 * max(update.shape) ** 0.5)
                    p.mul_(1 - lr * group["weight_decay"])
                else:
                    state["step"] += 1
                    n = state["step"].item()
                    first, second = state["first"].lerp_(p.grad, 1 - beta1), state["second"].lerp_(p.grad.square(), 1 - beta2)
                    update = (first / (1 - beta1**n)) / ((second / (1 - beta2**n)).sqrt() + 1e-8)
                p.add_(update, alpha=-lr)


def adamw(module: nn.Module, weight_decay: float = 0.01, betas: tuple[float, float] = (0.9, 0.999)) -> torch.optim.AdamW:
    """AdamW over what is trainable; `descend` sets the rate."""
    return torch.optim.AdamW((p for p in module.parameters() if p.requires_grad), lr=0.0, weight_decay=weight_decay, betas=betas)
