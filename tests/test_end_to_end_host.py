"""From a public .tflite file to C that computes, on the host, exactly what TensorFlow Lite Micro computes."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.support.host_library import WARNINGS, compile_library, run_compiler, run_sanitized, write_library
from tests.support.host_session import HostSession
from tests.support.models import model_path
from tinygen import codegen, frontend, passes, planning
from tinygen.ir import Array
from tinygen.kernels.portable import PORTABLE
from tinygen.oracle import OracleRun, Sample
from tinygen.oracle.tflm import TflmOracle
from tinygen.planning import Plan
from tinygen.target import Compiler, Target
from tinygen.verify import first_divergence, random_inputs

MODELS = (
    "kws_ds_cnn",
    "ic_resnet8",
    "vww_mobilenet_v1",
    "ad_autoencoder",
    "micro_speech",
    "person_detect",
    "mcunet_vww",
    "mobilenet_v1_096_shape_ops",
)

EXAMPLES = ("digits_cnn", "gesture_mlp", "tones_ds_cnn")

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))

ARENA_LIMITS = {
    "kws_ds_cnn": 16_600,
    "ic_resnet8": 52_000,
    "vww_mobilenet_v1": 56_500,
    "ad_autoencoder": 1_200,
}
"""Bytes; what the memory plan is expected to reach without overlapping a layer's input and output."""

CODE_LIMIT = 20 * 1024
"""Bytes of Thumb-2 code for one model on a Cortex-M4."""

NEEDED_SYMBOLS = re.compile(r"memcpy|memset|__aeabi_\w+|__(gnu|clz|ash|lsh|mul|div|udiv)\w*")
"""What an object may leave undefined: the two of the C library, and the compiler's own run-time support."""


@dataclass(frozen=True)
class Built:
    """A model on its way to C."""

    path: Path
    plan: Plan
    library: codegen.Library


@cache
def built(path: Path) -> Built:
    model = frontend.read(path)
    plan = planning.solve(passes.lower(model.main), [PORTABLE], HOST)
    return Built(path, plan, codegen.generate(model.name, model.sha256, plan))


@pytest.fixture(params=(*MODELS, *EXAMPLES))
def model(request: pytest.FixtureRequest) -> Built:
    name: str = request.param
    bundled = Path(__file__).parents[1] / "examples" / "models" / f"{name}.tflite"
    return built(bundled if name in EXAMPLES else model_path(name))


def outputs_of(runs: Sequence[OracleRun]) -> Iterator[tuple[Array, ...]]:
    return (run.outputs for run in runs)


def assert_equal(
    expected: Iterator[tuple[Array, ...]], found: Sequence[tuple[Array, ...]], library: codegen.Library
) -> None:
    for number, (right, ours) in enumerate(zip(expected, found, strict=True)):
        for port, one, other in zip(library.outputs, right, ours, strict=True):
            assert one.dtype == other.dtype
            assert np.array_equal(one, other), f"{port.name} of sample {number}"


@pytest.mark.oracle
def test_every_layer_is_that_of_tflm(model: Built, tmp_path: Path) -> None:
    samples = random_inputs(model.plan.graph, 1, seed=0)
    session = HostSession(compile_library(model.library, tmp_path))
    oracle = TflmOracle(model.path.read_bytes())
    assert first_divergence(model.plan, session, oracle, samples, 0) is None


@pytest.mark.oracle
def test_outputs_are_those_of_tflm(model: Built, tmp_path: Path) -> None:
    samples = random_inputs(model.plan.graph, 3, seed=1)
    expected = TflmOracle(model.path.read_bytes()).run(samples)
    host = compile_library(model.library, tmp_path)
    assert_equal(outputs_of(expected), [host.run(sample) for sample in samples], model.library)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["kws_ds_cnn", "ad_autoencoder"])
def test_sanitizers_find_nothing(name: str, tmp_path: Path) -> None:
    model = built(model_path(name))
    samples = random_inputs(model.plan.graph, 2, seed=2)
    expected = TflmOracle(model.path.read_bytes()).run(samples)
    assert_equal(outputs_of(expected), run_sanitized(model.library, tmp_path, samples), model.library)


def with_changed_weight(library: codegen.Library, layer: int) -> codegen.Library:
    """The library with the first weight of a layer changed, as if by hand."""
    path = f"src/{library.name}_weights.c"
    text = library.files[path].decode()
    head, found, tail = text.partition(f"{library.name}_layer{layer}_filter[")
    assert found, f"layer {layer} has no filter of its own"
    declaration, brace, values = tail.partition("{")
    changed = re.sub(r"-?\d+", lambda match: "-100" if int(match[0]) > 0 else "100", values, count=1)
    return replace(
        library, files={**library.files, path: f"{head}{found}{declaration}{brace}{changed}".encode()}
    )


@pytest.mark.oracle
def test_one_changed_weight_is_found_in_its_layer(tmp_path: Path) -> None:
    model = built(model_path("kws_ds_cnn"))
    samples = random_inputs(model.plan.graph, 2, seed=3)
    oracle = TflmOracle(model.path.read_bytes())
    session = HostSession(compile_library(model.library, tmp_path / "right"))
    assert first_divergence(model.plan, session, oracle, samples, 0) is None

    layer = next(layer.index for layer in model.library.layers[2:] if layer.op == "CONV_2D")
    wrong = compile_library(with_changed_weight(model.library, layer), tmp_path / "wrong")
    divergence = first_divergence(model.plan, HostSession(wrong), oracle, samples, 0)
    assert divergence is not None
    assert (divergence.step, divergence.layer) == (layer, model.library.layers[layer].name)


@pytest.mark.oracle
def test_one_changed_weight_changes_an_output(tmp_path: Path) -> None:
    model = built(model_path("ad_autoencoder"))
    samples: tuple[Sample, ...] = random_inputs(model.plan.graph, 4, seed=4)
    expected = TflmOracle(model.path.read_bytes()).run(samples)
    wrong = compile_library(with_changed_weight(model.library, 0), tmp_path)
    assert any(
        not np.array_equal(run.outputs[0], wrong.run(sample)[0])
        for run, sample in zip(expected, samples, strict=True)
    )


@pytest.mark.parametrize("name", ARENA_LIMITS)
def test_arenas_are_small(name: str) -> None:
    assert built(model_path(name)).library.footprint.arena <= ARENA_LIMITS[name]


def test_generated_twice_is_the_same(model: Built) -> None:
    again = codegen.generate(model.library.name, model.library.sha256, model.plan)
    assert again.files == model.library.files


def test_the_header_is_cpp17(model: Built, tmp_path: Path) -> None:
    write_library(model.library, tmp_path)
    source = tmp_path / "use.cpp"
    source.write_text(f'#include "{model.library.name}.h"\n', encoding="ascii")
    run_compiler("g++", "-std=c++17", *WARNINGS, f"-I{tmp_path / 'src'}", "-fsyntax-only", source)


def arm_tool(name: str) -> str:
    found = shutil.which(f"arm-none-eabi-{name}")
    if found is None:
        pytest.skip(f"arm-none-eabi-{name} is not on PATH (Debian: apt install gcc-arm-none-eabi)")
    return found


def output_of(*command: str | Path) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


@pytest.mark.arm
@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m4"])
def test_it_compiles_for_arm_and_needs_nothing_but_memcpy_and_memset(
    model: Built, core: str, tmp_path: Path
) -> None:
    compiler = arm_tool("gcc")
    code = next(path for path in write_library(model.library, tmp_path) if path.stem == model.library.name)
    target = tmp_path / "code.o"
    flags = ("-std=c99", f"-mcpu={core}", "-mthumb", "-O2", "-ffp-contract=off", *WARNINGS)
    run_compiler(compiler, *flags, "-c", code, "-o", target)

    undefined = {line.split()[-1] for line in output_of(arm_tool("nm"), "-u", target).splitlines()}
    own = {name for name in undefined if name.startswith(f"{model.library.name}_")}
    assert [name for name in undefined - own if not NEEDED_SYMBOLS.fullmatch(name)] == []
    text, data, bss = map(int, output_of(arm_tool("size"), target).splitlines()[1].split()[:3])
    assert data == 0
    assert bss - model.library.footprint.arena <= 16
    if core == "cortex-m4":
        assert text <= CODE_LIMIT
