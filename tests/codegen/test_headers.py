"""Only the kernel headers that are needed are copied, with all that they include."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinygen.codegen import headers
from tinygen.errors import UsageError
from tinygen.resources import firmware


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def test_includes_are_followed_relative_to_the_header(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "set/a.h": '#include <stdint.h>\n#include "b.h"\n  #  include "../common.h"\n',
            "set/b.h": '#include "a.h"\r\n',
            "common.h": "",
            "set/unused.h": "",
            "unused.h": '#include "set/unused.h"\n',
        },
    )
    found = headers.collect([tmp_path], ["set/a.h"])
    assert list(found) == ["common.h", "set/a.h", "set/b.h"]
    assert found["set/b.h"] == b'#include "a.h"\n'


def test_nothing_outside_the_kernels_is_taken(tmp_path: Path) -> None:
    write(tmp_path, {"kernels/a.h": '#include "../secret.h"\n', "secret.h": ""})
    with pytest.raises(FileNotFoundError, match="outside"):
        headers.collect([tmp_path / "kernels"], ["a.h"])


def test_missing_headers_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.h"):
        headers.collect([tmp_path], ["absent.h"])


def test_headers_of_other_packages_include_those_of_tinygen(tmp_path: Path) -> None:
    write(tmp_path / "kernels", {"common.h": "", "portable/add.h": ""})
    write(tmp_path / "plugin", {"mine/a.h": '#include "../common.h"\n'})
    found = headers.collect([tmp_path / "kernels", tmp_path / "plugin"], ["common.h", "mine/a.h"])
    assert list(found) == ["common.h", "mine/a.h"]


def test_two_headers_of_one_name_are_refused(tmp_path: Path) -> None:
    roots = [tmp_path / "kernels", tmp_path / "plugin"]
    write(roots[0], {"a.h": "/* one */\n", "b.h": "/* same */\n"})
    write(roots[1], {"a.h": "/* other */\n", "b.h": "/* same */\r\n"})
    assert headers.collect(roots, ["b.h"]) == {"b.h": b"/* same */\n"}
    with pytest.raises(UsageError, match=r"two kernel headers named a\.h"):
        headers.collect(roots, ["a.h"])


def test_every_shipped_header_is_complete() -> None:
    root = firmware() / "kernels"
    shipped = [path.relative_to(root).as_posix() for path in root.rglob("*.h")]
    assert set(headers.collect([root], shipped)) == set(shipped)
