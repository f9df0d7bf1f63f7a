"""Compares the outputs of the firmware with the oracle's, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.errors import ToolError
from tinygen.ir import Array, Graph, Tensor
from tinygen.oracle import OracleRun


@dataclass(frozen=True)
class Difference:
    """How two tensors differ.

    Attributes:
        index: of the first element, in row-major order, that differs.
        expected: the oracle's value there.
        actual: the firmware's value there.
        count: how many elements differ.
        elements: how many elements there are.
    """

    index: tuple[int, ...]
    expected: int | float
    actual: int | float
    count: int
    elements: int


@dataclass(frozen=True)
class OutputMismatch:
    """An output of a sample that is not the oracle's."""

    sample: int
    output: int
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """Every output of every sample, compared.

    Attributes:
        samples: how many were compared.
        mismatches: the outputs that differ, by sample, then by output.
    """

    samples: int
    mismatches: tuple[OutputMismatch, ...] = ()

    @property
    def bit_exact(self) -> bool:
        """Whether every byte of every output of at least one sample is the oracle's."""
        return self.samples > 0 and not self.mismatches

    @property
    def mismatched_outputs(self) -> int:
        """Number of (sample, output) pairs that differ."""
        return len(self.mismatches)


def decode(tensor: Tensor, data: bytes) -> Array:
    """The dense bytes of a tensor, little endian, as an array of its dtype and shape.

    Raises:
        ToolError: the number of bytes is not the tensor's.
    """
    if len(data) != tensor.bytes:
        raise ToolError(
            f"The firmware returned {len(data)} bytes for {tensor.name[:80]!r}, which has {tensor.bytes}.",
            hints=["Build the firmware anew: it may come from another model."],
        )
    return np.frombuffer(data, tensor.dtype.numpy.newbyteorder("<")).reshape(tensor.shape)


def decode_outputs(graph: Graph, outputs: Sequence[bytes]) -> tuple[Array, ...]:
    """What one inference returned, as arrays in the model's order."""
    return tuple(decode(graph.tensors[key], data) for key, data in zip(graph.outputs, outputs, strict=True))


def encode(sample: Sequence[Array]) -> tuple[bytes, ...]:
    """The inputs of one inference as the firmware takes them: dense, little endian."""
    return tuple(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in sample)


def difference(expected: Array, actual: Array) -> Difference | None:
    """The first differing element and their number; None where all bits are equal.

    Floats are compared as bits too: 0.0 and -0.0 differ. Two NaNs do not: the bits of one that an operation
    makes are left to the processor (IEEE 754-2019, section 6.2.3).

    Args:
        expected: of any shape.
        actual: of the same dtype and shape.
    """
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        raise ValueError(
            f"{expected.dtype}{list(expected.shape)} and {actual.dtype}{list(actual.shape)} "
            "cannot be compared bit for bit"
        )
    width = expected.dtype.itemsize
    left, right = (
        np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, width)
        for array in (expected, actual)
    )
    unequal = (left != right).any(axis=1)
    if expected.dtype.kind == "f":
        unequal &= ~(np.isnan(expected) & np.isnan(actual)).reshape(-1)
    differing = np.flatnonzero(unequal)
    if not differing.size:
        return None
    first = int(differing[0])
    index = tuple(int(value) for value in np.unravel_index(first, expected.shape))
    return Difference(
        index, _number(expected, first), _number(actual, first), int(differing.size), expected.size
    )


def _number(array: Array, position: int) -> int | float:
    """An element as a Python number; booleans as 0 and 1."""
    value = array.reshape(-1)[position].item()
    return value if isinstance(value, float) else int(value)


def compare(expected: Sequence[OracleRun], actual: Sequence[Sequence[Array]]) -> Comparison:
    """Compare the outputs of every sample.

    Args:
        expected: the oracle's answer to the samples.
        actual: the firmware's outputs of the same samples, decoded.
    """
    mismatches = []
    for sample, (run, outputs) in enumerate(zip(expected, actual, strict=True)):
        for output, (wanted, found) in enumerate(zip(run.outputs, outputs, strict=True)):
            differs = difference(wanted, found)
            if differs is not None:
                mismatches.append(OutputMismatch(sample, output, differs))
    return Comparison(len(expected), tuple(mismatches))
