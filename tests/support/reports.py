"""Reports of the layered model, for tests of what is made from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from tests.support.layered_model import layered_graph, layered_plan
from tinygen.codegen import Footprint
from tinygen.emulators.interface import Inference
from tinygen.errors import ModelError
from tinygen.ir import Model
from tinygen.ops.operator import Violation
from tinygen.report.build import BuildReport, BuiltModel
from tinygen.report.collect import Measured, instructions, layer_plans, memory
from tinygen.report.inspection import InspectionReport, inspection
from tinygen.report.sections import ImageInfo, ModelInfo, Usage
from tinygen.report.verification import DivergenceInfo, OracleInfo, VerificationReport
from tinygen.verify import Comparison, Difference, Divergence, OutputMismatch

DIGEST = "0123456789abcdef" * 4
DIFFERENCE = Difference(index=(0, 1, 0, 1), expected=5, actual=-6, count=2, elements=8)
EQUAL = Comparison(3)
MISMATCHED = Comparison(3, (OutputMismatch(1, 0, DIFFERENCE), OutputMismatch(2, 0, DIFFERENCE)))
DIVERGENCE = Divergence(1, 2, "kept", "MUL", "kept", DIFFERENCE)
COUNTED = Inference((b"",), (100, 20, 30, 50), 210, 64)


FOOTPRINT = Footprint(arena=160, scratch=8, state=40, lower_bound=64, weights=12, constants=48)


def model_info() -> ModelInfo:
    """A model's section."""
    return ModelInfo(path="models/layered.tflite", sha256=DIGEST, macs=1200, live_macs=1000)


def image_info() -> ImageInfo:
    """An image's section."""
    return ImageInfo(path="build/firmware.elf", sha256=DIGEST, env="mps2-an386", toolchain="gcc 12.2.1")


def verification(
    comparison: Comparison = EQUAL, inferences: Sequence[Inference] = (COUNTED,)
) -> VerificationReport:
    """The report of a run on the M4 board."""
    plan = layered_plan()
    counted = instructions(plan, inferences)
    return VerificationReport(
        tool="1.2.3",
        oracle=OracleInfo(name="tflm", version="0.dev1"),
        model=model_info(),
        board="mps2-an386",
        emulator="qemu",
        machine="mps2-an386",
        stand_in=False,
        image=image_info(),
        bit_exact=comparison.bit_exact,
        samples=comparison.samples,
        mismatched_outputs=comparison.mismatched_outputs,
        first_divergence=None if comparison.bit_exact else DivergenceInfo.of(DIVERGENCE),
        counter="none" if counted is None else "instructions",
        counted_by="none" if counted is None else "plugin",
        instructions=counted,
        memory=memory(FOOTPRINT, Measured(static_ram=12, stack=64, model_flash=4096)),
    )


def build() -> BuildReport:
    """The report of a build for the M4 board."""
    plan = layered_plan()
    return BuildReport(
        tool="1.2.3",
        board="mps2-an386",
        project="build",
        written=("platformio.ini", "src/main.c"),
        removed=(),
        kept=(),
        image=image_info(),
        flash=Usage(used=20_000, size=4 << 20),
        ram=Usage(used=1_000, size=None),
        code=4036,
        models=(
            BuiltModel(
                name="layered",
                model=model_info(),
                memory=memory(FOOTPRINT, Measured(static_ram=12, model_flash=4096)),
                layers=layer_plans(plan),
            ),
        ),
    )


def inspected(*, supported: bool = True) -> InspectionReport:
    """The report of an inspection."""
    graph = layered_graph()
    violations = [
        Violation(graph.ops[1], "fused", "The output is int8.", "uint8", "Convert the model with int8."),
        Violation(graph.ops[2], "kept", "The output is int8.", "uint8", "Convert the model with int8."),
    ]
    report = inspection(
        PurePosixPath("models/layered.tflite"),
        Model("layered", DIGEST, (graph,)),
        violations=() if supported else violations,
        refusal=None if supported else ModelError("layered is a float model", why=["x0: float32"]),
        plan=layered_plan() if supported else None,
    )
    return report.model_copy(update={"tool": "1.2.3"})
