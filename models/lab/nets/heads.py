"""NitroFusion's pool of light discriminator heads (arXiv 2412.02030), each on one map of a frozen network.

There are many, of three kinds: some see a whole map and say one thing of it, some say it of every patch; some see maps
made with the caption, some without. Each iteration draws a few of them, and a small share of all is made anew, so that no
head lives long enough to be fooled in its own way.
"""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

KINDS = ("global with caption", "patch with caption", "patch without")
WIDTH = 32


class Head(nn.Module):
    """A map to one logit (`whole`) or one a patch."""

    def __init__(self, channels: int, whole: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(channels, WIDTH, 4, stride=2, padding=1), nn.GroupNorm(8, WIDTH), nn.SiLU())
        self.whole, self.leave = whole, nn.Conv2d(WIDTH, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.layers(x)
        return self.leave(h.mean((2, 3), keepdim=True) if self.whole else h).flatten(1)


class Pool(nn.Module):
    """`each` heads for every map and kind; `kinds` leaves some out."""

    def __init__(self, channels: Sequence[int], each: int, kinds: Sequence[str] = KINDS) -> None:
        super().__init__()
        self.places = [(kind, place) for kind in kinds for place in range(len(channels)) for _ in range(each)]
        self.heads = nn.ModuleList(Head(channels[place], kind.startswith("global")) for kind, place in self.places)
        self.each = each

    def drawn(self, generator: torch.Generator) -> list[int]:
        """One head of every map and kind."""
        picks = torch.randint(self.each, (len(self.heads) // self.each,), generator=generator)
        return [group * self.each + int(pick) for group, pick in enumerate(picks)]

    def forward(self, chosen: Sequence[int], named: Sequence[Tensor], unnamed: Sequence[Tensor]) -> list[Tensor]:
        """Logits [n, patches] of each chosen head; `named` are the maps made with the caption."""
        return [self.heads[i]((unnamed if self.places[i][0].endswith("without") else named)[self.places[i][1]]) for i in chosen]

    @torch.no_grad()
    def refresh(self, share: float, optimizer: torch.optim.Optimizer, generator: torch.Generator) -> list[int]:
        """Makes a `share` of the heads anew, on average, with what the optimizer remembers of them."""
        renewed = (torch.rand(len(self.heads), generator=generator) < share).nonzero().flatten().tolist()
        for i in renewed:
            for module in self.heads[i].modules():
                if isinstance(module, nn.Conv2d):
                    bound = module.weight[0].numel() ** -0.5
                    for parameter in (module.weight, module.bias):
                        parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * bound)
                elif isinstance(module, nn.GroupNorm):
                    nn.init.ones_(module.weight)
                    nn.init.zeros_(module.bias)
            for parameter in self.heads[i].parameters():
                optimizer.state.pop(parameter, None)
        return renewed
