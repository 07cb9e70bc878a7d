"""SIGTERM: nobody new, the endless are told and cut, the finite may end, and the program goes with 0 in its time."""

import contextlib
import signal
import socket
import threading
import time
import unittest

import wire
from harness import PATIENCE, Server, wait_until

ENDPOINTS = {
    "/clock": {"source": {"clock": "50ms"}},
    "/quiet": {"source": {"clock": "3600s"}},
    "/silent": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "1h"},
    "/fast": {"source": {"clock": "0s"}},
    "/finite": {"source": {"counter": {"to": 4, "interval": "200ms"}}, "finite": True},
    "/too-long": {"source": {"counter": {"to": 1000, "interval": "1s"}}, "finite": True},
    "/echo": {"source": "echo", "input": True},
}


class Drain(unittest.TestCase):
    threads = 1

    def start(self, drain="10s"):
        server = Server(ENDPOINTS, {"threads": self.threads, "drain": drain})
        self.addCleanup(server.stop)
        return server

    def stream(self, server, target, *fields, version="HTTP/1.1"):
        connection = server.connect()
        self.addCleanup(connection.close)
        connection.ask(target, *fields, version=version)
        self.assertEqual(connection.head().status, 200)
        while not connection.buffer:
            connection.more()
        return connection

    def websocket(self, server, target):
        connection = server.connect()
        self.addCleanup(connection.close)
        self.assertEqual(connection.open_websocket(target).status, 101)
        return connection

    def body(self, connection):
        """The rest of a chunked body, and how it ended."""
        response = wire.Response("HTTP/1.1", 200, "OK", [])
        connection._chunked(response)
        return response.body, response.ending

    def assert_gone(self, server, seconds=PATIENCE):
        self.assertEqual(server.wait(seconds), 0, server.log())

    def test_a_server_with_nothing_to_do_goes_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start(drain="60s")
            self.assertEqual(server.health(), 200)
            server.signal(number)
            self.assert_gone(server)
            self.assertRegex("\n".join(server.log()), f"draining.*{signal.Signals(number).name}")

    def test_nobody_new_is_let_in(self):
        server = self.start()
        self.stream(server, "/finite")
        server.signal()
        server.wait_for_log("draining")

        def refused():
            try:
                server.connect().close()
            except (ConnectionRefusedError, ConnectionResetError):
                return True
            return False
        self.assertTrue(wait_until(refused, 2))

    def test_idle_connections_are_closed(self):
        server = self.start(drain="60s")
        with server.connect() as fresh, server.connect() as used:
            self.assertEqual(used.get("/.coyield/health").status, 200)
            server.signal()
            self.assertEqual((fresh.rest(), used.rest()), (b"", b""))
            self.assert_gone(server)

    def test_ndjson_without_an_end_is_cut_without_a_last_chunk(self):
        for target in ("/clock", "/quiet", "/clock?format=json", "/quiet?format=text"):
            with self.subTest(target):
                server = self.start(drain="60s")
                connection = self.stream(server, target)
                server.signal()
                body, ending = self.body(connection)
                self.assertEqual(ending, wire.Ending.CUT)
                self.assertNotIn(b"]", body)
                connection.close()
                self.assert_gone(server)

    def test_a_stream_as_fast_as_it_goes_is_cut_too(self):
        server = self.start(drain="60s")
        connection = self.stream(server, "/fast")
        server.signal()
        body, ending = self.body(connection)
        self.assertEqual(ending, wire.Ending.CUT)
        self.assertTrue(body.endswith(b"}\n"), body[-50:])
        connection.close()
        self.assert_gone(server)

    def test_http_1_0_is_reset(self):
        server = self.start(drain="60s")
        connection = self.stream(server, "/quiet", version="HTTP/1.0")
        server.signal()
        connection.rest()
        self.assertEqual(connection.end, wire.Ending.RESET)
        self.assert_gone(server)

    def test_server_sent_events_are_told_when_to_come_back_and_cut(self):
        server = self.start(drain="60s")
        connection = self.stream(server, "/quiet?format=sse")
        self.assertIn(b"ts", connection.chunk())
        server.signal()
        body, ending = self.body(connection)
        self.assertEqual(ending, wire.Ending.CUT)
        stream = wire.parse_event_stream(body)
        self.assertGreater(stream.retry, 0)
        self.assertEqual([e.event for e in stream.events], [])
        connection.close()
        self.assert_gone(server)

    def test_a_websocket_is_closed_with_1001(self):
        server = self.start(drain="60s")
        connections = [self.websocket(server, target) for target in ("/clock", "/quiet", "/echo", "/fast")]
        server.signal()
        for connection in connections:
            self.assertEqual(connection.close_frame()[0], 1001)
            connection.send(wire.client_close(1001))
            self.assertEqual(connection.rest(), b"")
        self.assert_gone(server)

    def test_a_websocket_that_does_not_answer_the_close_is_not_waited_for(self):
        server = self.start(drain="60s")
        connection = self.websocket(server, "/quiet")
        server.signal()
        self.assertEqual(connection.close_frame()[0], 1001)
        self.assert_gone(server)

    def test_a_finite_stream_may_end(self):
        server = self.start(drain="60s")
        connections = [self.stream(server, f"/finite?format={name}") for name in ("ndjson", "json", "sse")]
        websocket = self.websocket(server, "/finite")
        server.signal()
        bodies = [self.body(connection) for connection in connections]
        self.assertEqual([ending for _, ending in bodies], [wire.Ending.COMPLETE] * 3)
        self.assertEqual(bodies[0][0], b"1\n2\n3\n4\n")
        self.assertEqual(bodies[1][0], b"[1,2,3,4]")
        self.assertEqual(websocket.close_frame()[0], 1000)
        for connection in (*connections, websocket):
            connection.close()
        self.assert_gone(server)

    def test_a_request_that_waits_for_its_first_item_gets_a_503(self):
        server = self.start(drain="60s")
        with server.connect() as connection:
            connection.ask("/silent")
            self.assertTrue(wait_until(server.connections))
            self.assertEqual(server.health(), 200)  # by now the request has been read
            server.signal()
            response = connection.response()
            self.assertEqual((response.status, response.type), (503, "application/problem+json"))
            self.assertIsNotNone(response.field("Retry-After"))
        self.assert_gone(server)

    def test_at_the_deadline_all_that_is_left_is_cut(self):
        server = self.start(drain="700ms")
        connection = self.stream(server, "/too-long")
        server.signal()
        begin = time.monotonic()
        _, ending = self.body(connection)
        self.assertIn(ending, (wire.Ending.CUT, wire.Ending.RESET))
        self.assert_gone(server)
        self.assertGreater(time.monotonic() - begin, 0.5)
        self.assertLess(time.monotonic() - begin, 8)

    def test_a_client_that_never_reads_does_not_keep_the_server(self):
        server = self.start(drain="700ms")
        self.addCleanup(server.connect(receive_buffer=4096).close)
        never = server.connect(receive_buffer=4096)
        self.addCleanup(never.close)
        never.ask("/fast")
        websocket = server.connect(receive_buffer=4096)
        self.addCleanup(websocket.close)
        self.assertEqual(websocket.open_websocket("/fast").status, 101)
        server.signal()
        self.assert_gone(server, 10)

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            server = self.start(drain="3600s")
            connection = self.stream(server, "/too-long")
            server.signal(first)
            server.wait_for_log("draining")
            server.signal(second)
            _, ending = self.body(connection)
            self.assertIn(ending, (wire.Ending.CUT, wire.Ending.RESET))
            self.assert_gone(server)

    def test_a_client_that_sends_nothing_but_empty_lines_keeps_nobody(self):
        server = self.start(drain="3600s")
        stop = threading.Event()

        def flood(connection):
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    connection.send(b"\r\n" * 10_000)
        with server.connect() as connection:
            flooding = threading.Thread(target=flood, args=[connection])
            flooding.start()
            try:
                server.signal()
                self.assert_gone(server)
            finally:
                stop.set()
                with contextlib.suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)
                flooding.join()

    def test_amid_many_clients_of_every_kind_it_goes_in_its_time(self):
        server = self.start(drain="5s")
        connections = [self.stream(server, target) for target in ("/clock", "/fast", "/finite", "/quiet") * 10]
        connections += [self.websocket(server, target) for target in ("/clock", "/fast", "/echo") * 10]
        begin = time.monotonic()
        server.signal()
        for connection in connections:
            connection.buffer = b""
            connection.rest()
        self.assert_gone(server)
        self.assertLess(time.monotonic() - begin, 15)


class DrainWithTwoThreads(Drain):
    threads = 2


if __name__ == "__main__":
    unittest.main()
