"""From a C library and a board to a PlatformIO project."""

from tinygen.project.build import BuildResult, Toolchain, build
from tinygen.project.layout import APP, BASELINE_SUFFIX, ProjectOptions, library_digest, plan_project
from tinygen.project.plan import BuildPlan
from tinygen.project.sizes import Sizes, measure
from tinygen.project.write import MANIFEST, WriteResult, edited_files, write

__all__ = [
    "APP",
    "BASELINE_SUFFIX",
    "MANIFEST",
    "BuildPlan",
    "BuildResult",
    "ProjectOptions",
    "Sizes",
    "Toolchain",
    "WriteResult",
    "build",
    "edited_files",
    "library_digest",
    "measure",
    "plan_project",
    "write",
]
