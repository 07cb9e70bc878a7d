"""WebSocket: with an independent client (python3-websockets), and with frames written by hand."""

import asyncio
import os
import struct
import unittest
import zlib

import wire
from harness import PATIENCE, ServerCase
from wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, client_close, client_frame

try:
    import websockets
except ImportError:
    websockets = None

MAX_MESSAGE = 300_000


class WebSocketCase(ServerCase):
    @classmethod
    def prepare(cls):
        (cls.directory / "bad_first").write_bytes(b"not json\n")
        (cls.directory / "bad_later").write_bytes(b'{"a":1}\nnot json\n')
        (cls.directory / "lines").write_bytes("é\n\n\xff\n".encode("utf-8") + b"\xff\xfe\n")
        (cls.directory / "bytes").write_bytes(bytes(range(256)))
        cls.endpoints = {
            "/echo": {"source": "echo", "input": True, "max_message": f"{MAX_MESSAGE}B"},
            "/small": {"source": "echo", "input": True, "max_message": "125B"},
            "/deflate": {"source": "echo", "input": True, "deflate": True, "max_message": f"{MAX_MESSAGE}B"},
            "/count/{n}": {"source": {"counter": {"to": "${path.n}"}}},
            "/clock": {"source": {"clock": "3600s"}},
            "/fast": {"source": {"clock": "0s"}},
            "/quiet": {"source": {"clock": "3600s"}, "heartbeat": "40ms"},
            "/json/{name}": {"source": {"file": {"path": "${path.name}", "root": str(cls.directory),
                                                 "decode": "json"}}},
            "/lines": {"source": {"file": str(cls.directory / "lines")}},
            "/bytes": {"source": {"file": {"path": str(cls.directory / "bytes"), "decode": "bytes"}}},
            "/closed": {"source": {"counter": 1}, "access": ["token"]},
        }
        cls.settings = {"cors": {"origins": ["https://app.example"]}}


@unittest.skipUnless(websockets, "needs python3-websockets")
class WithAnIndependentClient(WebSocketCase, unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it would report how slow this client is

    def open(self, path, **options):
        options.setdefault("compression", None)
        options.setdefault("max_size", None)
        return websockets.connect(f"ws://{self.server.authority}{path}", open_timeout=PATIENCE, **options)

    async def echoed(self, socket, message):
        await socket.send(message)
        return await asyncio.wait_for(socket.recv(), PATIENCE)

    async def test_messages_of_every_size_come_back_as_they_were(self):
        async with self.open("/echo") as socket:
            for size in (0, 1, 125, 126, 127, 65535, 65536, 200_000):
                for message in ("ü" * (size // 2), os.urandom(size)):
                    self.assertEqual(await self.echoed(socket, message), message)

    async def test_many_messages_in_flight_come_back_in_order(self):
        async with self.open("/echo") as socket:
            sent = [f"message {i} " + "x" * (i % 500) for i in range(3000)]

            async def send_all():
                for message in sent:
                    await socket.send(message)

            sending = asyncio.create_task(send_all())
            got = [await asyncio.wait_for(socket.recv(), PATIENCE) for _ in sent]
            await sending
            self.assertEqual(got, sent)

    async def test_fragments_come_back_as_one_message(self):
        async with self.open("/echo") as socket:
            self.assertEqual(await self.echoed(socket, ["frag", "", "ments"]), "fragments")
            self.assertEqual(await self.echoed(socket, [b"\0", b"\xff"]), b"\0\xff")

    async def test_pings_are_answered_while_the_generator_waits(self):
        async with self.open("/clock") as socket:
            for _ in range(3):
                await asyncio.wait_for(await socket.ping(), PATIENCE)

    async def test_a_stream_that_ends_closes_with_1000(self):
        async with self.open("/count/5") as socket:
            self.assertEqual([await socket.recv() for _ in range(5)], ["1", "2", "3", "4", "5"])
            with self.assertRaises(websockets.ConnectionClosedOK):
                await socket.recv()
            self.assertEqual(socket.close_code, 1000)

    async def test_many_thousand_messages_arrive_in_order(self):
        async with self.open("/count/20000") as socket:
            got = [int(message) async for message in socket]
        self.assertEqual(got, list(range(1, 20_001)))

    async def test_a_stream_that_fails_closes_with_1011_and_why(self):
        async with self.open("/json/bad_later") as socket:
            self.assertEqual(await socket.recv(), '{"a":1}')
            with self.assertRaises(websockets.ConnectionClosedError):
                await socket.recv()
            self.assertEqual(socket.close_code, 1011)
            self.assertIn("line 2", socket.close_reason)

    async def test_text_is_made_utf_8_and_bytes_are_left_alone(self):
        async with self.open("/lines") as socket:
            self.assertEqual([message async for message in socket], ["é", "", "ÿ", "\ufffd\ufffd"])
        async with self.open("/bytes") as socket:
            self.assertEqual([message async for message in socket], [bytes(range(256))])

    async def test_a_client_may_close_first(self):
        async with self.open("/clock") as socket:
            await socket.recv()
            await asyncio.wait_for(socket.close(4321, "enough"), PATIENCE)
            self.assertEqual(socket.close_code, 4321)

    async def test_compression_is_there_where_the_endpoint_asks_for_it(self):
        async with self.open("/deflate", compression="deflate") as socket:
            self.assertTrue(any(e.name == "permessage-deflate" for e in socket.extensions))
            for message in ("again " * 20_000, "", "x", os.urandom(100_000), "again " * 20_000):
                self.assertEqual(await self.echoed(socket, message), message)

    async def test_compression_is_refused_elsewhere(self):
        async with self.open("/echo", compression="deflate") as socket:
            self.assertEqual(socket.extensions, [])
            self.assertEqual(await self.echoed(socket, "plain"), "plain")

    async def test_clients_with_compression_of_many_kinds_are_served(self):
        factory = websockets.extensions.permessage_deflate.ClientPerMessageDeflateFactory
        for options in ({"server_no_context_takeover": True}, {"client_no_context_takeover": True},
                        {"server_max_window_bits": 9}, {"client_max_window_bits": 9},
                        {"server_max_window_bits": 10, "client_max_window_bits": 12}):
            with self.subTest(options):
                async with self.open("/deflate", extensions=[factory(**options)]) as socket:
                    for _ in range(3):
                        self.assertEqual(await self.echoed(socket, "again " * 10_000), "again " * 10_000)


class Handshake(WebSocketCase):
    def ask(self, *fields, target="/count/1", **options):
        return self.server.get(target, *fields, **options)

    VERSION = "Sec-WebSocket-Version: 13"
    KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    BOTH = ("Upgrade: websocket", "Connection: Upgrade")

    def test_the_answer_proves_that_the_key_was_read(self):
        with self.server.connect() as connection:
            connection.ask("/clock", *self.BOTH, self.VERSION, self.KEY)
            head = connection.head()
            self.assertEqual(head.status, 101)
            self.assertEqual(head.field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")  # RFC 6455, 1.3
            self.assertIsNone(head.field("Sec-WebSocket-Extensions"))

    def test_names_in_any_case_and_lists_will_do(self):
        for fields in (("upgrade: WebSocket", "connection: keep-alive, UPGRADE"),
                       ("Upgrade: h2c, websocket", "Connection: Upgrade")):
            with self.subTest(fields), self.server.connect() as connection:
                connection.ask("/clock", *fields, self.VERSION, self.KEY)
                self.assertEqual(connection.head().status, 101)

    def test_another_version_is_a_426_that_says_which(self):
        for fields in (("Sec-WebSocket-Version: 8", self.KEY), (self.KEY,), ("Sec-WebSocket-Version: 13, 8", self.KEY)):
            with self.subTest(fields):
                response = self.ask(*self.BOTH, *fields)
                self.assertEqual(response.status, 426)
                self.assertEqual(response.field("Sec-WebSocket-Version"), "13")

    def test_another_method_is_a_405_that_says_which(self):
        for method in ("HEAD", "OPTIONS", "POST"):
            with self.subTest(method):
                response = self.ask(*self.BOTH, self.VERSION, self.KEY, method=method)
                self.assertEqual((response.status, response.field("Allow")), (405, "GET"))

    def test_a_wrong_handshake_is_a_400(self):
        for fields in ((*self.BOTH, self.VERSION),
                       (*self.BOTH, self.VERSION, "Sec-WebSocket-Key: short"),
                       (*self.BOTH, self.VERSION, "Sec-WebSocket-Key: " + "!" * 22 + "=="),
                       (*self.BOTH, self.VERSION, self.KEY, self.KEY),
                       ("Upgrade: websocket", self.VERSION, self.KEY),
                       ("Upgrade: websocket", "Connection: close", self.VERSION, self.KEY)):
            with self.subTest(fields):
                self.assertEqual(self.ask(*fields).status, 400)

    def test_only_get_of_http_1_1_opens_one(self):
        self.assertEqual(self.ask(*self.BOTH, self.VERSION, self.KEY, method="POST").status, 405)
        with self.server.connect() as connection:
            response = connection.get("/count/1", *self.BOTH, self.VERSION, self.KEY, version="HTTP/1.0")
            self.assertIn(response.status, (200, 400))
            self.assertNotEqual(response.status, 101)

    def test_the_101_is_held_until_the_first_item_so_that_a_failure_is_a_status(self):
        for target, status in (("/json/bad_first", 502), ("/json/missing", 404), ("/count/abc", 400), ("/nothing", 404),
                               ("/count/1?format=sse", 406), ("/closed", 401)):
            with self.subTest(target), self.server.connect() as connection:
                response = connection.open_websocket(target)
                self.assertEqual(response.status, status)
                self.assertIn(b'"detail"', response.body)

    def test_a_refused_handshake_leaves_an_http_connection(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.open_websocket("/json/missing").status, 404)
            self.assertEqual(connection.get("/count/2").lines(), [1, 2])

    def test_pages_of_other_origins_are_refused(self):
        for origin, status in (("https://evil.example", 403), ("null", 403), ("https://app.example", 101),
                               ("http://localhost", 101), ("https://localhost.evil.example", 403), ("http://localhostx", 403)):
            with self.subTest(origin), self.server.connect() as connection:
                self.assertEqual(connection.open_websocket("/clock", f"Origin: {origin}").status, status)

    def test_a_token_lets_in(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.open_websocket("/closed", "Authorization: Bearer token").status, 101)

    def test_frames_that_come_with_the_handshake_are_not_lost(self):
        with self.server.connect() as connection:
            lines = ("GET /echo HTTP/1.1", "Host: localhost", *self.BOTH, self.VERSION, self.KEY)
            connection.send("\r\n".join(lines).encode() + b"\r\n\r\n" + client_frame(TEXT, b"early"))
            self.assertEqual(connection.head().status, 101)
            self.assertEqual(connection.frame()[:2], (TEXT, b"early"))


def deflate(data):
    coder = zlib.compressobj(wbits=-15)
    return (coder.compress(data) + coder.flush(zlib.Z_SYNC_FLUSH))[:-4]


# name, frames, the close code that is right
FAULTS = [
    ("an unmasked frame", client_frame(TEXT, b"x", masked=False), 1002),
    ("a reserved bit", client_frame(TEXT, b"x", reserved=2), 1002),
    ("a compressed message that was not agreed on", client_frame(TEXT, b"x", reserved=4), 1002),
    ("a reserved opcode", client_frame(3, b"x"), 1002),
    ("a reserved control opcode", client_frame(11, b""), 1002),
    ("a continuation of nothing", client_frame(CONTINUATION, b"x"), 1002),
    ("a message within a message", client_frame(TEXT, b"x", final=False) + client_frame(TEXT, b"y"), 1002),
    ("a ping in fragments", client_frame(PING, b"x", final=False), 1002),
    ("a ping that is too long", client_frame(PING, b"x" * 126), 1002),
    ("a close with half a code", client_frame(CLOSE, b"\x03"), 1002),
    ("a close with a code that nobody may send", client_close(1005), 1002),
    ("a close with a code out of range", client_close(999), 1002),
    ("a close whose reason is no UTF-8", client_close(1000, b"\xff"), 1007),
    ("text that is no UTF-8", client_frame(TEXT, b"\xc3("), 1007),
    ("text that ends within a character", client_frame(TEXT, b"\xc3"), 1007),
    ("text that is no UTF-8 in its second fragment",
     client_frame(TEXT, b"\xe2\x82", final=False) + client_frame(CONTINUATION, b"x"), 1007),
    ("a surrogate", client_frame(TEXT, b"\xed\xa0\x80"), 1007),
    ("a message that is too big", client_frame(BINARY, b"x" * (MAX_MESSAGE + 1)), 1009),
    ("a message that says that it is too big", client_frame(BINARY, b"", length=MAX_MESSAGE + 1), 1009),
    ("a message of 2**62 bytes", client_frame(BINARY, b"", length=2**62), 1009),
    ("a length with its highest bit", client_frame(BINARY, b"", length=2**63), 1002),
    ("fragments that are too big together",
     client_frame(BINARY, b"x" * 200_000, final=False) + client_frame(CONTINUATION, b"x" * 200_000), 1009),
    ("a long form of a short length", b"\x82\xfe\x00\x01\x12\x34\x56\x78x", 1002),
]

# On an endpoint with permessage-deflate.
COMPRESSED_FAULTS = [
    ("compressed data that is none", client_frame(TEXT, b"\xff\xff\xff\xff", reserved=4), {1002, 1007}),
    ("compressed text that is no UTF-8", client_frame(TEXT, deflate(b"\xff"), reserved=4), {1007}),
    ("a bomb", client_frame(BINARY, deflate(bytes(50_000_000)), reserved=4), {1009}),
    ("a compressed ping", client_frame(PING, b"", reserved=4), {1002}),
]


class Frames(WebSocketCase):
    def open(self, target="/echo", *fields):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        self.assertEqual(connection.open_websocket(target, *fields).status, 101)
        return connection

    def test_faults_are_answered_with_their_close_code_however_they_are_cut(self):
        for name, data, code in FAULTS:
            for pieces in (1, 5, 200):
                with self.subTest(name, pieces=pieces):
                    connection = self.open()
                    connection.send_slowly(data, pieces)
                    self.assertEqual(connection.close_frame()[0], code)

    def test_behind_the_close_nothing_is_said(self):
        connection = self.open()
        connection.send(client_frame(3, b"x") + client_frame(TEXT, b"hello") + client_frame(PING, b"hello"))
        self.assertEqual(connection.frame()[0], CLOSE)
        connection.send_slowly(client_close(1002), 1)
        self.assertEqual(connection.rest(), b"")

    def test_faults_in_compressed_messages_are_found(self):
        for name, data, codes in COMPRESSED_FAULTS:
            with self.subTest(name):
                connection = self.open("/deflate", "Sec-WebSocket-Extensions: permessage-deflate")
                connection.send(data)
                self.assertIn(connection.close_frame()[0], codes)

    def test_the_limit_of_a_message_is_the_endpoints(self):
        connection = self.open("/small")
        connection.send(client_frame(BINARY, b"x" * 125))
        self.assertEqual(connection.frame()[:2], (BINARY, b"x" * 125))
        connection.send(client_frame(BINARY, b"x" * 126))
        self.assertEqual(connection.close_frame()[0], 1009)

    def test_an_endpoint_without_input_takes_no_messages(self):
        connection = self.open("/clock")
        connection.send(client_frame(TEXT, b"hello"))
        code, reason = connection.close_frame()
        self.assertEqual(code, 1008)
        self.assertIn("no messages", reason)

    def test_a_message_byte_by_byte_comes_back(self):
        connection = self.open()
        for data in (client_frame(TEXT, "größe".encode()), client_frame(BINARY, bytes(300))):
            connection.send_slowly(data, len(data))
            frame = connection.frame()
            self.assertTrue(frame[2])
            self.assertIn(frame[1], ("größe".encode(), bytes(300)))

    def test_control_frames_within_a_message_are_answered_at_once(self):
        connection = self.open()
        connection.send(client_frame(TEXT, b"a", final=False) + client_frame(PING, b"now"))
        self.assertEqual(connection.frame()[:2], (PONG, b"now"))
        connection.send(client_frame(PONG, b"unasked") + client_frame(CONTINUATION, b"b"))
        self.assertEqual(connection.frame()[:2], (TEXT, b"ab"))

    def test_a_ping_of_125_bytes_is_echoed(self):
        connection = self.open("/clock")
        connection.frame()
        connection.send(client_frame(PING, bytes(range(125))))
        self.assertEqual(connection.frame()[:2], (PONG, bytes(range(125))))

    def test_a_close_is_echoed_and_the_server_closes_first(self):
        for sent, code in ((client_close(1000, b"bye"), 1000), (client_close(4999), 4999), (client_frame(CLOSE), None)):
            with self.subTest(code):
                connection = self.open()
                connection.send(sent)
                self.assertEqual(connection.close_frame()[0], code)
                self.assertEqual(connection.rest(), b"")

    def test_a_client_that_closes_amid_a_busy_stream_gets_its_close(self):
        for receive_buffer in (None, 4096):
            with self.subTest(receive_buffer=receive_buffer):
                connection = self.server.connect(receive_buffer=receive_buffer)
                self.addCleanup(connection.close)
                self.assertEqual(connection.open_websocket("/fast").status, 101)
                for _ in range(1000):
                    connection.frame()
                connection.send(client_close(1000))
                self.assertEqual(connection.close_frame()[0], 1000)
                self.assertEqual(connection.rest(), b"")

    def test_what_was_sent_before_a_close_is_echoed_or_not_but_the_close_comes(self):
        connection = self.open()
        connection.send(client_frame(TEXT, b"last") + client_close(1000))
        self.assertEqual(connection.close_frame()[0], 1000)

    def test_the_close_at_the_end_is_the_last_frame_and_the_connection_closes(self):
        connection = self.open("/count/2")
        frames = [connection.frame() for _ in range(3)]
        self.assertEqual([f[0] for f in frames], [TEXT, TEXT, CLOSE])
        connection.send(client_close(1000))
        self.assertIsNone(connection.frame())

    def test_a_client_that_does_not_answer_the_close_is_not_waited_for_for_ever(self):
        connection = self.open("/count/1")
        self.assertEqual(connection.close_frame()[0], 1000)
        self.assertEqual(connection.rest(), b"")

    def test_a_quiet_client_is_pinged_and_one_that_does_not_answer_is_dropped(self):
        connection = self.open("/quiet")
        self.assertEqual(connection.frame()[0], TEXT)
        for _ in range(5):
            opcode, payload, *_ = connection.frame()
            self.assertEqual(opcode, PING)
            connection.send(client_frame(PONG, payload))
        rest = []
        while (frame := connection.frame()) is not None:
            rest.append(frame[0])
        self.assertLess(len(rest), 5)

    def test_a_compressed_message_says_so_and_inflates(self):
        connection = self.open("/deflate", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        connection.send(client_frame(TEXT, deflate(b"hello hello hello hello"), reserved=4))
        opcode, payload, _, reserved = connection.frame()
        self.assertEqual((opcode, reserved), (TEXT, 4))
        self.assertEqual(zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff"), b"hello hello hello hello")

    def test_a_client_may_send_plain_messages_though_it_may_compress(self):
        connection = self.open("/deflate", "Sec-WebSocket-Extensions: permessage-deflate")
        connection.send(client_frame(TEXT, b"plain"))
        self.assertEqual(connection.frame()[0], TEXT)

    def test_who_speaks_http_to_a_websocket_is_told_1002(self):
        connection = self.open()
        connection.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertEqual(connection.close_frame()[0], 1002)

    def test_a_close_reason_is_at_most_123_bytes(self):
        connection = self.open("/json/bad_later")
        while (frame := connection.frame())[0] != CLOSE:
            pass
        self.assertLessEqual(len(frame[1]), 125)
        self.assertEqual(struct.unpack("!H", frame[1][:2]), (1011,))


if __name__ == "__main__":
    unittest.main()
