#!/usr/bin/env python3
"""Keeps docker/ honest where there is no engine; docker/try is for where there is one."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("COYIELD", str(ROOT / "build/release/server/coyield"))
COMPOSE = ROOT / "docker/compose.yaml"


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def instructions():
    """Pairs of an instruction and its arguments, continued lines joined."""
    lines = [line for line in read("docker/Dockerfile").splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def run(*arguments, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COYIELD_") and name != "TOKEN"}
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=20,
                          env={**environment, **variables})


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.all = instructions()
        last = max(i for i, (name, _) in enumerate(self.all) if name == "FROM")
        self.build, run_stage = self.all[:last], self.all[last:]
        self.run_stage = {name: text for name, text in run_stage if name not in ("RUN", "COPY")}
        self.variables = dict(re.findall(r"(COYIELD_\w+)=(\S+)", self.run_stage["ENV"]))
        self.command = json.loads(self.run_stage["ENTRYPOINT"]) + json.loads(self.run_stage["CMD"])

    def test_the_command_is_one_of_coyield_and_an_error_without_its_file(self):
        self.assertEqual(self.command[0], "coyield")
        file = self.command[-1]
        if pathlib.Path(file).exists():
            self.skipTest(f"{file} is in use here")
        result = run(*self.command[1:])
        self.assertEqual(result.returncode, 78)
        self.assertIn(f"{file}: cannot be read", result.stderr)

    def test_the_health_check_asks_about_the_file_that_the_command_serves(self):
        check = json.loads(self.run_stage["HEALTHCHECK"].split("CMD", 1)[1])
        self.assertEqual(check[0], "coyield")
        self.assertEqual(run(*check[1:], "--help").returncode, 0)
        self.assertEqual(self.variables["COYIELD_FILE"], self.command[-1])

    def test_it_listens_on_a_port_that_is_exposed(self):
        host, port = self.variables["COYIELD_LISTEN"].rsplit(":", 1)
        self.assertEqual(host, "0.0.0.0")
        self.assertIn(port, self.run_stage["EXPOSE"].split())

    def test_the_user_is_a_number_and_not_root(self):
        self.assertRegex(self.run_stage["USER"], r"^[1-9]\d*:[1-9]\d*$")

    def test_it_is_stopped_by_the_signal_that_drains(self):
        self.assertEqual(self.run_stage["STOPSIGNAL"], "SIGTERM")

    def test_the_label_has_the_version_of_the_program(self):
        version = re.search(r'image\.version="([^"]+)"', self.run_stage["LABEL"]).group(1)
        self.assertEqual(run("--version").stdout.splitlines()[0], f"coyield {version}")

    def test_both_stages_stand_on_the_same_base(self):
        bases = [text.split()[0] for name, text in self.all if name == "FROM"]
        self.assertEqual(len(set(bases)), 1, bases)
        self.assertIn(f'base.name="docker.io/library/{bases[0]}"', self.run_stage["LABEL"])

    def test_the_build_sees_every_folder_that_it_builds(self):
        ignore = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]
        self.assertEqual(ignore[0], "*")
        seen = {line.removeprefix("!") for line in ignore[1:]}
        for name in seen:
            self.assertTrue((ROOT / name).exists(), f"{name} of .dockerignore is gone")
        folders = set(re.findall(r"^add_subdirectory\((\w+)\)", read("CMakeLists.txt"), re.MULTILINE))
        self.assertGreater(len(folders), 3)
        self.assertEqual(folders - seen, set())
        for name, text in self.build:
            if name == "COPY":
                for source in text.split()[:-1]:
                    self.assertTrue(source == "." or source in seen, source)


class Try(unittest.TestCase):
    def test_it_can_be_run_and_reads_as_a_script(self):
        self.assertTrue(os.access(ROOT / "docker/try", os.X_OK))
        result = subprocess.run(["bash", "-n", str(ROOT / "docker/try")], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)


class Configuration(unittest.TestCase):
    def test_the_example_is_good_with_a_token(self):
        result = run("check", str(ROOT / "docker/coyield.json"), TOKEN="a-long-random-text")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_without_one_it_says_what_is_missing(self):
        result = run("check", str(ROOT / "docker/coyield.json"))
        self.assertEqual(result.returncode, 78)
        self.assertIn('"TOKEN" is not set', result.stderr)


@unittest.skipUnless(shutil.which("docker-compose"), "needs docker-compose")
class Compose(unittest.TestCase):
    def compose(self, **variables):
        return subprocess.run(["docker-compose", "-f", str(COMPOSE), "config"], capture_output=True, text=True, check=False,
                              timeout=60, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables})

    def test_it_is_good_with_a_token(self):
        result = self.compose(TOKEN="a-long-random-text")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"{ROOT}/docker/coyield.json:/etc/coyield/coyield.json:ro", result.stdout)

    def test_it_refuses_to_start_without_one(self):
        result = self.compose()
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("long random text", result.stderr)


if __name__ == "__main__":
    unittest.main()
