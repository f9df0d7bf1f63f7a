"""PlatformIO platform for bare metal and for the host; works with and without PlatformIO's registry.

It uses nothing but Python's standard library and PlatformIO, so that a generated project builds where
tinygen is not installed.
"""

import sys
from pathlib import Path

from platformio.exception import UserSideException
from platformio.platform.base import PlatformBase

# PlatformIO loads this file by path: the modules beside it are found only when their folder is named.
_TOOLS = str(Path(__file__).resolve().parent / "tools")
if _TOOLS not in sys.path:
    sys.path.insert(0, _TOOLS)

from tinygen_registry import ensure_scons, registry_reachable  # noqa: E402
from tinygen_toolchain import Toolchain, ToolchainError, find_in, find_on_path  # noqa: E402


class TinygenPlatform(PlatformBase):
    """The platform; PlatformIO derives the class's name from the platform's."""

    toolchain: "Toolchain | None" = None

    def is_embedded(self):
        """Whether the image runs elsewhere; PlatformIO's monitor and test commands ask."""
        boards = self.get_boards()
        return any(board.get("build.arch") != "native" for board in boards.values())

    def configure_default_packages(self, options, targets):
        """Find the compiler and SCons, which PlatformIO would otherwise fetch, or say what is missing.

        The inherited method is not called: it would make every optional package mandatory for uploads.
        """
        cache = Path(self.config.get("platformio", "workspace_dir")) / "tinygen"
        if options.get("board"):
            self.toolchain = self._find_toolchain(self.board_config(options["board"]), cache)
        ensure_scons(Path(self.config.get("platformio", "packages_dir")))

    def _find_toolchain(self, board, cache):
        prefixes, flags = board.get("build.prefixes"), board.get("build.flags")
        package = board.get("build.package", "")
        reason = ""
        try:
            toolchain = find_on_path(prefixes, flags, cache)
            if toolchain:
                return toolchain
        except ToolchainError as error:
            reason = str(error)
        if package:
            self.packages[package]["optional"] = False
            installed = self.get_package(package)
            if installed:
                return self._find_installed(Path(installed.path), prefixes, flags, cache)
            if registry_reachable():
                return None  # PlatformIO installs the package, then asks again
        raise UserSideException(_missing(prefixes[0], package, reason))

    @staticmethod
    def _find_installed(package, prefixes, flags, cache):
        try:
            return find_in(package / "bin", prefixes, flags, cache)
        except ToolchainError as error:
            raise UserSideException(f"tinygen: {error}\nThings to try:\n  1. Delete {package}.") from error


def _missing(prefix, package, reason):
    lines = ["tinygen: " + (reason or f"There is no {prefix}gcc on PATH.")]
    if package:
        lines.append(f"PlatformIO's {package} is not installed, and its registry is not reachable from here.")
    lines.append("Things to try:")
    hints = {
        "arm-none-eabi-": [
            "Debian, Ubuntu: sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi",
            "macOS: brew install --cask gcc-arm-embedded",
        ],
        "": ["Debian, Ubuntu: sudo apt-get install gcc", "macOS: xcode-select --install"],
    }.get(prefix, [f"Install {prefix}gcc and put it on PATH."])
    if package:
        hints = [*hints, "Build once with a network: PlatformIO then installs its own toolchain."]
    lines += [f"  {number}. {hint}" for number, hint in enumerate(hints, 1)]
    return "\n".join(lines)
