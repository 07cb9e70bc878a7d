"""gzip for those who ask for it: whole for whoever reads it whole, at once for whoever waits, and never an end too much."""

import gzip
import shutil
import subprocess
import time
import unittest
import zlib

import wire
from harness import PATIENCE, SANITIZED, ServerCase, wait_until

LIVES = 400


class Inflater:
    """What a client has of a compressed body so far."""

    def __init__(self):
        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def __call__(self, data):
        return self._zlib.decompress(data)

    @property
    def ended(self):
        return self._zlib.eof


class Compressed(ServerCase):
    @classmethod
    def prepare(cls):
        (cls.directory / "bad_later").write_bytes(b'{"a":1}\n' * 1000 + b"not json\n")
        (cls.directory / "bad_first").write_bytes(b"not json\n")
        (cls.directory / "big").write_bytes(b"".join(b"%d and some more words\n" % i for i in range(200_000)))
        cls.big = (cls.directory / "big").read_bytes()
        cls.endpoints = {
            "/count/{n}": {"source": {"counter": {"to": "${path.n}"}}},
            "/empty": {"source": {"counter": {"from": 2, "to": 1}}},
            "/json/{name}": {"source": {"file": {"path": "${path.name}", "root": str(cls.directory),
                                                 "decode": "json"}}},
            "/big": {"source": {"file": str(cls.directory / "big")}},
            "/slow": {"source": {"clock": "100ms"}},
            "/quiet": {"source": {"clock": "3600s"}, "heartbeat": "30ms"},
            "/plain": {"source": {"counter": 3}, "gzip": False},
        }

    def ask(self, target, accept="gzip", **options):
        return self.server.get(target, f"Accept-Encoding: {accept}", **options)

    def test_what_arrives_is_what_arrives_without_it(self):
        for name in ("ndjson", "sse", "json", "text", "json-seq", "csv", "cbor", "msgpack"):
            for target in ("/count/10000", "/count/1", "/empty"):
                with self.subTest(format=name, target=target):
                    plain = self.server.get(f"{target}?format={name}")
                    self.assertIsNone(plain.field("Content-Encoding"))
                    response = self.ask(f"{target}?format={name}")
                    self.assertEqual((response.status, response.ending), (200, wire.Ending.COMPLETE))
                    self.assertEqual(response.field("Content-Encoding"), "gzip")
                    self.assertEqual(gzip.decompress(response.body), plain.body)

    def test_much_is_less(self):
        response = self.ask("/big?format=text")
        self.assertEqual(gzip.decompress(response.body), self.big)
        self.assertLess(len(response.body), len(self.big) / 3)

    def test_bytes_go_as_they_are(self):
        response = self.ask("/count/3?format=bytes")
        self.assertEqual((response.field("Content-Encoding"), response.body), (None, b"123"))

    def test_an_endpoint_may_do_without(self):
        response = self.ask("/plain")
        self.assertEqual((response.field("Content-Encoding"), response.body), (None, b"1\n2\n3\n"))

    def test_accept_encoding_decides_as_the_rfc_has_it(self):
        for accept, coding in (("gzip, deflate, br", "gzip"), ("*", "gzip"), ("br", None), ("gzip;q=0", None),
                               ("gzip;q=0.5, identity", None), ("gzip, identity;q=0", "gzip"), ("", None)):
            with self.subTest(accept=accept):
                self.assertEqual(self.ask("/count/3", accept).field("Content-Encoding"), coding)
        for target, accept in (("/count/3", "identity;q=0"), ("/plain", "gzip, identity;q=0"), ("/count/3", "br, *;q=0")):
            response = self.ask(target, accept)
            self.assertEqual((response.status, response.type), (406, "application/problem+json"))
            self.assertIn("accept-encoding", response.listed("Vary"))

    def test_what_differs_by_accept_encoding_says_so(self):
        for accept in ("gzip", "identity"):
            listed = self.ask("/count/3", accept).listed("Vary")
            self.assertIn("accept", listed)
            self.assertIn("accept-encoding", listed)
        self.assertNotIn("accept-encoding", self.ask("/plain").listed("Vary"))

    def test_head_has_the_same_fields(self):
        for target in ("/count/3", "/plain"):
            get, head = self.ask(target), self.ask(target, method="HEAD")
            names = ("Content-Encoding", "Vary", "Content-Type")
            self.assertEqual([head.all(name) for name in names], [get.all(name) for name in names])

    def test_errors_are_readable(self):
        for target, status in (("/json/bad_first", 502), ("/nothing", 404), ("/count/3?format=xml", 406)):
            response = self.ask(target)
            self.assertEqual((response.status, response.field("Content-Encoding")), (status, None))
            self.assertEqual(response.json()["status"], status)

    # No item waits.

    def test_each_item_arrives_as_it_is_made(self):
        with self.server.connect() as connection:
            connection.ask("/slow", "Accept-Encoding: gzip")
            self.assertEqual(connection.head().field("Content-Encoding"), "gzip")
            inflate, times = Inflater(), []
            while len(times) < 6:
                item = inflate(connection.chunk())
                self.assertEqual(item.count(b"\n"), 1, item)
                times.append(time.monotonic())
        self.assertGreater(times[-1] - times[0], 0.25)

    def test_signs_of_life_arrive(self):
        for name, sign in (("sse", b":\n\n"), ("ndjson", b"\n")):
            with self.server.connect() as connection:
                connection.ask(f"/quiet?format={name}", "Accept-Encoding: gzip")
                connection.head()
                inflate = Inflater()
                self.assertTrue(inflate(connection.chunk()))
                self.assertEqual([inflate(connection.chunk()) for _ in range(5)], [sign] * 5)

    # Ends.

    def test_only_a_stream_that_has_ended_has_a_trailer(self):
        for version in ("HTTP/1.1", "HTTP/1.0"):
            with self.server.connect() as connection:
                whole = connection.get("/count/1000", "Accept-Encoding: gzip", version=version)
            inflate = Inflater()
            self.assertEqual(inflate(whole.body).count(b"\n"), 1000)
            self.assertTrue(inflate.ended)
            with self.server.connect() as connection:
                cut = connection.get("/json/bad_later", "Accept-Encoding: gzip", version=version)
            inflate = Inflater()
            self.assertEqual(cut.ending, wire.Ending.CUT if version == "HTTP/1.1" else wire.Ending.RESET)
            inflate(cut.body)
            self.assertFalse(inflate.ended)
            if version == "HTTP/1.1":
                with self.assertRaises(EOFError):
                    gzip.decompress(cut.body)

    def test_all_that_was_good_arrives_before_the_cut(self):
        body = self.ask("/json/bad_later").body
        self.assertEqual(Inflater()(body).count(b"\n"), 1000)

    def test_a_failure_is_named_within(self):
        events = wire.parse_event_stream(Inflater()(self.ask("/json/bad_later?format=sse").body)).events
        self.assertEqual(events[-1].event, "failed")

    def test_a_connection_lives_on(self):
        with self.server.connect() as connection:
            for _ in range(3):
                response = connection.get("/count/3", "Accept-Encoding: gzip")
                self.assertEqual(gzip.decompress(response.body), b"1\n2\n3\n")
            self.assertEqual(connection.get("/count/3").body, b"1\n2\n3\n")

    # What it costs.

    @unittest.skipIf(SANITIZED, "a sanitizer needs memory of its own")
    def test_a_stream_holds_little(self):
        self.ask("/count/3")
        before = self.server.resident_bytes()
        connections = [self.server.connect() for _ in range(LIVES)]
        try:
            for connection in connections:
                connection.ask("/quiet?format=cbor", "Accept-Encoding: gzip")
            for connection in connections:
                self.assertEqual(connection.head().field("Content-Encoding"), "gzip")
                self.assertTrue(connection.chunk())
            self.assertLess((self.server.resident_bytes() - before) / LIVES, 120_000)
        finally:
            for connection in connections:
                connection.close()
        self.assertTrue(self.server.alone())

    # Clients.

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl_reads_it(self):
        result = subprocess.run(["curl", "-sS", "--compressed", f"http://{self.server.authority}/big?format=text"],
                                capture_output=True, timeout=PATIENCE, check=True)
        self.assertEqual(result.stdout, self.big)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl_reads_each_item_at_once(self):
        with subprocess.Popen(["curl", "-sSN", "--compressed", f"http://{self.server.authority}/slow"],
                              stdout=subprocess.PIPE) as client:
            times = [time.monotonic() for _, line in zip(range(4), client.stdout)]
            client.kill()
        self.assertGreater(times[-1] - times[0], 0.15)
        self.assertTrue(wait_until(self.server.alone))

    @unittest.skipUnless(shutil.which("node"), "needs Node")
    def test_node_reads_each_item_at_once(self):
        script = """
          const response = await fetch(process.argv[1]);
          const times = [];
          for await (const part of response.body) {
            times.push(performance.now());
            if (times.length === 4) break;
          }
          console.log(response.headers.get('content-encoding'), Math.round(times[3] - times[0]));
          process.exit();
        """
        result = subprocess.run(["node", "--input-type=module", "-e", script, f"http://{self.server.authority}/slow"],
                                capture_output=True, text=True, timeout=PATIENCE, check=True)
        coding, elapsed = result.stdout.split()
        self.assertEqual(coding, "gzip")
        self.assertGreater(int(elapsed), 150)


if __name__ == "__main__":
    unittest.main()
