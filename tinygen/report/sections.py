"""Parts that several reports share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinygen.report.base import Section

Count = Annotated[int, Field(ge=0)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelInfo(Section):
    """The model file."""

    path: str
    """As given on the command line."""

    sha256: Digest
    """Digest of the file."""

    macs: Count
    """Multiply-accumulates of one inference, as the model states them."""

    live_macs: Count | None
    """Those that are left after the rewrites; null where the model is not supported."""


class ImageInfo(Section):
    """The firmware image."""

    path: str
    """The file."""

    sha256: Digest
    """Digest of the file."""

    env: str | None
    """PlatformIO environment that built it; null where PlatformIO did not."""

    toolchain: str
    """Compiler and version."""


class Memory(Section):
    """Bytes of memory by kind; null where the target cannot measure it."""

    arena: Count
    """Everything planned: activations, scratch, inputs and outputs."""

    scratch: Count
    """The part of the arena that the most demanding layer uses as scratch."""

    state: Count
    """What survives from one inference to the next."""

    lower_bound: Count
    """Bytes that no placement of these layers in this order can go below."""

    static_ram: Count | None
    """Other .data and .bss of the model's library."""

    stack: Count | None
    """High-water mark of the stack during a run."""

    weights: Count | None
    """Weights and biases as stored in flash."""

    constants: Count | None
    """Requantize tables and lookup tables in flash."""

    code: int | None
    """Flash of the image with the model minus the image without it, minus weights and constants."""


class Usage(Section):
    """How much of a memory is taken."""

    used: Count
    """Bytes."""

    size: Count | None
    """Bytes that the board has; null where nothing limits it."""


class Layer(Section):
    """One layer of the generated library: a step of the plan."""

    index: Count
    """Position in execution order."""

    name: str
    """The model's name of the layer's result."""

    op: str
    """Kind of the operator that does most of the layer's work."""

    ops: tuple[int, ...]
    """Indices of the source model's operators that the layer computes."""

    set: str
    """Kernel set."""

    kernel: str
    """Kernel and variant."""

    device: Literal["cpu", "npu"]
    """What executes it."""

    macs: Count
    """Multiply-accumulates of one inference."""


class LayerPlan(Layer):
    """A layer and the memory that it needs."""

    weights: Count
    """Bytes of its weights and biases as stored."""

    constants: Count
    """Bytes of its other constants as stored."""

    ram: Count
    """Bytes of the arena that are in use while it runs."""


class LayerCount(Layer):
    """A layer and what it was measured to take."""

    instructions: Count | None
    """Executed in one inference; cycles where the report's counter says so; null where not measured."""
