"""What clients may put behind the stream that they get, in their query."""

import json
import tempfile
import unittest
import urllib.parse

import wire
from harness import Server, ServerCase

NAMES = ["where", "select", "take", "sample", "throttle"]


def query(**operators):
    return urllib.parse.urlencode({k: v if isinstance(v, str) else json.dumps(v) for k, v in operators.items()})


class QueryOperators(ServerCase):
    settings = {"threads": 2, "admin": "127.0.0.1:0"}
    endpoints = {
        "/own": {"source": {"clock": {"interval": "1ms"}}, "pipeline": [{"set": {"/tag": {"a": [1, 2]}}}],
                 "query_operators": NAMES},
        "/shared": {"source": {"clock": {"interval": "1ms"}}, "share": {"replay": 100000, "since": "earliest", "linger": "1m"},
                    "query_operators": NAMES},
        "/topic": {"source": {"topic": "t"}, "publish": "anyone", "share": {"replay": 10, "since": "earliest"},
                   "query_operators": ["where", "take"]},
        "/none": {"source": {"counter": 3}},
        "/one": {"source": {"counter": 3}, "query_operators": ["take"]},
    }

    def items(self, target, **operators):
        answer = self.server.get(f"{target}?{query(**operators)}")
        self.assertEqual(answer.status, 200, answer.text)
        return [json.loads(line) for line in answer.text.splitlines()]

    def test_take_ends_the_stream_for_this_client(self):
        self.assertEqual([item["i"] for item in self.items("/own", take="3")], [0, 1, 2])
        self.assertEqual([item["i"] for item in self.items("/shared", take="3")], [0, 1, 2])
        self.assertEqual(self.items("/own", take="0"), [])

    def test_items_are_selected_before_they_are_counted(self):
        for endpoint in ("/own", "/shared"):
            items = self.items(endpoint, take="3", where={"/i": {"at_least": 5}})
            self.assertEqual([item["i"] for item in items], [5, 6, 7])

    def test_select_reshapes(self):
        self.assertEqual(self.items("/own", take="1", select={"n": "/i", "t": "/tag/a/1"}), [{"n": 0, "t": 2}])
        self.assertEqual(self.items("/own", take="1", select=["/i"]), [{"i": 0}])
        self.assertEqual(self.items("/shared", take="1", select="i"), [{"i": 0}])
        self.assertEqual(set(self.items("/own", take="1", select="i,/ts")[0]), {"i", "ts"})

    def test_what_is_left_out_by_select_can_be_asked_for_by_where(self):
        self.assertEqual(self.items("/own", take="1", select=["/i"], where={"/tag/a/0": 1}), [{"i": 0}])

    def test_throttle_and_sample_thin_out(self):
        for endpoint in ("/own", "/shared"):
            for operator in ("throttle", "sample"):
                numbers = [item["i"] for item in self.items(endpoint, take="3", **{operator: "50ms"})]
                self.assertEqual(numbers, sorted(numbers))
                self.assertGreater(numbers[-1] - numbers[0], 20)

    def test_a_shared_generator_stays_one(self):
        with self.server.connect() as one, self.server.connect() as other:
            for connection, target in ((one, "/shared?take=100000"), (other, "/shared?where=" +
                                       urllib.parse.quote('{"/i":{"at_least":0}}'))):
                connection.ask(target)
                self.assertEqual(connection.head().status, 200)
                self.assertTrue(connection.chunk())
            where = self.server.wait_for_log(r"listening address=(\S+):(\d+) for=admin")
            with wire.Connection((where.group(1), int(where.group(2)))) as admin:
                self.assertIn('coyield_shared_generators{endpoint="/shared"} 1\n', admin.get("/metrics").text)

    def test_ids_stay_and_resume(self):
        text = self.server.get("/shared?format=sse&" + query(where={"/i": {"one_of": [3, 4, 9]}}, take="2")).text
        ids = [line[4:] for line in text.splitlines() if line.startswith("id: ") and line != "id: end"]
        self.assertEqual(len(ids), 2)
        with self.server.connect() as connection:
            connection.ask("/shared?" + query(where={"/i": {"one_of": [3, 4, 9]}}), f"Last-Event-ID: {ids[1]}")
            self.assertEqual(connection.head().status, 200)
            self.assertEqual(json.loads(connection.chunk())["i"], 9)

    def test_what_is_counted_cannot_be_resumed(self):
        answer = self.server.get("/shared?take=2", "Last-Event-ID: x-1")
        self.assertEqual(answer.status, 409)
        self.assertIn('"take\\"', answer.text)

    def test_over_a_topic(self):
        for number in range(6):
            with self.server.connect() as publisher:
                body = json.dumps({"n": number}).encode()
                publisher.ask("/topic", "Content-Type: application/json", f"Content-Length: {len(body)}", method="POST",
                              body=body)
                self.assertEqual(publisher.head().status, 200)
        self.assertEqual(self.items("/topic", where={"/n": {"at_least": 2}}, take="2"), [{"n": 2}, {"n": 3}])

    def test_a_long_poll(self):
        answer = self.server.get("/shared?wait=5s&" + query(where={"/i": {"less": 1}}))
        self.assertEqual([json.loads(line)["i"] for line in answer.text.splitlines()], [0])

    def test_wrong_values_are_named(self):
        for endpoint in ("/own", "/shared"):
            for operators, what in (
                    ({"take": "x"}, 'the query parameter "take": "x" is not a whole number'),
                    ({"take": "-1"}, 'the query parameter "take": -1 is less than 0'),
                    ({"throttle": "5"}, 'the query parameter "throttle": "5" has no unit'),
                    ({"sample": "1ns"}, 'the query parameter "sample"'),
                    ({"where": "{"}, 'the query parameter "where": it is not JSON'),
                    ({"where": {"/i": {"atleast": 1}}}, 'the query parameter "where"'),
                    ({"where": "i=5"}, 'the query parameter "where"'),
                    ({"where": "[" * 50 + "]" * 50}, 'the query parameter "where": it is nested more than 16 deep'),
                    ({"where": {"/i": "x" * 3000}}, 'the query parameter "where": it has more than 2048 bytes'),
                    ({"select": "{\"a\":5}"}, 'the query parameter "select"')):
                answer = self.server.get(f"{endpoint}?{query(**operators)}")
                self.assertEqual(answer.status, 400, (operators, answer.text))
                self.assertIn(what, answer.json()["detail"])

    def test_an_environment_is_not_for_clients(self):
        """What stands there is what is compared: nothing is filled in."""
        self.assertEqual(self.items("/own", where={"not": {"/i": "${env.HOME}"}}, take="1")[0]["i"], 0)

    def test_what_is_not_allowed_is_refused(self):
        for target in ("/none?take=1", "/one?where=%7B%7D"):
            answer = self.server.get(target)
            self.assertEqual(answer.status, 400)
            self.assertIn("clients may not add this operator here", answer.json()["detail"])
        self.assertEqual(self.items("/one", take="2"), [1, 2])


class BeyondTheReplay(unittest.TestCase):
    def test_what_the_log_does_not_have_is_read_from_the_source(self):
        """The items of a file have ids: who comes back behind one gets exactly the rest of what it asks for."""
        with tempfile.NamedTemporaryFile("w", prefix="coyield-", suffix=".log") as file:
            for number in range(1000):
                print(json.dumps({"n": number}), file=file)
            file.flush()
            endpoint = {"source": {"file": {"path": file.name, "follow": True, "decode": "json"}},
                        "share": {"replay": 10, "linger": "1m"}, "query_operators": ["where"]}
            even = "/log?" + query(where={"/n": {"at_least": 3, "less": 998}})
            with Server({"/log": endpoint}) as server:
                with server.connect() as first:
                    first.ask("/log?format=sse&since=start")
                    self.assertEqual(first.head().status, 200)
                    text = b""
                    while b'"n":2}' not in text.replace(b" ", b""):
                        text += first.chunk()
                    ids = [line[4:] for line in text.decode().splitlines() if line.startswith("id: ")]
                    with server.connect() as second:
                        second.ask(even, f"Last-Event-ID: {ids[0]}")
                        self.assertEqual(second.head().status, 200)
                        lines = b""
                        while lines.count(b"\n") < 995:
                            lines += second.chunk()
                        numbers = [json.loads(line)["n"] for line in lines.splitlines()]
                        self.assertEqual(numbers, list(range(3, 998)))
                        for number in (5, 6):
                            print(json.dumps({"n": number}), file=file)
                        file.flush()
                        more = b""
                        while more.count(b"\n") < 2:
                            more += second.chunk()
                        self.assertEqual([json.loads(line)["n"] for line in more.splitlines()], [5, 6])


if __name__ == "__main__":
    unittest.main()
