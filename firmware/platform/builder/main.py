"""SCons script of the platform: compiler flags, the board's own code, the image, upload."""

import json
import sys
from pathlib import Path

from SCons.Script import AlwaysBuild, Builder, Default, DefaultEnvironment

env = DefaultEnvironment()
platform = env.PioPlatform()
board = env.BoardConfig()
toolchain = platform.toolchain
native = board.get("build.arch") == "native"
darwin = env["PLATFORM"] == "darwin"
home = Path(platform.get_dir())

if toolchain is None:
    sys.stderr.write("Error: tinygen: PlatformIO did not install a toolchain.\n")
    env.Exit(1)

# ---- programs: absolute paths, because PlatformIO puts its packages first on PATH
prefix = toolchain.prefix
archiver = prefix + ("gcc-" if not darwin else "")
env.Replace(
    CC=prefix + "gcc",
    CXX=prefix + "g++",
    AS=prefix + "gcc",
    LINK=prefix + "gcc",
    AR=archiver + "ar",
    RANLIB=archiver + "ranlib",
    OBJCOPY=prefix + "objcopy",
    GDB=prefix + "gdb",
    ARFLAGS=["rc"],
    PROGNAME="firmware",
    PROGSUFFIX=env["PROGSUFFIX"] if native else ".elf",
)
if not darwin:
    env.Replace(
        SIZETOOL=prefix + "size",
        SIZEPROGREGEXP=r"^(?:\.text|\.weights|\.data|\.ARM\.\w+)\s+(\d+).*",
        SIZEDATAREGEXP=r"^(?:\.stack|\.data|\.arena|\.bss)\s+(\d+).*",
        SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
        SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    )

# ---- flags: the same numbers everywhere (no contraction, no fast math), nothing unused in the image
machine = [*board.get("build.flags"), *toolchain.specs]
env.Append(
    ASPPFLAGS=[*machine, "-x", "assembler-with-cpp"],
    CCFLAGS=[
        *machine,
        "-O2",
        "-g",
        "-Wall",
        "-Wextra",
        "-ffp-contract=off",
        "-ffunction-sections",
        "-fdata-sections",
        # The same image wherever the project lies.
        "-ffile-prefix-map=" + env.subst("$PROJECT_DIR") + "=.",
    ],
    CFLAGS=["-std=gnu99"],
    CXXFLAGS=["-std=gnu++17", "-fno-rtti", "-fno-exceptions", "-fno-threadsafe-statics"],
    CPPDEFINES=[(name, value) for name, value in board.get("build.defines").items()],
    CPPPATH=[str(home / "bsp" / "include")],
    LINKFLAGS=[*machine, "-Wl,-dead_strip" if darwin else "-Wl,--gc-sections"],
    LIBS=["m"],
)
if not native:
    env.Append(LINKFLAGS=["-nostartfiles", "-Xlinker", "-Map=" + env.subst("$BUILD_DIR/firmware.map")])
    env.Replace(LDSCRIPT_PATH=str(home / "ldscripts" / board.get("build.ldscript")))

# ---- the board's own code: start-up, console, counter
bsp = home / "bsp"
build = Path(env.subst("$BUILD_DIR")) / "bsp"
env.BuildSources(str(build / "startup"), str(bsp / "startup" / board.get("build.startup")))
for part in ("console", "ticks"):
    env.BuildSources(str(build / part), str(bsp / part), f"-<*> +<{board.get('build.' + part)}.c>")

# ---- image
program = env.BuildProgram()
if not native:
    env.Depends(program, "$LDSCRIPT_PATH")
kind = board.get("upload.image")
image = program
if kind != "elf":
    target_format = {"bin": "binary", "hex": "ihex"}[kind]
    command = f"$OBJCOPY -O {target_format} $SOURCES $TARGET"
    action = env.VerboseAction(command, "Building $TARGET")
    env.Append(BUILDERS={"Image": Builder(action=action, suffix="." + kind)})
    image = env.Image(str(Path("$BUILD_DIR") / "${PROGNAME}"), program)
AlwaysBuild(env.Alias("nobuild", image))
buildprog = env.Alias("buildprog", [program, image])

# ---- what tinygen reads after the build
Path(env.subst("$BUILD_DIR")).mkdir(parents=True, exist_ok=True)
(Path(env.subst("$BUILD_DIR")) / "toolchain.json").write_text(
    json.dumps({"name": toolchain.name, "version": toolchain.version}), encoding="utf-8"
)

# ---- upload: the board file's command
upload = board.get("upload.command")


def explain(*_, **__):
    """Fail an upload that the board does not offer."""
    sys.stderr.write(f"Error: tinygen: {board.get('name')} has no upload command in its board file.\n")
    return 1


if upload:
    values = {"image": "$SOURCE", "port": "$UPLOAD_PORT", "baud": "$UPLOAD_SPEED"}
    env.Replace(UPLOADCMD=" ".join(f'"{part.format(**values)}"' for part in upload))
    actions = [env.VerboseAction("$UPLOADCMD", "Uploading $SOURCE")]
    if any("{port}" in part for part in upload):
        actions.insert(0, env.VerboseAction(env.AutodetectUploadPort, "Looking for upload port..."))
else:
    actions = [env.VerboseAction(explain, "")]
env.AddPlatformTarget("upload", image, actions, "Upload", "")

Default([buildprog])
