"""Finding a compiler that not only exists but links: a bare gcc without a C library is common."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

PROGRAM = """\
#include <math.h>
#include <string.h>
volatile float number = 2.0f;
volatile char text[4] = "abc";
int main(void) { return (int)strlen((const char *)text) + (int)expf(number); }
"""


class ToolchainError(Exception):
    """A compiler that was found but cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class Toolchain:
    """A compiler that links.

    Attributes:
        prefix: absolute path of its programs up to "gcc", such as "/usr/bin/arm-none-eabi-".
        version: what `-dumpfullversion` prints.
        specs: flags that choose its C library.
    """

    prefix: str
    version: str
    specs: tuple

    @property
    def name(self):
        """The compiler's name, such as "arm-none-eabi-gcc"."""
        return os.path.basename(self.prefix) + "gcc"


def find_on_path(prefixes, flags, cache):
    """The first compiler of `prefixes` on PATH, or None; ToolchainError where none of those found links."""
    broken = None
    for prefix in prefixes:
        program = shutil.which(prefix + "gcc")
        if program is None:
            continue
        try:
            return _check(program, flags, cache)
        except ToolchainError as error:
            broken = broken or error
    if broken:
        raise broken
    return None


def find_in(folder, prefixes, flags, cache):
    """The compiler of a PlatformIO toolchain package; ToolchainError where it is missing or does not link."""
    for prefix in prefixes:
        program = shutil.which(prefix + "gcc", path=str(folder))
        if program:
            return _check(program, flags, cache)
    raise ToolchainError(f"{folder} holds no {prefixes[0]}gcc.")


def _check(program, flags, cache):
    # Compiling and linking takes 0.1 s and every build asks twice: remember the answer for this program.
    status = Path(program).stat()
    key = json.dumps([program, status.st_mtime_ns, status.st_size, flags, PROGRAM])
    entry = cache / f"toolchain-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    try:
        known = json.loads(entry.read_text(encoding="utf-8"))
        return Toolchain(known["prefix"], known["version"], tuple(known["specs"]))
    except (OSError, ValueError, KeyError):
        pass
    toolchain = _try(program, flags)
    cache.mkdir(parents=True, exist_ok=True)
    entry.write_text(json.dumps(asdict(toolchain)), encoding="utf-8")
    return toolchain


def _try(program, flags):
    suffix = ".exe" if program.lower().endswith(".exe") else ""
    prefix = program[: len(program) - len("gcc" + suffix)]
    version = _run([program, "-dumpfullversion", "-dumpversion"]).stdout.strip()
    attempts = (["--specs=nano.specs"], ["--specs=picolibc.specs"], []) if flags else ([],)
    problem = ""
    for specs in attempts:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "try.c"
            source.write_text(PROGRAM, encoding="utf-8")
            bare = ["-nostartfiles", "-Wl,--entry=main"] if flags else []
            tried = _run(
                [program, *flags, *specs, *bare, str(source), "-o", str(Path(folder) / "try.elf"), "-lm"]
            )
        if tried.returncode == 0:
            return Toolchain(prefix, version, tuple(specs))
        lines = [line for line in tried.stderr.splitlines() if "error" in line or "cannot find" in line]
        problem = (lines or tried.stderr.splitlines() or ["it ended without a message"])[0].strip()
    raise ToolchainError(f"{program} cannot link a program, so its C library is probably missing: {problem}")


def _run(command):
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"{command[0]} does not run: {error}") from error
