"""Board files: what the ones that ship say, and what wrong ones are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tinygen import boards, resources
from tinygen.errors import FitError, UsageError
from tinygen.target.target import Compiler, Memory, MemoryKind

M4 = (resources.boards() / "mps2-an386.toml").read_text(encoding="utf-8")


@pytest.fixture
def board_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mps2-an386.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_cortex_m4_board_as_kernels_see_it() -> None:
    target = boards.load("mps2-an386").target()
    assert (target.arch, target.core) == ("arm", "cortex-m4")
    assert target.features == {"dsp", "fpu", "div", "mul64"}
    assert target.compiler == Compiler(
        prefixes=("arm-none-eabi-",),
        flags=("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    )
    assert target.memories == (
        Memory("ssram1", 0, 4 << 20, MemoryKind.FLASH, 1, frozenset({"code", "weights"})),
        Memory("ssram23", 0x2000_0000, 4 << 20, MemoryKind.RAM, 1, frozenset({"data", "arena", "stack"})),
    )


def test_the_host_has_no_memories_and_the_native_compiler() -> None:
    board = boards.load("host")
    assert board.target().memories == ()
    assert board.target().compiler == Compiler(prefixes=("",), flags=())
    with pytest.raises(LookupError, match="arena"):
        board.memory_for("arena")


def test_emulators_of_a_board() -> None:
    board = boards.load("mps2-an386")
    model = board.emulator("qemu")
    assert model is not None
    assert (model.machine, model.stand_in) == ("mps2-an386", False)
    assert board.emulator("renode") is None


@pytest.mark.parametrize("board", boards.all_boards(), ids=lambda board: board.id)
def test_drivers_and_start_up_of_every_board_exist(board: boards.Board) -> None:
    bsp = resources.firmware() / "platform" / "bsp"
    assert (bsp / "console" / f"{board.console.driver}.c").is_file()
    assert (bsp / "ticks" / f"{board.counter.driver}.c").is_file()
    for framework in board.frameworks:
        if framework.startup:
            assert (bsp / "startup" / framework.startup).is_dir()


def test_unknown_board_names_the_nearest_and_all() -> None:
    with pytest.raises(UsageError) as caught:
        boards.load("mps2-an385")
    assert "Boards: host, mps2-an386." in caught.value.why
    assert caught.value.hints[0] == "Did you mean mps2-an386?"


def test_a_hostile_board_name_is_cut() -> None:
    with pytest.raises(UsageError) as caught:
        boards.load("x" * 10_000)
    assert len(str(caught.value)) < 400


def test_a_users_own_file(board_file: Callable[[str], Path]) -> None:
    path = board_file(M4.replace("stack_size = 8192", "stack_size = 4096"))
    assert boards.load(str(path)).stack_size == 4096


def test_a_users_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        boards.load(str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("old", "new", "key", "rule"),
    [
        ('size = 0x0040_0000\nkind = "ram"', 'size = 0\nkind = "ram"', "memories[1].size", "greater than 0"),
        ('kind = "ram"', 'kind = "dram"', "memories[1].kind", "'flash' or 'ram'"),
        ("clock_hz = 25_000_000", 'clock_hz = "25 MHz"', "clock_hz", "valid integer"),
        ("clock_hz = 25_000_000", "clock_mhz = 25", "clock_mhz", "not permitted"),
        ('arch = "arm"', 'arch = "mips"', "arch", "'arm'"),
        ("baud = 115_200", "baud = true", "console.baud", "valid integer"),
        ('"dsp", "fpu"', '"dsp", "sse2"', "features[1]", "'dsp'"),
        ("stack_size = 8192", "stack_size = 8190", "stack_size", "multiple of 8"),
    ],
)
def test_a_wrong_fact_is_named_by_file_key_and_line(
    board_file: Callable[[str], Path], old: str, new: str, key: str, rule: str
) -> None:
    assert old in M4
    text = M4.replace(old, new)
    path = board_file(text)
    with pytest.raises(FitError) as caught:
        boards.load_file(path)
    (why,) = [line for line in caught.value.why if f": {key}: " in line]
    assert rule in why
    place = re.match(re.escape(str(path)) + r":(\d+): ", why)
    assert place
    leaf = key.rpartition(".")[2].partition("[")[0]
    assert text.splitlines()[int(place[1]) - 1].startswith(f"{leaf} =")


def test_a_missing_fact_is_named_with_its_table(board_file: Callable[[str], Path]) -> None:
    path = board_file(M4.replace('driver = "cmsdk_apb_uart"\n', ""))
    with pytest.raises(FitError) as caught:
        boards.load_file(path)
    line = path.read_text(encoding="utf-8").splitlines().index("[console]") + 1
    assert caught.value.why == (f"{path}:{line}: console.driver: Field required",)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("origin = 0x2000_0000", "origin = 0x0010_0000", "'ssram1' and 'ssram23' overlap"),
        ('name = "ssram23"', 'name = "ssram1"', "two memories are called 'ssram1'"),
        ('holds = ["data", "arena", "stack"]', 'holds = ["data", "stack"]', "no memory holds 'arena'"),
        ("stack_size = 8192", "stack_size = 0", "stack_size is 0"),
        ('startup = "cortex_m"\n', "", "startup belongs to platform"),
        ('"mps2-an386"', '"other"', "file's name"),
        ('board = "mps2-an386"', 'board = "an386"', "board must be"),
    ],
)
def test_facts_that_contradict_each_other(
    board_file: Callable[[str], Path], old: str, new: str, rule: str
) -> None:
    assert old in M4
    with pytest.raises(FitError) as caught:
        boards.load_file(board_file(M4.replace(old, new)))
    assert rule in str(caught.value)


def test_every_wrong_fact_is_reported_at_once(board_file: Callable[[str], Path]) -> None:
    text = M4.replace('arch = "arm"', "arch = 1").replace("latency = 1", "latency = 0")
    with pytest.raises(FitError) as caught:
        boards.load_file(board_file(text))
    assert len(caught.value.why) == 3


@pytest.mark.parametrize("text", ["id = ", "a = 1\na = 2\n", "[[[", "x = " + "[" * 10_000])
def test_text_that_is_not_toml(board_file: Callable[[str], Path], text: str) -> None:
    with pytest.raises(UsageError, match="not valid TOML"):
        boards.load_file(board_file(text))


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        boards.load_file(path)


def test_a_file_too_large_to_be_a_board(tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(UsageError, match="larger than"):
        boards.load_file(path)
