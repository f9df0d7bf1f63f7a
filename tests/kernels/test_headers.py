"""Every kernel header compiles by itself, without a warning, in both languages and at every level."""

import shutil
import subprocess

import pytest

from tinygen.resources import firmware

ROOT = firmware() / "kernels"
HEADERS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.h"), *ROOT.glob("portable/*.h")]
)
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")


def compile_header(compiler: str, header: str, *flags: str) -> str:
    """What the compiler has to say about a file that includes the header twice."""
    source = f'#include "{header}"\n' * 2
    command = [compiler, *flags, *WARNINGS, f"-I{ROOT}", "-c", "-o", "/dev/null", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("language", [("c", "c99"), ("c++", "c++17")], ids=lambda pair: pair[1])
def test_native_compiler_has_nothing_to_say(header, language):
    for level in ("-O0", "-O3"):
        flags = (f"-x{language[0]}", f"-std={language[1]}", "-pedantic", level)
        assert compile_header("gcc", header, *flags) == ""


@pytest.mark.arm
@pytest.mark.parametrize("header", HEADERS)
def test_cross_compiler_has_nothing_to_say(header):
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not on PATH: apt install gcc-arm-none-eabi")
    for core in ("cortex-m0plus", "cortex-m4"):
        flags = ("-xc", "-std=c99", f"-mcpu={core}", "-mthumb", "-O2")
        assert compile_header("arm-none-eabi-gcc", header, *flags) == ""
