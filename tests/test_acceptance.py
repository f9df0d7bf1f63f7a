"""The whole path on real models: a .tflite file in, firmware out, bit-exact on the host and in QEMU."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.hand_edit import change_weight
from tests.support.models import model_path
from tinygen import api

pytestmark = [pytest.mark.slow, pytest.mark.platformio, pytest.mark.usefixtures("sandbox")]

EXAMPLES = Path(__file__).parents[1] / "examples"
BUNDLED = ("digits_cnn", "gesture_mlp", "tones_ds_cnn")
PUBLIC = (
    "kws_ds_cnn",
    "ic_resnet8",
    "vww_mobilenet_v1",
    "ad_autoencoder",
    "micro_speech",
    "person_detect",
    "mcunet_vww",
    "mobilenet_v1_096_shape_ops",
)
ARENA_LIMITS = {
    "kws_ds_cnn": 16_600,
    "ic_resnet8": 52_000,
    "vww_mobilenet_v1": 56_500,
    "ad_autoencoder": 1_200,
}
"""Bytes; without overlapping a layer's input and output."""

CODE_LIMIT = 20 * 1024
SAMPLES = 8


def path_of(name: str) -> Path:
    return EXAMPLES / "models" / f"{name}.tflite" if name in BUNDLED else model_path(name)


def settings_for(name: str, board: str, folder: Path, **options: object) -> api.Settings:
    return api.settle(folder, [path_of(name)], board, folder / "project", **options)


@pytest.mark.oracle
@pytest.mark.parametrize("name", [*PUBLIC, *BUNDLED])
def test_bit_exact_on_the_host(name: str, tmp_path: Path) -> None:
    report = api.test(settings_for(name, "host", tmp_path, samples=SAMPLES)).report
    assert report.bit_exact
    assert (report.samples, report.mismatched_outputs, report.first_divergence) == (SAMPLES, 0, None)
    assert (report.oracle.name, report.emulator, report.machine) == ("tflm", "host", "native")
    assert report.instructions is None


@pytest.mark.oracle
@pytest.mark.arm
@pytest.mark.qemu
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [*PUBLIC, *BUNDLED])
def test_bit_exact_and_small_on_a_cortex_m4(name: str, tmp_path: Path) -> None:
    report = api.test(settings_for(name, "mps2-an386", tmp_path, samples=SAMPLES)).report
    assert report.bit_exact
    assert (report.samples, report.mismatched_outputs, report.first_divergence) == (SAMPLES, 0, None)
    assert (report.oracle.name, report.emulator, report.stand_in) == ("tflm", "qemu", False)
    assert report.image.toolchain.startswith("arm-none-eabi-gcc ")

    memory = report.memory
    assert memory.lower_bound <= memory.arena <= ARENA_LIMITS.get(name, memory.lower_bound * 5 // 4)
    assert memory.code is not None
    assert 0 < memory.code <= CODE_LIMIT
    assert memory.static_ram is not None
    assert memory.static_ram <= 32
    assert memory.stack is not None
    assert 64 <= memory.stack <= 1024
    assert memory.state == 0

    counts = report.instructions
    assert report.counter == "instructions"
    assert counts is not None
    layers = [layer.instructions for layer in counts.layers]
    assert None not in layers
    assert sum(filter(None, layers)) <= counts.per_inference <= sum(filter(None, layers)) * 1.05
    assert sum(layer.macs for layer in counts.layers) == report.model.live_macs


@pytest.mark.arm
@pytest.mark.qemu
@pytest.mark.parametrize("name", BUNDLED)
def test_golden_vectors_stand_for_the_oracle(name: str, tmp_path: Path) -> None:
    vectors = EXAMPLES / "vectors" / f"{name}.npz"
    report = api.test(settings_for(name, "mps2-an386", tmp_path), vectors_file=vectors).report
    assert report.bit_exact
    assert report.oracle.name == "vectors"
    with np.load(vectors) as arrays:
        assert report.samples == len(arrays["in0"])


@pytest.mark.oracle
@pytest.mark.arm
@pytest.mark.qemu
def test_a_weight_changed_by_hand_is_found_in_its_layer(tmp_path: Path) -> None:
    settings = settings_for("tones_ds_cnn", "mps2-an386", tmp_path, samples=2)
    steps = api.generate(settings).compiled[0].plan.steps
    changed = steps[4]
    change_weight(tmp_path / "project", "tones_ds_cnn", changed.index)
    result = api.test(settings)
    assert not result.report.bit_exact
    assert result.report.mismatched_outputs > 0
    found = result.report.first_divergence
    assert found is not None
    assert (found.step, found.layer, found.op) == (changed.index, changed.name, "CONV_2D")
    assert found.expected != found.actual
    assert any("tones_ds_cnn_weights.c was edited by hand" in warning for warning in result.warnings)


@pytest.mark.oracle
@pytest.mark.arm
@pytest.mark.qemu
def test_several_models_in_one_firmware(tmp_path: Path) -> None:
    names = ("digits_cnn", "gesture_mlp")
    both = api.settle(tmp_path, [path_of(name) for name in names], "mps2-an386", tmp_path / "both")
    built = api.build(both)
    report = built.report
    assert [item.name for item in report.models] == list(names)
    assert report.code is not None
    assert report.code <= 2 * CODE_LIMIT
    for name in names:
        found = api.test(api.settle(tmp_path / "both", [path_of(name)], samples=2)).report
        assert found.bit_exact
        assert Path(found.model.path).stem == name
        assert found.image.sha256 == built.result.sha256


@pytest.mark.oracle
@pytest.mark.arm
@pytest.mark.qemu
def test_inputs_and_outputs_of_a_run(tmp_path: Path) -> None:
    settings = settings_for("gesture_mlp", "mps2-an386", tmp_path)
    graph = api.compile(path_of("gesture_mlp"), settings.board).plan.graph
    tensor = graph.tensors[graph.inputs[0]]
    assert tensor.quant is not None
    real = np.random.default_rng(0).normal(0, 40 * tensor.quant.scale, (3, *tensor.shape))
    np.savez(tmp_path / "real.npz", in0=real)
    result = api.test(settings, inputs=tmp_path / "real.npz", outputs=tmp_path / "o.npz")
    assert result.report.bit_exact
    assert result.report.samples == 3
    with np.load(tmp_path / "o.npz") as saved:
        assert {"in0", "out0"} <= set(saved.files)
        quantized = np.round(real / np.float32(tensor.quant.scale)) + tensor.quant.zero_point
        assert np.abs(saved["in0"] - np.clip(quantized, -128, 127)).max() <= 1
        assert saved["in0"].dtype == saved["out0"].dtype == np.int8
        assert saved["out0"].shape[0] == 3


def times_of(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.arm
def test_an_unchanged_model_is_neither_written_nor_compiled_again(tmp_path: Path) -> None:
    settings = settings_for("person_detect", "mps2-an386", tmp_path)
    first = api.build(settings)
    sources = tmp_path / "project"
    before = times_of(sources)
    start, busy = time.perf_counter(), time.process_time()
    api.generate(settings)
    generation = time.process_time() - busy
    second = api.build(settings)
    print(f"generation {generation:.2f} s of CPU, with a build {time.perf_counter() - start:.2f} s")
    assert second.project.written.written == second.project.written.removed == ()
    assert second.result.sha256 == first.result.sha256
    after = times_of(sources)
    rewritten = {path.relative_to(sources) for path in after if after[path] != before.get(path)}
    assert {path.parts[0] for path in rewritten} <= {".pio", ".tinygen"}
    assert not any(path.suffix in {".o", ".elf", ".c", ".h"} for path in rewritten)
    assert generation < 2
