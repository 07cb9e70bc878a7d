"""Sources that are made of others: several at once, one behind the other, and other endpoints."""

import json
import tempfile
import pathlib
import unittest
import urllib.parse

import wire
from harness import Server, ServerCase, run, wait_until

TICKS = {"clock": {"interval": "5ms"}}


class Made(ServerCase):
    settings = {"threads": 2, "admin": "127.0.0.1:0"}
    endpoints = {
        "/count/{n}": {"source": {"counter": {"to": "${path.n}"}}},
        "/text/{word}": {"source": {"endpoint": "/echoed?word=${path.word}"}},
        "/echoed": {"source": {"clock": {"interval": "1ms", "count": 1}},
                    "pipeline": [{"set": {"/word": "${query.word}"}}, {"select": ["/word"]}]},
        "/ticks": {"source": TICKS, "share": {"replay": 100000, "since": "earliest"}},
        "/merged": {"source": {"merge": [{"counter": 3}, {"source": {"counter": 9}, "pipeline": [{"skip": 7}]}]}},
        "/concat": {"source": {"concat": [{"endpoint": "/count/2"}, {"counter": 1}, {"endpoint": "/count/${query.n:-3}"}]}},
        "/zip": {"source": {"zip": {"streams": [{"counter": 3}, {"endpoint": "/ticks"}], "names": ["n", "tick"]}}},
        "/pairs": {"source": {"zip": [{"counter": 3}, {"counter": {"from": 11}}]}},
        "/latest": {"source": {"combine_latest": [{"counter": {"to": 2, "interval": "20ms"}}, {"counter": 1}]}},
        "/over": {"source": {"endpoint": "/ticks"}, "pipeline": [{"select": ["/i"]}]},
        "/over/shared": {"source": {"endpoint": "/over"}, "share": {"replay": 1000, "since": "earliest"}},
        "/missing": {"source": {"endpoint": "/file"}},
        "/file": {"source": {"file": "/nowhere"}},
        "/secret": {"source": {"counter": 2}, "access": ["t"]},
        "/open": {"source": {"endpoint": "/secret"}},
        "/topic": {"source": {"topic": "news"}, "publish": "anyone"},
        "/news": {"source": {"merge": [{"endpoint": "/topic"}, {"topic": "news"}]}},
        "/query": {"source": {"endpoint": "/filtered?take=2"}},
        "/filtered": {"source": {"counter": 5}, "query_operators": ["take"]},
    }

    def items(self, target):
        return [json.loads(line) for line in self.server.get(target).text.splitlines()]

    def test_merge(self):
        self.assertEqual(sorted(self.items("/merged")), [1, 2, 3, 8, 9])

    def test_concat(self):
        self.assertEqual(self.items("/concat"), [1, 2, 1, 1, 2, 3])
        self.assertEqual(self.items("/concat?n=1"), [1, 2, 1, 1])

    def test_zip(self):
        items = self.items("/zip")
        self.assertEqual([(item["n"], item["tick"]["i"]) for item in items], [(1, 0), (2, 1), (3, 2)])
        self.assertEqual(self.items("/pairs"), [[1, 11], [2, 12], [3, 13]])

    def test_combine_latest(self):
        self.assertEqual(self.items("/latest"), [[1, 1], [2, 1]])

    def test_values_reach_the_other_endpoint_encoded(self):
        word = "a/b?c=d&e%"
        self.assertEqual(self.items("/text/" + urllib.parse.quote(word, safe="")), [{"word": word}])

    def test_a_wrong_value_is_a_status(self):
        answer = self.server.get("/concat?n=x")
        self.assertEqual(answer.status, 200)  # the first ones are there already
        answer = self.server.get("/missing")
        self.assertEqual(answer.status, 404)
        self.assertIn("does not exist", answer.text)

    def test_a_shared_stream_is_read_by_one_more(self):
        with self.server.connect() as connection:
            connection.ask("/over/shared")
            connection.head()
            text = b""
            while text.count(b"\n") < 50:
                text += connection.chunk()
            numbers = [json.loads(line)["i"] for line in text.decode().splitlines()]
            self.assertEqual(numbers, list(range(len(numbers))))
        self.assertTrue(self.server.alone())

    def test_access_is_that_of_the_endpoint_asked_for(self):
        self.assertEqual(self.server.get("/secret").status, 401)
        self.assertEqual(self.items("/open"), [1, 2])

    def test_ids_of_the_other_are_not_taken_for_ones_own(self):
        answer = self.server.get("/zip?format=sse")
        self.assertNotIn("id: 0", answer.text)
        self.assertEqual(self.server.get("/zip", "Last-Event-ID: 3").status, 409)

    def test_a_topic_is_read_through_an_endpoint_and_within_others(self):
        with self.server.connect() as reader:
            reader.ask("/news")
            reader.head()
            for _ in range(50):
                with self.server.connect() as publisher:
                    publisher.ask("/topic", "Content-Type: application/json", "Content-Length: 1", method="POST", body=b"5")
                    publisher.head()
                if wait_until(lambda: reader.chunk(), 20):
                    break
            else:
                self.fail("nothing has come")

    def test_the_other_takes_operators_from_the_query(self):
        self.assertEqual(self.items("/query"), [1, 2])


class Stopping(unittest.TestCase):
    def test_shared_over_shared_is_let_go_at_the_end(self):
        """On any thread: the one that reads may go first, or the one that is read."""
        endpoints = {
            "/a": {"source": {"endpoint": "/b"}, "share": {"linger": "1h"}},
            "/b": {"source": TICKS, "share": {"linger": "1h"}},
            "/c": {"source": {"endpoint": "/b"}, "share": {"linger": "1h"}},
        }
        for threads in (1, 2):
            with Server(endpoints, {"threads": threads}) as server:
                for path in ("/a", "/c", "/a", "/c"):
                    with server.connect() as connection:
                        connection.ask(path)
                        connection.head()
                        self.assertTrue(connection.chunk())
                self.assertTrue(server.alone())


class Checking(unittest.TestCase):
    def check(self, endpoints):
        with tempfile.TemporaryDirectory(prefix="coyield-") as directory:
            file = pathlib.Path(directory) / "coyield.json"
            file.write_text(json.dumps({"endpoints": endpoints}))
            return run("check", str(file))

    def test_a_circle_is_found(self):
        result = self.check({"/a": {"source": {"merge": [{"counter": 1}, {"endpoint": "/b"}]}},
                             "/b": {"source": {"endpoint": "/a"}}})
        self.assertEqual(result.returncode, 78)
        self.assertIn('"/a" reads "/b", which reads "/a"', result.stderr)

    def test_an_endpoint_that_is_not_there_is_found(self):
        result = self.check({"/count/{n}": {"source": {"counter": "${path.n}"}}, "/b": {"source": {"endpoint": "/cuont/5"}}})
        self.assertEqual(result.returncode, 78)
        self.assertIn('no endpoint answers to "/cuont/5"', result.stderr)

    def test_what_clients_send_goes_to_no_stream_within(self):
        result = self.check({"/a": {"source": {"merge": ["echo", {"counter": 1}]}, "input": True}})
        self.assertEqual(result.returncode, 78)
        self.assertIn('"echo" takes what clients send', result.stderr)

    def test_names_must_be_as_many_as_the_streams(self):
        result = self.check({"/a": {"source": {"zip": {"streams": ["clock", "clock"], "names": ["a"]}}}})
        self.assertEqual(result.returncode, 78)
        self.assertIn("1 names for 2 streams", result.stderr)


class Offline(unittest.TestCase):
    def test_run_reads_other_endpoints(self):
        with tempfile.TemporaryDirectory(prefix="coyield-") as directory:
            file = pathlib.Path(directory) / "coyield.json"
            file.write_text(json.dumps({"endpoints": {
                "/a": {"source": {"merge": [{"endpoint": "/b/2"}, {"endpoint": "/c"}]}},
                "/b/{n}": {"source": {"counter": {"to": "${path.n}"}}},
                "/c": {"source": {"endpoint": "/d"}, "pipeline": [{"take": 2}]},
                "/d": {"source": {"clock": "1h"}, "pipeline": [{"select": ["/i"]}], "share": {}},
            }}))
            result = run("run", str(file), "/a", "--items", "3")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertEqual(result.stdout.splitlines(), ["1", '{"i":0}', "2"])


if __name__ == "__main__":
    unittest.main()
