"""The facts of a board, as its file states them."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tinygen.target.target import Compiler, Memory, MemoryKind, Target

Role = Literal["code", "weights", "data", "arena", "stack"]
Feature = Literal["dsp", "fpu", "mve", "mul64", "div"]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
MemoryName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
DriverName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
Text = Annotated[str, Field(min_length=1)]
Address = Annotated[int, Field(ge=0, lt=1 << 64)]

ROLES: tuple[Role, ...] = ("code", "weights", "data", "arena", "stack")


class Facts(BaseModel):
    """Base of every table of a board file: nothing converted, nothing unknown, a source for everything."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    source: Text
    """Where the facts of this table are documented."""


class CompilerFacts(Facts):
    """How to compile for the core.

    Attributes:
        prefixes: executable prefixes, best first; "" is the native compiler.
        flags: machine flags.
        package: PlatformIO's toolchain package, used where no such compiler is on PATH.
    """

    prefixes: tuple[str, ...] = Field(min_length=1)
    flags: tuple[str, ...]
    package: Text | None = None


class MemoryFacts(Facts):
    """One address range: see `tinygen.target.Memory`."""

    name: MemoryName
    origin: Address
    size: Annotated[int, Field(gt=0, lt=1 << 48)]
    kind: MemoryKind
    latency: Annotated[int, Field(ge=1)] = 1
    holds: frozenset[Role]

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.origin + self.size


class ConsoleFacts(Facts):
    """The console: a driver of firmware/platform/bsp/console, and where its registers are."""

    driver: DriverName
    base: Address = 0
    baud: Annotated[int, Field(gt=0)] = 115_200


class CounterFacts(Facts):
    """The free-running counter: a driver of firmware/platform/bsp/ticks, its registers and its rate."""

    driver: DriverName
    base: Address = 0
    hz: Annotated[int, Field(ge=0, lt=1 << 32)]


class UploadFacts(Facts):
    """How to program the board.

    Attributes:
        command: program and arguments; "{image}", "{port}" and "{baud}" are filled in. Empty: not supported.
        image: the file format that the command takes.
        baud: rate for "{baud}".
    """

    command: tuple[str, ...] = ()
    image: Literal["elf", "bin", "hex"] = "elf"
    baud: Annotated[int, Field(gt=0)] = 115_200


class FrameworkFacts(Facts):
    """One way to build for the board with PlatformIO.

    Attributes:
        name: "baremetal" for tinygen's own platform, else PlatformIO's framework name.
        platform: PlatformIO platform.
        board: PlatformIO's id of the board in that platform.
        startup: start-up code under firmware/platform/bsp/startup; tinygen's platform only.
    """

    name: Identifier
    platform: Text
    board: Text
    startup: DriverName | None = None

    @model_validator(mode="after")
    def _own_platform_needs_startup(self) -> Self:
        if (self.platform == "tinygen") != (self.startup is not None):
            raise ValueError('startup belongs to platform "tinygen", and to no other platform')
        return self


class EmulatorFacts(Facts):
    """A model of the board in an emulator.

    Attributes:
        name: the emulator.
        machine: the emulator's name for the board.
        stand_in: whether it is another board with a core that runs the same instructions.
        arguments: further arguments to the emulator.
    """

    name: Identifier
    machine: Text
    stand_in: bool
    arguments: tuple[str, ...] = ()


class Board(Facts):
    """A board.

    Attributes:
        id: the file's name without ".toml".
        name: for people.
        mcu: the chip, as its maker writes it, lower case.
        arch, core, features: see `tinygen.target.Target`.
        clock_hz: rate of the core as the start-up leaves it; 0 on the host.
        stack_size: bytes that the linker script reserves for the stack; 0 on the host.
        compiler, memories, console, counter, upload, frameworks, emulators: see there.
    """

    id: Identifier
    name: Text
    mcu: Identifier
    arch: Literal["arm", "riscv", "xtensa", "native"]
    core: Identifier
    features: frozenset[Feature]
    clock_hz: Annotated[int, Field(ge=0)]
    stack_size: Annotated[int, Field(ge=0, multiple_of=8)]
    compiler: CompilerFacts
    memories: tuple[MemoryFacts, ...] = ()
    console: ConsoleFacts
    counter: CounterFacts
    upload: UploadFacts
    frameworks: tuple[FrameworkFacts, ...] = Field(min_length=1)
    emulators: tuple[EmulatorFacts, ...] = ()

    @field_validator("memories")
    @classmethod
    def _memories_lie_apart(cls, memories: tuple[MemoryFacts, ...]) -> tuple[MemoryFacts, ...]:
        repeated = [name for name, times in Counter(memory.name for memory in memories).items() if times > 1]
        if repeated:
            raise ValueError(f"two memories are called {repeated[0]!r}")
        for one, other in combinations(memories, 2):
            if one.origin < other.end and other.origin < one.end:
                raise ValueError(f"{one.name!r} and {other.name!r} overlap")
        return memories

    @model_validator(mode="after")
    def _every_role_has_a_memory(self) -> Self:
        if self.arch != "native":
            for role in ROLES:
                if not any(role in memory.holds for memory in self.memories):
                    raise ValueError(f"no memory holds {role!r}")
            if self.stack_size == 0:
                raise ValueError("stack_size is 0")
        return self

    @model_validator(mode="after")
    def _own_platform_has_own_name(self) -> Self:
        # tinygen's platform finds the board's facts by the id that they were written under.
        for framework in self.frameworks:
            if framework.platform == "tinygen" and framework.board != self.id:
                raise ValueError(
                    f'framework {framework.name!r}: board must be "{self.id}" on tinygen\'s platform'
                )
        return self

    @property
    def framework(self) -> FrameworkFacts:
        """The framework used where none is asked for: the file's first."""
        return self.frameworks[0]

    def emulator(self, name: str) -> EmulatorFacts | None:
        """The board's model in emulator `name`, or None."""
        return next((model for model in self.emulators if model.name == name), None)

    def memory_for(self, role: Role) -> MemoryFacts:
        """The memory that holds `role`: the file's first that may.

        Raises:
            LookupError: on the host, which has no memories.
        """
        for memory in self.memories:
            if role in memory.holds:
                return memory
        raise LookupError(f"{self.id} has no memory for {role}")

    def target(self) -> Target:
        """The chip as kernels and planning see it."""
        return Target(
            arch=self.arch,
            core=self.core,
            features=frozenset(self.features),
            memories=tuple(
                Memory(
                    name=memory.name,
                    origin=memory.origin,
                    size=memory.size,
                    kind=memory.kind,
                    latency=memory.latency,
                    holds=frozenset(memory.holds),
                )
                for memory in self.memories
            ),
            compiler=Compiler(prefixes=self.compiler.prefixes, flags=self.compiler.flags),
        )
