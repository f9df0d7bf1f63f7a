"""Writing a plan into a folder: only changes, nothing half-written, nothing of the user's lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinygen.errors import UsageError
from tinygen.project import BuildPlan, edited_files, write
from tinygen.project.write import MANIFEST

PLAN = BuildPlan(
    generated={"a.txt": b"one\n", "deep/er/b.txt": b"two\n"},
    user={"src/main.c": b"int main(void) { return 0; }\n"},
)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def files(folder: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(folder).items() if path != MANIFEST}


def test_a_new_folder_gets_every_file(tmp_path: Path) -> None:
    result = write(PLAN, tmp_path / "new" / "folder")
    assert files(tmp_path / "new" / "folder") == {**PLAN.generated, **PLAN.user}
    assert result.written == ("a.txt", "deep/er/b.txt", "src/main.c")
    assert (result.unchanged, result.removed, result.kept) == (0, (), ())


def test_writing_again_touches_nothing(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in tree(tmp_path)}
    result = write(PLAN, tmp_path)
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in tree(tmp_path)} == before
    assert (result.written, result.unchanged) == ((), 2)


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    result = write(BuildPlan({**PLAN.generated, "a.txt": b"other\n"}, PLAN.user), tmp_path)
    assert result.written == ("a.txt",)
    assert (tmp_path / "a.txt").read_bytes() == b"other\n"


def test_stale_files_go_with_their_empty_folders(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    result = write(BuildPlan({"a.txt": b"one\n"}, PLAN.user), tmp_path)
    assert result.removed == ("deep/er/b.txt",)
    assert not (tmp_path / "deep").exists()
    assert "deep/er/b.txt" not in (tmp_path / MANIFEST).read_text(encoding="utf-8")


def test_a_folder_with_other_files_survives_the_stale_one(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "deep" / "mine.txt").write_bytes(b"mine")
    write(BuildPlan({"a.txt": b"one\n"}, PLAN.user), tmp_path)
    assert files(tmp_path)["deep/mine.txt"] == b"mine"


def test_an_edited_file_is_kept_and_reported_every_time(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"edited\n")
    for plan in (PLAN, PLAN, BuildPlan({**PLAN.generated, "a.txt": b"newer\n"}, PLAN.user)):
        result = write(plan, tmp_path)
        assert result.kept == ("a.txt",)
        assert "a.txt was edited by hand" in result.warnings[0]
        assert (tmp_path / "a.txt").read_bytes() == b"edited\n"
    assert edited_files(tmp_path) == ("a.txt",)
    assert edited_files(tmp_path, ["deep/"]) == ()


def test_force_writes_an_edited_file_anew(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"edited\n")
    assert write(PLAN, tmp_path, force=True).written == ("a.txt",)
    assert write(PLAN, tmp_path).kept == ()


def test_an_edited_stale_file_is_kept_until_forced(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"edited\n")
    fewer = BuildPlan({"deep/er/b.txt": b"two\n"}, PLAN.user)
    for _ in range(2):
        assert write(fewer, tmp_path).kept == ("a.txt",)
    assert write(fewer, tmp_path, force=True).removed == ("a.txt",)
    assert not (tmp_path / "a.txt").exists()


def test_a_deleted_generated_file_comes_back(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "a.txt").unlink()
    assert write(PLAN, tmp_path).written == ("a.txt",)


def test_an_edit_that_arrives_at_the_new_content_is_no_edit(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"newer\n")
    assert write(BuildPlan({**PLAN.generated, "a.txt": b"newer\n"}, PLAN.user), tmp_path).kept == ()


def test_user_files_are_written_once(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / "src" / "main.c").write_bytes(b"mine")
    write(BuildPlan(PLAN.generated, {"src/main.c": b"other"}), tmp_path, force=True)
    assert (tmp_path / "src" / "main.c").read_bytes() == b"mine"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"theirs")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is not a tinygen project"):
        write(PLAN, tmp_path)
    assert tree(tmp_path) == before
    write(PLAN, tmp_path, force=True)
    assert (tmp_path / "a.txt").read_bytes() == b"one\n"


def test_a_project_without_its_manifest_is_adopted(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    (tmp_path / MANIFEST).unlink()
    assert write(PLAN, tmp_path).written == ()
    assert (tmp_path / MANIFEST).is_file()


@pytest.mark.parametrize("stop_after", [1, 2, 3, 4])
def test_an_interrupted_write_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    newer = BuildPlan({"a.txt": b"1\n", "deep/er/b.txt": b"2\n", "c.txt": b"3\n"}, PLAN.user)
    write(PLAN, tmp_path)
    replace, calls = Path.replace, 0

    def interrupted(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls > stop_after:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write(newer, tmp_path)
    assert all(b"1\n" in content or b"one\n" in content for content in [files(tmp_path)["a.txt"]])
    assert not list(tmp_path.rglob("*.partial"))
    assert write(newer, tmp_path).kept == ()
    assert files(tmp_path) == {**newer.generated, **newer.user}
    assert "pending" not in json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))


def test_an_unwritable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "out"))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UsageError, match="The project cannot be written") as caught:
        write(PLAN, tmp_path / "out")
    assert "Permission denied" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(UsageError, match="The project cannot be written"):
        write(PLAN, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"files": 3}',
        '{"files": {"../outside": "0"}}',
        '{"files": {"/etc/passwd": "0"}}',
        '{"files": {}, "pending": {"c:/x": "0"}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_manifest_is_named_and_harms_nothing(tmp_path: Path, text: str) -> None:
    write(PLAN, tmp_path)
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=r"manifest\.json is damaged"):
        write(PLAN, tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("path", ["/a", "../a", "a/../../b", "a//b", "", ".", "c:/a", "a\\b", "./a"])
def test_a_plan_holds_plain_relative_paths(path: str) -> None:
    with pytest.raises(ValueError, match="not a path inside a project"):
        BuildPlan({path: b""})


def test_a_plan_refuses_paths_that_differ_in_case_only() -> None:
    with pytest.raises(ValueError, match="ignores case"):
        BuildPlan({"a": b"", "A": b""})


def test_the_digest_covers_paths_contents_and_kinds() -> None:
    plans = [
        BuildPlan({"a": b"1"}),
        BuildPlan({"a": b"2"}),
        BuildPlan({"b": b"1"}),
        BuildPlan({}, {"a": b"1"}),
        BuildPlan({"a": b"1", "b": b""}),
    ]
    assert len({plan.digest for plan in plans}) == len(plans)
    assert BuildPlan({"a": b"1", "b": b"2"}).digest == BuildPlan({"b": b"2", "a": b"1"}).digest
