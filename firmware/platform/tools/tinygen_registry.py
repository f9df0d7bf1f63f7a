"""Whether PlatformIO's registry can be reached, and SCons where it cannot."""

import json
import os
import shutil
import socket
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from platformio.dependencies import get_core_dependencies
from platformio.exception import UserSideException
from platformio.package.manager.core import get_core_package_dir
from platformio.package.version import get_original_version

HOSTS = ("api.registry.platformio.org", "api.registry.nm1.platformio.org")
SECONDS = 3.0


def registry_reachable(hosts=HOSTS, port=443, seconds=SECONDS):
    """Whether a package could be fetched: PlatformIO itself finds out after a minute of retries.

    TINYGEN_OFFLINE=1 in the environment says no without asking.
    """
    if os.environ.get("TINYGEN_OFFLINE", "") not in ("", "0"):
        return False
    if any(os.environ.get(name) or os.environ.get(name.lower()) for name in ("HTTPS_PROXY", "ALL_PROXY")):
        return True
    for host in hosts:
        try:
            socket.create_connection((host, port), seconds).close()
        except OSError:
            continue
        return True
    return False


def ensure_scons(packages):
    """Give PlatformIO its tool-scons from the SCons of this Python, where it has none yet.

    The very version that PlatformIO wants is taken without asking the registry, another one only where
    the registry is away.

    Args:
        packages: PlatformIO's folder of packages.
    """
    if get_core_package_dir("tool-scons", auto_install=False):
        return
    version = get_core_dependencies()["tool-scons"].lstrip("~^>=")
    wanted = get_original_version(version)
    found = _installed_scons()
    if found and found[1] == wanted:
        _provide(packages, version, *found)
    elif registry_reachable():
        return  # PlatformIO installs it
    elif found:
        _provide(packages, version, *found)
    else:
        raise UserSideException(
            "tinygen: PlatformIO needs its tool-scons, and its registry is not reachable from here.\n"
            f"Things to try:\n  1. {sys.executable} -m pip install scons=={wanted}\n"
            "  2. Build once with a network: PlatformIO then installs it."
        )


def _installed_scons():
    spec = find_spec("SCons")
    if spec is None or spec.origin is None:
        return None
    import SCons  # noqa: PLC0415

    return Path(spec.origin).parent, SCons.__version__


def _provide(packages, version, source, found):
    # A copy, not a reference: the folder outlives this Python and serves others. Made aside and renamed, so
    # that builds which run at the same time see all of it or nothing.
    packages.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=".tool-scons-", dir=packages))
    try:
        shutil.copytree(
            source, staged / "scons-local" / "SCons", ignore=shutil.ignore_patterns("__pycache__", "docbook")
        )
        (staged / "scons.py").write_text(
            "import os, sys\n"
            "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'scons-local'))\n"
            "from SCons.Script.Main import main\n"
            "main()\n",
            encoding="utf-8",
        )
        manifest = {"name": "tool-scons", "version": version, "description": f"SCons {found} from PyPI"}
        (staged / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
        spec = {"owner": "platformio", "id": None, "name": "tool-scons", "requirements": None, "uri": None}
        (staged / ".piopm").write_text(
            json.dumps({"type": "tool", "name": "tool-scons", "version": version, "spec": spec}),
            encoding="utf-8",
        )
        staged.chmod(0o755)
        staged.rename(packages / "tool-scons")
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        if not (packages / "tool-scons").is_dir():
            raise UserSideException(f"tinygen: cannot set up SCons in {packages}: {error}") from error
