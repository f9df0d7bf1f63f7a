"""The state's struct: layout, start values, saving and restoring."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.graphs import GraphBuilder
from tests.support.host_library import C99, WARNINGS, compile_library, run_compiler, write_library
from tests.support.stateful_models import exchange
from tinygen import codegen, passes, planning
from tinygen.codegen import names
from tinygen.frontend import parse
from tinygen.ir import Array, DType, Graph
from tinygen.kernels.portable import PORTABLE
from tinygen.target import Compiler, Target

HOST = Target("native", "host", frozenset(), (), Compiler(("",)))
SHA = "ab" * 32


def library_of(graph: Graph) -> codegen.Library:
    return codegen.generate("demo", SHA, planning.solve(graph, [PORTABLE], HOST))


def keeping(*starts: tuple[str, Array]) -> Graph:
    """Swaps each input with a variable of its own: outputs are what the variables held."""
    builder = GraphBuilder()
    outputs = []
    for name, start in starts:
        dtype = DType(start.dtype.name)
        source = builder.input(start.shape, dtype)
        state = builder.tensor(start.shape, dtype, variable=True)
        builder.tensors[state] = replace(builder.tensors[state], name=name, initial=start)
        outputs.append(builder.op("VIEW", [state], start.shape, dtype=dtype))
        builder.op_into("ASSIGN", [source], [], updates=[state])
    return builder.graph(*outputs)


STARTS = (
    ("a/same byte", np.full((1, 5), -1, np.int16)),
    ("b.same element", np.full((1, 3), 1000, np.int32)),
    ("c", np.array([[0.5, 0.5]], np.float32)),
    ("int", np.arange(7, dtype=np.int8)),
    ("int", np.array([[True, False, True]])),
    ("gap_0", np.array([1 << 40, -1], np.int64)),
    ("ä", np.array([0.0, 1.5], np.float32)),
)


def test_every_kind_of_start_value(tmp_path: Path) -> None:
    library = library_of(keeping(*STARTS))
    header, code = (library.files[f"src/demo.{suffix}"].decode() for suffix in "hc")
    struct = re.search(r"struct demo_state \{\n(.*?)\n\};", header, re.DOTALL)
    assert struct is not None
    assert [line.split(";")[0].strip() for line in struct[1].splitlines()] == [
        "int16_t a_same_byte[5]",
        "uint8_t gap_0[2]",
        "int32_t b_same_element[3]",
        "float c[2]",
        "int8_t variable_int[7]",
        "uint8_t gap_1[1]",
        "uint8_t variable_int_2[3]",
        "uint8_t gap_2[5]",
        "int64_t variable_gap_0[2]",
        "float variable[2]",
    ]
    assert "memset(state->a_same_byte, 255, sizeof state->a_same_byte);" in code
    assert "state->b_same_element[i] = 1000;" in code
    assert "state->c[i] = 0.5f;" in code
    assert "memcpy(state->variable_int, demo_variable_int_initial, sizeof state->variable_int);" in code
    model = compile_library(library, tmp_path)
    inputs = [np.ones(start.shape, start.dtype) for _, start in STARTS]
    for _ in range(2):
        for found, (_, start) in zip(model.run(inputs), STARTS, strict=True):
            assert np.array_equal(found, start.astype(found.dtype))
        assert all((found == 1).all() for found in model.run(inputs))
        model.reset()


def test_the_footprint_counts_the_struct_apart_from_the_arena() -> None:
    footprint = library_of(keeping(STARTS[0], STARTS[1])).footprint
    assert footprint.state == 12 + 12
    assert footprint.arena == 10 + 12 + 12, "the inputs, and an output copied before its variable changes"
    assert footprint.constants == 0


@pytest.mark.parametrize("compiler", [("gcc", *C99), ("g++", "-std=c++17", "-Wshadow", *WARNINGS)])
def test_a_stream_can_be_left_and_resumed(compiler: tuple[str, ...], tmp_path: Path) -> None:
    """The header's struct in C and C++: two streams through one model, each as if it were alone."""
    plan = planning.solve(passes.lower(parse(exchange(), "demo").main), [PORTABLE], HOST)
    library = codegen.generate("demo", SHA, plan)
    sources = write_library(library, tmp_path)
    objects = []
    for source in sources:
        objects.append(source.with_suffix(".o"))
        run_compiler("gcc", *C99, "-c", source, "-o", objects[-1])
    language = "cpp" if compiler[0] == "g++" else "c"
    main = tmp_path / f"main.{language}"
    main.write_text(_TWO_STREAMS, encoding="ascii")
    target = tmp_path / "streams"
    run_compiler(*compiler, f"-I{tmp_path / 'src'}", main, *objects, "-o", target)
    assert subprocess.run([str(target)], check=False).returncode == 0


_TWO_STREAMS = """#include <string.h>
#include "demo.h"
static signed char step(int value)
{
    memset(demo_input(), value, DEMO_INPUT_BYTES);
    demo_run();
    return demo_output()[5];
}
int main(void)
{
    signed char alone[4];
    struct demo_state saved;
    int i;
    demo_init();
    for (i = 0; i < 4; ++i) {
        alone[i] = step(i);
    }
    demo_reset();
    for (i = 0; i < 4; ++i) {
        if (step(i) != alone[i]) {
            return 1;
        }
        saved = *demo_get_state();
        demo_reset();
        step(100);
        *demo_get_state() = saved;
    }
    return sizeof saved == DEMO_STATE_BYTES ? 0 : 1;
}
"""


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("model/stream_1/states:0", "model_stream_1_states_0"),
        ("while", "variable_while"),
        ("1st", "variable_1st"),
        ("///", "variable"),
        ("EOF", "eof"),
        ("x" * 100, "x" * 48),
    ],
)
def test_members_are_named_after_variables(text: str, member: str) -> None:
    assert names.member(text, set()) == member


def test_members_are_told_apart() -> None:
    taken: set[str] = set()
    assert [names.member("s", taken) for _ in range(3)] == ["s", "s_2", "s_3"]
