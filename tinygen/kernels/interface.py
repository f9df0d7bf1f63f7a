"""The contract between kernel sets and planning: regions in, candidates out.

A kernel set is asked what it could do with a region (one or more ops of a graph) on a target. It
answers with candidates, which say everything planning and code generation need (operands with their
layouts and pitches, cost, scratch, allowed overlaps, constants, the call), or with a refusal that names
the rule. Nothing else in tinygen knows how a kernel works.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tinygen.ir import Array, Graph, Op
from tinygen.kernels.intervals import IntervalSet
from tinygen.target import Target


class Layout(enum.Enum):
    """Order of a tensor's elements in memory."""

    ROW_MAJOR = "row-major"


@dataclass(frozen=True)
class Operand:
    """How a candidate wants to find an activation.

    Attributes:
        tensor: id in the graph.
        layout: order of the elements.
        pitch: elements from one pixel (all indices but the last) to the next. None accepts any pitch at
            or above the last dimension, and the call takes it as a `PitchOf`; a number insists on it.
    """

    tensor: int
    layout: Layout = Layout.ROW_MAJOR
    pitch: int | None = None


@dataclass(frozen=True)
class Cost:
    """Estimates for one inference.

    Attributes:
        instructions: executed.
        cycles: modelled.
        flash: bytes of weights, constants and code that choosing the candidate adds.
        reads, writes: bytes of activations read and written.
    """

    instructions: int
    cycles: int
    flash: int = 0
    reads: int = 0
    writes: int = 0


@dataclass(frozen=True)
class Scratch:
    """Working memory of a call; shares bytes with nothing that is alive during the call."""

    name: str
    bytes: int
    align: int = 4


@dataclass(frozen=True)
class Overlap:
    """Distances, in bytes, at which an output may lie from an input that dies at this call.

    Attributes:
        input, output: tensor ids, both among the candidate's operands.
        allowed: values of offset(output) - offset(input), for the dense pitch of both. Pairs without an
            Overlap must lie apart (`intervals.apart`), which every `allowed` contains.
    """

    input: int
    output: int
    allowed: IntervalSet


class ConstantKind(enum.Enum):
    """Where the report counts a constant."""

    WEIGHTS = "weights"
    CONSTANTS = "constants"


@dataclass(frozen=True)
class Constant:
    """An array in flash, packed only if its candidate is chosen.

    Attributes:
        name: role in the kernel, such as "filter"; part of the C name.
        kind: weights (filters, biases) or constants (requantize tables, lookup tables).
        pack: makes the one-dimensional array; its dtype is the C element type. Equal arrays are stored once.
        align: in bytes.
    """

    name: str
    kind: ConstantKind
    pack: Callable[[], Array] = field(compare=False)
    align: int = 4


@dataclass(frozen=True)
class PitchOf:
    """The pixel pitch, in elements, that planning gave a tensor."""

    tensor: int


@dataclass(frozen=True)
class Parameter:
    """One scalar of a call: a field of the kernel's parameter struct.

    Attributes:
        name: the field.
        value: number (written as a C literal; floats are float32), or a pitch known after planning.
        specialize: True makes it a constant of the kernel's instance, so that calls which differ in it
            get instances of their own; False passes it at run time.
    """

    name: str
    value: int | float | PitchOf
    specialize: bool = True


@dataclass(frozen=True)
class TensorPointer:
    """Argument: pointer to an activation's first element, const for inputs."""

    tensor: int


@dataclass(frozen=True)
class ConstantPointer:
    """Argument: pointer to the candidate's constant of that name."""

    name: str


@dataclass(frozen=True)
class ScratchPointer:
    """Argument: pointer to the candidate's scratch of that name, as `uint8_t *`."""

    name: str


Pointer = TensorPointer | ConstantPointer | ScratchPointer


@dataclass(frozen=True)
class Argument:
    """One pointer argument of a kernel: the name of its C parameter and what it points to."""

    name: str
    pointer: Pointer


@dataclass(frozen=True)
class Call:
    """How to call the kernel's C template.

    The template is `static TG_INLINE void function(POINTERS…, struct params)` in
    firmware/kernels/<header>; `params` is the name of its parameter struct (`tg_conv_2d_params`).

    Attributes:
        header: path under firmware/kernels/, such as "portable/conv_2d.h", or under `folder`.
        function: the C template's name.
        params: name of the parameter struct, or None where there are no parameters.
        arguments: pointers, in the order of the C prototype.
        parameters: fields of the struct.
        folder: where a kernel that tinygen does not ship has its headers; None for firmware/kernels/.
    """

    header: str
    function: str
    params: str | None
    arguments: tuple[Argument, ...]
    parameters: tuple[Parameter, ...] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class ControlFlow:
    """In place of a call: the step runs other steps. Planning makes such candidates, kernel sets do not."""


@dataclass(frozen=True)
class Placement:
    """A view: `tensor` is not stored by itself but inside `base`.

    Attributes:
        tensor: the tensor that needs no memory of its own.
        base: the tensor whose bytes it uses.
        offset: bytes from the start of `base`.
        pitch: elements from one pixel of `tensor` to the next, None where it is dense.
    """

    tensor: int
    base: int
    offset: int = 0
    pitch: int | None = None


@dataclass(frozen=True)
class Candidate:
    """One way to compute a region.

    Attributes:
        set: name of the kernel set.
        name: of the kernel and its variant, such as "conv_2d 1x1".
        covers: ids of the ops that it computes.
        operands: activations it reads and writes.
        cost: estimates.
        scratch, overlaps, constants: see there.
        call: the C call, or the graphs that are run; None where placing the tensors is all there is to do.
        placements: views it relies on; a candidate without a call has at least one.
        proof: why it is bit-exact where that is not by construction, for the report.
    """

    set: str
    name: str
    covers: tuple[int, ...]
    operands: tuple[Operand, ...]
    cost: Cost
    call: Call | ControlFlow | None
    scratch: tuple[Scratch, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    constants: tuple[Constant, ...] = ()
    placements: tuple[Placement, ...] = ()
    proof: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why a kernel set has no candidate for a region: the rule, and what the region has instead."""

    set: str
    rule: str
    found: str = ""


Region = tuple[Op, ...]
Proposal = list[Candidate] | Refusal
Family = Callable[[Region, Graph, Target], Proposal]
"""A kernel family's own `propose`, for regions whose ops have the kinds that it is filed under."""


class KernelSet(Protocol):
    """A named collection of kernels."""

    @property
    def name(self) -> str:
        """CLI spelling, such as "cmsis-nn"."""

    def regions(self, graph: Graph) -> Sequence[Region]:
        """The regions of `graph` that the set may have candidates for."""

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        """Candidates for `region`, or why there are none."""


@dataclass(frozen=True)
class FamilySet:
    """A kernel set made of families that each compute single ops of certain kinds."""

    name: str
    families: Mapping[str, Family]

    def regions(self, graph: Graph) -> Sequence[Region]:
        """Every op whose kind a family knows, by itself."""
        return [(op,) for op in graph.ops if op.kind in self.families]

    def propose(self, region: Region, graph: Graph, target: Target) -> Proposal:
        """The answer of the family for the region's op."""
        (op,) = region
        family = self.families.get(op.kind)
        if family is None:
            return Refusal(self.name, f"{self.name} has no kernel for {op.kind}")
        return family(region, graph, target)
