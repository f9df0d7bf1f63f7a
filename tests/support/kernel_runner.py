"""Compiles candidates' calls into one host library and runs them on numpy arrays, anywhere in one buffer.

The C is made from the candidates' own data (header, template, parameters), with one instance per distinct
set of specialised parameters as generated code has it; constants and run-time parameters are passed at run
time, so that many cases share one compilation.
"""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tinygen.ir import Array, DType, Graph, Tensor
from tinygen.kernels.interface import (
    Argument,
    Call,
    Candidate,
    ConstantPointer,
    Parameter,
    PitchOf,
    ScratchPointer,
    TensorPointer,
)
from tinygen.resources import firmware

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-ffp-contract=off")
SANITIZERS = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined")
_GUARD = 64


@dataclass(frozen=True)
class KernelCase:
    """One candidate on its graph.

    Attributes:
        graph: where the candidate's tensors are.
        candidate: with a call.
        pitches: elements from pixel to pixel of tensors that are not dense, by id.
    """

    graph: Graph
    candidate: Candidate
    pitches: Mapping[int, int] = field(default_factory=dict)

    @property
    def call(self) -> Call:
        assert self.candidate.call is not None
        return self.candidate.call

    def pitch(self, tensor: int) -> int:
        """Elements from one pixel of `tensor` to the next."""
        shape = self.graph.tensors[tensor].shape
        return self.pitches.get(tensor, shape[-1] if shape else 1)

    def value(self, parameter: Parameter) -> int | float:
        """The number behind a parameter."""
        value = parameter.value
        return self.pitch(value.tensor) if isinstance(value, PitchOf) else value

    @property
    def outputs(self) -> tuple[int, ...]:
        """Tensors that the candidate writes."""
        covered = [op for op in self.graph.ops if op.id in self.candidate.covers]
        operands = {operand.tensor for operand in self.candidate.operands}
        return tuple(tensor for op in covered for tensor in op.outputs if tensor in operands)

    @property
    def inputs(self) -> tuple[int, ...]:
        """Activations that the candidate reads."""
        return tuple(o.tensor for o in self.candidate.operands if o.tensor not in self.outputs)


def _ctype(dtype: np.dtype[Any]) -> str:
    bits = dtype.itemsize * 8
    return {"b": "uint8_t", "f": "float", "i": f"int{bits}_t", "u": f"uint{bits}_t"}[dtype.kind]


def _literal(value: int | float) -> str:
    if isinstance(value, float):
        return f"{float(np.float32(value)).hex()}f"
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)


def _argument(case: KernelCase, argument: Argument, packed: Mapping[str, Array], index: int) -> str:
    pointer = argument.pointer
    if isinstance(pointer, TensorPointer):
        element = _ctype(case.graph.tensors[pointer.tensor].dtype.numpy)
        constness = "" if pointer.tensor in case.outputs else "const "
    elif isinstance(pointer, ConstantPointer):
        element, constness = _ctype(packed[pointer.name].dtype), "const "
    else:
        assert isinstance(pointer, ScratchPointer)
        element, constness = "uint8_t", ""
    return f"({constness}{element} *)pointers[{index}]"


def _instance(case: KernelCase, packed: Mapping[str, Array]) -> str:
    """Body of a function (void *const *pointers, const int32_t *ints, const float *floats)."""
    arguments = [_argument(case, item, packed, i) for i, item in enumerate(case.call.arguments)]
    fields, integers, floats = [], 0, 0
    for parameter in case.call.parameters:
        value = case.value(parameter)
        if parameter.specialize:
            fields.append(f"    params.{parameter.name} = {_literal(value)};")
        elif isinstance(value, float):
            fields.append(f"    params.{parameter.name} = floats[{floats}];")
            floats += 1
        else:
            fields.append(f"    params.{parameter.name} = ints[{integers}];")
            integers += 1
    declaration = []
    if case.call.params is not None:
        declaration = [f"    struct {case.call.params} params;", *fields]
        arguments.append("params")
    body = [*declaration, "    (void)ints;", "    (void)floats;"]
    return "\n".join([*body, f"    {case.call.function}({', '.join(arguments)});"])


def _source(headers: Sequence[str], bodies: Sequence[str]) -> str:
    includes = "\n".join(f'#include "{header}"' for header in headers)
    prototype = "(void *const *pointers, const int32_t *ints, const float *floats)"
    functions = "\n".join(
        f"void instance_{i}{prototype};\nvoid instance_{i}{prototype}\n{{\n{body}\n}}"
        for i, body in enumerate(bodies)
    )
    return f"{includes}\n{functions}\n"


def _aligned(size: int, align: int = 64) -> Array:
    raw = np.zeros(size + align, np.uint8)
    start = -raw.ctypes.data % align
    return raw[start : start + size]


def _pixels(tensor: Tensor, pitch: int, arena: Array, offset: int) -> Array:
    """A view of the tensor's elements in `arena`, shaped [pixels, last dimension]."""
    size = tensor.dtype.bytes
    last = tensor.shape[-1] if tensor.shape else 1
    rows = tensor.elements // last if last else 0
    return np.ndarray((rows, last), tensor.dtype.numpy, arena.data, offset, (pitch * size, size))


def footprint(tensor: Tensor, pitch: int) -> int:
    """Bytes from a tensor's first element to the end of its last."""
    last = tensor.shape[-1] if tensor.shape else 1
    return ((tensor.elements // last - 1) * pitch + last) * tensor.dtype.bytes if tensor.elements else 0


class KernelLibrary:
    """Several cases compiled into one shared object.

    Args:
        cases: what to compile, numbered in this order.
        folder: where source and object go, such as pytest's tmp_path.
        sanitize: stop the process on undefined behaviour.
        compiler: the native C compiler.
    """

    def __init__(
        self, cases: Sequence[KernelCase], folder: Path, *, sanitize: bool = True, compiler: str = "gcc"
    ) -> None:
        self.cases = tuple(cases)
        self._constants = [
            {constant.name: constant.pack() for constant in case.candidate.constants} for case in cases
        ]
        bodies = [_instance(case, packed) for case, packed in zip(cases, self._constants, strict=True)]
        instances = {body: number for number, body in enumerate(dict.fromkeys(bodies))}
        self._instances = [instances[body] for body in bodies]
        headers = list(dict.fromkeys(case.call.header for case in cases))
        text = _source(headers, list(instances))
        # One path is loaded only once in the life of a process.
        stem = f"kernels_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        source, target = folder / f"{stem}.c", folder / f"{stem}.so"
        source.write_text(text, encoding="utf-8")
        flags = [*WARNINGS, *(SANITIZERS if sanitize else ()), "-O1", "-fPIC", "-shared"]
        include = f"-I{firmware() / 'kernels'}"
        command = [compiler, *flags, include, str(source), "-o", str(target), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self._library = ctypes.CDLL(str(target))

    @property
    def instances(self) -> int:
        """Number of distinct instances."""
        return len(set(self._instances))

    def run(
        self,
        index: int,
        inputs: Mapping[int, Array],
        offsets: Mapping[int, int] | None = None,
        *,
        poison: int = 0,
    ) -> dict[int, Array]:
        """Run case `index` and return its outputs by tensor id.

        Args:
            index: of the case.
            inputs: activations by tensor id.
            offsets: byte offset of each operand in one buffer, any origin; by default all lie apart.
            poison: seed of the bytes that fill everything else.

        Raises:
            AssertionError: where the call changed a byte that is neither output nor scratch.
        """
        case = self.cases[index]
        tensors = {o.tensor: case.graph.tensors[o.tensor] for o in case.candidate.operands}
        sizes = {key: footprint(tensor, case.pitch(key)) for key, tensor in tensors.items()}
        placed = _place(sizes, offsets)
        total = max(placed[key] + sizes[key] for key in placed) + _GUARD
        arena = _aligned(total)
        arena[:] = np.random.default_rng(poison).integers(0, 256, total, np.uint8)
        for key in case.inputs:
            pixels = _pixels(tensors[key], case.pitch(key), arena, placed[key])
            pixels[...] = inputs[key].reshape(pixels.shape)
        before = arena.copy()
        self._call(index, arena, placed)
        after = arena.copy()
        results = {}
        for key in case.outputs:
            results[key] = _pixels(tensors[key], case.pitch(key), arena, placed[key]).copy()
            results[key] = results[key].reshape(tensors[key].shape)
            for untouched in (before, after):
                _pixels(tensors[key], case.pitch(key), untouched, placed[key])[...] = 0
        changed = np.flatnonzero(before != after)
        assert changed.size == 0, f"{case.candidate.name} wrote outside its outputs: bytes {changed[:8]}"
        return results

    def _call(self, index: int, arena: Array, placed: Mapping[int, int]) -> None:
        case = self.cases[index]
        keep: list[Array] = []
        addresses = []
        for argument in case.call.arguments:
            pointer = argument.pointer
            if isinstance(pointer, TensorPointer):
                addresses.append(arena.ctypes.data + placed[pointer.tensor])
                continue
            if isinstance(pointer, ConstantPointer):
                packed = self._constants[index][pointer.name]
                block = _aligned(packed.nbytes)
                block[:] = np.frombuffer(packed.tobytes(), np.uint8)
            else:
                (scratch,) = [item for item in case.candidate.scratch if item.name == pointer.name]
                block = _aligned(scratch.bytes)
                block[:] = 0xA5
            keep.append(block)
            addresses.append(block.ctypes.data)
        values = [case.value(item) for item in case.call.parameters if not item.specialize]
        integers = [value for value in values if not isinstance(value, float)]
        floats = [value for value in values if isinstance(value, float)]
        self._library[f"instance_{self._instances[index]}"](
            (ctypes.c_void_p * max(1, len(addresses)))(*addresses),
            (ctypes.c_int32 * max(1, len(integers)))(*integers),
            (ctypes.c_float * max(1, len(floats)))(*floats),
        )


def _place(sizes: Mapping[int, int], offsets: Mapping[int, int] | None) -> dict[int, int]:
    if offsets is None:
        placed, at = {}, _GUARD
        for key, size in sizes.items():
            placed[key] = at
            at += -(-size // 16) * 16 + _GUARD
        return placed
    start = _GUARD - min(offsets.values()) // 16 * 16
    return {key: offset + start for key, offset in offsets.items()}


def boundaries(case: KernelCase) -> list[tuple[int, int, int, int]]:
    """(input, output, distance, outside) at each end of each allowed interval of each overlap.

    `outside` is the distance one element of the output beyond that end, -0 excluded.
    """
    found = []
    for overlap in case.candidate.overlaps:
        step = case.graph.tensors[overlap.output].dtype.bytes
        for low, high in overlap.allowed:
            if low is not None:
                found.append((overlap.input, overlap.output, low, low - step))
            if high is not None:
                found.append((overlap.input, overlap.output, high, high + step))
    return found


def check_overlaps(
    library: KernelLibrary,
    index: int,
    inputs: Mapping[int, Array],
    *,
    exact: Sequence[Mapping[int, Array]] = (),
) -> int:
    """Run a case at every boundary distance of its overlaps, on two poisons; expect the same outputs.

    Args:
        library: has the case.
        index: of the case; it must have one output.
        inputs: activations by tensor id.
        exact: where given, also expect that each distance just outside an interval damages the output for
            one of these inputs. (A single damaged byte may be rounded away.)

    Returns:
        Number of distances tried.
    """
    case = library.cases[index]
    expected = library.run(index, inputs)
    tried = 0
    for source, output, inside, outside in boundaries(case):
        for poison in (1, 2):
            found = library.run(index, inputs, _at(case, source, output, inside), poison=poison)
            assert np.array_equal(found[output], expected[output]), (
                f"{case.candidate.name} is wrong with its output {inside} bytes after its input"
            )
        tried += 1
        damaged = (
            not np.array_equal(
                library.run(index, other, _at(case, source, output, outside))[output],
                library.run(index, other)[output],
            )
            for other in exact
        )
        assert not exact or any(damaged), (
            f"{case.candidate.name} is right {outside} bytes after its input: its overlap is too narrow"
        )
    return tried


def _at(case: KernelCase, source: int, output: int, distance: int) -> dict[int, int]:
    """Offsets that put `output` `distance` bytes after `source` and everything else far away."""
    placed = {source: 0, output: distance}
    sizes = {o.tensor: case.graph.tensors[o.tensor].bytes for o in case.candidate.operands}
    at = max(placed[key] + sizes[key] for key in placed) + _GUARD
    at = -(-at // 16) * 16
    for key, size in sizes.items():
        if key not in placed:
            placed[key] = at
            at += -(-size // 16) * 16 + _GUARD
    return placed


def activation(
    key: int, name: str, shape: Sequence[int], dtype: DType = DType.INT8, **details: Any
) -> Tensor:
    """A tensor of a hand-made graph; keywords as for `Tensor`."""
    return Tensor(key, name, tuple(shape), dtype, **details)
