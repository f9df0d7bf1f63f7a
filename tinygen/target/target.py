"""Target: core, features, memories, compiler."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class MemoryKind(enum.Enum):
    """What a memory is made of."""

    FLASH = "flash"
    RAM = "ram"


@dataclass(frozen=True)
class Memory:
    """One address range of the chip.

    Attributes:
        name: as the chip's reference manual calls it, lower case ("flash", "sram", "dtcm").
        origin: first address.
        size: in bytes.
        kind: flash or RAM.
        latency: cycles of a sequential 32-bit read.
        holds: what may be placed there, out of "code", "weights", "data", "arena", "stack".
    """

    name: str
    origin: int
    size: int
    kind: MemoryKind
    latency: int = 1
    holds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Compiler:
    """How to compile for the core.

    Attributes:
        prefixes: executable prefixes to look for, best first; ("",) is the native compiler.
        flags: machine flags such as "-mcpu=cortex-m4".
    """

    prefixes: tuple[str, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """The chip as kernels and planning see it.

    Attributes:
        arch: "arm", "riscv", "xtensa" or "native".
        core: such as "cortex-m4"; "host" for the native one.
        features: instruction set extensions out of "dsp", "fpu", "mve", "mul64", "div".
        memories: those of the board; empty on the host, where nothing is limited.
        compiler: prefixes and machine flags.
    """

    arch: str
    core: str
    features: frozenset[str]
    memories: tuple[Memory, ...]
    compiler: Compiler
