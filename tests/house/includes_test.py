#!/usr/bin/env python3
"""Fails when an include runs against the arrows of the house, or when Beast is named where it does not belong.

    config  <-  generators  <-  handlers  <-  server
"""
import pathlib
import re
import sys

ORDER = ["config", "generators", "handlers", "server"]
BEAST = ("server/", "generators/net/")
OWN = re.compile(r'^\s*#\s*include\s*[<"]coyield/([a-z_]+)[/.]', re.MULTILINE)
RELATIVE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
WHOLE = re.compile(r'#\s*include\s*<boost/(asio|beast)\.hpp>')


def faults(root):
    for folder in ORDER:
        below = ORDER[: ORDER.index(folder) + 1]
        for path in sorted((root / folder).rglob("*.[ch]pp")):
            name = path.relative_to(root).as_posix()
            text = path.read_text(encoding="utf-8")
            for used in OWN.findall(text):
                if used not in below and not (used == "coyield" and folder == "server"):
                    yield f"{name} includes coyield/{used}, which is above {folder}/"
            for used in RELATIVE.findall(text):
                if not used.endswith(".inc"):
                    yield f'{name} includes "{used}"; write <coyield/...>'
            if WHOLE.search(text):
                yield f"{name} includes all of Asio or Beast"
            if re.search(r"\bbeast\b", text) and not name.startswith(BEAST):
                yield f"{name} names Beast"
            if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.MULTILINE):
                yield f"{name} has no #pragma once"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(faults(root))
    print("\n".join(found) or "all includes run along the arrows")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
