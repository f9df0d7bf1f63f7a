"""Reasons to refuse a whole model, more useful than the rules that each of its ops breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinygen.errors import ModelError
from tinygen.frontend.names import shortened
from tinygen.frontend.schema import RawGraph, RawModel
from tinygen.ir import DType, Graph, Op, Tensor

FULL_INT8 = """Convert the trained model with full int8 quantization:
       converter = tf.lite.TFLiteConverter.from_keras_model(model)
       converter.optimizations = [tf.lite.Optimize.DEFAULT]
       converter.representative_dataset = representative_dataset  # yields lists of float32 inputs
       converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
       converter.inference_input_type = tf.int8
       converter.inference_output_type = tf.int8
       pathlib.Path("model_int8.tflite").write_bytes(converter.convert())"""

_NPU_OPERATORS = frozenset({"ethos-u", "edgetpu-custom-op"})
_CONTROL_FLOW = frozenset({"CALL"})


@dataclass(frozen=True)
class Source:
    """A model as decoded and as built, with the name to call it by.

    Attributes:
        name: in messages.
        raw: as decoded.
        graph: its first subgraph.
        allow_float: whether the user wants a float model as it is.
    """

    name: str
    raw: RawModel
    graph: Graph
    allow_float: bool = False

    def activations(self) -> list[Tensor]:
        """Inputs and results of ops."""
        keys = [*self.graph.inputs, *(key for op in self.graph.ops for key in op.outputs)]
        return [self.graph.tensors[key] for key in dict.fromkeys(keys)]

    def layers(self, ops: list[Op]) -> tuple[str, ...]:
        """A line for each op, the first ten at most."""
        lines = [
            f"layer {op.sources[0]}"
            + (f" {shortened(self.graph.result(op).name)}" if op.outputs else "")
            + f" ({op.kind[:60]})"
            for op in ops[:10]
        ]
        return (*lines, f"and {len(ops) - 10} more") if len(ops) > 10 else tuple(lines)


def for_npu(source: Source) -> ModelError | None:
    """A model that an NPU's compiler has consumed: its weights are a command stream now."""
    ops = [op for op in source.graph.ops if op.kind in _NPU_OPERATORS]
    if not ops:
        return None
    return ModelError(
        f"{source.name} is already compiled for an NPU ({ops[0].kind}).",
        why=source.layers(ops),
        hints=("Give tinygen the .tflite file that was given to Vela or to the Edge TPU compiler.",),
    )


def control_flow(source: Source) -> ModelError | None:
    """Subgraphs that run depending on values."""
    ops = [op for op in source.graph.ops if op.kind in _CONTROL_FLOW]
    if not ops:
        return None
    return ModelError(
        f"{source.name} has control flow ({', '.join(sorted({op.kind for op in ops}))}).",
        why=source.layers(ops),
        hints=(
            "Unroll loops and conditions before converting (static shapes, unroll=True in recurrent layers).",
        ),
    )


def sparse(source: Source) -> ModelError | None:
    """Weights stored in a sparse format."""
    names = [shortened(tensor.name) for tensor in source.raw.graphs[0].tensors if tensor.sparse]
    if not names:
        return None
    return ModelError(
        f"{source.name} has {len(names)} sparse tensors.",
        why=tuple(f"tensor {name}" for name in names[:10]),
        hints=("Convert without tf.lite.Optimize.EXPERIMENTAL_SPARSITY.",),
    )


def dynamic_shapes(source: Source) -> ModelError | None:
    """Dimensions that are known only at run time; a batch that the file sets to 1 is none."""
    found = [line for subgraph in source.raw.graphs[1:] for line in _dynamic(subgraph)]
    raw = source.raw.graphs[0]
    for index, tensor in enumerate(raw.tensors):
        unknown = -1 in tensor.shape
        if index in raw.inputs:
            batch_is_one = tensor.shape[:1] == (1,)
            unknown = unknown or -1 in tensor.signature[1 if batch_is_one else 0 :]
        if unknown and index in source.graph.tensors:
            dims = tensor.signature or tensor.shape
            found.append(f"tensor {index} {shortened(tensor.name)}: {list(dims)}")
    if not found:
        return None
    return ModelError(
        f"{source.name} has dynamic shapes.",
        why=tuple(found[:10]),
        hints=(
            "Give every input a fixed shape before converting: tf.keras.Input(shape, batch_size=1).",
            "Set the shape in the converter: from_concrete_functions with a fully known TensorSpec.",
        ),
    )


def _dynamic(raw: RawGraph) -> list[str]:
    """Tensors of a subgraph that an op makes or that are its inputs, with an unknown dimension."""
    keys = [*raw.inputs, *(key for op in raw.operators for key in op.outputs)]
    tensors = [(key, raw.tensors[key]) for key in dict.fromkeys(keys)]
    return [
        f"tensor {key} {shortened(tensor.name)} of {shortened(raw.name)}: {list(tensor.shape)}"
        for key, tensor in tensors
        if -1 in tensor.shape
    ]


def not_quantized(source: Source) -> ModelError | None:
    """Float activations throughout; the weights may be float32, float16 or int8 (dynamic range)."""
    activations = source.activations()
    if any(item.quant is not None and not item.dtype.is_float for item in activations):
        return None
    if not any(item.dtype.is_float for item in activations):
        return None
    constants = [item for item in source.graph.tensors.values() if item.is_constant and item.elements > 1]
    weights = {item.dtype for item in constants}
    hints: tuple[str, ...] = (FULL_INT8,)
    if DType.INT8 in weights or DType.UINT8 in weights:
        kind, why = "is dynamic-range quantized", "Its weights are int8, but activations are float32."
    elif DType.FLOAT16 in weights:
        kind, why = "is a float16 model", "Its weights are float16, and activations are float32."
    elif source.allow_float:
        return None
    else:
        size = sum(item.bytes for item in constants if item.dtype is DType.FLOAT32)
        kind = "is a float model"
        why = (
            f"Its weights take {size:,} B of flash as float32; as int8 they would take about {size // 4:,} B."
        )
        hints = (*hints, "Compile it as it is with --allow-float.")
    return ModelError(
        f"{source.name} {kind}; tinygen compiles fully int8-quantized models.", why=(why,), hints=hints
    )


def unsigned(source: Source) -> ModelError | None:
    """The uint8 quantization of TensorFlow 1, which TFLM has no kernels for."""
    edges = {"QUANTIZE", "DEQUANTIZE", "CAST"}
    ops = [
        op
        for op in source.graph.ops
        if op.kind not in edges
        and op.outputs
        and source.graph.result(op).dtype is DType.UINT8
        and source.graph.result(op).quant is not None
    ]
    if not ops:
        return None
    return ModelError(
        f"{source.name} is uint8-quantized; tinygen compiles int8-quantized models.",
        why=source.layers(ops),
        hints=(FULL_INT8,),
    )


def nothing_to_run(source: Source) -> ModelError | None:
    """Inputs, outputs or ops that are missing, and outputs that no op computes."""
    graph = source.graph
    missing = [
        name
        for name, items in (("inputs", graph.inputs), ("outputs", graph.outputs), ("ops", graph.ops))
        if not items
    ]
    made = {key for op in graph.ops for key in (*op.outputs, *op.updates)}
    given = [graph.tensors[key].name for key in graph.outputs if key not in made]
    if not missing and not given:
        return None
    return ModelError(
        f"{source.name} computes nothing.",
        why=(
            *(f"It has no {name}." for name in missing),
            *(f"Output {shortened(name)} is an input or a constant." for name in given[:10]),
        ),
        hints=("Convert a model that has inputs, and outputs that depend on them.",),
    )


_REASONS: tuple[Callable[[Source], ModelError | None], ...] = (
    for_npu,
    control_flow,
    nothing_to_run,
    sparse,
    dynamic_shapes,
    not_quantized,
    unsigned,
)


def refusal(source: Source) -> ModelError | None:
    """The first reason that applies, or None."""
    return next((error for reason in _REASONS if (error := reason(source)) is not None), None)
