"""An ONNX graph under construction, over the weights of one safetensors file.

A weight is no copy: its tensor says which bytes of the file it is (ONNX's external data), so only the
file's header is read. Weights are there in float16 or in blocks of 8 bits (docs/quantisation.md), and become float32
where they are used.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .stored import BLOCK_INPUTS, SCALES

OPSET, IR_VERSION = 17, 8  # what published exports are written in
ELEMENTS = {"F16": TensorProto.FLOAT16, "I8": TensorProto.INT8}  # by their names in the file
Described = tuple[str, int, Sequence[int | str]]  # name, element type, axes


@dataclass(frozen=True)
class Stored:
    """Where a tensor lies in its file."""
    element: int  # its numbers' type, by ONNX's count
    shape: tuple[int, ...]
    offset: int
    length: int


class Graph:
    """Nodes in the order they run."""

    def __init__(self, weights: Path, location: str) -> None:
        """`location` is the path of `weights` as the ONNX file will name it."""
        self._stored, self._location = _header(weights), location
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._constants: dict[str, str] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._stored

    def shape(self, key: str) -> tuple[int, ...]:
        return self._stored[key].shape

    def op(self, kind: str, *inputs: str, name: str | None = None, **attributes: object) -> str:
        """Appends a node of one output and returns the output's name."""
        return self.split(kind, *inputs, names=[name or f"{kind}_{len(self._nodes)}"], **attributes)[0]

    def split(self, kind: str, *inputs: str, names: Sequence[str], **attributes: object) -> Sequence[str]:
        self._nodes.append(helper.make_node(kind, inputs, names, name=names[0], **attributes))
        return names

    def weight(self, key: str, shape: Sequence[int] | None = None) -> str:
        """A weight in float32; `shape` may add axes of 1. Cast before all else: not every GPU computes in
        float16, and a runtime does once what is constant. So blocks are multiplied out by plain operations:
        ONNX's own operation for them, DequantizeLinear, is left for every run."""
        scales = key + SCALES
        if scales not in self:
            return self.to_float(self._tensor(key, shape or self.shape(key)))
        outputs, inputs, *kernel = self.shape(key)
        blocks = inputs // BLOCK_INPUTS
        values = self.to_float(self._tensor(key, (outputs, blocks, BLOCK_INPUTS, *kernel)))
        scaled = self.op("Mul", values, self.to_float(self._tensor(scales, (outputs, blocks, 1, *kernel))))
        return self.op("Reshape", scaled, self.integers(*(shape or self.shape(key))))

    def _tensor(self, key: str, shape: Sequence[int]) -> str:
        """The numbers of a tensor as the file has them, whose axes are read as `shape`."""
        stored = self._stored[key]
        tensor = TensorProto(name=key, data_type=stored.element, dims=shape, data_location=TensorProto.EXTERNAL)
        for field, value in (("location", self._location), ("offset", stored.offset), ("length", stored.length)):
            tensor.external_data.add(key=field, value=str(value))
        self._initializers.append(tensor)
        return key

    def to_float(self, value: str) -> str:
        return self.op("Cast", value, to=TensorProto.FLOAT)

    def floats(self, values: float | np.ndarray) -> str:
        return self._constant(np.asarray(values, np.float32))

    def integers(self, *values: int) -> str:
        return self._constant(np.array(values, np.int64))

    def integer(self, value: int) -> str:
        return self._constant(np.array(value, np.int64))

    def _constant(self, array: np.ndarray) -> str:
        """A small tensor inside the graph; equal ones are one."""
        content = f"{array.dtype}{array.tolist()}"
        if content not in self._constants:
            name = self._constants[content] = f"constant_{len(self._constants)}"
            self._initializers.append(numpy_helper.from_array(array, name))
        return self._constants[content]

    def model(self, inputs: Sequence[Described], outputs: Sequence[Described]) -> onnx.ModelProto:
        """The model, once the types and shapes of all its values have been found consistent."""
        described = [[helper.make_tensor_value_info(*value) for value in values] for values in (inputs, outputs)]
        graph = helper.make_graph(self._nodes, "graph", *described, self._initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="onestroke lab")
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        return model


def _header(weights: Path) -> dict[str, Stored]:
    """The tensors of a safetensors file; offsets count from its first byte."""
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entries = json.loads(file.read(length))
    entries.pop("__metadata__", None)
    tensors = {}
    for key, entry in entries.items():
        if entry["dtype"] not in ELEMENTS:
            raise ValueError(f"{weights}: {key} is {entry['dtype']}, neither float16 nor in blocks of 8 bits")
        first, last = entry["data_offsets"]
        tensors[key] = Stored(ELEMENTS[entry["dtype"]], tuple(entry["shape"]), 8 + length + first, last - first)
    return tensors
