"""Reports for people: tables with colour on a terminal, the same as plain text elsewhere."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinygen.doctor import Check
from tinygen.report.build import BoardsReport, BuildReport
from tinygen.report.inspection import InspectionReport, OpInfo, Problem, TensorInfo
from tinygen.report.sections import ImageInfo, LayerCount, LayerPlan, Memory, ModelInfo, Usage
from tinygen.report.verification import DivergenceInfo, Instructions, OracleInfo, VerificationReport

_NAME_WIDTH = 48
_PLAIN_WIDTH = 400

_MEMORY_KINDS = (
    ("arena", "arena", "activations, scratch, inputs and outputs"),
    ("scratch", "  of it scratch", "the most demanding layer's"),
    ("lower_bound", "  lower bound", "no placement in this order needs less"),
    ("state", "state", "survives from one inference to the next"),
    ("static_ram", "static RAM", "other .data and .bss of the model's library"),
    ("stack", "stack", "high-water mark of a run"),
    ("weights", "weights", "weights and biases in flash"),
    ("constants", "constants", "requantize and lookup tables in flash"),
    ("code", "code", "flash that the model adds, without weights and constants"),
)
_ORACLES = {
    "tflm": "TensorFlow Lite Micro",
    "litert": "LiteRT's reference kernels",
    "vectors": "golden vectors of",
}


def show(renderable: RenderableType, stream: TextIO | None = None) -> None:
    """Print a report: as wide as the terminal and in colour on one, as plain text anywhere else."""
    target = sys.stdout if stream is None else stream
    if target.isatty():
        Console(file=target, highlight=False, emoji=False, markup=False).print(renderable)
    else:
        encoding = target.encoding or "utf-8"
        target.write(plain(renderable).encode(encoding, "replace").decode(encoding))


def plain(renderable: RenderableType) -> str:
    """The report without colours, nothing cut off, no spaces at the ends of lines."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=_PLAIN_WIDTH,
        color_system=None,
        force_terminal=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def printable(name: str, width: int = _NAME_WIDTH) -> str:
    """A model's name on one line: without control characters, and with its middle cut out when it is long."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    if len(clean) <= width:
        return clean
    tail = (width - 1) // 2
    return f"{clean[: width - 1 - tail]}\N{HORIZONTAL ELLIPSIS}{clean[-tail:]}"


def render_inspection(report: InspectionReport) -> Group:
    """The report of `tinygen inspect`."""
    parts: list[RenderableType] = [_model(report.model), _tensors(report)]
    if report.plan is not None:
        plan = report.plan
        parts += [
            _planned_layers(plan.layers),
            Text(
                f"arena {_bytes(plan.arena)} (lower bound {_bytes(plan.lower_bound)}, "
                f"set by layer {plan.peak_layer}), weights in the file {_bytes(report.weights)}"
            ),
        ]
    else:
        parts += [_ops(report.ops), Text(f"weights in the file {_bytes(report.weights)}")]
    if report.refusal is not None or report.unsupported:
        parts.append(_problems(report))
    return _spaced(parts)


def render_build(report: BuildReport) -> Group:
    """The report of `tinygen build`."""
    changed = f"{len(report.written)} files written, {len(report.removed)} removed"
    parts: list[RenderableType] = []
    for built in report.models:
        parts += [_model(built.model), _memory(built.memory)]
    image = [
        (name, _usage(usage))
        for name, usage in (("flash, whole image", report.flash), ("RAM, stack included", report.ram))
        if usage is not None
    ]
    if len(report.models) > 1 and report.code is not None:
        image.append(("code, all models", _bytes(report.code)))
    parts += [
        Text(f"board {report.board}, project {report.project}: {changed}"),
        _pairs(image),
        _image(report.image),
    ]
    return _spaced(parts)


def render_verification(report: VerificationReport) -> Group:
    """The report of `tinygen test`."""
    stand_in = ", a stand-in with the same instructions" if report.stand_in else ""
    parts: list[RenderableType] = [
        _model(report.model),
        Text(f"board {report.board}, run by {report.emulator} ({report.machine}{stand_in})"),
    ]
    if report.instructions is not None:
        parts.append(_counts(report.instructions, report.counter, report.counted_by))
    parts += [_memory(report.memory), _image(report.image), _verdict(report)]
    return _spaced(parts)


def render_checks(checks: Sequence[Check]) -> Group:
    """The report of `tinygen doctor`."""
    table = new_table("", "tool", "found", "what for")
    for check in checks:
        mark = Text("ok", "green") if check.works else Text("missing", "red" if check.needed else "yellow")
        table.add_row(mark, check.name, Text(check.found), Text(check.purpose, "dim"))
    remedies = [(check.name, check.remedy) for check in checks if check.remedy]
    if not remedies:
        return _spaced([table])
    return _spaced([table, Text("What gets them:"), _pairs(remedies)])


def render_boards(report: BoardsReport) -> Table:
    """The report of `tinygen boards`."""
    table = new_table("id", "board", "core", ">flash", ">RAM", "emulators")
    for board in report.boards:
        sizes = {
            kind: sum(memory.size for memory in board.memories if memory.kind == kind)
            for kind in ("flash", "ram")
        }
        table.add_row(
            board.id,
            board.name,
            " ".join([board.core, *board.features]),
            *(_bytes(size) if size else "unlimited" for size in sizes.values()),
            ", ".join(
                f"{model.name} ({model.machine}{', stand-in' if model.stand_in else ''})"
                for model in board.emulators
            ),
        )
    return table


def _samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count} samples"


def _spaced(parts: Sequence[RenderableType]) -> Group:
    """The parts with an empty line between each two."""
    spaced = [item for part in parts for item in (Text(), part)]
    return Group(*spaced[1:])


def new_table(*columns: str) -> Table:
    """A table without lines; ">" before a heading aligns its column to the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in columns:
        right = heading.startswith(">")
        table.add_column(
            heading.removeprefix(">"), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    return table


def _pairs(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name, "bold"), Text(value))
    return table


def _bytes(count: int) -> str:
    return f"{count:,} B"


def _usage(usage: Usage) -> str:
    if not usage.size:
        return _bytes(usage.used)
    return f"{_bytes(usage.used)} of {_bytes(usage.size)} ({usage.used / usage.size:.1%})"


def _model(model: ModelInfo) -> Table:
    live = model.live_macs
    saved = "" if live is None or live == model.macs else f", {live:,} after the rewrites"
    return _pairs(
        [
            ("model", printable(model.path, 200)),
            ("SHA-256", model.sha256),
            ("MACs", f"{model.macs:,}{saved}"),
        ]
    )


def _image(image: ImageInfo) -> Table:
    env = [("PlatformIO env", image.env)] if image.env is not None else []
    return _pairs([("image", image.path), ("SHA-256", image.sha256), *env, ("toolchain", image.toolchain)])


def _memory(memory: Memory) -> Table:
    table = new_table("memory", ">bytes", "what")
    for field, name, meaning in _MEMORY_KINDS:
        value = getattr(memory, field)
        table.add_row(name, "not measured" if value is None else f"{value:,}", Text(meaning, "dim"))
    return table


def _type(tensor: TensorInfo) -> str:
    text = f"{tensor.dtype}[{','.join(map(str, tensor.shape))}]"
    quant = tensor.quantization
    if quant is None or len(quant.scales) != 1:
        return text
    return f"{text}, scale {quant.scales[0]:.7g}, zero point {quant.zero_points[0]}"


def _tensors(report: InspectionReport) -> Table:
    """The model's inputs and outputs, and how many tensors there are."""
    by_index = {tensor.index: tensor for tensor in report.tensors}
    constants = sum(tensor.constant for tensor in report.tensors)
    rows = [
        (role, f"{printable(by_index[key].name)}: {_type(by_index[key])}")
        for role, keys in (("input", report.inputs), ("output", report.outputs))
        for key in keys
    ]
    count = f"{len(report.tensors)}, {constants} of them constant"
    return _pairs([*rows, ("tensors", count), ("ops", str(len(report.ops)))])


def _ops(ops: Sequence[OpInfo]) -> Table:
    table = new_table(">op", "layer", "kind", ">MACs", ">weights", ">RAM alive", "")
    for op in ops:
        name, kind = Text(printable(op.name)), Text(printable(op.kind))
        mark = Text("" if op.supported else "not supported", "red")
        table.add_row(str(op.index), name, kind, f"{op.macs:,}", f"{op.weights:,}", f"{op.ram:,}", mark)
    return table


def _planned_layers(layers: Sequence[LayerPlan]) -> Table:
    table = new_table(">#", "layer", "op", "kernel", ">MACs", ">weights", ">constants", ">RAM alive")
    for layer in layers:
        table.add_row(
            str(layer.index),
            Text(printable(layer.name)),
            layer.op,
            f"{layer.set}/{layer.kernel}",
            *(f"{value:,}" for value in (layer.macs, layer.weights, layer.constants, layer.ram)),
        )
    return table


def _problems(report: InspectionReport) -> Group:
    """What is not supported, and everything to try."""
    parts: list[RenderableType] = []
    hints = [problem.hint for problem in report.unsupported if problem.hint]
    if report.refusal is not None:
        parts.append(Text("\n  ".join([report.refusal.message, *report.refusal.why]), "red"))
        hints = list(report.refusal.hints) or hints  # what settles the whole model settles its ops
    if report.unsupported:
        parts.append(_broken_rules(report.unsupported))
    if hints:
        numbered = (f"\n  {number}. {hint}" for number, hint in enumerate(dict.fromkeys(hints), 1))
        parts.append(Text("".join(["Things to try:", *numbered])))
    return _spaced(parts)


def _broken_rules(problems: Sequence[Problem]) -> Table:
    table = new_table(">op", "layer", "kind", "what is not supported")
    for problem in problems:
        found = f" Found: {printable(problem.found, 120)}." if problem.found else ""
        table.add_row(
            str(problem.index),
            Text(printable(problem.layer)),
            Text(printable(problem.op)),
            Text(f"{problem.rule}{found}", "red"),
        )
    return table


def _share(part: LayerCount, total: int) -> str:
    return "" if part.instructions is None or not total else f"{part.instructions / total:.1%}"


def _counts(counts: Instructions, unit: str, counted_by: str) -> Group:
    table = new_table(">#", "layer", "op", "kernel", ">MACs", f">{unit}", ">share", ">per MAC")
    for layer in counts.layers:
        count = layer.instructions
        per_mac = f"{count / layer.macs:.2f}" if count is not None and layer.macs else ""
        table.add_row(
            str(layer.index),
            Text(printable(layer.name)),
            layer.op,
            f"{layer.set}/{layer.kernel}",
            f"{layer.macs:,}",
            "" if count is None else f"{count:,}",
            _share(layer, counts.per_inference),
            per_mac,
        )
    exact = "exact" if counted_by == "plugin" else "to the resolution of the board's timer"
    return Group(table, Text(f"{counts.per_inference:,} {unit} per inference, {exact}"))


def oracle_text(oracle: OracleInfo) -> str:
    """The oracle's name and version, for people."""
    return f"{_ORACLES[oracle.name]} {printable(oracle.version, 80)}"


def _verdict(report: VerificationReport) -> Text:
    oracle = oracle_text(report.oracle)
    if report.bit_exact:
        return Text(f"bit-exact with {oracle}: every output of {_samples(report.samples)}", "bold green")
    text = Text(
        f"NOT bit-exact with {oracle}: "
        f"{report.mismatched_outputs} outputs differ over {_samples(report.samples)}",
        "bold red",
    )
    found = report.first_divergence
    return text if found is None else text.append(f"\n{divergence_text(found)}", "not bold")


def divergence_text(found: DivergenceInfo) -> str:
    """The first divergence in two lines, for people."""
    position = ", ".join(map(str, found.index))
    return (
        f"first diverging layer: {printable(found.layer)} ({found.op}, step {found.step}) in sample "
        f"{found.sample}\n"
        f"  tensor {printable(found.tensor)}[{position}]: expected {found.expected}, got {found.actual}; "
        f"{found.mismatched_elements:,} of {found.elements:,} elements differ"
    )
