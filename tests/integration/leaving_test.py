"""Clients that leave, and clients that do not take what they asked for.

What a generator holds shows in the descriptors of the server's process: its connection, and the file that a `file`
source has open. When the client goes, both have to go.
"""

import socket
import statistics
import time
import unittest

import wire
from harness import PATIENCE, SANITIZED, ServerCase, wait_until

KIB = 1024
AT_ONCE = 0.1  # seconds


class Leaving(ServerCase):
    """The generators of these endpoints wait for an hour, so that only the client's going can end them."""

    endpoints = {
        "/clock": {"source": {"clock": "3600s"}},
        "/silent": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "1h"},
        "/late": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "10ms"},
        "/echo": {"source": "echo", "input": True},
        "/deaf": {"source": "echo", "input": True, "pipeline": [{"delay": "1h"}]},
    }

    def until_gone(self, leave):
        """How long the server holds the connection when `leave` has been called."""
        self.assertEqual(self.server.connections(), 1)
        leave()
        begin = time.monotonic()
        self.assertTrue(self.server.alone(), "the server has not noticed")
        return time.monotonic() - begin

    def assert_noticed_at_once(self, make, leave):
        """The median of some: a loaded machine may be late once or twice, a server that polls is late always."""
        times = []
        self.assertTrue(self.server.alone())
        for _ in range(5):
            connection = make()
            times.append(self.until_gone(lambda: leave(connection)))
        self.assertLess(statistics.median(times), AT_ONCE)

    def stream(self, target, version="HTTP/1.1"):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.ask(target, version=version)
        self.assertEqual(connection.head().status, 200)
        if "late" not in target:
            connection.more() if not connection.buffer else None
        return connection

    def websocket(self, target):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        self.assertEqual(connection.open_websocket(target).status, 101)
        if target == "/clock":
            connection.frame()
        return connection

    def silent(self):
        """The server holds its answer, as no item is there yet."""
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.ask("/silent")
        self.assertTrue(wait_until(lambda: self.server.connections() == 1))
        return connection

    WAYS = {"close": wire.Connection.close, "reset": wire.Connection.reset,
            "half-close": lambda connection: connection.socket.shutdown(socket.SHUT_WR)}

    def test_a_client_that_leaves_while_the_generator_waits_is_noticed_at_once(self):
        for way, leave in self.WAYS.items():
            for target in ("/clock", "/clock?format=sse", "/clock?format=json", "/late"):
                with self.subTest(target, way=way):
                    self.assert_noticed_at_once(lambda target=target: self.stream(target), leave)

    def test_so_is_one_of_http_1_0(self):
        for way, leave in self.WAYS.items():
            with self.subTest(way):
                self.assert_noticed_at_once(lambda: self.stream("/clock", "HTTP/1.0"), leave)

    def test_so_is_one_that_leaves_before_the_first_item(self):
        for way, leave in self.WAYS.items():
            with self.subTest(way):
                self.assert_noticed_at_once(self.silent, leave)

    def test_so_is_a_websocket_client_however_it_goes(self):
        ways = {**self.WAYS, "close frame": lambda connection: connection.send(wire.client_close(1000)),
                "fault": lambda connection: (connection.send(wire.client_frame(3)), connection.close())}
        for way, leave in ways.items():
            for target in ("/clock", "/echo", "/late"):
                with self.subTest(target, way=way):
                    self.assert_noticed_at_once(lambda target=target: self.websocket(target), leave)

    def test_a_websocket_client_that_breaks_off_while_nobody_takes_what_it_says_is_noticed_too(self):
        def make():
            connection = self.websocket("/deaf")
            connection.socket.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                for _ in range(1000):
                    connection.send(wire.client_frame(wire.TEXT, b"x" * 60_000))
            return connection
        self.assert_noticed_at_once(make, wire.Connection.reset)

    def test_a_client_that_sent_its_next_request_already_is_noticed_too(self):
        def make():
            connection = self.stream("/clock")
            connection.ask("/clock")
            return connection
        self.assert_noticed_at_once(make, wire.Connection.close)

    def test_hundreds_that_leave_together_leave_nothing_behind(self):
        self.assertTrue(self.server.alone())
        connections = [self.stream("/clock") for _ in range(300)]
        self.assertEqual(self.server.connections(), 300)
        for connection in connections:
            connection.reset()
        self.assertTrue(self.server.alone())


class SlowClients(ServerCase):
    endpoints = {
        "/fast": {"source": {"clock": "0s"}},
        "/five": {"source": {"counter": 5}},
    }
    settings = {"timeouts": {"write": "1s", "least_rate": "64KiB"}}

    @classmethod
    def prepare(cls):
        cls.file = cls.directory / "big"
        cls.file.write_bytes(b"x" * 99 + b"\n")
        with cls.file.open("ab") as out:
            for _ in range(64):
                out.write((b"x" * 99 + b"\n") * 10_000)
        cls.endpoints = {**cls.endpoints, "/file": {"source": {"file": str(cls.file)}, "format": "text"},
                         "/echo": {"source": "echo", "input": True, "max_message": "1MiB"}}

    def ask(self, target="/fast", websocket=False):
        connection = self.server.connect(receive_buffer=4 * KIB)
        self.addCleanup(connection.close)
        if websocket:
            connection.send(b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                            % target.encode())
        else:
            connection.ask(target)
        return connection

    def assert_costs(self, memory, limit):
        """A sanitizer keeps what was freed, and so says nothing of what the server needs."""
        if not SANITIZED:
            self.assertLess(memory, limit)

    def warm_up(self):
        """What a first stream allocates once for all, and a first handshake."""
        for websocket in (False, True):
            connection = self.ask(websocket=websocket)
            while len(connection.buffer) < 2_000_000 and connection.more():
                pass
            connection.close()
        self.assertTrue(self.server.alone())

    def test_a_client_that_never_reads_costs_little_and_is_dropped(self):
        for websocket in (False, True):
            with self.subTest(websocket=websocket):
                self.warm_up()
                memory = self.server.resident_bytes()
                begin = time.monotonic()
                self.ask(websocket=websocket)
                self.assertTrue(wait_until(self.server.connections))
                most = 0
                while self.server.connections() and time.monotonic() < begin + PATIENCE:
                    most = max(most, self.server.resident_bytes() - memory)
                    time.sleep(0.02)
                self.assertEqual(self.server.connections(), 0, "it is not dropped")
                self.assertGreater(time.monotonic() - begin, 0.9, "it was dropped too soon")
                self.assert_costs(most, 1024 * KIB)

    def test_a_hundred_that_never_read_cost_256_kib_each_at_most_and_stand_in_nobodys_way(self):
        self.warm_up()
        memory = self.server.resident_bytes()
        for _ in range(100):
            self.ask()
        most = 0
        slowest = 0
        for _ in range(10):
            begin = time.monotonic()
            self.assertEqual(self.server.get("/five").lines(), [1, 2, 3, 4, 5])
            slowest = max(slowest, time.monotonic() - begin)
            most = max(most, self.server.resident_bytes() - memory)
        self.assert_costs(most, 100 * 256 * KIB)
        self.assertLess(slowest, 5)
        self.assertTrue(self.server.alone(), "they are not dropped")

    def test_a_client_that_trickles_is_dropped(self):
        connection = self.ask()
        begin = time.monotonic()
        while time.monotonic() < begin + 20:
            try:
                if not connection.socket.recv(256):
                    break
            except ConnectionResetError:
                break
            time.sleep(0.05)
        self.assertLess(time.monotonic() - begin, 18)
        self.assertGreater(time.monotonic() - begin, 0.9)

    def test_one_that_is_dropped_is_told_so_by_a_reset(self):
        connection = self.ask()
        self.assertTrue(wait_until(self.server.connections))
        self.assertTrue(self.server.alone())
        connection.rest()
        self.assertEqual(connection.end, wire.Ending.RESET)

    def test_a_client_that_leaves_with_much_unread_frees_the_file_at_once(self):
        for way in ("close", "reset"):
            with self.subTest(way):
                connection = self.ask("/file")
                self.assertTrue(wait_until(lambda: self.server.files(self.file) == 1))
                getattr(connection, way)()
                self.assertTrue(wait_until(lambda: self.server.files(self.file) == 0, 0.9),
                                "the write time-out ended it, not the client")

    def test_a_websocket_client_that_breaks_the_rules_frees_the_file_though_its_goodbye_takes_a_while(self):
        connection = self.ask("/file", websocket=True)
        self.assertTrue(wait_until(lambda: self.server.files(self.file) == 1))
        connection.send(wire.client_frame(3))
        self.assertTrue(wait_until(lambda: self.server.files(self.file) == 0, 0.9))
        self.assertEqual(connection.head().status, 101)
        self.assertEqual(connection.close_frame()[0], 1002)

    def test_a_slow_client_gets_all_of_a_large_file(self):
        connection = self.ask("/file")
        size = 0
        self.assertEqual(connection.head().status, 200)
        while chunk := connection.chunk():
            size += len(chunk)
            time.sleep(0.001)
        self.assertEqual((chunk, size), (b"", self.file.stat().st_size))

    def test_a_large_file_costs_no_memory(self):
        self.warm_up()
        memory = self.server.resident_bytes()
        size = most = 0
        with self.server.connect() as connection:
            connection.ask("/file")
            self.assertEqual(connection.head().status, 200)
            while chunk := connection.chunk():
                size += len(chunk)
                most = max(most, self.server.resident_bytes() - memory)
        self.assertEqual(size, self.file.stat().st_size)
        self.assert_costs(most, 1024 * KIB)

    def flood(self, connection):
        """Sends until nobody takes it. Gives the number of bytes, and the most memory that the server had."""
        message = wire.client_frame(wire.BINARY, bytes(50_000))
        connection.socket.settimeout(0.3)
        sent = most = 0
        try:
            while sent < 50_000_000:
                sent += connection.socket.send(message)
                most = max(most, self.server.resident_bytes())
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
        return sent, most

    def test_clients_that_flood_their_generator_and_never_read_cost_little(self):
        self.flood(self.ask("/echo", websocket=True))
        memory = self.server.resident_bytes()
        for number in range(1, 6):
            sent, most = self.flood(self.ask("/echo", websocket=True))
            self.assertLess(sent, 50_000_000, "somebody keeps all of it")
            self.assert_costs(most - memory, number * 512 * KIB)


if __name__ == "__main__":
    unittest.main()
