"""A C library with the interface of a generated one, for project tests, which any model serves.

The toy model copies its 4-byte input to its output, each byte multiplied by a weight.
"""

from __future__ import annotations

from tinygen.codegen.library import Footprint, Library, Port
from tinygen.ir import DType

WEIGHTS = (1, 3, 5, 7)
STORED = 1024
ARENA = 16

_HEADER = """\
#ifndef {upper}_H
#define {upper}_H
#include <stdint.h>
#define {upper}_LAYERS 1
#define {upper}_ARENA_BYTES 16
#define {upper}_INPUT_BYTES 4
#define {upper}_OUTPUT_BYTES 4
typedef void (*{name}_hook)(void *context, uint32_t layer);
void {name}_init(void);
void {name}_reset(void);
void {name}_run(void);
void {name}_set_hook({name}_hook hook, void *context);
int8_t *{name}_input(void);
const int8_t *{name}_output(void);
uint8_t *{name}_arena(void);
#endif
"""

_SOURCE = """\
#include "{name}.h"
extern const int8_t {name}_filter[1024];
static uint8_t {name}_arena_bytes[16] __attribute__((aligned(16)));
static {name}_hook {name}_hook_function;
static void *{name}_hook_context;
void {name}_init(void) {{}}
void {name}_reset(void) {{}}
void {name}_run(void)
{{
    for (int i = 0; i < 4; i++) {{
        {name}_arena_bytes[8 + i] = (uint8_t)({name}_arena_bytes[i] * {name}_filter[i]);
    }}
    if ({name}_hook_function) {{
        {name}_hook_function({name}_hook_context, 0);
    }}
}}
void {name}_set_hook({name}_hook hook, void *context)
{{
    {name}_hook_function = hook;
    {name}_hook_context = context;
}}
int8_t *{name}_input(void) {{ return (int8_t *){name}_arena_bytes; }}
const int8_t *{name}_output(void) {{ return (const int8_t *)({name}_arena_bytes + 8); }}
uint8_t *{name}_arena(void) {{ return {name}_arena_bytes; }}
"""

_WEIGHTS = """\
#include <stdint.h>
extern const int8_t {name}_filter[1024];
const int8_t {name}_filter[1024] = {{{values}}};
"""

_MANIFEST = """\
{{"name": "{name}", "version": "1.0.0", "frameworks": "*", "platforms": "*",
 "build": {{"srcDir": "src", "includeDir": "src"}}}}
"""


def _port(name: str, role: str) -> Port:
    return Port(
        name=role,
        function=f"{name}_{role}",
        macro=f"{name.upper()}_{role.upper()}",
        c_type="int8_t",
        dtype=DType.INT8,
        shape=(4,),
        quant=None,
        bytes=4,
    )


def toy_library(name: str = "toy", weights: tuple[int, ...] = WEIGHTS) -> Library:
    """The library; other weights change one file."""
    texts = {
        f"src/{name}.h": _HEADER,
        f"src/{name}.c": _SOURCE,
        f"src/{name}_weights.c": _WEIGHTS,
        "library.json": _MANIFEST,
    }
    values = ", ".join(map(str, weights))
    return Library(
        name=name,
        sha256="0" * 64,
        files={
            path: text.format(name=name, upper=name.upper(), values=values).encode()
            for path, text in texts.items()
        },
        inputs=(_port(name, "input"),),
        outputs=(_port(name, "output"),),
        layers=(),
        footprint=Footprint(arena=ARENA, scratch=0, state=0, lower_bound=8, weights=STORED, constants=0),
    )
