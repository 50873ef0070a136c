"""The ONNX graphs compute what the PyTorch modules do, and hold no weights of their own."""
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

from lab.export import export_fine
from lab.export_onnx import NETWORKS, export, networks
from lab.nets.autoencoder_tiny import LARGE, AutoencoderTiny, AutoencoderTinyConfig
from lab.nets.unet import UNet2DConditionModel, UNetConfig
from lab.pipeline import Pipeline
from lab.stored import SCALES

MODEL = Path(__file__).parents[2] / "vignette"
# Both sides sum the same float32 products in another order, in at least eight lanes. A lane of n / 8 terms, n at most 9 x 384
# here, gathers about sqrt(n / 8) roundings of 2^-24, and some sixty layers after each other add theirs up as a random walk:
# 2^-24 x sqrt(9 x 384 / 8) x sqrt(60) = 1e-5 of the output's root mean square.
BOUND = 1e-5
FEW_BYTES = 256


def relative(got: np.ndarray, wanted: torch.Tensor) -> float:
    assert got.shape == tuple(wanted.shape)
    return float(np.sqrt(np.square(got - wanted.numpy()).mean() / np.square(wanted.numpy()).mean()))


def session(path: Path, optimized: Path | None = None) -> onnxruntime.InferenceSession:
    """Over the files of weights handed over by name as a page does. The graph that will run is written to `optimized`."""
    files = {location: (path.parent / location).read_bytes() for location in {external(t)["location"] for t in large(path)}}
    options = onnxruntime.SessionOptions()
    options.add_external_initializers_from_files_in_memory(list(files), list(files.values()), [len(data) for data in files.values()])
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED  # no layouts of one processor
    return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


def run(folder: Path, network: str, **feeds: torch.Tensor) -> np.ndarray:
    return session(folder / network / "model.onnx").run(None, {name: value.numpy() for name, value in feeds.items()})[0]


def large(path: Path) -> Iterator[TensorProto]:
    return (t for t in onnx.load(path, load_external_data=False).graph.initializer if t.data_location == TensorProto.EXTERNAL)


def external(tensor: TensorProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in tensor.external_data}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipped") / "model"
    shutil.copytree(MODEL, folder)
    export(folder)
    return folder


@pytest.fixture(scope="module")
def unlike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random networks whose every size differs from the shipped ones'."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("unlike")
    pictures = AutoencoderTinyConfig(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), latent_channels=5, num_encoder_blocks=(0, 1), num_decoder_blocks=(2, 1))
    student = UNetConfig(
        sample_size=8, in_channels=5, out_channels=5, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(8, 24), layers_per_block=2, norm_num_groups=4, cross_attention_dim=20, attention_head_dim=(2, 3))
    text = CLIPTextConfig(vocab_size=30, hidden_size=20, intermediate_size=28, num_hidden_layers=2, num_attention_heads=5, max_position_embeddings=11,
                          hidden_act="gelu", layer_norm_eps=1e-3)
    encoder = {f"text_model.{name.removeprefix('text_model.')}": value for name, value in CLIPTextModel(text).state_dict().items() if not name.endswith("position_ids")}
    for name, config, weights, file in (
        ("vae", pictures.to_json(), AutoencoderTiny(pictures).state_dict(), "diffusion_pytorch_model.fp16.safetensors"),
        ("unet", student.to_json(), UNet2DConditionModel(student).state_dict(), "diffusion_pytorch_model.fp16.safetensors"),
        ("text_encoder", text.to_dict(), encoder, "model.fp16.safetensors"),
    ):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps(config))
        save_file({key: (value + 0.1 * torch.randn(value.shape)).half() for key, value in weights.items()}, folder / name / file)
    shutil.copytree(MODEL / "tokenizer", folder / "tokenizer")
    export(folder)
    return folder


@pytest.fixture(params=["shipped", "unlike"])
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@torch.no_grad()
def test_each_network_computes_what_its_module_does(folder: Path) -> None:
    """Batches, sizes and token counts of their own, none of them the usual."""
    torch.manual_seed(1)
    pipeline = Pipeline(folder)
    c = pipeline.unet.config
    ids = torch.randint(0, pipeline.text.config.vocab_size, (2, 9))
    states = pipeline.text(input_ids=ids).last_hidden_state
    assert relative(run(folder, "text_encoder", input_ids=ids), states) < BOUND
    sample = torch.randn(2, c.in_channels, 8, 16)
    for t in (999, 249):
        steps = torch.tensor([t])
        wanted = pipeline.unet(sample, steps.expand(2), states)
        assert relative(run(folder, "unet", sample=sample, timestep=steps, encoder_hidden_states=states), wanted) < BOUND
    latents = 2 * torch.randn(2, c.in_channels, 4, 6)
    assert relative(run(folder, "vae_decoder", latent_sample=latents), pipeline.vae.decode(latents)) < BOUND


def test_a_graph_holds_structure_alone(folder: Path) -> None:
    for network in NETWORKS:
        path = folder / network / "model.onnx"
        assert path.stat().st_size < 200_000
        inside = [t for t in onnx.load(path, load_external_data=False).graph.initializer if t.data_location != TensorProto.EXTERNAL]
        assert all(numpy_helper.to_array(t).nbytes <= FEW_BYTES for t in inside)


def test_every_weight_is_in_its_file_under_its_name(folder: Path) -> None:
    """And none is left out: a network uses all of its file, the decoder its half of the autoencoder's. Axes are split at blocks, or
    some of 1 are added; no number moves."""
    for network, used in (("text_encoder", ""), ("unet", ""), ("vae_decoder", "decoder.")):
        path = folder / network / "model.onnx"
        tensors = list(large(path))
        (location,) = {external(t)["location"] for t in tensors}
        file = (path.parent / location).resolve()
        stored, content = load_file(file), file.read_bytes()
        assert {t.name for t in tensors} == {name for name in stored if name.startswith(used)}
        for tensor in tensors:
            offset, length = int(external(tensor)["offset"]), int(external(tensor)["length"])
            wanted = stored[tensor.name].numpy()
            assert (tensor.data_type == TensorProto.INT8) == (tensor.name + SCALES in stored) == (wanted.dtype == np.int8)
            assert helper.tensor_dtype_to_np_dtype(tensor.data_type) == wanted.dtype and length == wanted.nbytes
            assert offset + length <= len(content) and np.prod(tensor.dims, dtype=int) == wanted.size
            assert np.array_equal(np.frombuffer(content, wanted.dtype, wanted.size, offset), wanted.ravel())


def test_a_runtime_multiplies_blocks_out_when_it_reads_a_graph(shipped: Path, tmp_path: Path) -> None:
    """Not in every run: of the weights nothing but float32 is left."""
    for network in NETWORKS:
        optimized = tmp_path / f"{network}.onnx"
        session(shipped / network / "model.onnx", optimized)
        types = {t.data_type for t in onnx.load(optimized).graph.initializer}
        assert types <= {TensorProto.FLOAT, TensorProto.INT64}


def test_the_shipped_graphs_are_those_of_the_shipped_weights(shipped: Path) -> None:
    for network in networks(shipped):
        for name in ("model.onnx", "config.json"):
            assert (MODEL / network / name).read_bytes() == (shipped / network / name).read_bytes(), f"run `python -m lab.export_onnx {MODEL.name}`"


def test_a_second_decoder_is_written_where_there_is_one(shipped: Path, tmp_path: Path) -> None:
    """Without an encoder, beside the first; the graph draws 16 pixels of each of a latent, as PyTorch does."""
    model = tmp_path / "model"
    shutil.copytree(shipped, model, ignore=shutil.ignore_patterns("*_fine"))
    assert networks(model) == NETWORKS
    torch.manual_seed(0)
    decoder = AutoencoderTiny(LARGE).decoder
    with torch.no_grad():
        for value in decoder.parameters():
            value.copy_((value + 0.02 * torch.randn_like(value)).half())
    torch.save({"average": decoder.state_dict()}, tmp_path / "decoder.pt")
    export_fine(tmp_path / "decoder.pt", LARGE, model)
    export(model)
    assert json.loads((model / "model_index.json").read_text())["vae_fine"] == ["diffusers", "AutoencoderTiny"]
    assert all(name.startswith("decoder.") for name in load_file(model / "vae_fine" / "diffusion_pytorch_model.fp16.safetensors"))
    assert json.loads((model / "vae_decoder_fine" / "config.json").read_text()) == json.loads(json.dumps(LARGE.to_json()))
    latent = torch.randn(1, 12, 4, 6)
    with torch.no_grad():
        wanted = decoder(latent)
    assert wanted.shape == (1, 3, 64, 96)
    assert relative(run(model, "vae_decoder_fine", latent_sample=latent), wanted) < BOUND
    assert (model / "vae_decoder" / "model.onnx").read_bytes() == (shipped / "vae_decoder" / "model.onnx").read_bytes()
