"""From generated libraries and a board to the files of a PlatformIO project."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import tinygen
from tinygen import resources
from tinygen.boards import Board, MemoryFacts
from tinygen.codegen.library import Library, Port
from tinygen.errors import UsageError
from tinygen.project.config import FILE_NAME, ModelEntry, ProjectConfig
from tinygen.project.plan import BuildPlan
from tinygen.project.views import BoardView, MemoryView, ModelView, PortView, ProjectView
from tinygen.target.target import MemoryKind

APP = "tinygen_app"
"""Name of the console application's library; no model may have it."""

BASELINE_SUFFIX = "-baseline"
"""Appended to an environment's name: the same image without the models."""


@dataclass(frozen=True)
class ProjectOptions:
    """What a project is besides its libraries and board.

    Attributes:
        config: written to tinygen.toml, where the folder has none.
        tool: tinygen's version, for banners.
    """

    config: ProjectConfig = field(default_factory=ProjectConfig)
    tool: str = tinygen.__version__


def library_digest(library: Library) -> str:
    """SHA-256, in hex, over the files of a library: tells apart what an image was generated from."""
    return BuildPlan(generated=library.files).digest


def _memory_view(memory: MemoryFacts) -> MemoryView:
    access = "rx" if memory.kind is MemoryKind.FLASH else "rwx" if "code" in memory.holds else "rw"
    return MemoryView(memory.name, access, f"{memory.origin:#010x}", f"{memory.size:#x}")


def _board_view(board: Board) -> BoardView:
    holder = {
        role: board.memory_for(role).name if board.memories else ""
        for role in ("code", "weights", "data", "arena", "stack")
    }
    return BoardView(
        id=board.id,
        name=board.name,
        platformio_board=board.framework.board,
        baud=board.console.baud,
        stack_size=board.stack_size,
        memories=tuple(_memory_view(memory) for memory in board.memories),
        **holder,
    )


def _port_view(port: Port) -> PortView:
    return PortView(function=port.function, bytes_macro=f"{port.macro}_BYTES")


def _model_view(library: Library) -> ModelView:
    digest = bytes.fromhex(library_digest(library))
    return ModelView(
        name=library.name,
        upper=library.name.upper(),
        digest=tuple(
            ", ".join(f"0x{byte:02x}" for byte in digest[start : start + 8]) for start in range(0, 32, 8)
        ),
        state_bytes=library.footprint.state,
        inputs=tuple(_port_view(port) for port in library.inputs),
        outputs=tuple(_port_view(port) for port in library.outputs),
    )


def _toml(value: object) -> str:
    # A JSON string, number, boolean or array of these is a TOML one.
    return json.dumps(value, ensure_ascii=False)


def _settings(board: str, config: ProjectConfig) -> Iterator[tuple[str, str]]:
    yield "board", _toml(board)
    for key in ("kernels", "strict_kernels", "allow_float"):
        value = getattr(config, key)
        if value != type(config).model_fields[key].default:
            yield key, _toml(value)


def _entry(entry: ModelEntry) -> tuple[tuple[str, str], ...]:
    return tuple((key, _toml(value)) for key, value in entry if value is not None)


def board_manifest(board: Board) -> bytes:
    """The board as PlatformIO reads it: platforms/tinygen/boards/<id>.json."""
    memories = [(memory.kind, memory.size) for memory in board.memories]
    manifest = {
        "name": board.name,
        "vendor": "tinygen",
        "url": "",
        "frameworks": [],
        "platforms": ["tinygen"],
        "build": {
            "arch": board.arch,
            "mcu": board.mcu,
            "cpu": board.core,
            "f_cpu": f"{board.clock_hz}L",
            "prefixes": list(board.compiler.prefixes),
            "flags": list(board.compiler.flags),
            "package": board.compiler.package or "",
            "startup": board.framework.startup,
            "console": board.console.driver,
            "ticks": board.counter.driver,
            "ldscript": f"{board.id}.ld" if board.memories else "",
            "defines": {
                "TG_CLOCK_HZ": f"{board.clock_hz}u",
                "TG_CONSOLE_BASE": f"{board.console.base:#x}u",
                "TG_CONSOLE_BAUD": f"{board.console.baud}u",
                "TG_TICKS_BASE": f"{board.counter.base:#x}u",
                "TG_TICKS_HZ": f"{board.counter.hz}u",
            },
        },
        "upload": {
            "maximum_size": sum(size for kind, size in memories if kind is MemoryKind.FLASH),
            "maximum_ram_size": sum(size for kind, size in memories if kind is MemoryKind.RAM),
            "command": list(board.upload.command),
            "image": board.upload.image,
            "speed": board.upload.baud,
        },
    }
    return (json.dumps(manifest, indent=2) + "\n").encode()


def _tree(folder: Path, prefix: str) -> dict[str, bytes]:
    """The files under a folder of tinygen's own resources, by path under `prefix`."""
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _check_names(libraries: Sequence[Library]) -> None:
    names = [library.name.casefold() for library in libraries]
    for library in libraries:
        name = library.name.casefold()
        if names.count(name) > 1 or name == APP:
            raise UsageError(
                f"Two libraries of the project would be called {library.name!r}.",
                hints=['Give the model another name: `name = "…"` in its [[models]] table of tinygen.toml.'],
            )


def _application(render: Mapping[str, bytes]) -> dict[str, bytes]:
    source = f"lib/{APP}/src"
    files = {**_tree(resources.firmware() / "runtime", source), **_tree(resources.firmware() / "app", source)}
    files[f"{source}/models.h"] = render["models.h"]
    files[f"{source}/models.c"] = render["models.c"]
    files[f"lib/{APP}/library.json"] = render["library.json"]
    return files


def _platform(board: Board, linker_script: bytes | None) -> dict[str, bytes]:
    files = _tree(resources.firmware() / "platform", "platforms/tinygen")
    files[f"platforms/tinygen/boards/{board.id}.json"] = board_manifest(board)
    if linker_script is not None:
        files[f"platforms/tinygen/ldscripts/{board.id}.ld"] = linker_script
    return files


def plan_project(
    libraries: Sequence[Library], board: Board, options: ProjectOptions | None = None
) -> BuildPlan:
    """The files of a PlatformIO project.

    The same arguments give the same bytes. Only tinygen's own resources are read, nothing is written.

    Args:
        libraries: one per model; files by path inside lib/<name>/.
        board: to build for; its id is the name of the environment.
        options: see there.

    Raises:
        UsageError: when two models have one name.
    """
    options = options or ProjectOptions()
    _check_names(libraries)
    view = ProjectView(
        tool=options.tool,
        board=_board_view(board),
        models=tuple(_model_view(library) for library in libraries),
        settings=tuple(_settings(options.config.board or board.id, options.config)),
        model_entries=tuple(_entry(entry) for entry in options.config.models),
    )
    environment = Environment(
        loader=FileSystemLoader(resources.templates() / "project"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    names = ["platformio.ini", "tinygen.toml", "main.c", "gitignore", "models.h", "models.c", "library.json"]
    script = f"{board.framework.startup}.ld" if board.memories else None
    render = {
        name: environment.get_template(f"{name}.j2").render(project=view).encode()
        for name in [*names, *([script] if script else [])]
    }
    generated = {"platformio.ini": render["platformio.ini"]}
    generated |= _platform(board, render[script] if script else None)
    generated |= _application(render)
    for library in libraries:
        generated |= {f"lib/{library.name}/{path}": data for path, data in library.files.items()}
    return BuildPlan(
        generated=dict(sorted(generated.items())),
        user={
            ".gitignore": render["gitignore"],
            "src/main.c": render["main.c"],
            FILE_NAME: render["tinygen.toml"],
        },
    )
