"""What the output of a failed build becomes."""

from __future__ import annotations

from tinygen.errors import FitError, ToolError
from tinygen.project.failures import MAX_LINES, explain

OVERFLOW = """\
Processing m4 (platform: tinygen; board: m4)
Linking .pio/build/m4/firmware.elf
ld: .pio/build/m4/firmware.elf section `.weights' will not fit in region `flash'
ld: region `flash' overflowed by 12345 bytes
ld: region `ram' overflowed by 16 bytes
collect2: error: ld returned 1 exit status
*** [.pio/build/m4/firmware.elf] Error 1
"""

COMPILER = """\
Compiling .pio/build/m4/src/main.o
src/main.c: In function 'main':
src/main.c:3:5: error: unknown type name 'intt'
    3 |     intt x;
      |     ^~~~
Compiling .pio/build/m4/lib/toy.o
/usr/bin/ld: main.o: in function `main': undefined reference to `toy_run'
*** [.pio/build/m4/src/main.o] Error 1
========================= [FAILED] Took 0.50 seconds =========================
"""

PLATFORM = """\
UserSideException: tinygen: There is no arm-none-eabi-gcc on PATH.
PlatformIO's toolchain is not installed.
Things to try:
  1. Install it.
  2. Ask.

"""


def test_an_overflow_says_by_how_much() -> None:
    error = explain(OVERFLOW, "m4")
    assert isinstance(error, FitError)
    assert error.why == ("flash: 12,345 bytes too many", "ram: 16 bytes too many")


def test_the_compilers_lines_are_shown_and_no_others() -> None:
    error = explain(COMPILER, "m4")
    assert isinstance(error, ToolError)
    assert error.why == (
        "src/main.c:3:5: error: unknown type name 'intt'",
        "    3 |     intt x;",
        "      |     ^~~~",
        "/usr/bin/ld: main.o: in function `main': undefined reference to `toy_run'",
    )


def test_the_platforms_own_sentence_becomes_the_error() -> None:
    error = explain(PLATFORM, "m4")
    assert isinstance(error, ToolError)
    assert error.message == "There is no arm-none-eabi-gcc on PATH."
    assert error.why == ("PlatformIO's toolchain is not installed.",)
    assert error.hints == ("Install it.", "Ask.")


def test_thousands_of_errors_are_cut() -> None:
    error = explain("\n".join(f"a.c:{line}: error: no" for line in range(5000)), "m4")
    assert len(error.why) == MAX_LINES + 1
    assert error.why[-1] == f"… {5000 - MAX_LINES} more lines"


def test_an_unknown_failure_shows_the_last_lines() -> None:
    error = explain("one\ntwo\n=====\n", "m4")
    assert error.why == ("one", "two")
    assert explain("", "m4").why == ("PlatformIO printed nothing.",)
