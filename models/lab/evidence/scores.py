"""From pictures to figures: what the judge sees, how much of the unwanted is gone, what else went with it."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from ..dataset import NAMES, VALUES
from ..evaluate import BATCH, Tally
from ..nets.second_judge import SecondJudge
from ..train.autoencoder import to_tensor
from .drawing import Setting
from .pairs import SEED, Pair

RESAMPLES = 2000


@dataclass(frozen=True)
class Judged:
    """One picture of each of n pairs."""
    shown: np.ndarray  # [n] whether the pair's thing is in it
    right: np.ndarray  # [n, 5] whether an attribute is as asked
    kept: np.ndarray  # [n] how many of the asked things are in it
    asked: np.ndarray  # [n] how many were asked for


def look(judge: SecondJudge, pairs: Sequence[Pair], pictures: Iterable[np.ndarray]) -> Judged:
    tally, rest = Tally(), iter(pictures)
    while batch := list(islice(rest, BATCH)):
        tally.add(judge, to_tensor(np.stack(batch)))
    said, things = torch.cat(tally.attributes).numpy(), torch.cat(tally.things).numpy()
    wanted = np.array([[values.index(dict(pair.request.named)[name]) for name, values in VALUES.items()] for pair in pairs])
    wishes = np.array([[any(wish.thing == name for wish in pair.request.wishes) for name in NAMES] for pair in pairs])
    shown = things[np.arange(len(pairs)), [NAMES.index(pair.thing) for pair in pairs]]
    return Judged(shown, said == wanted, (things & wishes).sum(1), wishes.sum(1))


def removal(without: np.ndarray, steered: np.ndarray) -> float:
    """By what share of itself presence falls: 1 where nothing is left, 0 where nothing changes."""
    return float(1 - steered.mean() / without.mean()) if without.any() else float("nan")


def points_lost(without: np.ndarray, steered: np.ndarray) -> float:
    """Percentage points of attribute accuracy."""
    return float(100 * (without.mean() - steered.mean()))


def interval(figure: Callable[[np.ndarray, np.ndarray], float], without: np.ndarray, steered: np.ndarray) -> list[float]:
    """The middle 95 % of the figure over sets of pairs drawn again, with replacement, from these."""
    picks = np.random.default_rng(SEED).integers(0, len(without), (RESAMPLES, len(without)))
    return np.nanpercentile([figure(without[pick], steered[pick]) for pick in picks], (2.5, 97.5)).tolist()


def clean(without: Judged, steered: Judged) -> float:
    """Of the pictures that show the thing, the share in which it is gone and nothing that was asked for went with it."""
    gone = without.shown & ~steered.shown
    kept = (steered.right.sum(1) >= without.right.sum(1)) & (steered.kept >= without.kept)
    return float((gone & kept).sum() / max(without.shown.sum(), 1))


def scores(without: Judged, steered: Judged) -> dict[str, object]:
    return {
        "presence": float(steered.shown.mean()),
        "removal": removal(without.shown, steered.shown), "removal_interval": interval(removal, without.shown, steered.shown),
        "attributes": float(steered.right.mean()),
        "lost": points_lost(without.right, steered.right), "lost_interval": interval(points_lost, without.right, steered.right),
        "clean": clean(without, steered),
        "things": float(steered.kept.sum() / max(steered.asked.sum(), 1)),
    }


def part(judged: Judged, count: int) -> Judged:
    """The first so many."""
    return Judged(judged.shown[:count], judged.right[:count], judged.kept[:count], judged.asked[:count])


def best(without: Judged, steered: Mapping[Setting, Judged]) -> dict[str, Setting]:
    """Of each method the strength with most clean removals; of equals the weaker."""
    found: dict[str, Setting] = {}
    for setting in sorted(steered, key=lambda setting: (-clean(without, steered[setting]), setting.scale)):
        found.setdefault(setting.method, setting)
    return found


@dataclass(frozen=True)
class Outcome:
    """All that was seen of the chosen pairs."""
    default: Setting
    without: Judged
    steered: dict[Setting, Judged]
    controls: dict[str, dict[Setting, Judged]]  # what the negative is instead, each method at its best, of the first pairs
    whole: Judged  # the renderer's pictures
    bare: Judged  # the same, the thing left out


def summary(pairs: Sequence[Pair], rates: Sequence[float], chosen: Sequence[int], outcome: Outcome) -> dict[str, object]:
    """`rates` are of all candidates, nan for those that were not looked at; `chosen` are indices of them."""
    without, steered = outcome.without, outcome.steered
    return {
        "pairs": len(chosen), "candidates": len(pairs), "looked_at": int(np.isfinite(rates).sum()), "default": outcome.default.name, "without": scores(without, without),
        "settings": [{"name": setting.name, "method": setting.method, "scale": setting.scale} | scores(without, judged) for setting, judged in steered.items()],
        "best": {method: setting.name for method, setting in best(without, steered).items()},
        "controls": [{"name": name, "pairs": len(judged.shown), "setting": setting.name, "method": setting.method} | scores(part(without, len(judged.shown)), judged)
                     for name, row in outcome.controls.items() for setting, judged in row.items()],
        "renderer": {"without": scores(outcome.whole, outcome.whole), "steered": scores(outcome.whole, outcome.bare)},
        "kinds": [_kind(kind, pairs, rates, chosen, without, steered[outcome.default]) for kind in dict.fromkeys(pair.kind for pair in pairs)],
    }


def _kind(kind: str, pairs: Sequence[Pair], rates: Sequence[float], chosen: Sequence[int], without: Judged, steered: Judged) -> dict[str, object]:
    probed = [rate for pair, rate in zip(pairs, rates) if pair.kind == kind and np.isfinite(rate)]
    here = np.array([pairs[i].kind == kind for i in chosen])
    row: dict[str, object] = {"kind": kind, "candidates": len(probed), "rate": float(np.mean(probed)) if probed else None, "pairs": int(here.sum())}
    if here.any():
        row |= {"without": float(without.shown[here].mean()), "steered": float(steered.shown[here].mean()), "lost": points_lost(without.right[here], steered.right[here])}
    return row
