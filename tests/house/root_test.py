#!/usr/bin/env python3
"""Fails when the top level of the tree holds anything but what it is to hold."""
import pathlib
import subprocess
import sys

ALLOWED = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "config", "docker", "generators", "handlers", "server", "tests"}


def main():
    root = pathlib.Path(sys.argv[1])
    listed = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        print("not a git checkout: nothing to compare")
        return 0
    names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    strangers = sorted(name for name in names if name not in ALLOWED and not name.startswith("."))
    print(f"not of this house: {', '.join(strangers)}" if strangers else "the top level is as it should be")
    return 1 if strangers else 0


if __name__ == "__main__":
    sys.exit(main())
