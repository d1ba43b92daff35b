#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles alone, as strict C11 and as C++11; each internal header compiles
alone with the flags of its own room. Usage: headers.py ROOT BUILD_DIR"""
import concurrent.futures
import glob
import json
import os
import shlex
import shutil
import subprocess
import sys

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
# Everything of a compile command but the compiler, the source and where the output goes.
FLAG_PREFIXES = ("-I", "-D", "-isystem", "-std")


def compile_alone(command, include):
    """Returns what the compiler says of a source that includes one header twice, or ''."""
    text = f"#include {include}\n#include {include}\n"
    done = subprocess.run(command + ["-"], input=text, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{include}: {' '.join(command)}\n{done.stderr}"


def public_jobs(root):
    folder = os.path.join(root, "lib/include")
    cxx = shutil.which("clang++") or shutil.which("g++") or shutil.which("clang")
    if not cxx:
        print("headers: no C++ compiler, checking C only")
    for path in sorted(glob.glob(folder + "/eunomia/*.h")):
        include = f"<{os.path.relpath(path, folder)}>"
        yield ["cc", "-std=c11", "-x", "c", *STRICT, "-I", folder], include
        if cxx:
            yield [cxx, "-std=c++11", "-x", "c++", *STRICT, "-I", folder], include


def room_flags(build):
    """Folder of a source -> the flags that its sources are compiled with."""
    flags = {}
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            words = shlex.split(entry["command"])
            kept = []
            for i, word in enumerate(words):
                if word.startswith(FLAG_PREFIXES):
                    kept.append(word)
                    if word in ("-I", "-D", "-isystem"):
                        kept.append(words[i + 1])
            flags.setdefault(os.path.dirname(entry["file"]), kept)
    return flags


def internal_jobs(root, build):
    flags = room_flags(build)
    for component in ("lib", "proto", "agent", "ctl"):
        for path in sorted(glob.glob(f"{root}/{component}/**/*.h", recursive=True)):
            folder = os.path.dirname(path)
            if "/include/" in path or folder not in flags:
                continue
            yield (["cc", "-x", "c", "-Wall", "-Werror", "-fsyntax-only", *flags[folder]],
                   f'"{path}"')


def main():
    root, build = (os.path.abspath(arg) for arg in sys.argv[1:3])
    jobs = [*public_jobs(root), *internal_jobs(root, build)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = [text for text in pool.map(lambda job: compile_alone(*job), jobs) if text]
    print(f"headers: {len(jobs)} compilations, {len(said)} failed", *said, sep="\n")
    return 1 if said or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
