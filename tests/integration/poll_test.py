"""Long polls (?wait=): what a client gets that cannot read streams, and that it misses nothing."""

import json
import threading
import time
import unittest
import urllib.parse

import wire
from harness import Server, ServerCase, wait_until


def length(body):
    return f"Content-Length: {len(body)}"


class Polling(ServerCase):
    settings = {"threads": 2, "cors": {"origins": ["https://pages.example"]}}

    @classmethod
    def prepare(cls):
        cls.lines = cls.directory / "lines"
        cls.lines.write_text("one\ntwo\n")
        cls.endpoints = {
            "/rooms/{room}": {"source": {"topic": "room.${path.room}"}, "share": {"replay": 1000}, "publish": "anyone"},
            "/own/{room}": {"source": {"topic": "room.${path.room}"}, "pipeline": [{"where": {"/a": 1}}]},
            "/other/{room}": {"source": {"topic": "room.${path.room}"}, "pipeline": [{"where": {"/a": 1}}],
                              "share": {"replay": 10, "linger": "1m"}},
            "/brief": {"source": {"topic": "brief"}, "share": {"replay": 2}, "publish": "anyone"},
            "/lines": {"source": {"file": {"path": str(cls.lines), "follow": True}}},
            "/tail": {"source": {"file": {"path": str(cls.lines), "follow": True, "start": "end"}}},
            "/whole": {"source": {"file": str(cls.lines)}},
            "/nowhere": {"source": {"file": str(cls.directory / "nowhere")}},
            "/shared": {"source": {"counter": {"to": 3}}, "share": {"replay": 10, "linger": "1m"}},
            "/counter": {"source": "counter"},
        }

    def publish(self, target, *items):
        with self.server.connect() as connection:
            ids = []
            for item in items:
                body = json.dumps(item).encode()
                connection.ask(target, "Content-Type: application/json", length(body), method="POST", body=body)
                ids.append(connection.response().json()["id"])
            return ids

    def poll(self, target, behind=None, wait="10s", *fields):
        mark = "&" if "?" in target else "?"
        query = f"{mark}wait={wait}" + (f"&last_event_id={urllib.parse.quote(behind)}" if behind is not None else "")
        return self.server.get(target + query, *fields)

    def test_what_there_is_comes_at_once_as_a_whole(self):
        ids = self.publish("/rooms/there", 1, 2, 3)
        response = self.poll("/rooms/there?since=earliest")
        self.assertEqual((response.status, response.lines()), (200, [1, 2, 3]))
        self.assertEqual(response.field("Last-Event-ID"), ids[-1])
        self.assertIsNotNone(response.field("Content-Length"))
        self.assertEqual(self.poll("/rooms/there", ids[0]).lines(), [2, 3])

    def test_the_first_thing_to_come_is_waited_for(self):
        answer = []
        asker = threading.Thread(target=lambda: answer.append(self.poll("/rooms/later")))
        asker.start()
        self.assertTrue(wait_until(lambda: self.server.connections() == 1))
        while not answer:  # whether it has begun to wait, nobody can see
            item_id = self.publish("/rooms/later", "first")[0]
            asker.join(0.05)
        self.assertEqual(set(answer[0].lines()), {"first"})
        self.assertLessEqual(answer[0].field("Last-Event-ID"), item_id)

    def test_nothing_in_time_is_204_and_says_where_to_go_on(self):
        response = self.poll("/rooms/quiet", wait="20ms")
        self.assertEqual((response.status, response.body), (204, b""))
        self.publish("/rooms/quiet", 1)
        self.assertEqual(self.poll("/rooms/quiet", response.field("Last-Event-ID")).lines(), [1])

    def test_on_whatever_thread_a_poll_has_a_place_to_go_on_behind(self):
        for path in ("rooms", "own", "other"):
            for n in range(20):
                room = f"{path}{n}"
                self.publish(f"/rooms/{room}", {"a": 0})
                response = self.poll(f"/{path}/{room}", wait="20ms")
                self.assertEqual(response.status, 204)
                self.assertIsNotNone(response.field("Last-Event-ID"), room)
                self.publish(f"/rooms/{room}", {"a": 1})
                self.assertEqual(self.poll(f"/{path}/{room}", response.field("Last-Event-ID")).lines(), [{"a": 1}])

    def test_polls_in_a_row_miss_nothing(self):
        count = 500

        def publish():
            for n in range(0, count, 5):
                self.publish("/rooms/row", *range(n, n + 5))
        behind = self.poll("/rooms/row", wait="0s").field("Last-Event-ID")
        publisher = threading.Thread(target=publish)
        publisher.start()
        seen = []
        while len(seen) < count:
            response = self.poll("/rooms/row", behind)
            self.assertEqual(response.status, 200)
            seen += response.lines()
            behind = response.field("Last-Event-ID")
        publisher.join()
        self.assertEqual(seen, list(range(count)))

    def test_what_is_missing_is_said_or_refused(self):
        ids = self.publish("/brief", *range(5))
        self.assertEqual(self.poll("/brief", ids[0]).status, 410, "NDJSON cannot say it")
        stream = wire.parse_event_stream(self.poll("/brief?format=sse", ids[0]).body)
        self.assertEqual([(event.event, event.data) for event in stream.events][1:], [("message", "3"), ("message", "4")])
        self.assertEqual((stream.events[0].event, json.loads(stream.events[0].data)["count"]), ("gap", 2))

    def test_any_format_is_whole_and_none_says_an_end_that_there_is_not(self):
        self.publish("/rooms/formats", 1, 2)
        self.assertEqual(self.poll("/rooms/formats?since=earliest&format=json").json(), [1, 2])
        body = self.poll("/rooms/formats?since=earliest&format=sse").text
        self.assertNotIn("event: end", body)
        self.assertEqual(len(wire.parse_event_stream(body.encode()).events), 2)

    def test_an_end_is_told_and_then_there_is_nothing(self):
        response = self.poll("/shared?since=earliest")
        self.assertEqual(response.lines(), [1, 2, 3])
        seen = [response.field("Last-Event-ID")]
        while seen[-1] != "end":
            response = self.poll("/shared", seen[-1])
            seen.append(response.field("Last-Event-ID"))
        self.assertEqual(self.poll("/shared", "end").status, 204)

    def test_a_stream_of_ones_own_needs_ids(self):
        response = self.poll("/counter")
        self.assertEqual(response.status, 409)
        self.assertIn("cannot go back", response.json()["detail"])
        response = self.poll("/lines")
        self.assertEqual(response.lines()[:2], ["one", "two"])
        with self.lines.open("a") as file:
            file.write("three\n")
        behind = response.field("Last-Event-ID")
        self.assertEqual(self.poll("/lines", behind).lines(), ["three"])
        self.assertEqual(self.poll("/whole").field("Last-Event-ID"), "end")
        self.assertEqual(self.poll("/nowhere").status, 404)

    def test_a_file_that_is_followed_from_its_end_has_a_place_before_its_first_line(self):
        response = self.poll("/tail", wait="200ms")
        self.assertEqual(response.status, 204)
        with self.lines.open("a") as file:
            file.write("between\n")
        self.assertEqual(self.poll("/tail", response.field("Last-Event-ID")).lines(), ["between"])

    def test_a_wait_that_makes_no_sense_is_refused(self):
        for wait, why in (("5", "no unit"), ("soon", "soon"), ("11m", "more than"), ("-1s", "-1s")):
            response = self.poll("/rooms/a", wait=wait)
            self.assertEqual(response.status, 400, wait)
            self.assertIn(why, response.json()["detail"])
        with self.server.connect() as connection:
            self.assertEqual(connection.open_websocket("/rooms/a?wait=1s").status, 400)

    def test_a_connection_is_kept(self):
        self.publish("/rooms/kept", 1)
        with self.server.connect() as connection:
            for _ in range(3):
                self.assertEqual(connection.get("/rooms/kept?wait=1s&since=earliest").lines(), [1])
                self.assertEqual(connection.get("/rooms/kept?wait=1ms").status, 204)

    def test_pages_of_other_origins_may_read_where_to_go_on(self):
        self.publish("/rooms/pages", 1)
        response = self.poll("/rooms/pages?since=earliest", None, "1s", "Origin: https://pages.example")
        self.assertIn("Last-Event-ID", response.field("Access-Control-Expose-Headers"))

    def test_a_client_that_leaves_is_noticed(self):
        connection = self.server.connect()
        connection.ask("/rooms/leaves?wait=10m")
        self.assertTrue(wait_until(lambda: self.server.connections() == 1))
        connection.close()
        self.assertTrue(self.server.alone())


class Draining(unittest.TestCase):
    def test_who_waits_is_told_to_come_back(self):
        endpoints = {"/t": {"source": {"topic": "t"}, "publish": "anyone"}}
        with Server(endpoints, {"admin": "127.0.0.1:0"}) as server, server.connect() as connection:
            connection.ask("/t?wait=10m")
            where = server.wait_for_log(r"listening address=(\S+):(\d+) for=admin")
            with wire.Connection((where.group(1), int(where.group(2)))) as admin:
                self.assertTrue(wait_until(lambda: len(admin.get("/streams").json()) == 1))
            server.signal()
            response = connection.response()
            self.assertEqual((response.status, response.field("Retry-After")), (503, "1"))
            self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
