#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compile `bpf/*.bpf.c` to `build/bpf/*.bpf.o` with clang, or with zig's clang where there is none.

An object is made again when a source, a header or the command changed (by content: a checkout's dates mean nothing).
The objects are the same for every machine of one byte order: paths are mapped away, and only UAPI headers are used.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

FLAGS = ["-O2", "-g", "-mcpu=v3", "-Wall", "-Werror", "-Ibpf"]
HEADER_PLACES = [Path("/usr/include"), Path("/usr/local/include")]


class BuildError(Exception):
    """The objects cannot be made; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A command line up to the source, and the environment that it runs in."""

    command: list[str]
    environment: dict[str, str]


def find_clang() -> str | None:
    """`$CLANG`, else the clang on PATH; `None` if there is none."""
    return shutil.which(os.environ.get("CLANG") or "clang")


def libbpf_headers() -> Path:
    """The include folder that holds libbpf's `bpf/bpf_helpers.h`."""
    for place in HEADER_PLACES:
        if (place / "bpf" / "bpf_helpers.h").exists():
            return place
    raise BuildError("libbpf's headers are missing (bpf/bpf_helpers.h)\n  remedy: apt-get install libbpf-dev")


def clang_compiler(clang: str, root: Path) -> Compiler:
    """Clang with the system's UAPI headers; `asm/` stands in a folder per architecture that a foreign target omits."""
    architecture = Path(f"/usr/include/{platform.machine()}-linux-gnu")
    command = [clang, "-target", "bpf", *FLAGS, "-idirafter", str(architecture), "-idirafter", str(libbpf_headers())]
    return Compiler([*command, f"-ffile-prefix-map={root}=."], dict(os.environ))


def zig_compiler(root: Path) -> Compiler:
    """Zig's clang with the UAPI headers that it ships, so that of the system only libbpf's headers are needed."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        raise BuildError(
            "no BPF compiler: neither clang nor ziglang\n  remedy: apt-get install clang, or pip install ziglang"
        )
    headers = Path(spec.submodule_search_locations[0]) / "lib" / "libc" / "include"
    # Byte order and type sizes of BPF are x86's, so its asm/ headers are right on any little-endian machine.
    uapi = [flag for folder in ("any-linux-any", "x86-linux-any") for flag in ("-isystem", str(headers / folder))]
    target = [
        "-target",
        "bpfel-freestanding",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
        "-fno-sanitize=undefined",
    ]
    command = [sys.executable, "-m", "ziglang", "cc", *target, *FLAGS, *uapi, "-idirafter", str(libbpf_headers())]
    cache = str(root / "build" / "zig-cache")
    environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    return Compiler([*command, f"-ffile-prefix-map={root}=."], environment)


def choose_compiler(root: Path, wanted: str = "auto") -> Compiler:
    """`wanted`: `clang`, `zig`, or `auto` for the first of the two that is there."""
    clang = find_clang()
    if wanted == "clang" and clang is None:
        raise BuildError("clang is not on PATH\n  remedy: apt-get install clang")
    if wanted == "zig" or clang is None:
        return zig_compiler(root)
    return clang_compiler(clang, root)


def fingerprint(compiler: Compiler, source: Path, headers: list[Path]) -> str:
    """Hash of all that an object depends on. Every header counts for every object: they are few, and seconds to build."""
    digest = hashlib.sha256("\0".join(compiler.command).encode())
    for path in (source, *headers):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def compile_object(compiler: Compiler, root: Path, source: Path, target: Path) -> None:
    """Compile one object; it appears under its name only when it is whole, since others may be loading it."""
    partial = target.with_suffix(f".{os.getpid()}.partial")
    arguments = [*compiler.command, "-c", str(source.relative_to(root)), "-o", str(partial)]
    done = subprocess.run(arguments, cwd=root, env=compiler.environment, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        partial.unlink(missing_ok=True)
        raise BuildError(f"{source.relative_to(root)} does not compile:\n{done.stderr or done.stdout}")
    partial.replace(target)


def refresh(compiler: Compiler, root: Path, source: Path, headers: list[Path], output: Path) -> Path:
    """Make one object unless its fingerprint is still the same; return its path."""
    target = output / source.name.replace(".bpf.c", ".bpf.o")
    stamp = target.with_suffix(".stamp")
    wanted = fingerprint(compiler, source, headers)
    if target.exists() and stamp.exists() and stamp.read_text() == wanted:
        return target
    compile_object(compiler, root, source, target)
    stamp.write_text(wanted)
    print(f"built {target.name} ({target.stat().st_size // 1024} KiB)", flush=True)
    return target


def remove_strangers(output: Path, built: list[Path]) -> None:
    """Delete objects whose source is gone, so that nothing loads them by mistake."""
    for path in output.glob("*.bpf.o"):
        if path not in built:
            path.unlink()
            path.with_suffix(".stamp").unlink(missing_ok=True)


def build(root: Path, output: Path, wanted: str = "auto") -> list[Path]:
    """Bring every object in `output` up to date and return their paths; raises `BuildError`."""
    sources = sorted((root / "bpf").glob("*.bpf.c"))
    headers = sorted((root / "bpf").rglob("*.h"))
    compiler = choose_compiler(root, wanted)
    output.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        built = list(pool.map(lambda source: refresh(compiler, root, source, headers, output), sources))
    remove_strangers(output, built)
    return built


def main() -> int:
    """Command line; exit code 1 and one message when something is missing or does not compile."""
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--compiler", choices=["auto", "clang", "zig"], default="auto")
    parser.add_argument("--output", type=Path, default=root / "build" / "bpf", metavar="DIR")
    arguments = parser.parse_args()
    try:
        build(root, arguments.output, arguments.compiler)
    except BuildError as error:
        print(f"build_bpf: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
