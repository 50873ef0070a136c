"""Measures an exported student with judges that learnt from renders alone.

Captions come from combinations of place, time, weather, season and style that training never drew.
Writes `measured.json`: accuracy per attribute and F1 of things at one to four steps, the same of renders of
these captions, distances between the two in the judge's features, detail and diversity beside the renders', and
how often unasked companions appear. The second judge heads everything; where the first was trained too, its
scores stand beside. `card.py` turns it into the model card.

`python -m lab.evaluate --model models/vignette --data HELDOUT --work WORK`
"""
from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .attributes import COMPANIONS
from .dataset import NAMES, VALUES, Dataset
from .flops import decode_flops, parameters, step_flops
from .measures import band_energy, diversity, frechet, sliced_wasserstein
from .nets.classifier import Classifier
from .nets.second_judge import SecondJudge
from .pipeline import Pipeline
from .stored import UNET, number_format
from .train import classifier, second_judge
from .train.autoencoder import to_tensor
from .train.classifier import JUDGED

BATCH = 20
TRAINED = ("autoencoder", "text_encoder", "student", "perceptual", "finished", "perceptual_pictures", "decoder", "teacher", "dmd2", "classifier", "second_judge")
EVAL_SEED = 700_000  # picture i is drawn from seed EVAL_SEED + i


@dataclass
class Tally:
    """What the judge said of a set of pictures."""
    attributes: list[Tensor] = field(default_factory=list)
    things: list[Tensor] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)

    @torch.no_grad()
    def add(self, judge: Classifier | SecondJudge, images: Tensor) -> None:
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


@dataclass
class Looks:
    """Everything that is measured of a set of pictures: what each judge says, and how much detail there is."""
    second: Tally = field(default_factory=Tally)
    first: Tally = field(default_factory=Tally)
    energy: list[Tensor] = field(default_factory=list)

    def add(self, judges: Judges, images: Tensor) -> None:
        self.second.add(judges.second, images)
        if judges.first is not None:
            self.first.add(judges.first, images)
        self.energy.append(band_energy(images.cpu()))

    def figures(self, labels: Tensor, asked: Tensor, renders: "Looks") -> dict[str, object]:
        """The second judge's scores, and the first's among them; distances to the `renders`."""
        figures = self.second.scores(labels, asked) | {"companions": self.second.companions(labels, asked)}
        if self.first.features:
            figures["first_judge"] = {k: v for k, v in self.first.scores(labels, asked).items() if k != "f1_per_thing"}
        if self is not renders:
            figures |= {"frechet": frechet(*_features(self.second, renders.second)), "sliced_wasserstein": sliced_wasserstein(*_features(self.second, renders.second)),
                        "sharpness": (torch.cat(self.energy).mean(0) / torch.cat(renders.energy).mean(0)).tolist(),
                        "diversity": diversity(torch.cat(self.second.features)) / diversity(torch.cat(renders.second.features))}
            if self.first.features:
                figures["first_judge"]["frechet"] = frechet(*_features(self.first, renders.first))  # type: ignore[index]
        return figures

    def floor(self) -> dict[str, object]:
        """The distances between two halves of these pictures: what distances of that many pictures have of themselves."""
        halves = {}
        for name, tally in (("", self.second), ("first_judge_", self.first)):
            if tally.features:
                features = torch.cat(tally.features)
                half = len(features) // 2
                halves[f"{name}frechet_between_halves"] = frechet(features[:half], features[half : 2 * half])
                halves[f"{name}sliced_wasserstein_between_halves"] = sliced_wasserstein(features[:half], features[half : 2 * half])
        return halves


@dataclass(frozen=True)
class Judges:
    second: SecondJudge
    first: Classifier | None  # absent where it was not trained

    @classmethod
    def load(cls, work: Path) -> "Judges":
        path = work / "classifier.pt"
        return cls(second_judge.load(work / "second_judge.pt"), classifier.load(path) if path.exists() else None)


def _features(a: Tally, b: Tally) -> tuple[Tensor, Tensor]:
    return torch.cat(a.features), torch.cat(b.features)


def look_at_renders(data: Dataset, judges: Judges, count: int, through: Pipeline | None = None) -> Looks:
    """The renderer's own pictures, as they are or `through` the autoencoder: the most a student can reach."""
    looks = Looks()
    for first in range(0, count, BATCH):
        images = to_tensor(np.array(data.images[first : min(first + BATCH, count)]))
        if through is not None:
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                images = through.decode(through.vae.encode(images.contiguous(memory_format=torch.channels_last)))
        looks.add(judges, images)
    return looks


def look_at_drawn(model: Path, data_folder: Path, work: Path, count: int, steps: int) -> Looks:
    """Draws every caption in `steps` steps: bfloat16 arithmetic, the weights as the folder has them."""
    torch.set_num_threads(1)
    data, judges, pipeline = Dataset(data_folder), Judges.load(work), Pipeline(model)
    captions, looks = truth(data, count)[2], Looks()
    for first in range(0, count, BATCH):
        seeds = range(EVAL_SEED + first, EVAL_SEED + min(first + BATCH, count))
        with torch.autocast("cpu", torch.bfloat16):
            pictures = pipeline.decode(pipeline.latents(captions[first : first + BATCH], seeds, steps))
        looks.add(judges, pictures)
    return looks


def truth(data: Dataset, count: int) -> tuple[Tensor, Tensor, list[str]]:
    labels = torch.from_numpy(np.array(data.labels[:count])).long()
    things = torch.from_numpy(np.array(data.asked[:count, len(VALUES) :])).long()
    return labels, things, [str(t["captions"][0]) for t in data.texts()[:count]]  # type: ignore[index]


def measure(model: Path, data_folder: Path, work: Path, most: int, of_steps: list[int]) -> dict[str, object]:
    data, judges, pipeline = Dataset(data_folder), Judges.load(work), Pipeline(model)
    count = min(most, data.count)
    labels, things, _ = truth(data, count)
    # Sessions of their own: schedulers that share a machine by session then see as many jobs (as in train/loop.py).
    with ProcessPoolExecutor(max(len(of_steps), 1), mp_context=multiprocessing.get_context("spawn"), initializer=os.setsid) as pool:
        jobs = {steps: pool.submit(look_at_drawn, model, data_folder, work, count, steps) for steps in of_steps}
        renders = look_at_renders(data, judges, count)
        coded = look_at_renders(data, judges, count, through=pipeline)
        drawn = {str(steps): jobs[steps].result().figures(labels, things, renders) for steps in sorted(jobs)}
    return {
        "pictures": count,
        "weights": number_format(model / "unet", UNET),
        "renders": renders.figures(labels, things, renders) | renders.floor(),
        "autoencoded": coded.figures(labels, things, renders),
        "student_gflop": step_flops(pipeline.unet.config) / 1e9, "decode_gflop": decode_flops(pipeline.vae.config, pipeline.unet.config.sample_size) / 1e9,
        "parameters": {"unet": parameters(pipeline.unet), "vae": parameters(pipeline.vae), "text_encoder": parameters(pipeline.text)},
        "steps": drawn,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--steps", type=int, nargs="*", default=[4, 3, 2, 1])
    parser.add_argument("--to", type=Path, help="where the figures go, if not beside the model")
    args = parser.parse_args()
    result = measure(args.model, args.data, args.work, args.count, args.steps)
    to = args.to or args.model / "measured.json"
    minutes = json.loads(to.read_text()).get("minutes", {}) if to.exists() else {}
    checkpoints = (args.work / f"{name}.pt" for name in TRAINED)
    if not (args.work / "classifier.pt").exists():
        minutes.pop("classifier", None)  # the first judge has no figures here
    result["minutes"] = minutes | {path.stem: torch.load(path, weights_only=True, map_location="cpu")["seconds"] / 60 for path in checkpoints if path.exists()}
    to.write_text(json.dumps(result, indent=1) + "\n")
    for name, figures in {"renders": result["renders"], "autoencoded": result["autoencoded"], **result["steps"]}.items():  # type: ignore[dict-item]
        print(name, {k: round(v, 4) for k, v in figures.items() if isinstance(v, float)}, figures["accuracy"], figures.get("first_judge"))  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
