#!/usr/bin/env python3
"""Installs the build, compiles the examples against what was installed, and runs them."""
import argparse
import pathlib
import shutil
import subprocess
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
URL = "http://127.0.0.1:8080/count/3"


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def stream_from(program):
    """The counter listens at 8080, as the README says it."""
    server = subprocess.Popen([program])
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(URL, timeout=20) as response:
                    return response.read()
            except urllib.error.URLError:
                if time.monotonic() > deadline or server.poll() is not None:
                    raise
                time.sleep(0.05)
    finally:
        server.terminate()
        code = server.wait(timeout=20)
        assert code == 0, f"the server ended with {code}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flags", default="")
    arguments = parser.parse_args()
    prefix = arguments.work / "prefix"
    build = arguments.work / "build"
    shutil.rmtree(arguments.work, ignore_errors=True)
    run("cmake", "--install", arguments.build, "--prefix", prefix)
    run("cmake", "-S", HERE / "installed", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={arguments.compiler}", f"-DCMAKE_CXX_FLAGS={arguments.flags}")
    run("cmake", "--build", build)

    printed = subprocess.run([build / "without_server"], check=True, capture_output=True, text=True).stdout
    assert printed == "4\n16\n36\n", printed
    streamed = stream_from(build / "counter")
    assert streamed == b"1\n2\n3\n", streamed
    version = subprocess.run([prefix / "bin/coyield", "--version"], check=True, capture_output=True, text=True).stdout
    assert version.startswith("coyield "), version
    print("installed, compiled, streamed:", streamed)


if __name__ == "__main__":
    main()
