"""What the templates see: strings, ints and tuples, ready to be written down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PortView:
    """An input or output in the header.

    Attributes:
        title: the model's name for it, safe in a comment.
        type_text: dtype and shape, such as `int8[1,49,10,1]`.
        function, macro, c_type: see `library.Port`.
        address: C expression of the first element.
        size, bytes, shape: numbers for the macros.
        scale, zero_point: literals, empty where it is not quantized as a whole.
        lowest, highest: range of the element type; empty where no float helper is offered.
    """

    title: str
    type_text: str
    function: str
    macro: str
    c_type: str
    address: str
    size: int
    bytes: int
    shape: tuple[int, ...]
    scale: str
    zero_point: str
    lowest: str
    highest: str


@dataclass(frozen=True)
class FieldView:
    """A field of a parameter struct: its C type, name, and value or the expression that gives it."""

    c_type: str
    name: str
    value: str


@dataclass(frozen=True)
class PointerView:
    """A pointer parameter of an instance, such as `const int8_t *` and `input`."""

    c_type: str
    name: str


@dataclass(frozen=True)
class InstanceView:
    """A kernel template with its constants.

    Attributes:
        name: of the function.
        template: of the C template.
        params: the template's parameter struct; empty where it takes none.
        pointers: parameters, in order.
        sizes: fields passed at run time, through a struct of the instance's own.
        fields: all fields of `params`: literals and `sizes->…`.
        users: which layers call it, in words.
    """

    name: str
    template: str
    params: str
    pointers: tuple[PointerView, ...]
    sizes: tuple[FieldView, ...]
    fields: tuple[FieldView, ...]
    users: str


@dataclass(frozen=True)
class ArgumentView:
    """A pointer that a layer passes: the C expression, and what it is."""

    value: str
    note: str


@dataclass(frozen=True)
class CopyView:
    """A copy: C expressions of where to and where from, how much, and of what."""

    target: str
    source: str
    bytes: int
    note: str


@dataclass(frozen=True)
class BlockView:
    """Layers of a branch or loop.

    Attributes:
        title: name of their graph, safe in a comment.
        before, after: what is copied before the first and after the last.
        layers: labels.
    """

    title: str
    before: tuple[CopyView, ...]
    layers: tuple[str, ...]
    after: tuple[CopyView, ...]


@dataclass(frozen=True)
class ControlView:
    """A branch or a loop.

    Attributes:
        loop: whether it is a loop.
        condition: pointer to the one bool that decides.
        before: what a loop copies once.
        blocks: what runs where the condition is true and where it is not; of a loop what makes the condition,
            and its body.
    """

    loop: bool
    condition: str
    before: tuple[CopyView, ...]
    blocks: tuple[BlockView, ...]


@dataclass(frozen=True)
class LayerView:
    """One layer.

    Attributes:
        index: its number.
        label: part of the function's name; of the model's own layers the number.
        title: the model's name for it, safe in a comment.
        op: the ops that it computes and their indices in the model.
        kernel: set and kernel.
        operands: one line per activation that it reads or writes.
        instance: name of the instance it calls; empty for a branch or loop.
        arguments: pointers, in order.
        sizes: values of the instance's run-time fields.
        control: the branch or loop, None for a layer that calls a kernel.
    """

    index: int
    label: str
    title: str
    op: str
    kernel: str
    operands: tuple[str, ...]
    instance: str = ""
    arguments: tuple[ArgumentView, ...] = ()
    sizes: tuple[FieldView, ...] = ()
    control: ControlView | None = None


@dataclass(frozen=True)
class ConstantView:
    """An array in flash: what it is, how it is declared, and its rows."""

    symbol: str
    c_type: str
    length: int
    align: int
    note: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class BufferView:
    """A line of the arena's map: first and last byte, life, name."""

    text: str


@dataclass(frozen=True)
class MemberView:
    """A variable: its array in the state's struct, and what a reset sets it to.

    Attributes:
        name: of the member.
        c_type, length: of the array.
        title: the model's name for it, safe in a comment.
        type_text: dtype and shape.
        gap, gap_bytes: name and size of the padding before it; empty and 0 where there is none.
        byte: value of each byte, or empty.
        element: value of each element where bytes differ, or empty.
        initial: symbol of the array to copy where elements differ, or empty.
    """

    name: str
    c_type: str
    length: int
    title: str
    type_text: str
    gap: str
    gap_bytes: int
    byte: str
    element: str
    initial: str


@dataclass(frozen=True)
class StateView:
    """The struct of variables.

    Attributes:
        symbol: its only instance.
        bytes, align: of the instance.
        members: in order.
        tail: bytes of padding at the end.
    """

    symbol: str
    bytes: int
    align: int
    members: tuple[MemberView, ...]
    tail: int


@dataclass(frozen=True)
class ModelView:
    """A library.

    Attributes:
        name, upper: prefix of functions and of macros.
        tool, sha256, options: for the banner.
        version: of the tool, for the manifest.
        flags: compiler flags as JSON strings, for the manifest.
        inputs, outputs: in the model's order.
        quantizes: whether any input has a float helper.
        headers: kernel headers to include.
        instances, layers, constants: see there.
        functions: layers, each after those of the branches and loops that it runs.
        arena_bytes, arena_align: of the whole arena.
        arena_used: end of the highest buffer.
        buffers: the arena's map.
        state: variables; None where there are none.
    """

    name: str
    upper: str
    tool: str
    version: str
    sha256: str
    options: str
    flags: tuple[str, ...]
    inputs: tuple[PortView, ...]
    outputs: tuple[PortView, ...]
    quantizes: bool
    headers: tuple[str, ...]
    instances: tuple[InstanceView, ...]
    layers: tuple[LayerView, ...]
    functions: tuple[LayerView, ...]
    constants: tuple[ConstantView, ...]
    arena_bytes: int
    arena_align: int
    arena_used: int
    buffers: tuple[BufferView, ...]
    state: StateView | None
