"""What code generation returns: the files of a C library, and the facts about it that reports state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tinygen.ir import DType, Quantization


@dataclass(frozen=True)
class Options:
    """What the caller decides about the generated code.

    Attributes:
        stated: the options that led to the plan, in words, one string an option; shown in the banner.
        optimize: optimisation flag that the library asks its build for.
    """

    stated: tuple[str, ...] = ()
    optimize: str = "-O2"


@dataclass(frozen=True)
class Port:
    """One input or output of the model, and what it is called in C.

    Attributes:
        name: the model's own name.
        function: accessor that returns the pointer to the first element.
        macro: prefix of the macros (`<macro>_SIZE`, `<macro>_BYTES`, `<macro>_SCALE` …).
        c_type: element type in C.
        dtype, shape, quant: of the tensor.
        bytes: size.
    """

    name: str
    function: str
    macro: str
    c_type: str
    dtype: DType
    shape: tuple[int, ...]
    quant: Quantization | None
    bytes: int


@dataclass(frozen=True)
class Layer:
    """One step of an inference.

    Attributes:
        index: its number, the one that the hook is called with.
        name: the model's own name for it.
        op: kinds of the ops that it computes, joined by "+".
        sources: indices of the source model's ops.
        set, kernel: what computes it.
        weights, constants: bytes that its constants add; what an earlier layer stored already adds none.
    """

    index: int
    name: str
    op: str
    sources: tuple[int, ...]
    set: str
    kernel: str
    weights: int
    constants: int


@dataclass(frozen=True)
class Footprint:
    """Bytes by the kinds that reports name.

    Attributes:
        arena: activations, scratch, inputs and outputs.
        scratch: largest scratch of one step, part of the arena.
        state: what survives from one inference to the next; a struct of its own beside the arena.
        lower_bound: what no placement of these steps could go below.
        weights: weights and biases as stored.
        constants: requantize tables and lookup tables as stored.
    """

    arena: int
    scratch: int
    state: int
    lower_bound: int
    weights: int
    constants: int


@dataclass(frozen=True)
class Library:
    """A generated C library.

    Attributes:
        name: the model's name: prefix of every function, name of the files.
        sha256: of the model.
        files: contents by POSIX path inside the library's folder, in alphabetical order.
        inputs, outputs: in the model's order.
        layers: in execution order.
        footprint: bytes by kind.
    """

    name: str
    sha256: str
    files: Mapping[str, bytes] = field(repr=False)
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    footprint: Footprint
