#!/usr/bin/env python3
"""Runs what the README shows: its console blocks against the demonstration, its configuration, and its C++.

A `...` in expected output stands for anything. The demonstration listens at 127.0.0.1:8080, as the README says it.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("COYIELD", str(ROOT / "build/release/server/coyield"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
MISTAKES = """{
  "endpoints": {
    "/ticks": {
      "source": { "clock": { "interval": "10" } },
      "pipeline": [ { "tke": 5 } ]
    }
  }
}
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands(block):
    """Pairs of a command and what it is said to print."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def matches(expected, printed):
    pattern = ".*?".join(re.escape(part) for part in expected.rstrip("\n").split("..."))
    return re.fullmatch(pattern, printed.rstrip("\n"), re.DOTALL)


class Readme(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        (pathlib.Path(self.work.name) / "mistakes.json").write_text(MISTAKES, encoding="utf-8")

    def start_demonstration(self):
        server = subprocess.Popen([PROGRAM, "serve"], cwd=self.work.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        while "listening" not in server.stderr.readline():
            self.assertLess(time.monotonic(), deadline, "the demonstration does not start")
        return server

    def stop(self, server):
        server.terminate()
        output, _ = server.communicate(timeout=20)
        self.assertEqual(server.returncode, 0)
        return output

    def test_the_console_shows_what_really_comes(self):
        server = self.start_demonstration()
        shell = f'coyield() {{ "{PROGRAM}" "$@"; }}; '
        ran = 0
        try:
            for block in blocks("console"):
                for command, expected in commands(block):
                    with self.subTest(command=command):
                        done = subprocess.run(["bash", "-c", shell + command.replace("curl ", "curl -s ")], cwd=self.work.name,
                                              capture_output=True, text=True, timeout=30, check=False)
                        self.assertTrue(matches(expected, done.stdout + done.stderr), f"{command}\nprinted:\n{done.stdout}{done.stderr}")
                        ran += 1
        finally:
            examples = self.stop(server)
        self.assertGreaterEqual(ran, 5)
        self.assertIn("curl -N http://127.0.0.1:8080/count/5", examples)

    def test_the_configuration_is_good(self):
        for number, text in enumerate(blocks("json")):
            path = pathlib.Path(self.work.name) / f"{number}.json"
            path.write_text(text, encoding="utf-8")
            done = subprocess.run([PROGRAM, "check", path], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_programs_are_those_that_are_compiled(self):
        examples = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/examples").glob("*.cpp")))
        for text in blocks("cpp"):
            self.assertIn(text, examples)

    def test_the_test_command_is_there(self):
        self.assertIn("tests/run\n", blocks("sh"))
        self.assertTrue(os.access(ROOT / "tests/run", os.X_OK))

    def test_the_first_command_installs_what_the_build_needs(self):
        first = blocks("sh")[0]
        self.assertIn("$(cat .packages)", first)
        self.assertIn("--target coyield_program", first)
        presets = (ROOT / "CMakePresets.json").read_text(encoding="utf-8")
        self.assertIn('"name": "release"', presets)


if __name__ == "__main__":
    sys.exit(unittest.main())
