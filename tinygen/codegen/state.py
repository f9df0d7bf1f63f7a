"""The state: a struct of all variables, and how a reset sets each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.codegen import literals, names
from tinygen.codegen.constants import ConstantPool
from tinygen.codegen.view import MemberView, StateView
from tinygen.ir import Array, DType, Tensor, format_type
from tinygen.kernels.interface import Constant, ConstantKind
from tinygen.planning.plan import BufferKind, Plan


@dataclass(frozen=True)
class Member:
    """A variable in the struct.

    Attributes:
        name: of the member.
        tensor: the variable.
        gap: bytes between the member before it and this one.
    """

    name: str
    tensor: Tensor
    gap: int


@dataclass(frozen=True)
class State:
    """The struct.

    Attributes:
        symbol: C name of its only instance.
        members: by buffer id; the variable's own, in the order of the struct.
        bytes: size, with gaps.
        align: what kernels need of the instance.
        tail: bytes after the last member.
    """

    symbol: str
    members: dict[int, Member]
    bytes: int
    align: int
    tail: int

    def address(self, buffer: int, offset: int, dtype: DType) -> str:
        """C expression of the element of `dtype` that lies `offset` bytes into a variable."""
        member = self.members[buffer]
        array = f"{self.symbol}.{member.name}"
        element = member.tensor.dtype
        if names.c_type(dtype) != names.c_type(element) or offset % element.bytes:
            return f"({names.c_type(dtype)} *)((uint8_t *){array} + {offset})"
        return f"&{array}[{offset // element.bytes}]" if offset else array


def lay_out(model: str, plan: Plan) -> State:
    """The struct of a plan's variables, in the order of their ids, each aligned as its buffer wants it.

    Gaps are members of their own, so that the layout is the same for every compiler.
    """
    roots = {plan.views[tensor.id].buffer: tensor for tensor in plan.graph.variables}
    found = [buffer for buffer in plan.buffers.values() if buffer.kind is BufferKind.STATE]
    members: dict[int, Member] = {}
    taken: set[str] = set()
    end = 0
    for buffer in sorted(found, key=lambda item: roots[item.id].id):
        tensor = roots[buffer.id]
        gap = -end % buffer.align
        members[buffer.id] = Member(names.member(tensor.name, taken), tensor, gap)
        end += gap + tensor.bytes
    align = max((buffer.align for buffer in found), default=1)
    tail = -end % align
    return State(f"{model}_state_values", members, end + tail, align, tail)


def view(state: State, pool: ConstantPool) -> StateView | None:
    """The struct for the templates, None where there are no variables; start values go into `pool`."""
    if not state.members:
        return None
    gaps = 0
    members = []
    for member in state.members.values():
        gap = ""
        if member.gap:
            gap, gaps = f"gap_{gaps}", gaps + 1
        members.append(_member(member, gap, pool))
    return StateView(state.symbol, state.bytes, state.align, tuple(members), state.tail)


def _member(member: Member, gap: str, pool: ConstantPool) -> MemberView:
    tensor = member.tensor
    assert tensor.initial is not None
    byte, element, stored = _start(tensor.initial)
    symbol = ""
    if stored is not None:
        constant = Constant("initial", ConstantKind.CONSTANTS, lambda: stored)
        symbol = pool.add(f"{member.name}_initial", f"start of {member.name}", constant)[0].symbol
    return MemberView(
        name=member.name,
        c_type=names.c_type(tensor.dtype),
        length=tensor.elements,
        title=names.comment(tensor.name),
        type_text=format_type(tensor),
        gap=gap,
        gap_bytes=member.gap,
        byte=byte,
        element=element,
        initial=symbol,
    )


def _start(values: Array) -> tuple[str, str, Array | None]:
    """How to set a variable: the value of every byte, or else of every element, or else the whole array."""
    flat = np.ascontiguousarray(values).reshape(-1)
    raw = flat.view(np.uint8)
    if (raw == raw[0]).all():
        return str(int(raw[0])), "", None
    elements = flat.view(f"u{flat.dtype.itemsize}")
    if (elements == elements[0]).all() and flat.dtype in (np.int16, np.int32, np.float32):
        return "", literals.scalar(flat[0]), None
    return "", "", flat
