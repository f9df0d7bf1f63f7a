"""The console application as a process of this machine."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tinygen import boards
from tinygen.emulators import Counter, Image, Session, TraceRange
from tinygen.emulators.host import Host
from tinygen.errors import BudgetError, ToolError, UsageError

BOARD = boards.load("host")
EVERY_BYTE = bytes(range(256))
QUIET = b"\xc0\xdb\x00\xff"
HANG, FAULT, END, CHATTER = (bytes((value, 0, 0, 0)) for value in (0xE1, 0xE2, 0xE3, 0xE4))


def start(image: Path, model: str = "mirror", timeout: float = 10) -> Session:
    return Host().start(Image(image, model), BOARD, timeout)


def test_a_run_returns_the_outputs(host_image: Path) -> None:
    with start(host_image) as session:
        for data in (EVERY_BYTE, EVERY_BYTE[::-1], b"\xc0" * 256, b"\xdb" * 256, bytes(256)):
            assert session.run([data, QUIET]).outputs == (data, QUIET)


def test_nothing_is_counted(host_image: Path) -> None:
    with start(host_image) as session:
        inference = session.run([EVERY_BYTE, QUIET])
    assert session.counter is Counter.NONE
    assert session.counter.unit == "none"
    assert (inference.layers, inference.total, inference.stack) == (None, None, None)


def test_the_firmware_describes_the_model(host_image: Path) -> None:
    with start(host_image, "tally") as session:
        assert (session.model.name, session.model.tool, session.model.index) == ("tally", "1.2.3", 1)
        assert (session.model.input_bytes, session.model.output_bytes) == ((1,), (1,))
        assert session.model.state_bytes == 4


def test_trace_shows_the_arena_after_each_step(host_image: Path) -> None:
    with start(host_image) as session:
        ranges = [
            TraceRange(1, 0, 256),
            TraceRange(0, 0, 256),
            TraceRange(1, 528, 4),
            TraceRange(0, 10, 3),
            TraceRange(0, 544, 0),
        ]
        expected = (bytes(256), EVERY_BYTE, QUIET, b"\n\v\f", b"")
        assert session.trace([EVERY_BYTE, QUIET], ranges) == expected
        assert session.run([EVERY_BYTE, QUIET]).outputs == (EVERY_BYTE, QUIET)


def test_more_ranges_than_fit_take_several_runs(host_image: Path) -> None:
    ranges = [TraceRange(0, offset, 1) for offset in range(256)]
    with start(host_image) as session:
        assert b"".join(session.trace([EVERY_BYTE, QUIET], ranges)) == EVERY_BYTE


def test_a_stateful_model_is_not_run_twice_for_a_trace(host_image: Path) -> None:
    with start(host_image, "tally") as session, pytest.raises(ToolError, match="has state"):
        session.trace([b"\0"], [TraceRange(0, 0, 1)] * 65)


@pytest.mark.parametrize(
    "wrong", [(0, 545, 0), (0, 544, 1), (0, 1, 0xFFFFFFFF), (2, 0, 1), (0xFFFFFFFF, 0, 1)]
)
def test_ranges_outside_are_refused(host_image: Path, wrong: tuple[int, int, int]) -> None:
    with start(host_image) as session, pytest.raises(ToolError, match="outside the arena"):
        session.trace([EVERY_BYTE, QUIET], [TraceRange(*wrong)])


def test_state_lives_from_reset_to_reset(host_image: Path) -> None:
    with start(host_image, "tally") as session:
        assert [session.run([b"\0"]).outputs for _ in range(2)] == [(b"\1",), (b"\2",)]
        session.reset()
        assert session.run([b"\0"]).outputs == (b"\1",)


def test_a_hanging_model_exceeds_the_budget(host_image: Path) -> None:
    with start(host_image, timeout=0.5) as session, pytest.raises(BudgetError, match="did not answer RUN"):
        session.run([EVERY_BYTE, HANG])


def test_a_crash_names_the_signal(host_image: Path) -> None:
    with start(host_image) as session, pytest.raises(ToolError, match=r"killed by SIG(ILL|TRAP|ABRT|SEGV)"):
        session.run([EVERY_BYTE, FAULT])


def test_an_early_end_names_the_exit_code(host_image: Path) -> None:
    with start(host_image) as session, pytest.raises(ToolError, match="exited with code 3"):
        session.run([EVERY_BYTE, END])


def test_stray_output_is_shown(host_image: Path) -> None:
    with start(host_image) as session, pytest.raises(ToolError, match=r"arrived damaged.*\n.*stray"):
        session.run([EVERY_BYTE, CHATTER])


def test_the_image_must_have_the_model(host_image: Path) -> None:
    with pytest.raises(ToolError, match="does not have model 'other'") as caught:
        start(host_image, "other")
    assert "mirror, tally" in str(caught.value)
    with pytest.raises(ToolError, match="does not have one model"):
        Host().start(Image(host_image), BOARD, 10)


def test_the_image_must_have_the_digest(host_image: Path) -> None:
    digest = "c0db01" + 58 * "0"
    Host().start(Image(host_image, "mirror", digest), BOARD, 10).close()
    with pytest.raises(ToolError, match="built from something else"):
        Host().start(Image(host_image, "mirror", "d" + digest[1:]), BOARD, 10)


def test_a_missing_image_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"Cannot run .*nothing"):
        start(tmp_path / "nothing")


def test_a_program_for_another_machine_is_a_tool_error(tmp_path: Path) -> None:
    program = tmp_path / "alien"
    program.write_bytes(b"\x7fELF" + bytes(60))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(ToolError):
        start(program)


def test_a_silent_program_exceeds_the_budget(tmp_path: Path) -> None:
    program = tmp_path / "silent"
    program.write_text("#!/bin/sh\necho oops >&2\nexec sleep 60\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(BudgetError, match="did not say hello") as caught:
        start(program, timeout=0.5)
    assert "oops" in str(caught.value)


def test_a_board_without_the_emulator_is_a_usage_error(host_image: Path) -> None:
    with pytest.raises(UsageError, match="does not run in emulator 'host'"):
        Host().start(Image(host_image, "mirror"), boards.load("mps2-an386"), 10)


def test_closing_twice_is_fine_and_a_closed_session_answers_with_an_error(host_image: Path) -> None:
    session = start(host_image)
    session.close()
    session.close()
    with pytest.raises(ToolError):
        session.run([EVERY_BYTE, QUIET])


def test_no_file_descriptor_is_left(host_image: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("needs /proc")
    start(host_image).close()
    before = len(list(folder.iterdir()))
    for _ in range(3):
        start(host_image).close()
    assert len(list(folder.iterdir())) == before
