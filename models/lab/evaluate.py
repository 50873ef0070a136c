"""Measures an exported Vignette with a judge that learnt from renders alone.

Captions come from combinations of place, time, weather, season and style that training never drew.
Writes `measured.json`: accuracy per attribute and F1 of things at one to four steps, the judge's own
scores on renders of the same captions, Fréchet distances in the judge's features, and how often
unasked companions appear. `card.py` turns it into the model card.

`python -m lab.evaluate --model models/vignette --data HELDOUT --work WORK`
"""
from __future__ import annotations

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .attributes import COMPANIONS
from .dataset import NAMES, VALUES, Dataset
from .flops import decode_flops, parameters, step_flops
from .nets.classifier import Classifier
from .pipeline import Pipeline
from .train.autoencoder import to_tensor
from .train.classifier import JUDGED, load

BATCH = 20
EVAL_SEED = 700_000  # picture i is drawn from seed EVAL_SEED + i


@dataclass
class Tally:
    """What the judge said of a set of pictures."""
    attributes: list[Tensor] = field(default_factory=list)
    things: list[Tensor] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)

    @torch.no_grad()
    def add(self, judge: Classifier, images: Tensor) -> None:
        logits, things, features = judge(images.contiguous(memory_format=torch.channels_last))
        self.attributes.append(torch.stack([head.argmax(-1) for head in logits], 1))
        self.things.append(things > 0)
        self.features.append(features.double())

    def scores(self, labels: Tensor, asked: Tensor) -> dict[str, object]:
        """Accuracy per attribute and presence F1 of the things a caption may name there."""
        said, shown = torch.cat(self.attributes), torch.cat(self.things)
        accuracy = {name: (said[:, i] == labels[:, i]).float().mean().item() for i, name in enumerate(VALUES)}
        wanted, judged = asked > 0, JUDGED[labels[:, 0]].bool()
        for row, place in enumerate(labels[:, 0].tolist()):  # a companion may appear or not: not judged unless asked for
            for thing in COMPANIONS.get(VALUES["place"][place], {}):
                column = NAMES.index(thing)
                judged[row, column] &= wanted[row, column]
        hit = (shown & wanted & judged).sum(0).double()
        extra, missed = (shown & ~wanted & judged).sum(0), (~shown & wanted & judged).sum(0)
        each = 2 * hit / (2 * hit + extra + missed).clamp(min=1)
        total = 2 * hit.sum() / (2 * hit.sum() + extra.sum() + missed.sum())
        return {"accuracy": accuracy, "mean_accuracy": float(np.mean(list(accuracy.values()))), "all_five": (said == labels[:, : len(VALUES)]).all(1).float().mean().item(),
                "presence_f1": total.item(), "recall": (hit.sum() / (hit.sum() + missed.sum())).item(), "f1_per_thing": dict(zip(NAMES, each.tolist()))}

    def companions(self, labels: Tensor, asked: Tensor) -> dict[str, float]:
        """Share of pictures in which a thing nobody asked for appears at its place."""
        shown, shares = torch.cat(self.things), {}
        for place, things in COMPANIONS.items():
            for thing in things:
                rows = (labels[:, 0] == VALUES["place"].index(place)) & (asked[:, NAMES.index(thing)] == 0)
                shares[f"{place}: {thing}"] = shown[rows, NAMES.index(thing)].float().mean().item()
        return shares


def frechet(a: Tensor, b: Tensor) -> float:
    """|mu_a - mu_b|^2 + tr(A + B - 2 (A B)^(1/2)), from features [n, d]."""
    mean = (a.mean(0) - b.mean(0)).square().sum()
    cov_a, cov_b = torch.cov(a.T), torch.cov(b.T)
    values = torch.linalg.eigvals(cov_a @ cov_b).real.clamp(min=0)
    return float(mean + cov_a.trace() + cov_b.trace() - 2 * values.sqrt().sum())


def judged_renders(data: Dataset, judge: Classifier, count: int, through: Pipeline | None = None) -> Tally:
    """The renderer's own pictures, as they are or `through` the autoencoder: the most a student can reach."""
    tally = Tally()
    for first in range(0, count, BATCH):
        images = to_tensor(np.array(data.images[first : min(first + BATCH, count)]))
        if through is not None:
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                images = through.decode(through.vae.encode(images.contiguous(memory_format=torch.channels_last)))
        tally.add(judge, images)
    return tally


def measure(model: Path, data_folder: Path, work: Path, count: int, steps: int) -> tuple[dict[str, object], np.ndarray]:
    """Draws every caption in `steps` steps (bfloat16 arithmetic, shipped float16 weights) and scores what came out; with the judge's features."""
    torch.set_num_threads(1)
    data, judge, pipeline = Dataset(data_folder), load(work / "classifier.pt"), Pipeline(model)
    labels, things, captions = truth(data, count)
    tally = Tally()
    for first in range(0, count, BATCH):
        seeds = range(EVAL_SEED + first, EVAL_SEED + min(first + BATCH, count))
        with torch.autocast("cpu", torch.bfloat16):
            pictures = pipeline.decode(pipeline.latents(captions[first : first + BATCH], seeds, steps))
        tally.add(judge, pictures)
    scores = tally.scores(labels, things) | {"companions": tally.companions(labels, things)}
    print(steps, {k: round(v, 4) for k, v in scores.items() if isinstance(v, float)}, scores["accuracy"], flush=True)
    return scores, torch.cat(tally.features).numpy()


def truth(data: Dataset, count: int) -> tuple[Tensor, Tensor, list[str]]:
    labels = torch.from_numpy(np.array(data.labels[:count])).long()
    things = torch.from_numpy(np.array(data.asked[:count, len(VALUES) :])).long()
    return labels, things, [str(t["captions"][0]) for t in data.texts()[:count]]  # type: ignore[index]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--steps", type=int, nargs="+", default=[4, 3, 2, 1])
    args = parser.parse_args()
    data, judge, pipeline = Dataset(args.data), load(args.work / "classifier.pt"), Pipeline(args.model)
    count = min(args.count, data.count)
    labels, things, _ = truth(data, count)
    with ProcessPoolExecutor(len(args.steps), mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = {steps: pool.submit(measure, args.model, args.data, args.work, count, steps) for steps in args.steps}
        renders = judged_renders(data, judge, count)
        reference = torch.cat(renders.features)
        coded = judged_renders(data, judge, count, through=pipeline)
        drawn = {steps: jobs[steps].result() for steps in sorted(jobs)}
    scores = {str(steps): of_pictures | {"frechet": frechet(torch.from_numpy(features), reference)} for steps, (of_pictures, features) in drawn.items()}
    half = count // 2
    trained = [name for name in ("autoencoder", "text_encoder", "student", "perceptual", "finished", "decoder", "classifier") if (args.work / f"{name}.pt").exists()]
    result = {
        "pictures": count,
        "renders": renders.scores(labels, things) | {"companions": renders.companions(labels, things), "frechet_between_halves": frechet(reference[:half], reference[half:])},
        "autoencoded": coded.scores(labels, things) | {"companions": coded.companions(labels, things), "frechet": frechet(torch.cat(coded.features), reference)},
        "student_gflop": step_flops(pipeline.unet.config) / 1e9, "decode_gflop": decode_flops(pipeline.vae.config, pipeline.unet.config.sample_size) / 1e9,
        "parameters": {"unet": parameters(pipeline.unet), "vae": parameters(pipeline.vae), "text_encoder": parameters(pipeline.text)},
        "minutes": {name: torch.load(args.work / f"{name}.pt", weights_only=True)["seconds"] / 60 for name in trained},
        "steps": scores,
    }
    (args.model / "measured.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
