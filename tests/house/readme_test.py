#!/usr/bin/env python3
"""Runs what the README shows: its console blocks against the demonstration, its configuration, and its C++.

A `...` in expected output stands for anything. The demonstration listens at 127.0.0.1:8080, as the README says it.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))
import wire  # noqa: E402
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

    def test_many_streams_talk_on_one_socket_as_it_is_written(self):
        server = self.start_demonstration()
        try:
            with wire.Connection(("127.0.0.1", 8080)) as connection:
                self.assertEqual(connection.open_websocket("/.coyield/ws", "Sec-WebSocket-Protocol: coyield.v1").status, 101)
                for line in next(text for text in blocks("text") if text.startswith("> ")).splitlines():
                    if line.startswith("> "):
                        connection.send(wire.client_frame(wire.TEXT, line[2:].encode()))
                    else:
                        message = connection.frame()[1].decode()
                        self.assertTrue(matches(line[2:], message), f"{message}\nis not as it is written:\n{line[2:]}")
        finally:
            self.stop(server)

    def test_the_configuration_is_good(self):
        for number, text in enumerate(blocks("json")):
            path = pathlib.Path(self.work.name) / f"{number}.json"
            path.write_text(text, encoding="utf-8")
            done = subprocess.run([PROGRAM, "check", path], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def serve(self, *arguments, listeners=1, **variables):
        """A server of its own, on ports of its own; gives where it listens, and for whom: "" for all, "admin"."""
        server = subprocess.Popen([PROGRAM, *arguments], cwd=self.work.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, env={**os.environ, **variables})
        self.addCleanup(self.stop, server)
        addresses = {}
        while len(addresses) < listeners:
            line = server.stderr.readline()
            self.assertTrue(line, "it does not start")
            if found := re.search(r" listening address=(\S+)(?: for=(\w+))?", line):
                addresses[found.group(2) or ""] = found.group(1)
        return addresses

    def ask(self, command):
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False)
        return done.stdout

    def test_the_configuration_serves_what_is_said_of_it(self):
        work = pathlib.Path(self.work.name)
        (work / "tables").mkdir()
        (work / "tables/2026.csv").write_text("name,born\nAda,1815\n", encoding="utf-8")
        (work / "app.jsonl").write_text('{"ts":1,"level":"error","service":"web","msg":"broken"}\n'
                                        '{"ts":2,"level":"info","service":"web","msg":"well"}\n', encoding="utf-8")
        text = blocks("json")[0].replace("/var/log/app.jsonl", str(work / "app.jsonl")).replace("/srv/tables", str(work / "tables"))
        text = text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:9090", "127.0.0.1:0")
        (work / "own.json").write_text(text, encoding="utf-8")
        addresses = self.serve("serve", "own.json", listeners=2, TOKEN="secret")
        url = "http://" + addresses[""]
        self.assertRegex(self.ask(f"curl -sN --max-time 0.5 '{url}/ticks?every=100ms'"), r'^{"i":0,"ts":\d+}\n{"i":1,')
        self.assertEqual(self.ask(f"curl -s '{url}/tables/2026.csv?format=csv'"), "name,born\nAda,1815\n")  # CR LF, as Python reads it
        self.assertEqual(self.ask(f"curl -sN --max-time 0.5 -H 'Authorization: Bearer secret' '{url}/errors/web'"),
                         '{"text":"broken","time":1}\n')
        self.assertIn('"status":401', self.ask(f"curl -s '{url}/errors/web'"))
        self.assertIn('"cpu":', self.ask(f"curl -sN --max-time 1 '{url}/load'"))
        self.operate("http://" + addresses["admin"], url)

    def operate(self, admin, url):
        """Runs the commands for operators while a stream runs."""
        with subprocess.Popen(["curl", "-sN", url + "/load"], stdout=subprocess.PIPE) as client:
            client.stdout.readline()
            block = next(text for text in blocks("sh") if "/metrics" in text)
            answers = {}
            for line in block.splitlines():
                command = line.split("  #")[0].replace("http://127.0.0.1:9090", admin).replace("curl ", "curl -s ")
                if "/ID" in command:
                    stream = json.loads(answers["/streams"])[0]
                    command = command.replace("/ID", "/" + str(stream["id"])) + " -w '%{http_code}'"
                answers[command.split(admin)[1].split()[0]] = self.ask(command)
            self.assertIn("coyield_", answers["/metrics"])
            self.assertEqual(stream["endpoint"], "/load")
            self.assertEqual(answers[f"/streams/{stream['id']}"], "204")
            client.communicate(timeout=20)
            self.assertEqual(client.returncode, 18)  # cut: it did not end by itself

    def test_a_log_can_be_followed(self):
        command = next(text for text in blocks("sh") if text.startswith("coyield tail"))
        log = pathlib.Path(self.work.name) / "dpkg.log"
        log.write_text("one\ntwo\n", encoding="utf-8")
        arguments = command.split()[1:-1] + [str(log), "--listen", "127.0.0.1:0"]
        url = "http://" + self.serve(*arguments)[""] + "/dpkg.log"
        self.assertEqual(self.ask(f"curl -sN --max-time 0.5 '{url}?start=begin&format=text'"), "one\ntwo\n")
        with subprocess.Popen(["curl", "-sN", f"{url}?format=sse"], stdout=subprocess.PIPE, text=True) as client:
            beginning = "".join(client.stdout.readline() for _ in range(4))
            self.assertRegex(beginning, r"^retry: 3000\n\nid: \S+\n\n$")  # where it stands, before there is a line
            with log.open("a", encoding="utf-8") as file:
                file.write("three\n")
            event = [client.stdout.readline() for _ in range(3)]
            client.terminate()
        self.assertRegex("".join(event), r"^id: \S+\ndata: three\n\n$")

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
