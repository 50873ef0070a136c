"""Writes the trained networks as a diffusers repository: the folder the page ships and loads.

float16 safetensors, complete configs, Euler scheduler. Every file is written beside its place and
moved there, so a reader never meets half a file. Vignette's become blocks of 8 bits after that (`reproduce.sh`).

`python -m lab.export --work WORK --to models/vignette` writes all of it; with `--only decoder`, the decoder that was
trained on an exported model's latents takes the place of that model's own; with `--only fine`, the one that was trained to draw 512 pixels
of them comes beside it, into `vae_fine/`; with `--only student`, the student that `dmd2` sharpened.
"""
from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from .flops import BUDGET, BUDGET_512, decode_flops, step_flops
from .nets.autoencoder_tiny import LARGE, PICTURE, AutoencoderTiny, AutoencoderTinyConfig
from .nets.unet import UNet2DConditionModel, UNetConfig
from .pipeline import load_autoencoder
from .recipes import dmd2
from .sampler import STEPS
from .stored import TEXT_ENCODER, UNET, VAE, blocks_file, half_file
from .train import autoencoder, decoder, student
from .train.text_encoder import config as text_config

BYTES = 32_000_000
VERSION = "0.40.0"
SCHEDULER: dict[str, object] = {
    "_class_name": "EulerDiscreteScheduler", "_diffusers_version": VERSION, "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
    "final_sigmas_type": "zero", "interpolation_type": "linear", "num_train_timesteps": 1000, "prediction_type": "v_prediction", "rescale_betas_zero_snr": False,
    "sigma_max": None, "sigma_min": None, "steps_offset": 0, "timestep_spacing": "trailing", "timestep_type": "discrete", "trained_betas": None,
    "timesteps_by_steps": {str(count): list(times) for count, times in STEPS.items()},  # ours: diffusers' pipeline takes them as `timesteps`
    "use_beta_sigmas": False, "use_exponential_sigmas": False, "use_karras_sigmas": False,
}
INDEX: dict[str, object] = {
    "_class_name": "StableDiffusionPipeline", "_diffusers_version": VERSION, "feature_extractor": [None, None], "image_encoder": [None, None],
    "requires_safety_checker": False, "safety_checker": [None, None], "scheduler": ["diffusers", "EulerDiscreteScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderTiny"],
}


def write_json(value: Mapping[str, object], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n")
    os.replace(partial, path)


def write_weights(tensors: Mapping[str, Tensor], folder: Path, stem: str) -> None:
    """In float16, in place of what the network's folder had, blocks of other weights among it."""
    path = half_file(folder, stem)
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: value.half().contiguous().clone() for name, value in tensors.items()}
    if not all(torch.isfinite(value).all() for value in halves.values()):
        raise ValueError(f"{path.name}: a weight does not fit float16")
    partial = path.with_suffix(".partial")
    save_file(halves, partial, metadata={"format": "pt"})
    partial.chmod(0o644)
    os.replace(partial, path)
    blocks_file(folder, stem).unlink(missing_ok=True)


def text_json(vocabulary: int) -> dict[str, object]:
    """The text encoder's config with the fields transformers 4 and 5 both read."""
    c = text_config(vocabulary)
    names = ("attention_dropout", "bos_token_id", "eos_token_id", "hidden_act", "hidden_size", "initializer_factor", "initializer_range", "intermediate_size",
             "layer_norm_eps", "max_position_embeddings", "num_attention_heads", "num_hidden_layers", "pad_token_id", "projection_dim", "vocab_size")
    return {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "dtype": "float16", "transformers_version": "5.18.0"} | {name: getattr(c, name) for name in names}


def total_bytes(folder: Path) -> int:
    """Everything a visitor downloads: weights, configs, tokenizer; not the card."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.suffix in (".safetensors", ".json") and path.name != "measured.json")


def export_all(work: Path, to: Path) -> None:
    vocabulary = Tokenizer.from_file(str(to / "tokenizer" / "tokenizer.json")).get_vocab_size()
    text = student.load_text(work / "text_encoder.pt", vocabulary)
    write_json(INDEX, to / "model_index.json")
    write_json(SCHEDULER, to / "scheduler" / "scheduler_config.json")
    write_json(UNetConfig().to_json(), to / "unet" / "config.json")
    write_json(text_json(vocabulary), to / "text_encoder" / "config.json")
    _write_autoencoder(autoencoder.load(work / "autoencoder.pt"), to / "vae")
    write_weights(student.load(work / "finished.pt").state_dict(), to / "unet", UNET)
    named = {name if name.startswith("text_model.") else f"text_model.{name}": value for name, value in text.state_dict().items() if not name.endswith("position_ids")}
    write_weights(named, to / "text_encoder", TEXT_ENCODER)


def export_decoder(checkpoint: Path, config: AutoencoderTinyConfig, model: Path, folder: str) -> None:
    """An autoencoder of the model's own encoder and a trained decoder, into a folder beside its other networks."""
    joined = AutoencoderTiny(config)
    joined.encoder.load_state_dict(load_autoencoder(model).encoder.state_dict())
    joined.decoder.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    _write_autoencoder(joined, model / folder)


def export_fine(checkpoint: Path, config: AutoencoderTinyConfig, model: Path) -> None:
    """A second decoder of the model's latents, without an encoder, which diffusers' pipelines say they ignore."""
    decoder = AutoencoderTiny(config).decoder
    decoder.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    write_json(config.to_json(), model / "vae_fine" / "config.json")
    write_weights({f"decoder.{name}": value for name, value in decoder.state_dict().items()}, model / "vae_fine", VAE)
    index = json.loads((model / "model_index.json").read_text())
    write_json(index | {"vae_fine": ["diffusers", "AutoencoderTiny"]}, model / "model_index.json")


def export_student(checkpoint: Path, model: Path) -> None:
    """A recipe's student in place of the model's own, with the same layout and time steps."""
    unet = UNet2DConditionModel(UNetConfig())
    unet.load_state_dict(torch.load(checkpoint, weights_only=True, map_location="cpu")["average"])
    write_weights(unet.state_dict(), model / "unet", UNET)


def _write_autoencoder(network: AutoencoderTiny, to: Path) -> None:
    write_json(network.config.to_json(), to / "config.json")
    write_weights(network.state_dict(), to, VAE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--only", choices=("decoder", "fine", "student"))
    args = parser.parse_args()
    to: Path = args.to
    if args.only is None:
        export_all(args.work, to)
    elif args.only == "student":
        export_student(args.work / dmd2.file(dmd2.Config()), to)
    elif args.only == "fine":
        export_fine(args.work / decoder.FILES[512], LARGE, to)
    else:
        export_decoder(args.work / decoder.FILES[256], PICTURE, to, "vae")
    size = total_bytes(to)
    print(f"{size / 1e6:.2f} MB of {BYTES / 1e6:.0f}")
    is_over = size > BYTES
    for folder, budget in (("vae", BUDGET), ("vae_fine", BUDGET_512)):
        if (to / folder).exists():
            config = AutoencoderTinyConfig.from_json(json.loads((to / folder / "config.json").read_text()))
            flops = step_flops(UNetConfig()) + decode_flops(config, UNetConfig().sample_size)
            print(f"{folder}: {flops / 1e9:.3f} GFLOP of {budget / 1e9:.0f}")
            is_over |= flops > budget
    if is_over:
        raise SystemExit("over budget")


if __name__ == "__main__":
    main()
