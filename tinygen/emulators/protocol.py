"""The console protocol (docs/PROTOCOL.md): frames, and the client that talks to the console application.

This file needs nothing but the standard library and the error classes, so that a project can take it along
and talk to its board without the rest of tinygen.
"""

from __future__ import annotations

import enum
import re
import struct
import time
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from tinygen.errors import BudgetError, ToolError

PROTOCOL_VERSION = 1

_END, _ESC, _ESC_END, _ESC_ESC = b"\xc0", b"\xdb", b"\xdc", b"\xdd"
_DIGEST_BYTES = 32
_STACK_UNKNOWN = 0xFFFFFFFF
_FAULT = re.compile(rb"\nFAULT ([ -~]+)\n\Z")
_HELLO_EVERY = 1.0
"""Seconds after which a HELLO is sent again: a board may have been in reset when the last one came."""

_SLOWEST = 2_000
"""Bytes a second that any console carries: QEMU's takes 5,000 on a busy machine, 115,200 baud is 11,520."""


class Transport(Protocol):
    """A byte stream to the firmware: pipes, a socket or a serial port."""

    def write(self, data: bytes) -> None:
        """Hand over bytes; returns at once or soon, even when nobody reads."""
        ...

    def read(self, timeout: float) -> bytes:
        """The bytes that have arrived, waiting up to `timeout` seconds for the first; b"" when none came.

        Raises:
            ConnectionError: when none can come any more.
        """
        ...

    def diagnosis(self) -> Sequence[str]:
        """What is known about the other end, for people; one string a line."""
        ...

    def close(self) -> None:
        """Give the stream up."""
        ...


class FrameType(enum.IntEnum):
    """Requests; an answer has the type of its request plus 0x80."""

    HELLO = 0x01
    INFO = 0x02
    RESET = 0x03
    RUN = 0x04
    TRACE = 0x05
    ERROR = 0xFF


_ANSWER = 0x80


class ErrorCode(enum.IntEnum):
    """Why the firmware refused a request."""

    DAMAGED = 1
    REQUEST = 2
    LENGTH = 3
    MODEL = 4
    RANGES = 5


_REFUSALS = {
    ErrorCode.DAMAGED: "the request arrived damaged",
    ErrorCode.REQUEST: "it does not know the request",
    ErrorCode.LENGTH: "the request is shorter or longer than the model's inputs",
    ErrorCode.MODEL: "there is no model of that number",
    ErrorCode.RANGES: "a range is outside the arena or the layers, or there are too many",
}


@dataclass(frozen=True)
class Frame:
    """One intact frame."""

    type: int
    sequence: int
    payload: bytes


def encode(frame: Frame) -> bytes:
    """The frame as it goes over the wire, END at both ends."""
    body = bytes((frame.type, frame.sequence)) + frame.payload
    body += struct.pack("<I", zlib.crc32(body))
    return _END + body.replace(_ESC, _ESC + _ESC_ESC).replace(_END, _ESC + _ESC_END) + _END


class FrameDecoder:
    """Cuts a byte stream into frames.

    Attributes:
        pending: bytes after the last END: a frame in the making, or text that is no frame.
    """

    def __init__(self) -> None:
        self.pending = bytearray()

    def feed(self, data: bytes) -> list[Frame | bytes]:
        """The frames that `data` completes; what stood between two ENDs and is no intact frame as bytes."""
        result: list[Frame | bytes] = []
        *complete, rest = data.split(_END)
        for part in complete:
            self.pending += part
            if self.pending:
                result.append(_decode(bytes(self.pending)))
                self.pending.clear()
        self.pending += rest
        return result


def _decode(escaped: bytes) -> Frame | bytes:
    first, *parts = escaped.split(_ESC)
    body = bytearray(first)
    for part in parts:
        if part[:1] not in (_ESC_END, _ESC_ESC):
            return escaped
        body += (_END if part[:1] == _ESC_END else _ESC) + part[1:]
    if len(body) < 6 or zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
        return escaped
    return Frame(body[0], body[1], bytes(body[2:-4]))


@dataclass(frozen=True)
class ModelInfo:
    """A model in the image.

    Attributes:
        index: its number in requests.
        name: C identifier.
        tool: version of the tinygen that generated it.
        digest: SHA-256, lower-case hexadecimal, that tells images apart.
        layers: calls of the hook in a run.
        arena_bytes, state_bytes: sizes; runs are independent when there is no state.
        input_bytes, output_bytes: size of each input and output.
    """

    index: int
    name: str
    tool: str
    digest: str
    layers: int
    arena_bytes: int
    state_bytes: int
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]


@dataclass(frozen=True)
class FirmwareInfo:
    """What is on the other end.

    Attributes:
        models: those in the image.
        trace_ranges: ranges that one TRACE request may name.
        ticks_hz: rate of the counter; 0 for none.
    """

    models: tuple[ModelInfo, ...]
    trace_ranges: int
    ticks_hz: int


@dataclass(frozen=True)
class RunReply:
    """What a run gave.

    Attributes:
        outputs: bytes of each output.
        layers: ticks of each layer, `overhead` included.
        tail: ticks from the last layer to the end of the run, `overhead` included.
        overhead: ticks of an interval without a layer, measured in the same run.
        stack: bytes of stack that the run used, or None where it cannot be measured.
    """

    outputs: tuple[bytes, ...]
    layers: tuple[int, ...]
    tail: int
    overhead: int
    stack: int | None


class TraceRange(NamedTuple):
    """Bytes of the arena as they are right after a step."""

    step: int
    offset: int
    bytes: int


class _Fields:
    """Reads a payload from front to back."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    def take(self, size: int) -> bytes:
        part = self._payload[self._at : self._at + size]
        if len(part) < size:
            raise ToolError("The firmware's answer is shorter than the protocol says.")
        self._at += size
        return part

    def u8(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def text(self) -> str:
        return self.take(self.u8()).decode("utf-8", "replace")

    def sizes(self) -> tuple[int, ...]:
        return tuple(self.u32() for _ in range(self.u8()))

    def end(self) -> None:
        if self._at != len(self._payload):
            raise ToolError("The firmware's answer is longer than the protocol says.")


@dataclass
class ConsoleClient:
    """Talks to the console application, whatever it runs on.

    Every method raises BudgetError when no answer comes in time, and ToolError when the firmware refuses,
    faults or ends, or when an answer is damaged.

    Attributes:
        transport: the byte stream; the caller closes it.
        timeout: seconds that each request may take, beside what its bytes need on a slow line.
    """

    transport: Transport
    timeout: float
    _decoder: FrameDecoder = field(default_factory=FrameDecoder, init=False, repr=False)
    _console: deque[int] = field(default_factory=lambda: deque(maxlen=400), init=False, repr=False)
    _frames: deque[Frame | bytes] = field(default_factory=deque, init=False, repr=False)
    _sequence: int = field(default=0, init=False)

    def connect(self) -> FirmwareInfo:
        """Find the start of the conversation, whatever was on the line before, and ask who is there."""
        deadline = time.monotonic() + self.timeout
        hello: Frame | None = None
        while hello is None:
            # The first END ends what a previous sender may have left unfinished.
            sequence = self._send(FrameType.HELLO, b"")
            until = min(deadline, time.monotonic() + _HELLO_EVERY)
            hello = self._await_hello(sequence, until)
            if hello is None and time.monotonic() >= deadline:
                raise self._silence("did not say hello")
        fields = _Fields(hello.payload)
        version = fields.u8()
        if version != PROTOCOL_VERSION:
            raise ToolError(
                f"The firmware speaks version {version} of the console protocol.",
                why=[f"This tinygen speaks version {PROTOCOL_VERSION}."],
                hints=["Generate and build the project again with this tinygen."],
            )
        count, trace_ranges, ticks_hz = fields.u8(), fields.u8(), fields.u32()
        fields.end()
        return FirmwareInfo(tuple(self._info(index) for index in range(count)), trace_ranges, ticks_hz)

    def reset(self, model: ModelInfo) -> None:
        """Clear the model's state."""
        _Fields(self._request(FrameType.RESET, bytes((model.index,)))).end()

    def run(self, model: ModelInfo, inputs: Sequence[bytes]) -> RunReply:
        """One inference.

        Args:
            model: one of the image's.
            inputs: bytes of each input.

        Raises:
            ValueError: when an input has not the model's size.
        """
        _check_inputs(model, inputs)
        request = bytes((model.index,)) + b"".join(inputs)
        fields = _Fields(self._request(FrameType.RUN, request, 4 * model.layers + sum(model.output_bytes)))
        stack, overhead, tail = fields.u32(), fields.u32(), fields.u32()
        layers = tuple(fields.u32() for _ in range(model.layers))
        outputs = tuple(fields.take(size) for size in model.output_bytes)
        fields.end()
        return RunReply(outputs, layers, tail, overhead, None if stack == _STACK_UNKNOWN else stack)

    def trace(
        self, model: ModelInfo, inputs: Sequence[bytes], ranges: Sequence[TraceRange]
    ) -> tuple[bytes, ...]:
        """One inference, of which parts of the arena are wanted; as many as the firmware takes at once.

        Args:
            model: one of the image's.
            inputs: bytes of each input.
            ranges: what to capture, in any order.

        Returns:
            The bytes of each range, in the order asked for.

        Raises:
            ValueError: when an input has not the model's size.
        """
        _check_inputs(model, inputs)
        order = sorted(range(len(ranges)), key=lambda index: ranges[index].step)
        request = bytes((model.index, len(ranges))) + b"".join(
            struct.pack("<III", *ranges[index]) for index in order
        )
        expected = sum(part.bytes for part in ranges)
        fields = _Fields(self._request(FrameType.TRACE, request + b"".join(inputs), expected))
        captured = {index: fields.take(ranges[index].bytes) for index in order}
        fields.end()
        return tuple(captured[index] for index in range(len(ranges)))

    def _info(self, index: int) -> ModelInfo:
        fields = _Fields(self._request(FrameType.INFO, bytes((index,))))
        info = ModelInfo(
            index=index,
            name=fields.text(),
            tool=fields.text(),
            digest=fields.take(_DIGEST_BYTES).hex(),
            layers=fields.u32(),
            arena_bytes=fields.u32(),
            state_bytes=fields.u32(),
            input_bytes=fields.sizes(),
            output_bytes=fields.sizes(),
        )
        fields.end()
        return info

    def _send(self, kind: FrameType, payload: bytes) -> int:
        self._sequence = self._sequence % 255 + 1  # 0 is for answers to damaged frames
        self.transport.write(encode(Frame(kind, self._sequence, payload)))
        return self._sequence

    def _request(self, kind: FrameType, payload: bytes, expected: int = 0) -> bytes:
        """The payload of the answer, of about `expected` bytes."""
        sequence = self._send(kind, payload)
        deadline = time.monotonic() + self.timeout + (len(payload) + expected) / _SLOWEST
        while True:
            frame = self._next(deadline)
            if frame is None:
                raise self._silence(f"did not answer {kind.name}")
            if isinstance(frame, bytes):
                raise ToolError(
                    f"The answer to {kind.name} arrived damaged.",
                    why=[f"{len(frame)} bytes that are no frame: {_printable(frame[-60:])}", *self._state()],
                )
            if frame.type == FrameType.ERROR and frame.sequence in (0, sequence):
                raise self._refusal(kind, frame.payload)
            # Another sequence number: the answer to a HELLO that had to be repeated.
            if frame.type == kind | _ANSWER and frame.sequence == sequence:
                return frame.payload

    def _await_hello(self, sequence: int, until: float) -> Frame | None:
        while (frame := self._next(until)) is not None:
            if isinstance(frame, Frame) and (frame.type, frame.sequence) == (
                FrameType.HELLO | _ANSWER,
                sequence,
            ):
                return frame
        return None

    def _next(self, deadline: float) -> Frame | bytes | None:
        """The next frame, or bytes that should have been one; None when the time is over."""
        while not self._frames:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                data = self.transport.read(left)
            except ConnectionError as error:
                raise ToolError("The firmware ended.", why=self._state()) from error
            self._console.extend(data)
            self._frames.extend(self._decoder.feed(data))
            if fault := _FAULT.search(self._decoder.pending[-400:]):
                raise ToolError(
                    "The firmware stopped with a fault.", why=[fault[1].decode("ascii"), *self._state()]
                )
        return self._frames.popleft()

    def _silence(self, what: str) -> BudgetError:
        return BudgetError(
            f"The firmware {what} within {self.timeout:g} s.",
            why=self._state(),
            hints=["Give it more time.", "Build the project again: the image may be another program."],
        )

    def _refusal(self, kind: FrameType, payload: bytes) -> ToolError:
        try:
            reason = _REFUSALS[ErrorCode(payload[0])]
        except (IndexError, ValueError):
            reason = f"it gave the unknown reason {payload.hex()!r}"
        return ToolError(f"The firmware refused {kind.name}: {reason}.", why=self._state())

    def _state(self) -> list[str]:
        lines = list(self.transport.diagnosis())
        if self._console:
            lines.append(f"The console's last output: {_printable(bytes(self._console)[-120:])}")
        else:
            lines.append("The console gave no output.")
        return lines


def _printable(data: bytes) -> str:
    return repr(data)[1:]


def _check_inputs(model: ModelInfo, inputs: Sequence[bytes]) -> None:
    given = tuple(len(data) for data in inputs)
    if given != model.input_bytes:
        raise ValueError(f"{model.name} takes inputs of {model.input_bytes} bytes, got {given}")
