"""Each limit, from outside: who goes over it is stopped, and a client that behaves well does not notice.

At its end it prints how late the items of a 10 ms clock were for a client that read them during each attack.
"""

import contextlib
import os
import pathlib
import socket
import ssl
import sys
import tempfile
import threading
import time
import unittest

import wire
from harness import SANITIZED, Server, ServerCase, wait_until
from well_behaved import TICKS, WellBehaved

KIB = 1024
MIB = 1024 * KIB
# Milliseconds; more where others use the machine too.
BEARABLE = (250 if not SANITIZED else 1500) * max(1, os.getloadavg()[0] / os.cpu_count())
FIGURES = {}

ENDLESS = {"/endless": {"source": "counter"}}
QUIET = {"/quiet": {"source": {"clock": "3600s"}}}
COUNT = {"/count": {"source": {"counter": 3}}}


def tearDownModule():
    for name, figures in FIGURES.items():
        print(f"\n{name}: {figures}", end="", file=sys.stderr)


class LimitsCase(unittest.TestCase):
    @contextlib.contextmanager
    def under_attack(self, server):
        """Checks that somebody who behaves well is served well meanwhile."""
        with WellBehaved(server) as client:
            yield
            time.sleep(0.3)  # there are some items to judge by, however short the attack was
        FIGURES[self.id().partition(".")[2]] = client.figures
        self.assertGreater(client.figures["items"], 10)
        self.assertLess(client.figures["p99"], BEARABLE, client.figures)

    def connect(self, server, **options):
        connection = server.connect(**options)
        self.addCleanup(connection.close)
        return connection

    def from_address(self, server, host):
        """A connection that comes from `host`, as all of 127.0.0.0/8 is this machine."""
        connection = wire.Connection.__new__(wire.Connection)
        connection.socket = socket.create_connection(server.address, wire.PATIENCE, (host, 0))
        connection.buffer, connection.end = b"", None
        self.addCleanup(connection.close)
        return connection

    def problem(self, response, status, *words):
        self.assertEqual(response.status, status)
        self.assertEqual(response.type, "application/problem+json")
        for word in words:
            self.assertIn(word, response.json()["detail"])

    def end_of(self, connection):
        """How it ends; what comes before is thrown away."""
        connection.rest()
        return connection.end


class Slowly(LimitsCase):
    def test_headers_that_trickle_in_are_given_up(self):
        with Server({**COUNT, **TICKS}, {"timeouts": {"header": "500ms"}}) as server, self.under_attack(server):
            attackers = [self.connect(server) for _ in range(200)]
            deadline = time.monotonic() + 1.5
            while time.monotonic() < deadline:
                for attacker in attackers:
                    with contextlib.suppress(ConnectionError):
                        attacker.send(b"G" if deadline - time.monotonic() > 1.45 else b"E")
                time.sleep(0.05)
            for attacker in attackers:
                self.problem(attacker.response(), 408)
                self.assertIsNotNone(self.end_of(attacker))

    def test_an_empty_line_long_before_a_request_does_not_count_as_its_header(self):
        with Server(COUNT, {"timeouts": {"header": "1s"}}) as server, server.connect() as connection:
            for _ in range(2):
                connection.send(b"\r\n")
                time.sleep(1.1)
                connection.send(b"GET /count HTTP/1.1\r\n")
                time.sleep(0.05)
                connection.send(b"Host: localhost\r\n\r\n")
                self.assertEqual(connection.response().status, 200)

    def test_bodies_that_trickle_in_are_not_waited_for(self):
        with Server({**COUNT, **TICKS}) as server, self.under_attack(server):
            attackers = [self.connect(server) for _ in range(100)]
            for attacker in attackers:
                attacker.ask("/count", "Content-Length: 1000000000", method="POST", body=b"a")
                response = attacker.response()
                self.problem(response, 405)
                self.assertIn("close", response.listed("Connection"))
            deadline = time.monotonic() + 10
            while attackers and time.monotonic() < deadline:
                attackers = [attacker for attacker in attackers if self.trickle(attacker)]
                time.sleep(0.05)
            self.assertEqual(attackers, [], "the server listens on and on")

    def trickle(self, connection):
        """Sends one byte more; false when nobody takes it any more."""
        try:
            connection.send(b"a")
            return True
        except OSError:
            return False

    def test_a_stream_is_not_held_by_the_body_of_its_request(self):
        with Server(COUNT) as server, server.connect() as connection:
            connection.ask("/count", "Content-Length: 1000000000", body=b"a")
            response = connection.response()
            self.assertEqual((response.lines(), response.ending), ([1, 2, 3], wire.Ending.COMPLETE))
            self.assertIn("close", response.listed("Connection"))
            self.assertIsNotNone(self.end_of(connection))

    def test_connections_that_say_nothing_are_closed(self):
        with Server({**COUNT, **TICKS}, {"timeouts": {"idle": "300ms"}}) as server, self.under_attack(server):
            idle = [self.connect(server) for _ in range(200)]
            for connection in idle:
                self.assertEqual(connection.rest(), b"")

    def test_readers_that_trickle_are_dropped(self):
        settings = {"timeouts": {"write": "500ms", "least_rate": "100KiB"}}
        with Server({**ENDLESS, **TICKS}, settings) as server, self.under_attack(server):
            readers = [self.connect(server, receive_buffer=4 * KIB) for _ in range(30)]
            for reader in readers:
                reader.ask("/endless")
            deadline = time.monotonic() + 10
            while server.connections() > 1 and time.monotonic() < deadline:
                for reader in readers:
                    reader.socket.setblocking(False)
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        reader.socket.recv(64)
                time.sleep(0.05)
            self.assertEqual(server.connections(), 1, "only the one that behaves well is to be left")
            server.wait_for_log("dropped .*takes too little")


class Floods(LimitsCase):
    def flood(self, server, request, status, seconds=1.0):
        """Clients that send `request` over and over for so long; each answer has to be `status`."""
        deadline = time.monotonic() + seconds
        wrong = []

        def attack():
            while time.monotonic() < deadline:
                with contextlib.suppress(ConnectionError), server.connect() as connection:
                    connection.send(request)
                    head = connection.head()
                    if head is not None and head.status != status:
                        wrong.append(head.status)

        threads = [threading.Thread(target=attack) for _ in range(4)]
        with self.under_attack(server):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(wrong, [])

    def test_headers_without_end(self):
        with Server({**COUNT, **TICKS}) as server:
            self.flood(server, b"GET /count HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"x" * MIB, 431)

    def test_fields_without_end(self):
        with Server({**COUNT, **TICKS}) as server:
            self.flood(server, b"GET /count HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 100_000, 431)

    def test_targets_without_end(self):
        with Server({**COUNT, **TICKS}) as server:
            self.flood(server, b"GET /" + b"x" * MIB, 414)

    def test_messages_that_are_too_long(self):
        with Server({"/echo": {"source": "echo", "input": True}}, {"limits": {"max_message": "1KiB"}}) as server, \
                server.connect() as connection:
            connection.open_websocket("/echo")
            connection.send(wire.client_frame(wire.TEXT, b"a" * 1025))
            self.assertEqual(connection.close_frame()[0], 1009)


class OtherProtocols(ServerCase, LimitsCase):
    endpoints = COUNT

    def ask(self, data):
        connection = self.connect(self.server)
        begin = time.monotonic()
        connection.send(data)
        response = connection.response()
        self.assertEqual(self.end_of(connection), wire.Ending.CLOSED)
        self.assertLess(time.monotonic() - begin, 5, "a time-out was waited for")
        return response

    def test_tls_is_told_that_this_is_http(self):
        hello = bytes.fromhex("1603010200010001fc0303") + bytes(517 - 11)
        for data in (hello, hello[:5], hello[:1]):
            with self.subTest(data[:6]):
                self.problem(self.ask(data), 400, "HTTP, not HTTPS")

    def test_a_client_of_tls_gives_up_at_once(self):
        begin = time.monotonic()
        with self.assertRaises(ssl.SSLError), self.connect(self.server) as connection:
            ssl.create_default_context().wrap_socket(connection.socket, server_hostname="localhost")
        self.assertLess(time.monotonic() - begin, 5)

    def test_http_2_is_told_that_this_is_http_1(self):
        self.problem(self.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)), 505, "HTTP/1.1, not HTTP/2")


class Hosts(LimitsCase):
    endpoints = {**COUNT, **QUIET}

    def ask(self, connection, host, *fields):
        lines = ["GET /count HTTP/1.1", *(["Host: " + host] if host is not None else []), *fields]
        connection.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        return connection.response()

    def check(self, server, rows):
        for host, status in rows:
            with self.subTest(host), server.connect() as connection:
                response = self.ask(connection, host)
                self.assertEqual(response.status, status)
                if status == 421:
                    self.problem(response, 421, f'"hosts": ["{host.partition(":")[0]}"]')

    STRANGERS = ("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example")
    OWN = ("localhost", "localhost:1234", "app.localhost", "127.0.0.1", "127.0.0.1:99", "[::1]:8080", "192.0.2.7", "")

    def test_a_loopback_address_knows_no_other_names(self):
        for listen in ("127.0.0.1:0", "[::1]:0", "0.0.0.0:0"):
            with self.subTest(listen), Server(self.endpoints, {"listen": listen}) as server:
                if server.address[0] == "0.0.0.0":
                    server.address = ("127.0.0.1", server.address[1])
                self.check(server, [*((host, 421) for host in self.STRANGERS), *((host, 200) for host in self.OWN)])

    def test_names_can_be_given_to_it(self):
        with Server(self.endpoints, {"hosts": ["example.com", "*.example.org"]}) as server:
            self.check(server, [*((host, 421) for host in self.STRANGERS), *((host, 200) for host in self.OWN),
                                ("example.com", 200), ("Example.Com:80", 200), ("a.example.org", 200),
                                ("example.org", 421), ("a.example.com", 421)])

    def test_all_names_can_be_given_to_it(self):
        with Server(self.endpoints, {"hosts": ["*"]}) as server:
            self.check(server, ((host, 200) for host in self.STRANGERS))

    def test_a_unix_socket_has_no_name(self):
        with tempfile.TemporaryDirectory(prefix="coyield-") as directory, \
                Server(self.endpoints, {"listen": f"unix:{directory}/socket"}) as server:
            self.check(server, ((host, 200) for host in self.STRANGERS))

    def test_a_page_that_was_rebound_can_read_nothing(self):
        """It asks with the name that it has, which is the same in Host and Origin."""
        with Server(self.endpoints) as server, server.connect() as connection:
            page = ("Origin: http://evil.example", "Upgrade: websocket", "Connection: Upgrade",
                    "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
            self.assertEqual(self.ask(connection, "evil.example", *page).status, 421)
            self.assertEqual(self.ask(connection, "localhost", *page).status, 403)


class Connections(LimitsCase):
    def test_too_many_are_turned_away(self):
        with Server({**QUIET, **COUNT, **TICKS}, {"limits": {"max_connections": 20}}) as server:
            with self.under_attack(server):
                streams = [self.connect(server) for _ in range(19)]
                for stream in streams:
                    stream.ask("/quiet")
                    self.assertEqual(stream.head().status, 200)
                for _ in range(3):
                    with server.connect() as connection:
                        response = connection.get("/count")
                        self.problem(response, 503, "all the connections")
                        self.assertGreater(int(response.field("Retry-After")), 0)
                        self.assertIn("close", response.listed("Connection"))
                        self.assertEqual(self.end_of(connection), wire.Ending.CLOSED)
                streams.pop().close()
                self.assertTrue(wait_until(lambda: self.status(server) == 200))

    def status(self, server):
        with contextlib.suppress(ConnectionError):
            return server.get("/count").status

    def test_a_flood_of_them_costs_little(self):
        with Server({**QUIET, **TICKS}, {"limits": {"max_connections": 2}}) as server:
            with self.under_attack(server):
                stream = self.connect(server)
                stream.ask("/quiet")
                self.assertEqual(stream.head().status, 200)
                before, count = server.processor_seconds(), 3000
                for _ in range(count):
                    socket.create_connection(server.address).close()
                self.assertLess((server.processor_seconds() - before) / count, 0.0005 if not SANITIZED else 0.005)
            lines = [line for line in server.log() if " refused " in line]
            self.assertLess(len(lines), 40)
            server.wait_for_log(r"refused over_max_connections=\d\d")

    def test_the_default_leaves_descriptors_to_the_rest(self):
        with Server(QUIET, wrapper=("prlimit", "--nofile=200:200")) as server:
            most = int(server.wait_for_log(r"limits connections=(\d+)").group(1))
            self.assertEqual(most, 200 - 200 // 8 - 64)
            streams = [self.connect(server) for _ in range(most + 20)]
            for stream in streams:
                stream.ask("/quiet")
            statuses = [stream.head().status for stream in streams]
            self.assertEqual((statuses.count(200), statuses.count(503)), (most, 20))
            self.assertNotIn("warning accept", "\n".join(server.log()))

    def test_too_many_of_one_address_are_turned_away(self):
        with Server({**QUIET, **COUNT}, {"limits": {"max_connections_per_address": 3}}) as server:
            mine = [self.from_address(server, "127.0.0.2") for _ in range(3)]
            for connection in mine:
                self.assertEqual(connection.get("/count").status, 200)
            self.problem(self.from_address(server, "127.0.0.2").get("/count"), 503, "your address")
            self.assertEqual(self.from_address(server, "127.0.0.3").get("/count").status, 200)
            mine.pop().close()
            self.assertTrue(wait_until(lambda: self.from_address(server, "127.0.0.2").get("/count").status == 200))


class TrustedProxies(LimitsCase):
    settings = {"limits": {"max_connections_per_address": 2}, "trusted_proxies": ["127.0.0.1", "10.0.0.0/8"]}

    def stream(self, server, forwarded, host="127.0.0.1"):
        connection = self.from_address(server, host)
        connection.ask("/quiet", *(f"X-Forwarded-For: {value}" for value in forwarded))
        return connection, connection.head().status

    def test_clients_behind_a_proxy_are_told_apart(self):
        with Server({**QUIET, **COUNT}, self.settings) as server:
            streams = [self.stream(server, ["192.0.2.1"]) for _ in range(2)]
            self.assertEqual([status for _, status in streams], [200, 200])
            for forwarded in (["192.0.2.1"], ["192.0.2.1, 10.0.0.7"], ["198.51.100.9, 192.0.2.1"],
                              ["198.51.100.9", "192.0.2.1"], ["127.0.0.1, 192.0.2.1:4711"], ["10.0.0.1,192.0.2.1"]):
                with self.subTest(forwarded):
                    self.assertEqual(self.stream(server, forwarded)[1], 503)
            self.assertEqual(self.stream(server, ["192.0.2.2"])[1], 200)
            streams[0][0].close()
            self.assertTrue(wait_until(lambda: self.stream(server, ["192.0.2.1"])[1] == 200))

    def test_a_place_is_held_while_the_request_lasts(self):
        with Server({**QUIET, **COUNT}, self.settings) as server:
            connections = [self.from_address(server, "127.0.0.1") for _ in range(5)]
            for _ in range(3):
                for connection in connections:
                    self.assertEqual(connection.get("/count", "X-Forwarded-For: 192.0.2.1").status, 200)

    def test_a_proxy_itself_is_not_limited(self):
        with Server({**QUIET, **COUNT}, self.settings) as server:
            self.assertEqual([self.stream(server, [])[1] for _ in range(5)], [200] * 5)

    def test_nobody_else_is_believed(self):
        with Server({**QUIET, **COUNT}, self.settings) as server:
            for i in range(2):
                self.assertEqual(self.stream(server, [f"192.0.2.{i}"], "127.0.0.2")[1], 200)
            self.assertEqual(self.stream(server, ["192.0.2.3"], "127.0.0.2")[1], 503)

    def test_the_log_names_the_client(self):
        endpoints = {"/missing": {"source": {"file": "/nowhere"}}}
        with Server(endpoints, self.settings) as server:
            server.get("/missing", "X-Forwarded-For: 198.51.100.9, 192.0.2.7")
            server.wait_for_log(r"failed .*client=192\.0\.2\.7 ")
            self.from_address(server, "127.0.0.2").get("/missing", "X-Forwarded-For: 192.0.2.8")
            server.wait_for_log(r"failed .*client=127\.0\.0\.2:")


class Memory(LimitsCase):
    """What is held for clients that do not keep up."""

    def never_read(self, server, count, target="/endless"):
        """They come fifty at a time: all at once, the first turns of so many streams alone would keep one busy."""
        readers = []
        for i in range(count):
            readers.append(self.connect(server, receive_buffer=4 * KIB))
            readers[-1].ask(target)
            if i % 50 == 49:
                time.sleep(0.1)
        return readers

    def test_over_the_budget_those_go_who_hold_the_most(self):
        with Server({**ENDLESS, **QUIET, **TICKS}, {"memory": "2MiB"}) as server, self.under_attack(server):
            before = server.resident_bytes()
            bystander = self.connect(server)
            bystander.ask("/quiet")
            self.assertEqual(bystander.head().status, 200)
            self.never_read(server, 200)
            server.wait_for_log(r"dropped reason=memory clients=\d+ held=\d+ limit=2097152")
            if not SANITIZED:  # a slow server makes less in its turns, and so holds less for each
                self.assertTrue(wait_until(lambda: server.connections() < 100))
                self.assertLess(server.resident_bytes() - before, 16 * MIB)
            bystander.socket.setblocking(False)
            with self.assertRaises(BlockingIOError):
                bystander.socket.recv(1)

    def test_who_is_dropped_is_told_by_a_reset(self):
        with Server(ENDLESS, {"memory": "256KiB"}) as server:
            readers = self.never_read(server, 20)
            server.wait_for_log("dropped reason=memory")
            self.assertIn(wire.Ending.RESET, [self.end_now(reader) for reader in readers])

    def end_now(self, reader):
        """How it has ended by now, if it has."""
        reader.socket.settimeout(0.05)
        deadline = time.monotonic() + 0.5
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < deadline and reader.more():
                reader.buffer = b""
        return reader.end

    def test_messages_that_nobody_takes_count_too(self):
        endpoints = {"/never": {"source": "echo", "input": True, "pipeline": [{"batch": {"items": 1000000}}]},
                     "/echo": {"source": "echo", "input": True}}
        with Server(endpoints, {"memory": "1MiB", "limits": {"max_message": "1MiB"}}) as server:
            for _ in range(8):  # the beginnings of messages whose ends never come
                connection = self.connect(server)
                connection.open_websocket("/echo")
                connection.send(wire.client_frame(wire.TEXT, b"a" * 500 * KIB, final=False))
            server.wait_for_log("dropped reason=memory")

    def test_the_contexts_of_compression_count_too(self):
        endpoints = {"/clock": {"source": {"clock": {"interval": "10ms"}}, "deflate": True}}
        with Server(endpoints, {"memory": "256KiB"}) as server:
            for _ in range(12):  # 38 KiB and more for each
                connection = self.connect(server)
                response = connection.open_websocket("/clock", "Sec-WebSocket-Extensions: permessage-deflate")
                self.assertIn("permessage-deflate", response.field("Sec-WebSocket-Extensions"))
            server.wait_for_log("dropped reason=memory")

    @contextlib.contextmanager
    def control_group(self, limit):
        """A control group with so much memory; gives the file that takes its processes."""
        for root, name in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
            group = pathlib.Path(root) / f"coyield-test-{os.getpid()}"
            try:
                group.mkdir()
            except OSError:
                continue
            try:
                if (group / name).exists():
                    (group / name).write_text(str(limit))
                    yield group
                    return
            finally:
                wait_until(lambda: self.removed(group))
        self.skipTest("no control group with a memory limit can be made here; that needs root and a writable /sys/fs/cgroup")

    def removed(self, group):
        with contextlib.suppress(OSError):
            group.rmdir()
            return True

    @unittest.skipIf(SANITIZED, "a sanitizer needs many times the memory")
    def test_a_thousand_who_never_read_fit_into_a_small_container(self):
        with self.control_group(256 * MIB) as group:
            wrapper = ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh")
            with Server({**ENDLESS, **TICKS}, wrapper=wrapper) as server, self.under_attack(server):
                server.wait_for_log(f"limits .*memory={128 * MIB}")
                readers = self.never_read(server, 1000)
                for reader in readers:
                    with contextlib.suppress(ConnectionError):
                        self.assertIn(reader.socket.recv(1), (b"H", b""))
                time.sleep(2)
                self.assertEqual(server.health(), 200)
                for name in ("memory.peak", "memory.max_usage_in_bytes"):
                    if (group / name).exists():
                        FIGURES["peak of 256 MiB"] = f"{int((group / name).read_text()) / MIB:.0f} MiB"


class FilesBeyondTheirRoot(ServerCase):
    @classmethod
    def prepare(cls):
        root = cls.directory / "root"
        (root / "sub").mkdir(parents=True)
        (cls.directory / "secret").write_text("secret\n")
        (root / "plain").write_text("plain\n")
        (root / "inside").symlink_to("plain")
        (root / "absolute").symlink_to(cls.directory / "secret")
        (root / "relative").symlink_to("../secret")
        (root / "above").symlink_to("..")
        cls.endpoints = {"/files/{name...}": {"source": {"file": {"path": "${path.name}", "root": str(root)}}},
                         "/by-query": {"source": {"file": {"path": "${query.name}", "root": str(root)}}}}

    ESCAPES = ("../secret", "%2e%2e/secret", "..%2Fsecret", "%2e%2e%2fsecret", "sub/../../secret", "sub%2F..%2F..%2Fsecret",
               "/etc/passwd", "%2Fetc%2Fpasswd", "%2F%2Fetc/passwd", "absolute", "relative", "above/secret", "above%2Fsecret",
               "plain%00", "%00", "%c0%ae%c0%ae/secret", "%c0%ae%c0%ae%2fsecret", "%252e%252e/secret", "..%5csecret",
               "a" * 300, "a/" * 3000, ".", "..", "%2e", "sub", "", "file:%2F%2F%2Fetc%2Fpasswd", "~root", "%2Fproc%2Fself%2Fenviron")

    def test_nothing_outside_can_be_read(self):
        for name in self.ESCAPES:
            for target in (f"/files/{name}", f"/by-query?name={name}"):
                with self.subTest(target[:80]):
                    response = self.server.get(target)
                    self.assertIn(response.status, (400, 403, 404, 414), response.body)
                    self.assertNotIn(b"secret\n", response.body)
                    self.assertNotIn(b"root:", response.body)

    def test_what_is_inside_can_be_read(self):
        for name in ("plain", "inside", "sub%2F..%2Fplain"):
            with self.subTest(name):
                self.assertEqual(self.server.get(f"/by-query?name={name}").lines(), ["plain"])


if __name__ == "__main__":
    unittest.main()
