"""The example of a custom operator, installed beside tinygen: examples/custom_op and docs/CUSTOM_OPS.md."""

from __future__ import annotations

import importlib.util
import os
import struct
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.support.host_library import compile_library, run_sanitized
from tests.support.tflite_writer import ModelWriter
from tinygen import codegen, frontend, passes, planning
from tinygen.errors import ModelError
from tinygen.kernels import registry as kernel_registry
from tinygen.kernels.portable import PORTABLE
from tinygen.ops import registry as op_registry
from tinygen.planning import Plan
from tinygen.target import Compiler, Target

EXAMPLE = Path(__file__).parents[1] / "examples" / "custom_op"
MODEL = EXAMPLE / "soft_threshold.tflite"
VECTORS = EXAMPLE / "soft_threshold.npz"
HOST = Target("native", "host", frozenset(), (), Compiler(("",)))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with the metadata that installing the example would leave in site-packages."""
    described = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = tmp_path / "site"
    info = folder / f"{described['name'].replace('-', '_')}-{described['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {described['name']}\nVersion: {described['version']}\n"
    )
    lines = [
        line
        for group, points in described["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return folder


def forget() -> None:
    for cached in (op_registry.operators, kernel_registry.kernel_sets):
        cached.cache_clear()
    importlib.invalidate_caches()


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [str(site), str(EXAMPLE), *sys.path])
    forget()
    yield
    forget()


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_model", EXAMPLE / "make_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def planned(data: bytes) -> Plan:
    model = frontend.parse(data, "custom.tflite")
    return planning.solve(passes.lower(model.main), kernel_registry.select("auto"), HOST)


def test_the_files_are_what_the_script_writes(script: ModuleType, tmp_path: Path) -> None:
    script.main(tmp_path)
    assert (tmp_path / MODEL.name).read_bytes() == MODEL.read_bytes()
    assert len(MODEL.read_bytes()) < 1024
    with np.load(tmp_path / VECTORS.name) as made, np.load(VECTORS) as kept:
        assert sorted(made) == sorted(kept) == ["in0", "out0"]
        assert all(np.array_equal(made[name], kept[name]) for name in kept)


@pytest.mark.usefixtures("installed")
def test_the_library_computes_the_reference(script: ModuleType, tmp_path: Path) -> None:
    library = codegen.generate("soft_threshold", "0" * 64, planned(MODEL.read_bytes()))
    assert "src/kernels/soft_threshold/soft_threshold.h" in library.files
    assert "src/kernels/common.h" in library.files
    assert [(layer.op, layer.set) for layer in library.layers] == [("SoftThreshold", "custom")]

    every = np.arange(-128, 128, dtype=np.int8).reshape(8, *script.SHAPE)
    host = compile_library(library, tmp_path / "host")
    for sample in every:
        (found,) = host.run([sample])
        assert np.array_equal(found, script.reference(sample))
    sanitized = run_sanitized(library, tmp_path / "sanitized", [[sample] for sample in every])
    assert np.array_equal(np.stack([found for (found,) in sanitized]), script.reference(every))


def command(*arguments: str | Path, path: list[Path]) -> subprocess.CompletedProcess[str]:
    """`tinygen` with packages on PYTHONPATH."""
    program = "from tinygen.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.platformio
def test_the_command_line_compares_with_vectors(site: Path, tmp_path: Path) -> None:
    path = [site, EXAMPLE]
    folder = tmp_path / "project"
    right = command("test", MODEL, "--board", "host", "--vectors", VECTORS, "-o", folder, path=path)
    assert right.returncode == 0, right.stderr

    with np.load(VECTORS) as kept:
        np.savez(tmp_path / "wrong.npz", in0=kept["in0"], out0=kept["out0"] ^ 1)
    wrong = command(
        "test", MODEL, "--board", "host", "--vectors", tmp_path / "wrong.npz", "-o", folder, path=path
    )
    assert wrong.returncode == 1, wrong.stderr

    listed = command("ops", path=path)
    assert "SoftThreshold" in listed.stdout
    alone = command("inspect", MODEL, path=[])
    assert "custom operator 'SoftThreshold'" in alone.stdout + alone.stderr


def writer(options: bytes, *, constant: bool = False) -> bytes:
    """A model that adds SoftThreshold of its second operand, an input or a constant, to its input."""
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.1)
    values = np.array([[-100, -5, 3, 100]], np.int8)
    second = (
        w.constant("c", values, scales=0.1, zero_points=0) if constant else w.input("z", (1, 4), scales=0.1)
    )
    shrunk = w.tensor("shrunk", (1, 4), scales=0.1)
    y = w.tensor("y", (1, 4), scales=0.1)
    w.op("SoftThreshold", [second], [shrunk], custom_options=options)
    w.op("ADD", [x, shrunk], [y], {})
    return w.finish([y])


@pytest.mark.usefixtures("installed")
def test_a_constant_operand_is_folded() -> None:
    plan = planned(writer(struct.pack("<f", 0.5), constant=True))
    assert [op.kind for op in plan.graph.ops] == ["ADD"]
    (folded,) = [tensor.data for tensor in plan.graph.tensors.values() if tensor.data is not None]
    assert folded.tolist() == [[-95, 0, 0, 95]]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("options", [b"", b"\x00" * 5, struct.pack("<f", -1.0), struct.pack("<f", np.nan)])
def test_options_are_checked(options: bytes) -> None:
    with pytest.raises(ModelError, match="layer 0 'shrunk'") as error:
        frontend.parse(writer(options), "wrong.tflite")
    assert "The options have values" in error.value.why[0]


@pytest.mark.usefixtures("installed")
def test_rules_are_checked() -> None:
    w = ModelWriter()
    x = w.input("x", (1, 4), scales=0.1)
    y = w.tensor("y", (1, 4), scales=0.2)
    w.op("SoftThreshold", [x], [y], custom_options=struct.pack("<f", 0.5))
    with pytest.raises(ModelError, match="not supported") as error:
        frontend.parse(w.finish([y]), "wrong.tflite")
    assert "Input and output have one scale and zero point." in error.value.why[0]


@pytest.mark.usefixtures("installed")
def test_custom_kernels_are_there_whatever_sets_are_chosen() -> None:
    assert [item.name for item in kernel_registry.select(["portable"])] == ["custom", "portable"]
    assert op_registry.operators()["SoftThreshold"].custom
    assert "SoftThreshold" not in op_registry.built_in()


def test_without_the_package_the_operator_is_unknown() -> None:
    with pytest.raises(ModelError, match="not supported") as error:
        frontend.read(MODEL)
    assert "custom operator 'SoftThreshold'" in error.value.why[0]
    assert kernel_registry.select("auto") == (PORTABLE,)
