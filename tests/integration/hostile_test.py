"""Clients that send as much as they can, to have the server, or its memory, to themselves."""

import contextlib
import socket
import threading
import time
import unittest
import zlib

import wire
from harness import SANITIZED, Server, ServerCase

KIB = 1024
MIB = 1024 * KIB
FLOOD = 6  # seconds, at most


def compressed(text):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Hostile(ServerCase):
    endpoints = {
        "/quiet": {"source": {"clock": "3600s"}},
        "/echo": {"source": "echo", "input": True},
        "/compressed": {"source": "echo", "input": True, "deflate": True, "max_message": "64KiB"},
    }
    settings = {"threads": 1}  # so that everybody else is on the thread of the flood

    @contextlib.contextmanager
    def flood(self, connection, data):
        """Sends `data` again and again, and takes whatever comes."""
        over = threading.Event()
        deadline = time.monotonic() + FLOOD

        def repeat(step):
            with contextlib.suppress(OSError):
                while not over.is_set() and time.monotonic() < deadline and step():
                    pass

        threads = [threading.Thread(target=repeat, args=(step,)) for step in (
            lambda: connection.socket.sendall(data) or True, lambda: connection.socket.recv(MIB))]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)  # wakes the threads, as closing alone would not
            connection.close()
            for thread in threads:
                thread.join()

    def assert_others_are_served(self, connection, data):
        with self.flood(connection, data):
            time.sleep(0.3)  # until it is under way
            begin = time.monotonic()
            self.assertEqual(self.server.health(), 200)
            self.assertLess(time.monotonic() - begin, FLOOD / 3, "others had to wait for the end of the flood")

    def test_pings_without_end_leave_the_others_their_turn(self):
        connection = self.server.connect()
        connection.open_websocket("/quiet")
        self.assert_others_are_served(connection, wire.client_frame(wire.PING) * 10_000)

    def test_a_message_of_endless_empty_fragments_leaves_the_others_their_turn(self):
        connection = self.server.connect()
        connection.open_websocket("/echo")
        connection.send(wire.client_frame(wire.TEXT, final=False))
        self.assert_others_are_served(connection, wire.client_frame(wire.CONTINUATION, final=False) * 50_000)

    def stuff(self, target, frames, *fields):
        """Sends until nothing more is taken, and reads nothing. Gives by how much a server has grown."""
        with Server(self.endpoints, self.settings) as server, \
                server.connect(timeout=0.5, receive_buffer=4 * KIB) as connection:
            connection.open_websocket(target, *fields)
            before = server.resident_bytes()
            with self.assertRaises(TimeoutError):
                for _ in range(100):
                    connection.send(frames)
            return server.resident_bytes() - before

    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_messages_that_nobody_takes_are_bounded_however_small(self):
        self.assertLess(self.stuff("/echo", wire.client_frame(wire.BINARY) * 20_000), 700 * KIB)

    @unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
    def test_messages_that_nobody_takes_are_bounded_when_inflated(self):
        frame = wire.client_frame(wire.TEXT, compressed(b"a" * 65_000), reserved=4)
        grown = self.stuff("/compressed", frame * 2_000,
                           "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover")
        self.assertLess(grown, 2 * MIB)

    def test_messages_that_had_to_wait_come_back_in_order(self):
        count = 30_000
        frames = b"".join(wire.client_frame(wire.TEXT, b"%d" % i) for i in range(count))
        with self.server.connect() as connection:
            connection.open_websocket("/echo")
            sender = threading.Thread(target=connection.send, args=(frames,))
            sender.start()
            got = [connection.frame()[1] for _ in range(count)]
            sender.join()
        self.assertEqual(got, [b"%d" % i for i in range(count)])

    def test_what_stands_behind_a_refused_message_is_read_on(self):
        """The client's own close, in the same segment: the server need not wait for it."""
        with self.server.connect() as connection:
            connection.open_websocket("/quiet")
            connection.send(wire.client_frame(wire.TEXT, b"x") + wire.client_frame(wire.PING) + wire.client_close(1000))
            self.assertEqual(connection.close_frame()[0], 1008)
            begin = time.monotonic()
            self.assertEqual(connection.rest(), b"")
            self.assertLess(time.monotonic() - begin, 2)

    def test_frames_behind_a_refused_message_are_survived(self):
        with self.server.connect() as connection:
            connection.open_websocket("/quiet")
            connection.send(wire.client_frame(wire.TEXT, b"x") + wire.client_frame(wire.PING, b"with it"))
            self.assertEqual(connection.close_frame()[0], 1008)
            connection.send(wire.client_frame(wire.PING, b"later") + wire.client_close(1008))
            self.assertEqual(connection.rest(), b"")


if __name__ == "__main__":
    unittest.main()
