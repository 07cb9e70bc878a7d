"""Endings tell the truth: nobody can mistake a stream that broke for one that has finished, in any format."""

import json
import socket
import tempfile
import time
import unittest

import wire
from harness import Server, ServerCase

FORMATS = ("ndjson", "sse", "json", "text")
GOOD = b'{"a":1}\n{"a":2}\n'


class Endings(ServerCase):
    @classmethod
    def prepare(cls):
        (cls.directory / "good").write_bytes(GOOD)
        (cls.directory / "bad_later").write_bytes(GOOD + b"not json\n" + GOOD)
        (cls.directory / "bad_first").write_bytes(b"not json\n" + GOOD)
        (cls.directory / "bad_much_later").write_bytes(b'{"a":1}\n' * 100_000 + b"not json\n")
        (cls.directory / "a_directory").mkdir()
        (cls.directory / "big_item").write_bytes(b'"' + b"x" * 70_000 + b'"\n')
        (cls.directory / "longest_item").write_bytes(b'"' + b"x" * 65_534 + b'"\n')
        cls.endpoints = {
            "/{name}": {"source": {"file": {"path": "${path.name}", "root": str(cls.directory), "decode": "json"}}},
            "/late": {"source": {"clock": "300ms"}, "pipeline": [{"skip": 1}, {"take": 1}],
                      "first_item_timeout": "10s"},
            "/silent": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "50ms"},
            "/overflow": {"source": {"counter": {"from": 9223372036854775806}}},
            "/heart": {"source": {"clock": "3600s"}, "heartbeat": "30ms"},
        }
        cls.settings = {"limits": {"max_item": "64KiB"}, "cors": {"origins": ["https://app.example"]}}

    # Failures.

    def test_a_stream_that_fails_behind_its_first_item_has_no_last_chunk(self):
        for name in FORMATS:
            with self.subTest(format=name):
                response = self.server.get(f"/bad_later?format={name}")
                self.assertEqual((response.status, response.ending), (200, wire.Ending.CUT))
                self.assertIn(b'{"a":2}', response.body, "what was good did not arrive")

    def test_all_that_was_good_arrives_before_the_cut(self):
        response = self.server.get("/bad_much_later")
        self.assertEqual(response.ending, wire.Ending.CUT)
        self.assertEqual(response.body.count(b"\n"), 100_000)

    def test_no_json_parser_takes_what_broke_for_a_whole_document(self):
        response = self.server.get("/bad_later?format=json")
        with self.assertRaises(json.JSONDecodeError):
            response.json()

    def test_server_sent_events_name_the_failure(self):
        stream = wire.parse_event_stream(self.server.get("/bad_later?format=sse").body)
        self.assertEqual([e.event for e in stream.events], ["message", "message", "failed"])
        failure = json.loads(stream.events[-1].data)
        self.assertEqual(failure["kind"], "upstream")
        self.assertIn("line 3", failure["message"])
        self.assertNotEqual(stream.last_id, "end")

    def test_what_was_said_last_has_a_moment_to_be_read_before_the_cut(self):
        with self.server.connect() as connection:
            connection.ask("/bad_later?format=sse")
            while b"event: failed" not in connection.buffer:
                self.assertTrue(connection.more())
            said = time.monotonic()
            connection.rest()
            self.assertGreater(time.monotonic() - said, 0.1, "a browser's fetch would have lost the reason")

    def test_on_http_1_0_a_failure_is_a_reset(self):
        for name in FORMATS:
            with self.subTest(format=name), self.server.connect() as connection:
                response = connection.get(f"/bad_later?format={name}", version="HTTP/1.0")
                self.assertEqual((response.status, response.ending), (200, wire.Ending.RESET))

    def test_on_http_1_0_a_stream_is_reset_when_the_client_may_not_stay_but_still_reads(self):
        """One that closes its sending side has left, and one that sends too much ahead is sent away."""
        for name, leave in (("half-closes", lambda c: c.socket.shutdown(socket.SHUT_WR)),
                            ("sends too much", lambda c: c.send(b"x" * 9000))):
            with self.subTest(name), self.server.connect() as connection:
                connection.ask("/heart", version="HTTP/1.0")
                self.assertEqual(connection.head().status, 200)
                leave(connection)
                connection.rest()
                self.assertEqual(connection.end, wire.Ending.RESET)

    def test_on_http_1_0_an_end_is_a_close(self):
        with self.server.connect() as connection:
            response = connection.get("/good?format=json", version="HTTP/1.0")
            self.assertEqual((response.json(), response.ending), ([{"a": 1}, {"a": 2}], wire.Ending.CLOSED))

    def test_a_stream_that_fails_at_once_is_a_real_status(self):
        for name, status in (("bad_first", 502), ("missing", 404), ("a_directory", 400)):
            for format_name in FORMATS:
                with self.subTest(name=name, format=format_name):
                    response = self.server.get(f"/{name}?format={format_name}")
                    self.assertEqual((response.status, response.type), (status, "application/problem+json"))
                    self.assertEqual(response.json()["status"], status)
                    self.assertIn("accept", response.listed("Vary"))

    def test_a_connection_lives_on_behind_a_stream_that_never_began(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.get("/bad_first").status, 502)
            self.assertEqual(connection.get("/good").lines(), [{"a": 1}, {"a": 2}])

    def test_no_request_is_answered_behind_a_stream_that_broke(self):
        with self.server.connect() as connection:
            connection.ask("/bad_later")
            connection.ask("/good")
            self.assertEqual(connection.response().ending, wire.Ending.CUT)

    def test_an_endless_counter_that_runs_out_of_numbers_has_failed(self):
        response = self.server.get("/overflow")
        self.assertEqual(response.body, b"9223372036854775806\n9223372036854775807\n")
        self.assertEqual(response.ending, wire.Ending.CUT)

    def test_an_item_over_the_limit_fails_the_stream(self):
        for name in FORMATS:
            with self.subTest(format=name):
                response = self.server.get(f"/big_item?format={name}")
                self.assertEqual((response.status, response.type), (502, "application/problem+json"))
                self.assertNotIn(b"xxxx", response.body)

    def test_the_limit_is_of_the_item_and_not_of_what_a_format_makes_of_it(self):
        for name in FORMATS:
            with self.subTest(format=name):
                response = self.server.get(f"/longest_item?format={name}")
                self.assertEqual((response.status, response.ending), (200, wire.Ending.COMPLETE))
                self.assertIn(b"x" * 65534, response.body)

    def test_a_first_item_that_a_format_cannot_say_is_a_real_status(self):
        """A gap, where the id that is asked for was never there."""
        for name in ("ndjson", "text", "json"):
            with self.subTest(format=name), self.server.connect() as connection:
                response = connection.get(f"/good?format={name}", "Last-Event-ID: 1.50.1", "Origin: https://app.example")
                self.assertEqual((response.status, response.type), (410, "application/problem+json"))
                self.assertEqual(response.field("Access-Control-Allow-Origin"), "https://app.example")
                self.assertEqual(connection.get("/good").lines(), [{"a": 1}, {"a": 2}], "the connection goes on")
        self.assertEqual(self.server.get("/good?format=sse", "Last-Event-ID: 1.50.1").status, 200)

    def test_on_http_1_0_the_death_of_the_server_is_a_reset(self):
        server = Server(self.endpoints)
        self.addCleanup(server.kill)
        with server.connect() as connection:
            connection.ask("/silent", version="HTTP/1.0")
            self.assertEqual(connection.head().status, 200)
            server.kill()
            connection.rest()
            self.assertEqual(connection.end, wire.Ending.RESET)

    def test_the_log_knows_why_a_stream_failed(self):
        self.server.get("/bad_later")
        self.assertIn("line 3", self.server.wait_for_log("failed.*line 3").string)

    # The first item.

    def test_the_status_is_held_until_the_first_item(self):
        begin = time.monotonic()
        with self.server.connect() as connection:
            connection.ask("/late")
            self.assertEqual(connection.head().status, 200)
            self.assertGreater(time.monotonic() - begin, 0.25)

    def test_the_status_is_held_no_longer_than_the_endpoint_says(self):
        with self.server.connect() as connection:
            connection.ask("/silent")
            self.assertEqual(connection.head().status, 200)

    # The end that a browser must not take for a break.

    def test_a_browser_that_comes_back_behind_the_end_is_stopped(self):
        for target, fields in (("/good?format=sse", ["Last-Event-ID: end"]),
                               ("/good", ["Accept: text/event-stream", "Last-Event-ID: end"]),
                               ("/good?format=sse&last_event_id=end", [])):
            with self.subTest(target=target):
                response = self.server.get(target, *fields)
                self.assertEqual((response.status, response.body), (204, b""))

    def test_an_id_that_the_stream_never_gave_is_refused(self):
        response = self.server.get("/good?format=sse", "Last-Event-ID: ending")
        self.assertEqual((response.status, response.type), (400, "application/problem+json"))

    def test_the_id_of_the_end_is_the_end_in_every_format(self):
        for name in FORMATS:
            with self.subTest(format=name):
                self.assertEqual(self.server.get(f"/good?format={name}", "Last-Event-ID: end").status, 204)

    # Signs of life.

    def test_a_quiet_stream_shows_that_it_is_alive_where_the_endpoint_asks_for_it(self):
        for name, beat in (("sse", b":\n\n"), ("ndjson", b"\n"), ("text", b"\n"), ("json", b"\n")):
            with self.subTest(format=name), self.server.connect() as connection:
                connection.ask(f"/heart?format={name}")
                self.assertEqual(connection.head().status, 200)
                first = connection.chunk()
                self.assertIn(b'"ts"', first)
                self.assertEqual([connection.chunk() for _ in range(3)], [beat] * 3)


class OverAUnixSocket(unittest.TestCase):
    """Where there is no reset: what HTTP/1.0 could not tell from an end is not served."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="coyield-socket-")
        self.addCleanup(directory.cleanup)
        self.server = Server({"/count": {"source": {"counter": 2}}}, {"listen": f"unix:{directory.name}/s"})
        self.addCleanup(self.server.stop)

    def test_a_stream_in_http_1_0_is_refused_with_what_to_do(self):
        for name in ("ndjson", "text", "csv", "cbor"):
            with self.subTest(format=name), self.server.connect() as connection:
                response = connection.get(f"/count?format={name}", version="HTTP/1.0")
                self.assertEqual((response.status, response.type), (505, "application/problem+json"))
                self.assertIn("proxy_http_version 1.1", response.json()["detail"])

    def test_formats_that_say_their_end_themselves_are_served(self):
        for name, end in (("json", b"]\n"), ("sse", b"event: end\nid: end\ndata: {}\n\n")):
            with self.subTest(format=name), self.server.connect() as connection:
                response = connection.get(f"/count?format={name}", version="HTTP/1.0")
                self.assertEqual(response.status, 200)
                self.assertTrue(response.body.rstrip().endswith(end.rstrip()), response.body)

    def test_http_1_1_is_served(self):
        self.assertEqual(self.server.get("/count").lines(), [1, 2])


class SignsOfLife(ServerCase):
    """Where the server alone says how long a stream may be quiet."""

    endpoints = {"/quiet": {"source": {"clock": "3600s"}}}
    settings = {"timeouts": {"heartbeat": "30ms"}}

    def open(self, target):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.ask(target)
        self.assertEqual(connection.head().status, 200)
        self.assertIn(b'"ts"', connection.chunk())
        return connection

    def test_formats_that_have_a_word_for_it_say_so(self):
        for name, beat in (("sse", b":\n\n"), ("json", b"\n")):
            with self.subTest(format=name):
                connection = self.open(f"/quiet?format={name}")
                self.assertEqual([connection.chunk() for _ in range(3)], [beat] * 3)

    def test_a_websocket_is_pinged(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.open_websocket("/quiet").status, 101)
            self.assertEqual([connection.frame()[0] for _ in range(2)], [wire.TEXT, wire.PING])

    def test_simple_formats_stay_silent(self):
        for name in ("ndjson", "text"):
            with self.subTest(format=name):
                connection = self.open(f"/quiet?format={name}")
                connection.socket.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    connection.chunk()


if __name__ == "__main__":
    unittest.main()
