#!/usr/bin/env python3
"""Fails when a C++ file is not as .clang-format has it."""
import subprocess
import sys


def main():
    root = sys.argv[1]
    listed = subprocess.run(["git", "-C", root, "ls-files", "*.cpp", "*.hpp"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        print("not a git checkout: nothing to look at")
        return 0
    files = listed.stdout.split()
    return subprocess.run(["clang-format-19", "--dry-run", "-Werror", *files], cwd=root, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
