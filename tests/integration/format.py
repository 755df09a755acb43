# SPDX-License-Identifier: MIT
"""Every C and C++ file is as clang-format 14 with .clang-format writes it."""

import os
import re
import shutil
import subprocess
import sys

from harness import SOURCE, skip

VERSION = 14  # another one formats a little differently
FOLDERS = ("core", "protocols", "tests", "tools")


def main():
    if shutil.which("clang-format") is None:
        skip("no clang-format")
    version = subprocess.run(["clang-format", "--version"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    if re.search(r"version (\d+)", version).group(1) != str(VERSION):
        skip(f"clang-format is not version {VERSION}: {version.strip()}")

    files = [os.path.join(folder, name)
             for top in FOLDERS
             for folder, _, names in os.walk(os.path.join(SOURCE, top))
             for name in names if name.endswith((".c", ".h", ".cpp"))]
    if not files:
        sys.exit("there are no C files")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files],
                          check=False)
    if done.returncode != 0:
        sys.exit("to mend it: clang-format -i FILE")
    print(f"{len(files)} files")


main()
