"""The frame codec, and the client against a scripted firmware."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygen.emulators.protocol import (
    PROTOCOL_VERSION,
    ConsoleClient,
    ErrorCode,
    Frame,
    FrameDecoder,
    FrameType,
    ModelInfo,
    TraceRange,
    encode,
)
from tinygen.errors import BudgetError, ToolError

ANSWER = 0x80
frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=300))


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


@given(st.lists(frames, max_size=4), st.lists(st.integers(0, 40)))
def test_frames_survive_any_division_of_the_stream(sent: list[Frame], sizes: list[int]) -> None:
    decoder = FrameDecoder()
    stream = b"".join(map(encode, sent))
    assert [frame for piece in cut(stream, sizes) for frame in decoder.feed(piece)] == sent
    assert not decoder.pending


def test_every_byte_value_passes() -> None:
    payload = bytes(range(256)) * 2
    assert FrameDecoder().feed(encode(Frame(1, 0xC0, payload))) == [Frame(1, 0xC0, payload)]


@given(frames, st.data())
def test_a_flipped_bit_never_gives_another_frame(frame: Frame, data: st.DataObject) -> None:
    encoded = bytearray(encode(frame))
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    received = [item for item in FrameDecoder().feed(bytes(encoded) + b"\xc0") if isinstance(item, Frame)]
    assert received in ([], [frame])


@given(st.binary(max_size=100), frames)
def test_a_frame_is_found_after_garbage(garbage: bytes, frame: Frame) -> None:
    assert FrameDecoder().feed(garbage + encode(frame))[-1] == frame


@given(frames, st.integers(1, 300))
def test_the_frame_after_a_truncated_one_is_found(frame: Frame, kept: int) -> None:
    whole = encode(Frame(1, 2, b"x" * 300))
    assert FrameDecoder().feed(whole[:kept] + encode(frame))[-1] == frame


class ScriptedTransport:
    """Answers each request with what `firmware` says; None ends the connection."""

    def __init__(self, firmware: Callable[[Frame], bytes | None], greeting: bytes = b"") -> None:
        self.firmware = firmware
        self.waiting: list[bytes | None] = [greeting] if greeting else []
        self.requests: list[Frame] = []

    def write(self, data: bytes) -> None:
        (request,) = FrameDecoder().feed(data)
        assert isinstance(request, Frame)
        self.requests.append(request)
        self.waiting.append(self.firmware(request))

    def read(self, timeout: float) -> bytes:
        data = self.waiting.pop(0) if self.waiting else b""
        if data is None:
            raise ConnectionError
        return data

    def diagnosis(self) -> tuple[str, ...]:
        return ("the diagnosis",)

    def close(self) -> None:
        pass


HELLO = bytes((1, 1, 64)) + struct.pack("<I", 25_000_000)
INFO = (
    b"\x01m\x031.0"
    + bytes(range(32))
    + struct.pack("<III", 2, 100, 0)
    + b"\x01"
    + struct.pack("<I", 3)
    + b"\x02"
    + struct.pack("<II", 1, 2)
)
MODEL = ModelInfo(0, "m", "1.0", bytes(range(32)).hex(), 2, 100, 0, (3,), (1, 2))


def answer(request: Frame, payload: bytes) -> bytes:
    return encode(Frame(request.type | ANSWER, request.sequence, payload))


def working(request: Frame) -> bytes:
    if request.type == FrameType.HELLO:
        return answer(request, HELLO)
    if request.type == FrameType.INFO:
        return answer(request, INFO)
    if request.type == FrameType.RUN:
        return answer(request, struct.pack("<IIIII", 48, 2, 3, 10, 20) + b"abc")
    if request.type == FrameType.TRACE:
        count = request.payload[1]
        ranges = [struct.unpack_from("<III", request.payload, 2 + 12 * index) for index in range(count)]
        return answer(request, b"".join(bytes((step,)) * size for step, _, size in ranges))
    return answer(request, b"")


def client(firmware: Callable[[Frame], bytes | None], timeout: float = 0.05) -> ConsoleClient:
    return ConsoleClient(ScriptedTransport(firmware), timeout)


def test_connect_tells_what_is_there() -> None:
    firmware = client(working).connect()
    assert firmware.models == (MODEL,)
    assert (firmware.trace_ranges, firmware.ticks_hz) == (64, 25_000_000)


def test_connect_ignores_what_was_on_the_line() -> None:
    garbage = b"boot: hello\r\n\xdb\x00" + encode(Frame(FrameType.ERROR, 0, b"\x01")) + b"\xc0half a fra"
    transport = ScriptedTransport(working, greeting=garbage)
    assert ConsoleClient(transport, 1).connect().models == (MODEL,)


def test_run_gives_counts_and_outputs() -> None:
    reply = client(working).run(MODEL, [b"xyz"])
    assert reply.outputs == (b"a", b"bc")
    assert (reply.layers, reply.tail, reply.overhead, reply.stack) == ((10, 20), 3, 2, 48)


def test_an_unmeasured_stack_is_none() -> None:
    reply = client(lambda request: answer(request, struct.pack("<IIIII", 0xFFFFFFFF, 0, 0, 0, 0) + b"abc"))
    assert reply.run(MODEL, [b"xyz"]).stack is None


def test_trace_answers_in_the_order_asked_for() -> None:
    talker = client(working)
    ranges = [TraceRange(1, 0, 2), TraceRange(0, 5, 3), TraceRange(1, 8, 1)]
    assert talker.trace(MODEL, [b"xyz"], ranges) == (b"\1\1", b"\0\0\0", b"\1")


@pytest.mark.parametrize("inputs", [[], [b"xy"], [b"xyz", b""]])
def test_inputs_of_the_wrong_size_are_not_sent(inputs: list[bytes]) -> None:
    talker = client(working)
    with pytest.raises(ValueError, match="takes inputs"):
        talker.run(MODEL, inputs)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 99])
def test_a_refusal_is_a_tool_error(code: int) -> None:
    def refuse(request: Frame) -> bytes:
        return encode(Frame(FrameType.ERROR, 0 if code == 1 else request.sequence, bytes((code,))))

    with pytest.raises(ToolError, match="refused RUN"):
        client(refuse).run(MODEL, [b"xyz"])


def test_a_damaged_answer_is_a_tool_error() -> None:
    def damage(request: Frame) -> bytes:
        good = bytearray(working(request))
        good[4] ^= 1
        return bytes(good)

    with pytest.raises(ToolError, match="arrived damaged"):
        client(damage).run(MODEL, [b"xyz"])


@pytest.mark.parametrize("payload", [b"", struct.pack("<IIIII", 0, 0, 0, 0, 0) + b"abcd"])
def test_an_answer_of_the_wrong_length_is_a_tool_error(payload: bytes) -> None:
    with pytest.raises(ToolError, match="than the protocol says"):
        client(lambda request: answer(request, payload)).run(MODEL, [b"xyz"])


def test_a_fault_is_told_at_once() -> None:
    talker = client(lambda _: b"\xc0half an ans\nFAULT HardFault pc=00000123\n", timeout=60)
    with pytest.raises(ToolError, match="HardFault pc=00000123"):
        talker.run(MODEL, [b"xyz"])


def test_silence_exceeds_the_budget_and_shows_the_console() -> None:
    with pytest.raises(BudgetError, match="did not answer RUN") as caught:
        client(lambda _: b"printf was here").run(MODEL, [b"xyz"])
    assert "the diagnosis" in str(caught.value)
    assert "printf was here" in str(caught.value)


def test_an_end_is_a_tool_error() -> None:
    with pytest.raises(ToolError, match="ended") as caught:
        client(lambda _: None).connect()
    assert "the diagnosis" in str(caught.value)


def test_another_protocol_version_is_named() -> None:
    with pytest.raises(ToolError, match="speaks version 9"):
        client(lambda request: answer(request, b"\x09" + HELLO[1:])).connect()


def test_a_late_hello_is_not_taken_for_an_answer() -> None:
    def late(request: Frame) -> bytes:
        stale = encode(Frame(FrameType.HELLO | ANSWER, (request.sequence + 254) % 255 + 1, HELLO))
        return stale + working(request)

    talker = client(late)
    assert talker.connect().models == (MODEL,)
    talker.reset(MODEL)


def test_the_documentation_names_every_request_and_error() -> None:
    text = (Path(__file__).parents[2] / "docs" / "PROTOCOL.md").read_text(encoding="utf-8")
    for kind in FrameType:
        if kind is not FrameType.ERROR:
            assert f"| `{kind:02X}` | {kind.name} |" in text
    for code in ErrorCode:
        assert f"| {code} | {code.name} |" in text
    assert f"This is version {PROTOCOL_VERSION}." in text


def test_sequence_numbers_wrap_without_zero() -> None:
    transport = ScriptedTransport(working)
    talker = ConsoleClient(transport, 1)
    for _ in range(600):
        talker.reset(MODEL)
    assert {request.sequence for request in transport.requests} == set(range(1, 256))
