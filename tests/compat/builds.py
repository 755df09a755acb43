# SPDX-License-Identifier: MIT
"""Compiles what stands in the folders of the releases."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,defs"]


def is_cxx(compiler):
    return "++" in os.path.basename(compiler)


def compile_with(compiler, include, sources, *options):
    """Compiles as C or C++, as the compiler's name says; returns what it says
    if it fails, else an empty text."""
    done = subprocess.run(
        [compiler, "-std=" + ("c++20" if is_cxx(compiler) else "gnu11"),
         "-I" + include, *options, "-x", "c++" if is_cxx(compiler) else "c",
         *sources],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    return done.stdout if done.returncode != 0 else ""


def check_layout(compiler, release, include, *options):
    """Whether the headers in `include` have what the release had: what the
    compiler says if they have not."""
    return compile_with(
        compiler, include, [os.path.join(HERE, "layout.c")],
        f'-DLAYOUT="{release}/layout.def"', "-fsyntax-only", "-Wall", "-Wextra",
        "-Wpedantic", "-Werror", *options)


def plugins_of(release):
    """Name to sources: one file, or those of a folder. C is C++, too."""
    found = {}
    folder = os.path.join(release, "plugins")
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isdir(path):
            found[name] = [os.path.join(path, source)
                           for source in sorted(os.listdir(path))
                           if source.endswith((".c", ".cpp"))]
        else:
            found[os.path.splitext(name)[0]] = [path]
    return found


def can_compile(compiler, sources):
    return is_cxx(compiler) or not sources[0].endswith(".cpp")


def build(compiler, include, sources, path):
    """A plugin as its author would build it; returns the path."""
    failure = compile_with(compiler, include, sources, "-g", "-O1", "-w",
                           *PLUGIN, "-o", path)
    if failure:
        raise AssertionError(failure)
    return path


def build_release(release, compilers, folder):
    """All of its plugins by each compiler: pairs of a name and a path."""
    return [(name, build(compiler, os.path.join(release, "include"), sources,
                         os.path.join(folder, f"{name}-{compiler}.so")))
            for name, sources in plugins_of(release).items()
            for compiler in compilers if can_compile(compiler, sources)]
