"""How much flash and RAM an image takes, by kind, from its ELF file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tinygen.codegen.library import Library


@dataclass(frozen=True)
class Sizes:
    """Bytes of an image.

    Attributes:
        flash: everything that is programmed, start values of data included.
        ram: everything that is reserved at link time, the stack included.
        weights: weights and biases of the models as stored.
        constants: requantize tables and lookup tables of the models as stored.
        code: flash minus that of the image without models, minus weights and constants; None where there is
            no such image.
        arena: what planning placed, all models together.
        static_ram: other .data and .bss of the models' libraries, without their state.
    """

    flash: int
    ram: int
    weights: int
    constants: int
    code: int | None
    arena: int
    static_ram: int


@dataclass(frozen=True)
class _Symbol:
    """A data object: name, the file of a local one ("" for a global), size, whether it is in RAM."""

    name: str
    file: str
    size: int
    writable: bool


def _totals(elf: ELFFile) -> tuple[int, int]:
    """Flash and RAM of an image: loaded bytes, and bytes of writable sections."""
    flash = ram = 0
    for section in elf.iter_sections():
        flags, size = section["sh_flags"], section["sh_size"]
        if not flags & SH_FLAGS.SHF_ALLOC:
            continue
        if section["sh_type"] != "SHT_NOBITS":
            flash += size
        if flags & SH_FLAGS.SHF_WRITE:
            ram += size
    return flash, ram


def _objects(elf: ELFFile) -> Iterator[_Symbol]:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return
    writable = [
        bool(section["sh_flags"] & SH_FLAGS.SHF_WRITE) if section["sh_flags"] & SH_FLAGS.SHF_ALLOC else None
        for section in elf.iter_sections()
    ]
    file = ""
    for symbol in table.iter_symbols():
        kind, binding = symbol["st_info"]["type"], symbol["st_info"]["bind"]
        if kind == "STT_FILE":
            file = symbol.name
        elif kind == "STT_OBJECT" and isinstance(symbol["st_shndx"], int) and symbol["st_size"]:
            in_ram = writable[symbol["st_shndx"]]
            if in_ram is not None:
                yield _Symbol(symbol.name, file if binding == "STB_LOCAL" else "", symbol["st_size"], in_ram)


def _read(path: Path) -> tuple[int, int, tuple[_Symbol, ...]]:
    with path.open("rb") as file:
        elf = ELFFile(file)
        return *_totals(elf), tuple(_objects(elf))


def _flash(path: Path) -> int:
    with path.open("rb") as file:
        return _totals(ELFFile(file))[0]


def _library_objects(build_dir: Path, name: str) -> dict[tuple[str, str], bool]:
    """Data objects that a library's object files define; whether each comes from <name>_weights.c."""
    defined: dict[tuple[str, str], bool] = {}
    for path in sorted(build_dir.glob(f"lib*/{name}/**/*.o")):
        weights = path.name.startswith(f"{name}_weights.")
        defined |= {(symbol.name, symbol.file): weights for symbol in _read(path)[2]}
    return defined


def measure(
    image: Path, baseline: Path | None, build_dir: Path, libraries: Sequence[Library]
) -> Sizes | None:
    """Sizes of an image, by the kinds that reports name.

    Args:
        image: ELF file.
        baseline: the image without the models, or None.
        build_dir: where the image's object files are, as PlatformIO lays them out.
        libraries: the models in the image.

    Returns:
        The sizes; None where the image is no ELF file (a host other than Linux).
    """
    try:
        flash, ram, symbols = _read(image)
        flash_without = _flash(baseline) if baseline else None
    except ELFError:
        return None
    defined: dict[tuple[str, str], bool] = {}
    for library in libraries:
        defined |= _library_objects(build_dir, library.name)
    arenas = {f"{library.name}_arena_bytes" for library in libraries}
    states = {f"{library.name}_state_values" for library in libraries}
    stored = static_ram = arena = 0
    for symbol in symbols:
        from_weights = defined.get((symbol.name, symbol.file))
        if from_weights is None:
            continue
        if not symbol.writable:
            stored += symbol.size if from_weights else 0
        elif symbol.name in arenas:
            arena += symbol.size
        elif symbol.name not in states:
            static_ram += symbol.size
    # Which symbol holds what is the generator's knowledge: it counted the tables as it stored them.
    constants = min(stored, sum(library.footprint.constants for library in libraries))
    return Sizes(
        flash=flash,
        ram=ram,
        weights=stored - constants,
        constants=constants,
        code=None if flash_without is None else flash - flash_without - stored,
        arena=arena,
        static_ram=static_ram,
    )
