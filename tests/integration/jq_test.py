"""The operator jq, in a served program: its outputs, its mistakes, and the processes that it runs in."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

import wire
from exec_test import children
from harness import PROGRAM, Server, ServerCase, environment, wait_until

LINES = [{"i": i, "ts": 1700000000000000000, "level": "error" if i % 3 == 0 else "info", "tags": ["a", "b"]}
         for i in range(1, 1001)]


def through(*operators):
    return {"source": {"file": {"path": "PATH", "decode": "json"}}, "pipeline": list(operators)}


class Jq(ServerCase):
    endpoints = {
        "/some": through({"jq": "select(.level == \"error\") | {i, ts}"}),
        "/tags": through({"jq": ".tags[]"}),
        "/above": through({"jq": {"program": "select(.i > ($args.least | tonumber)) | .i", "outputs": "one",
                                  "args": {"least": "${query.least:-0}"}}}),
        "/dates": through({"jq": "if .i == 3 then .ts | todate else .i end"}),
        "/dates/some": through({"jq": {"program": "if .i == 3 then .ts | todate else .i end", "on_error": "drop"}}),
        "/slow": {"source": {"counter": {"interval": "20ms"}}, "pipeline": [{"jq": "[.]"}]},
    }

    @classmethod
    def prepare(cls):
        path = os.path.join(cls.directory, "items.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in LINES)
        cls.endpoints = json.loads(json.dumps(cls.endpoints).replace("PATH", path))

    def test_none_one_or_several_items_come_of_one(self):
        errors = [{"i": line["i"], "ts": line["ts"]} for line in LINES if line["level"] == "error"]
        self.assertEqual(self.server.get("/some").lines(), errors)
        self.assertEqual(self.server.get("/tags").lines(), ["a", "b"] * 1000)

    def test_a_program_sees_values_of_the_request(self):
        self.assertEqual(self.server.get("/above?least=998").lines(), [999, 1000])
        self.assertEqual(len(self.server.get("/above").lines()), 1000)

    def test_a_stream_with_one_output_goes_on_behind_an_id(self):
        body = self.server.get("/above?format=sse").body.decode()
        ids = [line[4:] for line in body.splitlines() if line.startswith("id: ")]
        rest = self.server.get(f"/above?last_event_id={ids[996]}")
        self.assertEqual(rest.lines(), [998, 999, 1000])
        refused = self.server.get(f"/tags?last_event_id={ids[996]}")
        self.assertEqual(refused.status, 409)
        self.assertIn('"jq"', refused.json()["detail"])

    def test_an_item_that_kills_jq_fails_its_stream_or_is_dropped(self):
        failed = self.server.get("/dates")
        self.assertEqual((failed.lines(), failed.ending), ([1, 2], wire.Ending.CUT))
        self.assertEqual(len(self.server.get("/dates/some").lines()), 999)
        self.assertEqual(self.server.get("/dates/some").lines()[:3], [1, 2, 4])

    def test_one_that_leaves_ends_no_process_that_others_use(self):
        with self.server.connect() as staying:
            staying.ask("/slow")
            staying.head()
            items = staying.items()
            self.assertEqual(next(items), b"[1]")
            before = set(children(self.server.pid))
            self.assertTrue(before)
            for _ in range(5):
                with self.server.connect() as leaving:
                    leaving.ask("/slow")
                    leaving.head()
                    self.assertEqual(next(leaving.items()), b"[1]")
            self.assertEqual(next(items), b"[2]")
            self.assertLessEqual(before, set(children(self.server.pid)))


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Processes(unittest.TestCase):
    def assert_none_outlives_a_server_that_gets(self, number):
        stuck = {"jq": {"program": "last(repeat(1))", "timeout": "1h"}}
        server = Server({"/stuck": {"source": {"counter": {}}, "pipeline": [stuck]}}, {"drain": "0s"})
        try:
            with server.connect() as connection:
                connection.ask("/stuck")

                def workers():
                    return [worker for child in children(server.pid) for worker in children(child)]
                self.assertTrue(wait_until(workers))
                processes = children(server.pid) + workers()
                server.signal(number)
                self.assertTrue(wait_until(lambda: not any(map(is_running, processes))), processes)
        finally:
            server.kill()

    def test_none_outlives_a_server_that_is_told_to_end(self):
        self.assert_none_outlives_a_server_that_gets(signal.SIGTERM)

    def test_none_outlives_a_server_that_is_killed(self):
        self.assert_none_outlives_a_server_that_gets(signal.SIGKILL)


class Mistakes(unittest.TestCase):
    def check(self, program):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"endpoints": {"/x": {"source": {"counter": {}}, "pipeline": [{"jq": program}]}}}, file)
            file.flush()
            done = subprocess.run([PROGRAM, "check", file.name], capture_output=True, text=True, timeout=60,
                                  env=environment(), check=False)
            return done.returncode, done.stdout + done.stderr

    def test_check_says_what_is_wrong_with_a_program_and_where(self):
        code, said = self.check(".a |\n input")
        self.assertEqual(code, 78)
        self.assertIn('"input" at line 2, column 2 would reach out of the item', said)
        code, said = self.check("{a")
        self.assertEqual(code, 78)
        self.assertIn("jq: syntax error, unexpected $end", said)
        self.assertEqual(self.check("{a}")[0], 0)


if __name__ == "__main__":
    unittest.main()
