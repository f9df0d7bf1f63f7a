"""The report of `tinygen test`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tinygen.report.base import Report, Section
from tinygen.report.sections import Count, ImageInfo, LayerCount, Memory, ModelInfo
from tinygen.verify import Divergence


class OracleInfo(Section):
    """What the outputs were compared with."""

    name: Literal["tflm", "litert", "vectors"]
    """TensorFlow Lite Micro, LiteRT's reference kernels, or a file of golden vectors."""

    version: str
    """Version of the reference; of a file, the oracle that made it."""


class DivergenceInfo(Section):
    """The first tensor, in execution order, that is not the oracle's."""

    layer: str
    """Name of the layer that wrote it, as in `instructions.layers`."""

    op: str
    """Kind of the operator."""

    tensor: str
    """The tensor's name in the model."""

    index: tuple[int, ...]
    """Of the first element that differs, one number per dimension."""

    expected: int | float | None
    """The oracle's value; null for a float that is not finite."""

    actual: int | float | None
    """The firmware's value; null for a float that is not finite."""

    sample: Count
    """Number of the inference since the reset."""

    step: Annotated[int, Field(ge=-1)]
    """The layer's index; -1 where no layer wrote the tensor."""

    mismatched_elements: Count
    """How many elements of the tensor differ."""

    elements: Count
    """How many elements the tensor has."""

    @classmethod
    def of(cls, found: Divergence) -> Self:
        """The section for what verification found."""
        differs = found.difference
        return cls(
            layer=found.layer,
            op=found.op,
            tensor=found.tensor,
            index=differs.index,
            expected=differs.expected,
            actual=differs.actual,
            sample=found.sample,
            step=found.step,
            mismatched_elements=differs.count,
            elements=differs.elements,
        )


class Instructions(Section):
    """What an inference takes, in the unit that the report's counter names."""

    per_inference: Count
    """Of the sample that took most."""

    layers: tuple[LayerCount, ...]
    """In execution order, of the same sample."""


class VerificationReport(Report):
    """What `tinygen test --json` writes."""

    oracle: OracleInfo
    """What the outputs were compared with."""

    model: ModelInfo
    """The model file."""

    board: str
    """Id of the board."""

    emulator: str
    """What ran the image."""

    machine: str
    """The emulator's name for what it emulated."""

    stand_in: bool
    """Whether that is another board with a core that runs the same instructions."""

    image: ImageInfo
    """The image that was run."""

    bit_exact: bool
    """Whether every byte of every output of every sample is the oracle's."""

    samples: Count
    """Inferences that were compared."""

    mismatched_outputs: Count
    """Outputs that differ, counted over all samples."""

    first_divergence: DivergenceInfo | None
    """Where the first mismatch comes from; null where there is none."""

    counter: Literal["instructions", "cycles", "none"]
    """What was counted."""

    counted_by: Literal["plugin", "timer", "none"]
    """How: exactly by the emulator, or by a timer of the board with that timer's resolution."""

    instructions: Instructions | None
    """The counts; null where nothing was counted."""

    memory: Memory
    """Bytes of memory by kind."""

    @model_validator(mode="after")
    def _verdict_follows_from_counts(self) -> Self:
        if self.bit_exact != (self.samples > 0 and self.mismatched_outputs == 0):
            raise ValueError("bit_exact contradicts samples and mismatched_outputs")
        if (self.counter == "none") != (self.instructions is None):
            raise ValueError("instructions are there exactly where a counter is")
        return self
