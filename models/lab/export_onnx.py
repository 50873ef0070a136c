"""Writes the networks of an exported folder as ONNX graphs over the folder's own weights.

One folder then serves two engines, and no weight is stored twice (see `onnx_graph.py`). Everything is
computed in float32. Inputs, outputs and folders are named as in published exports. The graphs are
built here rather than traced: a trace is several times as long and folds weights into copies.

`python -m lab.export_onnx models/vignette`
"""
from __future__ import annotations

import argparse
import json
import math
import os
import shutil
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto

from .nets.autoencoder_tiny import AutoencoderTinyConfig
from .nets.unet import UNetConfig
from .onnx_graph import Graph
from .stored import TEXT_ENCODER, UNET, VAE, weights_file

MASKED = -1e9  # added to a score, it leaves a weight of 0


# Layers. `at` is the prefix of a layer's weights; images are NCHW, tokens [batch, tokens, channels].


def conv(g: Graph, x: str, at: str, stride: int = 1, name: str | None = None) -> str:
    size = g.shape(f"{at}.weight")[-1]
    bias = [g.weight(f"{at}.bias")] if f"{at}.bias" in g else []
    return g.op("Conv", x, g.weight(f"{at}.weight"), *bias, kernel_shape=[size] * 2, pads=[size // 2] * 4, strides=[stride] * 2, name=name)


def linear(g: Graph, x: str, at: str) -> str:
    y = g.op("MatMul", x, g.op("Transpose", g.weight(f"{at}.weight"), perm=[1, 0]))
    return g.op("Add", y, g.weight(f"{at}.bias")) if f"{at}.bias" in g else y


def layer_norm(g: Graph, x: str, at: str, epsilon: float, name: str | None = None) -> str:
    return g.op("LayerNormalization", x, g.weight(f"{at}.weight"), g.weight(f"{at}.bias"), axis=-1, epsilon=epsilon, name=name)


def group_norm(g: Graph, x: str, at: str, groups: int, epsilon: float) -> str:
    """By instance normalisation with groups as channels: opset 17 has no group normalisation."""
    (channels,) = g.shape(f"{at}.weight")
    grouped = g.op("Reshape", x, g.integers(0, groups, -1, 0))
    ones, zeros = g.floats(np.ones(groups)), g.floats(np.zeros(groups))
    normal = g.op("Reshape", g.op("InstanceNormalization", grouped, ones, zeros, epsilon=epsilon), g.integers(0, channels, -1, 0))
    scaled = g.op("Mul", normal, g.weight(f"{at}.weight", [channels, 1, 1]))
    return g.op("Add", scaled, g.weight(f"{at}.bias", [channels, 1, 1]))


def silu(g: Graph, x: str) -> str:
    return g.op("Mul", x, g.op("Sigmoid", x))


def gelu(g: Graph, x: str) -> str:
    above = g.op("Add", g.op("Erf", g.op("Div", x, g.floats(math.sqrt(2)))), g.floats(1.0))
    return g.op("Mul", g.op("Mul", x, above), g.floats(0.5))


def quick_gelu(g: Graph, x: str) -> str:
    return g.op("Mul", x, g.op("Sigmoid", g.op("Mul", x, g.floats(1.702))))


ACTIVATIONS = {"gelu": gelu, "quick_gelu": quick_gelu}


def upsample(g: Graph, x: str) -> str:
    scales = g.floats(np.array([1, 1, 2, 2]))
    return g.op("Resize", x, "", scales, mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")


def attention(g: Graph, q: str, k: str, v: str, heads: int, mask: str | None = None) -> str:
    """Of projected tokens; heads are split off and merged again. Written out, so that it can be steered."""
    def split(tokens: str, *perm: int) -> str:
        return g.op("Transpose", g.op("Reshape", tokens, g.integers(0, 0, heads, -1)), perm=list(perm))

    scores = g.op("MatMul", split(q, 0, 2, 1, 3), split(k, 0, 2, 3, 1))
    weights = g.op("Softmax", g.op("Add", scores, mask) if mask else scores, axis=-1)
    mixed = g.op("Transpose", g.op("MatMul", weights, split(v, 0, 2, 1, 3)), perm=[0, 2, 1, 3])
    return g.op("Reshape", mixed, g.integers(0, 0, -1))


# Networks, as in nets/ and in transformers' CLIPTextModel.


def text_encoder(folder: Path) -> onnx.ModelProto:
    c = json.loads((folder / "text_encoder" / "config.json").read_text())
    file = weights_file(folder / "text_encoder", TEXT_ENCODER)
    g = Graph(file, file.name)
    at, heads, epsilon = "text_model", c["num_attention_heads"], c["layer_norm_eps"]
    length = g.op("Gather", g.op("Shape", "input_ids"), g.integers(1), axis=0)
    tokens = g.op("Gather", g.weight(f"{at}.embeddings.token_embedding.weight"), "input_ids", axis=0)
    places = g.op("Slice", g.weight(f"{at}.embeddings.position_embedding.weight"), g.integers(0), length, g.integers(0))
    x = g.op("Add", tokens, places)
    # A token reads itself and what stands before it.
    order = g.to_float(g.op("Range", g.integer(0), g.op("Squeeze", length), g.integer(1)))
    ahead = g.op("Greater", g.op("Unsqueeze", order, g.integers(0)), g.op("Unsqueeze", order, g.integers(1)))
    mask = g.op("Mul", g.to_float(ahead), g.floats(MASKED))
    for i in range(c["num_hidden_layers"]):
        layer = f"{at}.encoder.layers.{i}"
        h = layer_norm(g, x, f"{layer}.layer_norm1", epsilon)
        q, k, v = (linear(g, h, f"{layer}.self_attn.{role}_proj") for role in "qkv")
        mixed = attention(g, g.op("Mul", q, g.floats((c["hidden_size"] // heads) ** -0.5)), k, v, heads, mask)
        x = g.op("Add", x, linear(g, mixed, f"{layer}.self_attn.out_proj"))
        h = linear(g, layer_norm(g, x, f"{layer}.layer_norm2", epsilon), f"{layer}.mlp.fc1")
        x = g.op("Add", x, linear(g, ACTIVATIONS[c["hidden_act"]](g, h), f"{layer}.mlp.fc2"))
    layer_norm(g, x, f"{at}.final_layer_norm", epsilon, name="last_hidden_state")
    inputs = [("input_ids", TensorProto.INT64, ("batch", "sequence"))]
    return g.model(inputs, [("last_hidden_state", TensorProto.FLOAT, ("batch", "sequence", c["hidden_size"]))])


def unet(folder: Path) -> onnx.ModelProto:
    c = UNetConfig.from_json(json.loads((folder / "unet" / "config.json").read_text()))
    file = weights_file(folder / "unet", UNET)
    g = Graph(file, file.name)
    groups, last = c.norm_num_groups, len(c.block_out_channels) - 1
    time = silu(g, _time_embedding(g, c.block_out_channels[0] // 2))

    def resnet(x: str, at: str) -> str:
        h = conv(g, silu(g, group_norm(g, x, f"{at}.norm1", groups, 1e-5)), f"{at}.conv1")
        h = g.op("Add", h, g.op("Unsqueeze", linear(g, time, f"{at}.time_emb_proj"), g.integers(2, 3)))
        h = conv(g, silu(g, group_norm(g, h, f"{at}.norm2", groups, 1e-5)), f"{at}.conv2")
        return g.op("Add", h, conv(g, x, f"{at}.conv_shortcut") if f"{at}.conv_shortcut.weight" in g else x)

    def attend(x: str, context: str, at: str, heads: int) -> str:
        width = g.shape(f"{at}.to_q.weight")[0]
        q = g.op("Mul", linear(g, x, f"{at}.to_q"), g.floats((width // heads) ** -0.5))
        mixed = attention(g, q, linear(g, context, f"{at}.to_k"), linear(g, context, f"{at}.to_v"), heads)
        return linear(g, mixed, f"{at}.to_out.0")

    def transformer(x: str, at: str, heads: int) -> str:
        block = f"{at}.transformer_blocks.0"
        channels_last = g.op("Transpose", group_norm(g, x, f"{at}.norm", groups, 1e-6), perm=[0, 2, 3, 1])
        (width,) = g.shape(f"{at}.norm.weight")
        t = linear(g, g.op("Reshape", channels_last, g.integers(0, -1, width)), f"{at}.proj_in")
        h = layer_norm(g, t, f"{block}.norm1", 1e-5)
        t = g.op("Add", t, attend(h, h, f"{block}.attn1", heads))
        t = g.op("Add", t, attend(layer_norm(g, t, f"{block}.norm2", 1e-5), "encoder_hidden_states", f"{block}.attn2", heads))
        both = linear(g, layer_norm(g, t, f"{block}.norm3", 1e-5), f"{block}.ff.net.0.proj")
        value, gate = g.split("Split", both, names=[f"{both}_value", f"{both}_gate"], axis=-1)
        t = g.op("Add", t, linear(g, g.op("Mul", value, gelu(g, gate)), f"{block}.ff.net.2"))
        planes = g.op("Transpose", linear(g, t, f"{at}.proj_out"), perm=[0, 2, 1])
        return g.op("Add", x, g.op("Reshape", planes, g.op("Shape", x)))

    x = conv(g, "sample", "conv_in")
    skips = [x]
    heads = c.attention_head_dim
    for level, kind in enumerate(c.down_block_types):
        at = f"down_blocks.{level}"
        for i in range(c.layers_per_block):
            x = resnet(x, f"{at}.resnets.{i}")
            if kind.startswith("CrossAttn"):
                x = transformer(x, f"{at}.attentions.{i}", heads[level])
            skips.append(x)
        if level < last:
            x = conv(g, x, f"{at}.downsamplers.0.conv", stride=2)
            skips.append(x)
    x = resnet(x, "mid_block.resnets.0")
    x = transformer(x, "mid_block.attentions.0", heads[last])
    x = resnet(x, "mid_block.resnets.1")
    for level, kind in enumerate(c.up_block_types):
        at = f"up_blocks.{level}"
        for i in range(c.layers_per_block + 1):
            x = resnet(g.op("Concat", x, skips.pop(), axis=1), f"{at}.resnets.{i}")
            if kind.startswith("CrossAttn"):
                x = transformer(x, f"{at}.attentions.{i}", heads[last - level])
        if level < last:
            x = conv(g, upsample(g, x), f"{at}.upsamplers.0.conv")
    conv(g, silu(g, group_norm(g, x, "conv_norm_out", groups, 1e-5)), "conv_out", name="out_sample")
    inputs = [("sample", TensorProto.FLOAT, ("batch", c.in_channels, "height", "width")), ("timestep", TensorProto.INT64, ("steps",)),
              ("encoder_hidden_states", TensorProto.FLOAT, ("batch", "sequence", c.cross_attention_dim))]
    return g.model(inputs, [("out_sample", TensorProto.FLOAT, ("batch", c.out_channels, "height", "width"))])


def _time_embedding(g: Graph, half: int) -> str:
    frequencies = np.exp(-math.log(10000) * np.arange(half, dtype=np.float32) / half)
    angles = g.op("Mul", g.op("Unsqueeze", g.to_float("timestep"), g.integers(1)), g.floats(frequencies))
    waves = g.op("Concat", g.op("Cos", angles), g.op("Sin", angles), axis=-1)
    return linear(g, silu(g, linear(g, waves, "time_embedding.linear_1")), "time_embedding.linear_2")


def vae_decoder(folder: Path, part: str = "vae") -> onnx.ModelProto:
    c = AutoencoderTinyConfig.from_json(json.loads((folder / part / "config.json").read_text()))
    file = weights_file(folder / part, VAE)
    g = Graph(file, f"../{part}/{file.name}")
    three = g.floats(3.0)
    x = g.op("Mul", g.op("Tanh", g.op("Div", "latent_sample", three)), three)
    layer = (f"decoder.layers.{i}" for i in count())
    x, _ = g.op("Relu", conv(g, x, next(layer))), next(layer)
    for level, blocks in enumerate(c.num_decoder_blocks):
        for _ in range(blocks):
            x = _block(g, x, next(layer))
        if level + 1 < len(c.num_decoder_blocks):
            x, _ = upsample(g, x), next(layer)
        x = conv(g, x, next(layer))
    g.op("Sub", g.op("Mul", x, g.floats(2.0)), g.floats(1.0), name="sample")
    inputs = [("latent_sample", TensorProto.FLOAT, ("batch", c.latent_channels, "height", "width"))]
    return g.model(inputs, [("sample", TensorProto.FLOAT, ("batch", c.out_channels, "image_height", "image_width"))])


def _block(g: Graph, x: str, at: str) -> str:
    h = g.op("Relu", conv(g, x, f"{at}.conv.0"))
    h = conv(g, g.op("Relu", conv(g, h, f"{at}.conv.2")), f"{at}.conv.4")
    return g.op("Relu", g.op("Add", h, conv(g, x, f"{at}.skip") if f"{at}.skip.weight" in g else x))


NETWORKS = {"text_encoder": text_encoder, "unet": unet, "vae_decoder": vae_decoder}
DECODERS = {"vae_decoder": "vae", "vae_decoder_fine": "vae_fine"}  # and what they decode with


def networks(folder: Path) -> dict[str, Callable[[Path], onnx.ModelProto]]:
    """By their names, those that the model has: a second decoder may be missing."""
    fine = {"vae_decoder_fine": partial(vae_decoder, part="vae_fine")} if (folder / "vae_fine").exists() else {}
    return NETWORKS | fine


def export(folder: Path) -> None:
    """Adds `model.onnx` per network, and the decoders' configurations where published exports have the one."""
    for name, network in networks(folder).items():
        path = folder / name / "model.onnx"
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".partial")
        unfinished.write_bytes(network(folder).SerializeToString(deterministic=True))
        os.replace(unfinished, path)
        if name in DECODERS:
            shutil.copyfile(folder / DECODERS[name] / "config.json", folder / name / "config.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    export(folder)
    for name in networks(folder):
        print(f"{name}: {(folder / name / 'model.onnx').stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
