"""The inputs that a model is tested with: seeded random ones, or a user's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tinygen.errors import UsageError
from tinygen.ir import Array, DType, Graph, Op, Tensor
from tinygen.numerics.quantize import quantize
from tinygen.ops.gather import GatherAttributes
from tinygen.oracle import Sample, arrays

MAX_SAMPLES = 10_000
"""Samples that a file may hold."""

_REAL_RANGE = (-1.0, 1.0)
"""Range of random values for a float input that no quantization follows."""


def _range_after(graph: Graph, tensor: Tensor) -> tuple[float, float]:
    """The real values that the first quantized tensor after a float input can hold."""
    queue = [tensor.id]
    seen = set(queue)
    while queue:
        for op in graph.consumers(queue.pop(0)):
            for key in op.outputs:
                found = graph.tensors[key]
                if found.quant and not found.quant.per_channel and not found.dtype.is_float:
                    limits = np.iinfo(found.dtype.numpy)
                    scale, zero_point = found.quant.scale, found.quant.zero_point
                    return scale * (int(limits.min) - zero_point), scale * (int(limits.max) - zero_point)
                if key not in seen:
                    seen.add(key)
                    queue.append(key)
    return _REAL_RANGE


def _random(graph: Graph, tensor: Tensor, generator: np.random.Generator) -> Array:
    dtype = tensor.dtype.numpy
    if tensor.dtype.is_float:
        limit = float(np.finfo(dtype).max)
        low, high = (min(max(value, -limit), limit) for value in _range_after(graph, tensor))
        return generator.uniform(low, high, tensor.shape).astype(dtype)
    if tensor.dtype is DType.BOOL:
        return generator.integers(0, 2, tensor.shape).astype(dtype)
    if tensor.dtype is DType.INT4:
        return generator.integers(-8, 8, tensor.shape).astype(dtype)
    limits = np.iinfo(dtype)
    sizes = [size for op in graph.consumers(tensor.id) for size in _indexed(graph, op, tensor)]
    low, high = (0, min(sizes) - 1) if sizes else (limits.min, limits.max)
    return generator.integers(low, high, tensor.shape, dtype, endpoint=True)


def _indexed(graph: Graph, op: Op, tensor: Tensor) -> Sequence[int]:
    """Sizes of what `op` takes the elements of `tensor` as indices of; TFLM fails on others."""
    if op.kind == "EMBEDDING_LOOKUP" and op.inputs[0] == tensor.id:
        return graph.operand(op, 1).shape[:1]
    if op.kind in ("GATHER", "GATHER_ND") and op.inputs[1] == tensor.id:
        shape = graph.operand(op, 0).shape
        if isinstance(op.attributes, GatherAttributes):
            return (shape[op.attributes.axis],)
        return shape[: tensor.shape[-1]]
    return ()


def random_inputs(graph: Graph, samples: int, seed: int) -> tuple[Sample, ...]:
    """Random inputs; the same seed gives the same ones.

    Integers take every value of their dtype, indices every value that is one; floats stay in the range of the
    quantization that follows.

    Args:
        graph: gives the inputs' dtypes and shapes.
        samples: how many; sample k does not depend on how many follow.
        seed: at least 0.
    """
    generator = np.random.default_rng(seed)
    inputs = [graph.tensors[key] for key in graph.inputs]
    return tuple(tuple(_random(graph, tensor, generator) for tensor in inputs) for _ in range(samples))


def load_inputs(path: Path, graph: Graph) -> tuple[Sample, ...]:
    """The samples of a user's .npz or .npy file.

    An .npz names its arrays `in<k>` or by the input tensors' names and may hold `out<k>` and `metadata`
    too; an .npy is the only input. An array is one sample, or samples stacked along a first axis (which
    may take the place of a batch axis of 1). The input's own dtype is taken as it is; real values for a
    quantized input are quantized with the model's scale and zero point.

    Raises:
        UsageError: the file cannot be read, or its names, shapes, dtypes or values do not fit.
    """
    inputs = [graph.tensors[key] for key in graph.inputs]
    named = _by_input(path, inputs, arrays.read(path))
    stacked = [
        _convert(path, tensor, _stacked(path, inputs, position, array))
        for position, (tensor, array) in enumerate(zip(inputs, named, strict=True))
    ]
    counts = {len(array) for array in stacked}
    if len(counts) > 1:
        raise UsageError(
            f"{path} holds different numbers of samples for its inputs.",
            why=[f"in{position}: {len(array)} samples" for position, array in enumerate(stacked)],
        )
    count = counts.pop() if counts else 0
    if not 0 < count <= MAX_SAMPLES:
        raise UsageError(f"{path} holds {count} samples; 1 to {MAX_SAMPLES} can be run.")
    return tuple(tuple(array[sample] for array in stacked) for sample in range(count))


def _expectation(inputs: Sequence[Tensor]) -> str:
    return "expected " + "; ".join(
        f"in{position} or {tensor.name[:80]!r}: {tensor.dtype}[{','.join(map(str, tensor.shape))}]"
        for position, tensor in enumerate(inputs)
    )


def _misfit(path: Path, inputs: Sequence[Tensor], found: str, *hints: str) -> UsageError:
    return UsageError(
        f"{path} does not fit the model's inputs.",
        why=[_expectation(inputs), f"found    {found}"],
        hints=[*hints, "Give one sample, or several stacked along a new first axis."],
    )


def _by_input(path: Path, inputs: Sequence[Tensor], found: Mapping[str, Array]) -> list[Array]:
    """The arrays in the model's order."""
    if list(found) == [""] and len(inputs) == 1:
        return [found[""]]
    given = {name for name in found if name != "metadata" and not _is_output(name)}
    for names in ([f"in{position}" for position in range(len(inputs))], [tensor.name for tensor in inputs]):
        if given == set(names) and len(given) == len(inputs):
            return [found[name] for name in names]
    present = ", ".join(sorted(name[:80] or "one unnamed array" for name in given)) or "no inputs"
    raise _misfit(path, inputs, present, "Name the arrays like this: numpy.savez(path, in0=array).")


def _is_output(name: str) -> bool:
    return name.startswith("out") and name[3:].isdecimal()


def _stacked(path: Path, inputs: Sequence[Tensor], position: int, array: Array) -> Array:
    """The array with samples along a first axis of their own."""
    shape = inputs[position].shape
    if array.shape == shape:
        return array[np.newaxis]
    if array.ndim == len(shape) + 1 and array.shape[1:] == shape:
        return array
    if shape[:1] == (1,) and array.ndim == len(shape) and array.shape[1:] == shape[1:]:
        return array[:, np.newaxis]
    raise _misfit(path, inputs, f"in{position}: {array.dtype}[{','.join(map(str, array.shape))}]")


def _convert(path: Path, tensor: Tensor, array: Array) -> Array:
    """The array in the tensor's dtype."""
    dtype = tensor.dtype.numpy
    is_real = np.issubdtype(array.dtype, np.floating)
    if is_real and not np.isfinite(array).all():
        raise UsageError(
            f"{path} has NaN or infinity among the values for input {tensor.name[:80]!r}.",
            why=["Such values have no quantized counterpart, and no defined result."],
        )
    if array.dtype == dtype:
        return array
    if is_real and tensor.dtype.is_float:
        with np.errstate(over="ignore"):
            narrowed = array.astype(dtype)
        if np.isfinite(narrowed).all():
            return narrowed
    elif is_real and tensor.quant is not None and not tensor.quant.per_channel:
        return quantize(array, tensor.quant.scale, tensor.quant.zero_point, dtype)
    raise UsageError(
        f"{path} has values of another type than input {tensor.name[:80]!r}.",
        why=[f"expected {dtype} (quantized values) or real values as float32", f"found    {array.dtype}"],
        hints=[
            f"Quantized values: convert them with array.astype(numpy.{dtype}).",
            "Real values: convert them with array.astype(numpy.float32); "
            "they are quantized with the model's scale and zero point.",
        ],
    )
