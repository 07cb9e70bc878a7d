"""`coyield run`: a pipeline without a server, on what was recorded."""

import json
import pathlib
import tempfile
import time
import unittest

from harness import run

CONFIGURATION = {
    "endpoints": {
        "/count/{n}": {"source": {"counter": {"to": "${path.n}", "interval": "${query.every:-1h}"}}},
        "/hot/{room}": {"source": {"topic": "room.${path.room}"},
                        "pipeline": [{"where": {"/t": {"greater": "${query.above:-20}"}}}, {"set": {"/room": "${path.room}"}}]},
        "/each-minute": {"source": {"topic": "x"},
                         "pipeline": [{"window": {"time": "1m", "figures": {"n": "count", "mean": {"mean": "/t"}}}}]},
        "/program": {"source": {"exec": ["sh", "-c", "echo 1; echo why >&2; echo 2; exit 3"]}},
        "/echo": {"source": "echo", "input": True},
        "/never": {"source": {"clock": "10ms"}},
    }
}


class Run(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.file = self.write("coyield.json", json.dumps(CONFIGURATION))

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_it(self, endpoint, *arguments):
        return run("run", self.file, endpoint, *arguments)

    def lines(self, endpoint, *arguments):
        result = self.run_it(endpoint, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return [json.loads(line) for line in result.stdout.splitlines()]

    def test_time_takes_none(self):
        before = time.monotonic()
        self.assertEqual(self.lines("/count/{n}", "--param", "n=100"), list(range(1, 101)))
        self.assertEqual(self.lines("/count/3?every=24h"), [1, 2, 3])
        self.assertEqual(self.lines("/count/{n}", "--param", "path.n=2", "--param", "query.every=1s"), [1, 2])
        self.assertLess(time.monotonic() - before, 30)

    def test_what_was_recorded_stands_for_the_source(self):
        recorded = self.write("in.jsonl", '{"t":19}\n{"t":21}\n{"t":30.50}\n')
        self.assertEqual(self.lines("/hot/lab", "--input", recorded), [{"t": 21, "room": "lab"}, {"t": 30.5, "room": "lab"}])
        self.assertEqual(self.lines("/hot/lab?above=25", "--input", recorded), [{"t": 30.5, "room": "lab"}])

    def test_time_is_that_of_what_was_recorded(self):
        lines = "".join(json.dumps({"at": 1_700_000_000 + 10 * i, "t": i}) + "\n" for i in range(13))
        recorded = self.write("in.jsonl", lines)
        for _ in range(3):
            self.assertEqual(self.lines("/each-minute", "--input", recorded, "--time", "/at"),
                             [{"n": 6, "mean": 2.5}, {"n": 6, "mean": 8.5}, {"n": 1, "mean": 12}])

    def test_what_is_expected_is_compared(self):
        recorded = self.write("in.jsonl", '{"t":21}\n{"t":30}\n')
        good = self.write("good.jsonl", '{ "room": "lab", "t": 21.0 }\n\n{"t":30,"room":"lab"}\n')
        result = self.run_it("/hot/lab", "--input", recorded, "--expect", good)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        for text, words in (('{"t":21,"room":"lab"}\n{"t":31,"room":"lab"}\n', 'item 2 is not as expected'),
                            ('{"t":21,"room":"lab"}\n', "expected: nothing"),
                            ('{"t":21,"room":"lab"}\n{"t":30,"room":"lab"}\n5\n', "came:     the end")):
            result = self.run_it("/hot/lab", "--input", recorded, "--expect", self.write("bad.jsonl", text))
            self.assertEqual((result.returncode, result.stdout), (1, ""))
            self.assertIn(words, result.stderr)

    def test_a_stream_that_fails_is_exit_code_1(self):
        result = self.run_it("/program")
        self.assertEqual((result.returncode, result.stdout), (1, '"1"\n"2"\n'))
        self.assertIn("stderr endpoint=/program program=sh", result.stderr)
        self.assertIn("failed: the program ended with status 3", result.stderr)
        recorded = self.write("in.jsonl", '{"t":30}\nrubbish\n')
        result = self.run_it("/hot/lab", "--input", recorded)
        self.assertEqual((result.returncode, result.stdout), (1, '{"t":30,"room":"lab"}\n'))
        self.assertIn("not JSON", result.stderr)
        self.assertEqual(self.run_it("/echo").stdout, "")

    def test_an_endless_one_ends_where_it_is_told_to(self):
        self.assertEqual([item["i"] for item in self.lines("/never", "--items", "1000")], list(range(1000)))

    def test_what_it_does_not_know_is_exit_code_2(self):
        for arguments, words in ((("/cuont/5",), 'there is no endpoint "/cuont/5"'),
                                 (("/count/{n}",), '"n" in the path is missing'),
                                 (("/count/many",), '"many" is not a whole number'),
                                 (("/count/5", "--param", "evry=1s"), 'did you mean "every"'),
                                 (("/count/5", "--param", "every"), "is no name with a value"),
                                 (("/hot/lab",), "--input FILE"),
                                 (("/hot/lab", "--input", "missing.jsonl"), '"missing.jsonl" cannot be read'),
                                 (("/count/5", "--expect", "missing.jsonl"), '"missing.jsonl" cannot be read')):
            result = self.run_it(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn(words, result.stderr)
        self.assertEqual(run("run", self.write("bad.json", "{}"), "/x").returncode, 78)


if __name__ == "__main__":
    unittest.main()
