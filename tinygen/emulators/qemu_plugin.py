"""Exact instruction counts under QEMU: the counter plugin, compiled where QEMU runs."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tinygen import resources
from tinygen.emulators.interface import Counter
from tinygen.emulators.protocol import RunReply
from tinygen.emulators.session import Intervals
from tinygen.errors import ToolError

_COMPILERS = ("gcc", "cc", "clang")
_FLAGS = ("-std=c99", "-O2", "-shared", "-fPIC", "-fvisibility=hidden")
_COMPILE_SECONDS = 60
MARKERS = ("tg_mark_begin", "tg_mark_end")
"""Functions of the console application whose addresses bound each interval (firmware/app/tg_measure.h)."""


def compile_plugin(api_version: int) -> Path | None:
    """The plugin as a shared object, from the user's cache or compiled into it.

    Args:
        api_version: of QEMU's plugin interface.

    Returns:
        Its path, or None where it cannot be compiled.
    """
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None or platform.system() == "Windows":  # there QEMU's symbols need an import library
        return None
    source = resources.firmware() / "qemu" / "counter.c"
    flags = [*_FLAGS, f"-DAPI_VERSION={api_version}"]
    if platform.system() == "Darwin":
        flags.append("-Wl,-undefined,dynamic_lookup")
    key = "\0".join([*flags, compiler, platform.system(), platform.machine()])
    digest = hashlib.sha256(source.read_bytes() + key.encode()).hexdigest()[:32]
    plugin = platformdirs.user_cache_path("tinygen") / "qemu" / f"counter-{digest}.so"
    if plugin.is_file():
        return plugin
    try:
        plugin.parent.mkdir(parents=True, exist_ok=True)
        # Under another name first: another process may look for it, or compile it too.
        with tempfile.TemporaryDirectory(dir=plugin.parent) as folder:
            made = Path(folder) / plugin.name
            subprocess.run(
                [compiler, *flags, "-o", str(made), str(source)],
                check=True,
                capture_output=True,
                timeout=_COMPILE_SECONDS,
                stdin=subprocess.DEVNULL,
            )
            made.replace(plugin)
    except (OSError, subprocess.SubprocessError):
        return None
    return plugin


def api_version(qemu: str) -> int:
    """The plugin API version to declare for a QEMU: the oldest that it accepts.

    Version 2, of QEMU 9.0, dropped version 1 (include/qemu/qemu-plugin.h, "Versioning plugins").

    Args:
        qemu: path of the executable.
    """
    try:
        text = subprocess.run(
            [qemu, "--version"],
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 1
    found = re.search(r"version (\d+)", text)
    return 2 if found and int(found[1]) >= 9 else 1


def markers(image: Path) -> tuple[int, int]:
    """Addresses of the functions that bound each interval.

    Raises:
        ToolError: when the file is no ELF file, or not one with the console application.
    """
    try:
        with image.open("rb") as file:
            elf = ELFFile(file)
            tables = [part for part in elf.iter_sections() if isinstance(part, SymbolTableSection)]
            found = {
                name: symbol["st_value"]
                for table in tables
                for name in MARKERS
                for symbol in table.get_symbol_by_name(name) or ()
            }
            # Bit 0 of an Arm function's address says Thumb (Arm IHI 0044, "Symbol values").
            mask = ~1 if elf["e_machine"] == "EM_ARM" else ~0
    except OSError as error:
        raise ToolError(
            f"The image {image} cannot be read.",
            why=[f"{error.strerror or error}."],
            hints=["Build the project first."],
        ) from error
    except ELFError as error:
        raise ToolError(f"{image} is not an ELF file.", why=[str(error)]) from error
    if set(found) != set(MARKERS):
        raise ToolError(
            f"{image.name} does not have tinygen's console application.",
            why=[f"It lacks the functions {' and '.join(sorted(set(MARKERS) - set(found)))}."],
            hints=["Build the project's own image, and do not strip it."],
        )
    return found[MARKERS[0]] & mask, found[MARKERS[1]] & mask


@dataclass
class PluginCount:
    """Instructions as the plugin counted them.

    Attributes:
        log: the file that it appends a line per interval to.
    """

    log: Path
    kind: Counter = Counter.PLUGIN
    _read: int = 0

    def intervals(self, reply: RunReply) -> Intervals:
        """The lines since the last run: the overhead, each layer, the tail."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            lines = file.read()
        self._read += len(lines)
        counts = [int(line) for line in lines.split()]
        if len(counts) != len(reply.layers) + 2:
            raise ToolError(
                f"The plugin counted {len(counts)} intervals in a run of {len(reply.layers)} layers.",
                hints=["Build the model without _NO_HOOK."],
            )
        return Intervals(counts[0], tuple(counts[1:-1]), counts[-1])
