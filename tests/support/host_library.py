"""Compiles a generated library with the native compiler and runs it, in this process or under sanitizers."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.codegen import Library, Port
from tinygen.ir import Array

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wpedantic", "-Werror")
C99 = ("-std=c99", *WARNINGS, "-ffp-contract=off")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")

_HOOK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)


@dataclass(frozen=True)
class Trace:
    """One inference, layer by layer.

    Attributes:
        outputs: of the model.
        arenas: the whole arena right after each layer.
    """

    outputs: tuple[Array, ...]
    arenas: tuple[bytes, ...]


def write_library(library: Library, folder: Path) -> list[Path]:
    """Write the library's files and return the C sources among them."""
    for name, content in library.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [folder / name for name in library.files if name.endswith(".c")]


def run_compiler(*command: str | Path) -> None:
    """Run a compiler; a failure shows what it printed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr}"


class HostModel:
    """A generated library loaded into this process; its arena is the library's own.

    Args:
        library: what was compiled.
        path: the shared object; one path is loaded once in the life of a process.
    """

    def __init__(self, library: Library, path: Path) -> None:
        self.library = library
        self._c = ctypes.CDLL(str(path))
        self._arena = self._pointer(f"{library.name}_arena")
        self.init()

    def _pointer(self, function: str) -> int:
        accessor = self._c[function]
        accessor.restype = ctypes.c_void_p
        address = accessor()
        assert isinstance(address, int)
        return address

    def init(self) -> None:
        """M_init()."""
        self._c[f"{self.library.name}_init"]()

    def reset(self) -> None:
        """M_reset()."""
        self._c[f"{self.library.name}_reset"]()

    def run(self, inputs: Sequence[Array]) -> tuple[Array, ...]:
        """One inference on quantized inputs of the model's shapes; returns copies of the outputs."""
        for port, value in zip(self.library.inputs, inputs, strict=True):
            assert value.shape == port.shape, (port.name, value.shape)
            assert value.dtype == port.dtype.numpy, (port.name, value.dtype)
            data = np.ascontiguousarray(value).tobytes()
            ctypes.memmove(self._pointer(port.function), data, len(data))
        self._c[f"{self.library.name}_run"]()
        return tuple(self._output(port) for port in self.library.outputs)

    def _output(self, port: Port) -> Array:
        data = ctypes.string_at(self._pointer(port.function), port.bytes)
        return np.frombuffer(data, port.dtype.numpy).reshape(port.shape)

    def state(self) -> bytes:
        """The variables as they are now."""
        return ctypes.string_at(self._pointer(f"{self.library.name}_get_state"), self.library.footprint.state)

    def arena(self) -> bytes:
        """The arena as it is now."""
        return ctypes.string_at(self._arena, self.library.footprint.arena)

    def trace(self, inputs: Sequence[Array]) -> Trace:
        """One inference, with a copy of the arena taken by the hook after each layer."""
        arenas: list[bytes] = []
        calls: list[int] = []

        def hook(context: int | None, layer: int) -> None:
            calls.append(layer)
            arenas.append(self.arena())

        set_hook = self._c[f"{self.library.name}_set_hook"]
        set_hook.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
        callback = _HOOK(hook)
        set_hook(ctypes.cast(callback, ctypes.c_void_p), None)
        try:
            outputs = self.run(inputs)
        finally:
            set_hook(None, None)
        assert calls == [layer.index for layer in self.library.layers]
        return Trace(outputs, tuple(arenas))


def compile_library(
    library: Library, folder: Path, *, flags: Sequence[str] = (), compiler: str = "gcc"
) -> HostModel:
    """Write, compile and load a library.

    Args:
        library: from `codegen.generate`.
        folder: of this library alone, such as pytest's tmp_path.
        flags: further flags.
        compiler: the native C compiler.
    """
    sources = write_library(library, folder)
    target = folder / f"{library.name}.so"
    run_compiler(compiler, *C99, "-O1", "-fPIC", "-shared", *flags, *sources, "-o", target, "-lm")
    return HostModel(library, target)


_PROGRAM = """#include <stdio.h>
#include "{name}.h"

int main(void)
{{
    {name}_init();
    for (;;) {{
{reads}
        {name}_run();
{writes}
    }}
}}
"""


def _program(library: Library) -> str:
    """A program that reads samples from stdin until it ends and writes each one's outputs to stdout."""
    transfer = "        if ({call}({port.function}(), {port.macro}_BYTES, 1, {file}) != 1) return {code};"
    reads = [transfer.format(call="fread", port=port, file="stdin", code=0) for port in library.inputs]
    writes = [transfer.format(call="fwrite", port=port, file="stdout", code=1) for port in library.outputs]
    return _PROGRAM.format(name=library.name, reads="\n".join(reads), writes="\n".join(writes))


def run_sanitized(
    library: Library, folder: Path, samples: Sequence[Sequence[Array]], *, compiler: str = "gcc"
) -> list[tuple[Array, ...]]:
    """Run samples in a program of its own under the address and undefined behaviour sanitizers.

    Args:
        library: from `codegen.generate`.
        folder: of this library alone.
        samples: the inputs of each inference, quantized.
        compiler: the native C compiler; it must have both sanitizers.

    Raises:
        AssertionError: with the sanitizer's report.
    """
    sources = write_library(library, folder)
    main, target = folder / "main.c", folder / "sanitized"
    main.write_text(_program(library), encoding="utf-8")
    include = f"-I{folder / 'src'}"
    run_compiler(compiler, *C99, "-O1", *SANITIZERS, include, *sources, main, "-o", target, "-lm")
    data = b"".join(np.ascontiguousarray(value).tobytes() for sample in samples for value in sample)
    done = subprocess.run([str(target)], input=data, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    outputs, at = [], 0
    for _ in samples:
        values = []
        for port in library.outputs:
            count = port.bytes // port.dtype.numpy.itemsize
            flat = np.frombuffer(done.stdout, port.dtype.numpy, count, at)
            values.append(flat.reshape(port.shape))
            at += port.bytes
        outputs.append(tuple(values))
    assert at == len(done.stdout)
    return outputs
