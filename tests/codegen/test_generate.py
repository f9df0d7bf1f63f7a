"""The generated library as a whole: its files, its facts, and that it compiles, links and computes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.hand_made_plan import COUNT, ScaleLayer, kernels_folder, scale_plan
from tests.support.host_library import (
    C99,
    WARNINGS,
    compile_library,
    run_compiler,
    run_sanitized,
    write_library,
)
from tinygen import codegen
from tinygen.errors import UsageError
from tinygen.ir import Array, DType, Quantization

LAYERS = (ScaleLayer(2, name="first"), ScaleLayer(3, name="second"), ScaleLayer(2, (1, 0, 1, 1), "last"))
SHA = "ab" * 32


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    return kernels_folder(tmp_path / "headers")


def demo(kernels: Path, name: str = "demo", layers: tuple[ScaleLayer, ...] = LAYERS) -> codegen.Library:
    options = codegen.Options(("--kernels auto", "--objective balanced"))
    return codegen.generate(name, SHA, scale_plan(layers), options, kernels=kernels)


def expected(values: Array, layers: tuple[ScaleLayer, ...] = LAYERS) -> Array:
    for layer in layers:
        values = layer.compute(values)
    return values


def ramp() -> Array:
    return np.arange(COUNT, dtype=np.int8).reshape(1, COUNT)


def test_files_are_the_documented_ones(kernels: Path) -> None:
    assert list(demo(kernels).files) == [
        "library.json",
        "src/demo.c",
        "src/demo.h",
        "src/demo_weights.c",
        "src/demo_weights.h",
        "src/kernels/common.h",
        "src/kernels/test/scale.h",
        "src/kernels/test/shared/add.h",
    ]


def test_text_is_ascii_with_unix_newlines_and_no_stray_blanks(kernels: Path) -> None:
    for name, content in demo(kernels).files.items():
        text = content.decode("ascii")
        assert "\r" not in text
        assert text.endswith("\n")
        assert not text.endswith("\n\n"), name
        assert "\n\n\n" not in text, name
        assert all(line == line.rstrip() for line in text.split("\n")), name


def test_goldens(kernels: Path, golden) -> None:
    for name, content in demo(kernels).files.items():
        if "kernels/" not in name:
            golden(f"codegen/scale/{Path(name).name}", content.decode())


def test_bytes_are_the_same_in_another_process(kernels: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.codegen.test_generate import demo\n"
        "sys.stdout.buffer.write(b''.join(demo(Path(sys.argv[1])).files.values()))"
    )
    command = [sys.executable, "-c", script, str(kernels)]
    root = Path(__file__).parents[2]
    environment = {"PYTHONHASHSEED": "7", "PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, check=True, env=environment, cwd=root)
    assert done.stdout == b"".join(demo(kernels).files.values())


def test_facts(kernels: Path) -> None:
    library = demo(kernels)
    assert library.footprint == codegen.Footprint(
        arena=24, scratch=8, state=0, lower_bound=24, weights=8, constants=0
    )
    assert [(layer.index, layer.name, layer.weights) for layer in library.layers] == [
        (0, "first", 4),
        (1, "second", 0),
        (2, "last", 4),
    ]
    assert library.layers[1].sources == (1,)
    assert (library.layers[1].set, library.layers[1].kernel, library.layers[1].op) == (
        "test",
        "scale",
        "SCALE",
    )
    (port,) = library.inputs
    assert (port.function, port.macro, port.c_type, port.bytes) == ("demo_input", "DEMO_INPUT", "int8_t", 8)


def test_library_json_asks_for_exact_floats(kernels: Path) -> None:
    manifest = json.loads(demo(kernels).files["library.json"])
    assert manifest["name"] == "demo"
    assert manifest["headers"] == "demo.h"
    assert manifest["build"]["flags"] == ["-O2", "-ffp-contract=off"]


def test_the_model_name_is_checked(kernels: Path) -> None:
    with pytest.raises(UsageError):
        demo(kernels, "stdint")


def test_it_computes_what_the_plan_says(kernels: Path, tmp_path: Path) -> None:
    model = compile_library(demo(kernels), tmp_path / "lib")
    assert np.array_equal(model.run([ramp()])[0], expected(ramp()))
    model.reset()
    assert np.array_equal(model.run([-ramp()])[0], expected(-ramp()))


def test_the_hook_sees_every_layer_in_the_arena(kernels: Path, tmp_path: Path) -> None:
    model = compile_library(demo(kernels), tmp_path / "lib")
    trace = model.trace([ramp()])
    values = ramp()
    for number, layer in enumerate(LAYERS):
        values = layer.compute(values)
        at = (number + 1) % 2 * COUNT
        assert trace.arenas[number][at : at + COUNT] == values.tobytes()
    assert np.array_equal(trace.outputs[0], values)


def test_sanitizers_find_nothing(kernels: Path, tmp_path: Path) -> None:
    samples = [[ramp()], [-ramp()]]
    outputs = run_sanitized(demo(kernels), tmp_path / "lib", samples)
    for (sample,), (output,) in zip(samples, outputs, strict=True):
        assert np.array_equal(output, expected(sample))


def test_sanitizers_find_a_kernel_that_reads_past_its_weights(kernels: Path, tmp_path: Path) -> None:
    header = kernels / "test" / "scale.h"
    header.write_text(header.read_text().replace("weights[i % 4]", "weights[i]"))
    with pytest.raises(AssertionError, match="global-buffer-overflow"):
        run_sanitized(demo(kernels), tmp_path / "lib", [[ramp()]])


def test_hostile_names_compile(kernels: Path, tmp_path: Path) -> None:
    names = ("*/ int x = ;/*", "a\nb\\", "??/\n??/", "x" * 10_000)
    layers = tuple(ScaleLayer(1, name=name) for name in names)
    plan = scale_plan(layers, input_name="*/\n#error")
    library = codegen.generate("demo", SHA, plan, codegen.Options(("*/",)), kernels=kernels)
    model = compile_library(library, tmp_path / "lib", flags=("-trigraphs",))
    assert np.array_equal(model.run([ramp()])[0], expected(ramp(), layers))
    assert library.layers[0].name == names[0]


def test_several_models_link_into_one_program(kernels: Path, tmp_path: Path) -> None:
    sources: list[Path] = []
    includes = []
    for name in ("first", "second"):
        sources += write_library(demo(kernels, name), tmp_path / name)
        includes.append(f"-I{tmp_path / name / 'src'}")
    main = tmp_path / "main.c"
    main.write_text(
        '#include "first.h"\n#include "second.h"\n'
        "int main(void)\n{\n    first_init();\n    second_init();\n"
        "    first_input()[0] = 1;\n    second_input()[0] = 1;\n    first_run();\n    second_run();\n"
        "    return first_output()[0] != second_output()[0] || first_arena() == second_arena();\n}\n"
    )
    run_compiler("gcc", *C99, *includes, *sources, main, "-o", tmp_path / "both")
    subprocess.run([str(tmp_path / "both")], check=True)


SHARED = """#include "first.h"
#include "second.h"
{definition}
int main(void)
{{
    {setup}
    first_init();
    second_init();
    first_input()[0] = 1;
    first_run();
    return first_arena() != memory || second_arena() != memory || first_output()[0] == 0;
}}
"""

ALIGNED = "uint8_t memory[FIRST_ARENA_BYTES + 8] __attribute__((aligned(FIRST_ARENA_ALIGN)));"


@pytest.mark.parametrize(
    ("flags", "setup"),
    [
        (("-DFIRST_ARENA=memory", "-DSECOND_ARENA=memory"), ""),
        (
            ("-DFIRST_ARENA_POINTER", "-DSECOND_ARENA_POINTER"),
            "first_set_arena(memory); second_set_arena(memory);",
        ),
    ],
    ids=["symbol", "pointer"],
)
def test_models_can_share_memory_of_the_application(
    kernels: Path, tmp_path: Path, flags: tuple[str, ...], setup: str
) -> None:
    sources: list[Path] = []
    for name in ("first", "second"):
        sources += write_library(demo(kernels, name), tmp_path / name)
    definition = ALIGNED + "\nFIRST_ARENA_FITS(memory);\nSECOND_ARENA_FITS(memory);\n"
    main = tmp_path / "main.c"
    main.write_text(SHARED.format(definition=definition, setup=setup))
    includes = [f"-I{tmp_path / name / 'src'}" for name in ("first", "second")]
    objects = tmp_path / "objects"
    objects.mkdir()
    for number, source in enumerate([*sources, main]):
        visible = () if source == main and "=memory" in flags[0] else flags
        run_compiler("gcc", *C99, *visible, *includes, "-c", source, "-o", objects / f"{number}.o")
    run_compiler("gcc", *objects.iterdir(), "-o", tmp_path / "shared")
    subprocess.run([str(tmp_path / "shared")], check=True)


def test_an_arena_that_is_too_small_does_not_compile(kernels: Path, tmp_path: Path) -> None:
    write_library(demo(kernels), tmp_path)
    main = tmp_path / "small.c"
    main.write_text('#include "demo.h"\nuint8_t memory[DEMO_ARENA_BYTES - 1];\nDEMO_ARENA_FITS(memory);\n')
    with pytest.raises(AssertionError, match="negative"):
        run_compiler("gcc", *C99, f"-I{tmp_path / 'src'}", "-fsyntax-only", main)


def test_a_plan_whose_arena_is_too_small_does_not_compile(kernels: Path, tmp_path: Path) -> None:
    plan = scale_plan(LAYERS)
    short = replace(plan, bounds=replace(plan.bounds, arena=23))
    library = codegen.generate("demo", SHA, short, kernels=kernels)
    with pytest.raises(AssertionError, match=r"arena_holds_buffers.*negative"):
        compile_library(library, tmp_path / "lib")


def test_the_hook_can_be_left_out(kernels: Path, tmp_path: Path) -> None:
    library = demo(kernels)
    sources = write_library(library, tmp_path / "lib")
    target = tmp_path / "demo.so"
    run_compiler("gcc", *C99, "-DDEMO_NO_HOOK", "-shared", "-fPIC", *sources, "-o", target)
    symbols = subprocess.run(["nm", "-D", str(target)], capture_output=True, text=True, check=True).stdout
    assert "demo_run" in symbols
    assert "hook" not in symbols


def test_the_header_is_cpp17(kernels: Path, tmp_path: Path) -> None:
    write_library(demo(kernels), tmp_path)
    source = tmp_path / "use.cpp"
    source.write_text(
        '#include "demo.h"\nvoid use(void (*hook)(void *, uint32_t))\n{\n    demo_set_hook(hook, nullptr);\n'
        "    demo_input()[0] = demo_input_quantize(0.5f);\n    demo_run();\n"
        "    (void)demo_output_dequantize(demo_output()[DEMO_OUTPUT_SIZE - 1]);\n}\n"
    )
    run_compiler("g++", "-std=c++17", *WARNINGS, f"-I{tmp_path / 'src'}", "-fsyntax-only", source)


def test_exported_symbols_are_prefixed(kernels: Path, tmp_path: Path) -> None:
    compile_library(demo(kernels), tmp_path)
    command = ["nm", "-D", "--defined-only", str(tmp_path / "demo.so")]
    symbols = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[2::3]
    assert symbols
    assert [symbol for symbol in symbols if not symbol.startswith(("demo_", "_init", "_fini"))] == []


def test_several_outputs_are_numbered(kernels: Path, tmp_path: Path) -> None:
    plan = scale_plan(LAYERS)
    plan = replace(plan, graph=replace(plan.graph, outputs=(3, 2)))
    library = codegen.generate("demo", SHA, plan, kernels=kernels)
    assert [port.function for port in library.outputs] == ["demo_output_0", "demo_output_1"]
    last, before = compile_library(library, tmp_path / "lib").run([ramp()])
    assert np.array_equal(before, expected(ramp(), LAYERS[:2]))
    assert np.array_equal(last, expected(ramp()))


def test_a_step_without_a_call_is_a_defect(kernels: Path) -> None:
    plan = scale_plan(LAYERS)
    broken = replace(plan.steps[0], candidate=replace(plan.steps[0].candidate, call=None))
    with pytest.raises(TypeError, match="nothing to call"):
        codegen.generate("demo", SHA, replace(plan, steps=(broken,)), kernels=kernels)


QUANTIZE = """#include <stdio.h>
#include "demo.h"
int main(void)
{
    float real;
    while (fread(&real, sizeof real, 1, stdin) == 1) {
        int8_t element = demo_input_quantize(real);
        float back = demo_output_dequantize(element);
        fwrite(&element, 1, 1, stdout);
        fwrite(&back, sizeof back, 1, stdout);
    }
    return 0;
}
"""


@pytest.mark.parametrize(("scale", "zero_point"), [(0.1, -3), (1 / 255, -128), (0.5, 0), (3.7e-5, 127)])
def test_quantize_and_dequantize_round_as_tflm(
    kernels: Path, tmp_path: Path, scale: float, zero_point: int
) -> None:
    scale = float(np.float32(scale))
    plan = scale_plan(LAYERS)
    quant = Quantization((scale,), (zero_point,))
    tensors = [replace(plan.graph.tensors[key], quant=quant) for key in (0, len(LAYERS))]
    plan = replace(plan, graph=plan.graph.with_tensors(tensors))
    sources = write_library(codegen.generate("demo", SHA, plan, kernels=kernels), tmp_path)
    main = tmp_path / "main.c"
    main.write_text(QUANTIZE)
    run_compiler("gcc", *C99, "-O2", f"-I{tmp_path / 'src'}", *sources, main, "-o", tmp_path / "quantize")

    halves = (np.arange(-600, 600) / 2).astype(np.float32) * np.float32(scale)
    near = np.concatenate(
        [halves, np.nextafter(halves, np.float32(9e9)), np.nextafter(halves, np.float32(-9e9))]
    )
    extremes = np.array([0, -0.0, 1e30, -1e30, np.inf, -np.inf, 1e-40], np.float32)
    reals = np.concatenate([near, extremes, np.random.default_rng(0).normal(0, 50 * scale, 2000)])
    reals = reals.astype(np.float32)
    done = subprocess.run(
        [str(tmp_path / "quantize")], input=reals.tobytes(), capture_output=True, check=True
    )
    found = np.frombuffer(done.stdout, np.dtype([("element", "i1"), ("back", "<f4")]))

    with np.errstate(over="ignore"):
        scaled = (reals / np.float32(scale)).astype(np.float64)
    rounded = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
    elements = np.clip(rounded + zero_point, -128, 127).astype(np.int8)
    assert np.array_equal(found["element"], elements)
    wide = elements.astype(np.float64) - zero_point
    assert np.array_equal(found["back"], (np.float64(scale) * wide).astype(np.float32))


def test_not_a_number_becomes_the_zero_point(kernels: Path, tmp_path: Path) -> None:
    sources = write_library(demo(kernels), tmp_path)
    main = tmp_path / "main.c"
    main.write_text(QUANTIZE)
    run_compiler("gcc", *C99, f"-I{tmp_path / 'src'}", *sources, main, "-o", tmp_path / "quantize")
    data = np.array([np.nan], np.float32).tobytes()
    done = subprocess.run([str(tmp_path / "quantize")], input=data, capture_output=True, check=True)
    assert done.stdout[:1] == (-3).to_bytes(1, signed=True)


def test_float_ports_have_no_helpers(kernels: Path) -> None:
    plan = scale_plan(LAYERS)
    tensor = replace(plan.graph.tensors[0], dtype=DType.FLOAT32, quant=None)
    library = codegen.generate(
        "demo", SHA, replace(plan, graph=plan.graph.with_tensors([tensor])), kernels=kernels
    )
    header = library.files["src/demo.h"].decode()
    assert "float *demo_input(void);" in header
    assert "DEMO_INPUT_SCALE" not in header
    assert "_quantize" not in header
