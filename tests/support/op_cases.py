"""Op matrices: single ops as cases that run in the kernel runner and, all in one model, in TFLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.kernel_runner import KernelCase, KernelLibrary
from tests.support.tflite_writer import ModelWriter
from tinygen.ir import Array, DType, Graph, Op, Quantization, Tensor
from tinygen.kernels.interface import Candidate, Proposal
from tinygen.kernels.portable import PORTABLE
from tinygen.ops.registry import operators
from tinygen.oracle import TflmOracle
from tinygen.target import Compiler, Target

_CASES_A_MODEL = 200
"""TFLM plans at most 1,024 buffers."""

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


def tensor(
    shape: Sequence[int],
    scale: float | None = None,
    zero_point: int = 0,
    dtype: DType = DType.INT8,
    data: Array | None = None,
) -> Tensor:
    """An operand; `OpCase` gives it its id. The scale is rounded to float32, as a file would hold it."""
    quant = None if scale is None else Quantization((float(np.float32(scale)),), (zero_point,))
    return Tensor(-1, "", tuple(shape), dtype, quant, data)


def constant(
    values: Any, dtype: DType = DType.INT32, scale: float | None = None, zero_point: int = 0
) -> Tensor:
    """A constant operand."""
    data = np.asarray(values, dtype.numpy)
    return tensor(data.shape, scale, zero_point, dtype, data)


@dataclass(frozen=True)
class OpCase:
    """One op on operands of its own; an operand named twice by the same object is one tensor.

    Attributes:
        kind: of the operator.
        inputs: in schema order.
        output: its shape, dtype and quantization.
        options: fields of the options table, enumerations by number.
    """

    kind: str
    inputs: tuple[Tensor, ...]
    output: Tensor
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        """The op alone: input i is tensor i (or the first one that is the same), the output comes last."""
        ids = [next(i for i, other in enumerate(self.inputs) if other is item) for item in self.inputs]
        tensors = {key: replace(self.inputs[key], id=key, name=f"x{key}") for key in sorted(set(ids))}
        last = len(self.inputs)
        tensors[last] = replace(self.output, id=last, name="y")
        attributes = operators()[self.kind].from_options(self.options)
        op = Op(0, self.kind, tuple(ids), (last,), attributes, (0,))
        activations = tuple(key for key, item in tensors.items() if not item.is_constant and key != last)
        return Graph("main", tensors, (op,), activations, (last,))

    def proposal(self) -> Proposal:
        """What the portable set says of the op."""
        graph = self.graph
        return PORTABLE.propose(graph.ops, graph, HOST)

    def candidate(self) -> Candidate:
        """The portable set's only candidate."""
        proposal = self.proposal()
        assert isinstance(proposal, list), proposal
        (candidate,) = proposal
        return candidate

    def kernel_case(self) -> KernelCase:
        """For the kernel runner."""
        return KernelCase(self.graph, self.candidate())

    def random_inputs(self, rng: np.random.Generator) -> dict[int, Array]:
        """Values for every activation, over the whole range of integers or over the output's in reals."""
        graph = self.graph
        values: dict[int, Array] = {}
        for key in graph.inputs:
            item = graph.tensors[key]
            if item.dtype is DType.FLOAT32:
                scale = self.output.quant.scale if self.output.quant else 1.0
                values[key] = (rng.uniform(-400, 400, item.shape) * scale).astype(np.float32)
            elif item.dtype is DType.BOOL:
                values[key] = rng.integers(0, 2, item.shape).astype(bool)
            else:
                info = np.iinfo(item.dtype.numpy)
                drawn = rng.integers(info.min, info.max, item.shape, np.int64, endpoint=True)
                values[key] = drawn.astype(item.dtype.numpy)
        return values


def tflm_outputs(
    cases: Sequence[OpCase], samples: Sequence[Sequence[Mapping[int, Array]]]
) -> list[list[Array]]:
    """TFLM's outputs, [sample][case], of many cases at a time as one model."""
    results: list[list[Array]] = [[] for _ in samples]
    for start in range(0, len(cases), _CASES_A_MODEL):
        part = slice(start, start + _CASES_A_MODEL)
        for number, found in enumerate(_tflm(cases[part], [sample[part] for sample in samples])):
            results[number] += found
    return results


def _tflm(cases: Sequence[OpCase], samples: Sequence[Sequence[Mapping[int, Array]]]) -> list[list[Array]]:
    writer = ModelWriter()
    outputs = []
    for number, case in enumerate(cases):
        graph = case.graph
        indices = {}
        for key, item in graph.tensors.items():
            quantization = {}
            if item.quant is not None:
                quantization = {"scales": item.quant.scales, "zero_points": item.quant.zero_points}
            name = f"{item.name}_{number}"
            if item.data is not None:
                indices[key] = writer.constant(name, item.data, item.dtype, **quantization)
            elif key in graph.inputs:
                indices[key] = writer.input(name, item.shape, item.dtype, **quantization)
            else:
                indices[key] = writer.tensor(name, item.shape, item.dtype, **quantization)
        (op,) = graph.ops
        outputs.append(indices[op.outputs[0]])
        options = dict(case.options) if operators()[case.kind].options else None
        writer.op(case.kind, [None if i is None else indices[i] for i in op.inputs], [outputs[-1]], options)
    model = writer.finish(outputs)
    flat = [[values[key] for values in sample for key in sorted(values)] for sample in samples]
    return [list(run.outputs) for run in TflmOracle(model).run(flat)]


def check_against_tflm(
    cases: Sequence[OpCase], folder: Path, *, samples: int = 2, seed: int = 0
) -> KernelLibrary:
    """Run every case on random inputs in C (with sanitizers) and in TFLM; expect the same bits."""
    rng = np.random.default_rng(seed)
    library = KernelLibrary([case.kernel_case() for case in cases], folder)
    inputs = [[case.random_inputs(rng) for case in cases] for _ in range(samples)]
    compare(library, cases, inputs)
    return library


def compare(
    library: KernelLibrary, cases: Sequence[OpCase], inputs: Sequence[Sequence[Mapping[int, Array]]]
) -> None:
    """Expect the same bits of both on `inputs`, [sample][case]."""
    expected = tflm_outputs(cases, inputs)
    for sample, wanted in zip(inputs, expected, strict=True):
        for index, case in enumerate(cases):
            (found,) = library.run(index, sample[index]).values()
            same = found.tobytes() == wanted[index].astype(found.dtype).tobytes()
            assert same, (
                f"case {index}, {case.kind} {[item.shape for item in case.inputs]} {dict(case.options)}: "
                f"{np.count_nonzero(found.ravel() != wanted[index].ravel())} of {found.size} differ"
            )


def sweep_overlaps(
    library: KernelLibrary, index: int, case: OpCase, *, exact: bool = True, tries: int = 40
) -> int:
    """Run a case at every distance from touching to touching; expect it to be right at the allowed ones.

    With `exact` a distance that is not allowed must give a wrong output for one of `tries` random inputs.

    Returns:
        Number of allowed distances at which input and output share bytes.
    """
    kernel = library.cases[index]
    rng = np.random.default_rng(index)
    samples = [case.random_inputs(rng) for _ in range(tries)]
    expected = [library.run(index, sample) for sample in samples]
    sharing = 0
    for overlap in kernel.candidate.overlaps:
        source, output = (kernel.graph.tensors[key] for key in (overlap.input, overlap.output))
        step = max(source.dtype.bytes, output.dtype.bytes)
        aligned = min(source.dtype.bytes, output.dtype.bytes)
        for distance in range(-(output.bytes // step + 1) * step, source.bytes + step + 1, aligned):
            # The wider element stays aligned.
            near = {overlap.input: -distance, overlap.output: 0}
            if source.dtype.bytes > output.dtype.bytes:
                near = {overlap.input: 0, overlap.output: distance}
            allowed = distance in overlap.allowed
            sharing += allowed and -output.bytes < distance < source.bytes
            if not (allowed or exact):
                continue
            right = all(
                _right_at(library, index, sample, near, wanted)
                for sample, wanted in zip(samples[: 3 if allowed else tries], expected, strict=False)
            )
            where = f"{kernel.candidate.name} {source.shape}, output {distance} bytes after input"
            assert right == allowed, f"{where}: allowed {allowed}, right {right}"
    return sharing


def _right_at(
    library: KernelLibrary,
    index: int,
    inputs: Mapping[int, Array],
    near: Mapping[int, int],
    wanted: Mapping[int, Array],
) -> bool:
    kernel = library.cases[index]
    offsets = dict(near)
    at = 4096
    for operand in kernel.candidate.operands:
        if operand.tensor not in offsets:
            offsets[operand.tensor] = at
            at += 4096
    found = library.run(index, inputs, offsets, poison=index + 1)
    return all(found[key].tobytes() == value.tobytes() for key, value in wanted.items())
