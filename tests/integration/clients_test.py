"""Clients that others wrote: what a stream is to curl, Python's http.client and Node's fetch, and how each takes its end."""

import http.client
import shutil
import subprocess
import time
import unittest

from harness import PATIENCE, ServerCase, environment


class OrdinaryClients(ServerCase):
    @classmethod
    def prepare(cls):
        (cls.directory / "broken").write_bytes(b"1\n" * 1000 + b"not json\n")
        cls.endpoints = {
            "/count/{n}": {"source": {"counter": {"to": "${path.n}", "interval": "${query.interval:-0s}"}}},
            "/broken": {"source": {"file": {"path": str(cls.directory / "broken"), "decode": "json"}}},
            "/too-slow": {"source": {"counter": {"to": 2, "interval": "3600s"}}},
        }

    def url(self, target):
        return f"http://{self.server.authority}{target}"

    def run_client(self, *command):
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE, env=environment())

    # curl

    def curl(self, target, *options):
        return self.run_client("curl", "-sSN", *options, self.url(target))

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl_takes_an_end_for_an_end(self):
        for version in ("--http1.1", "--http1.0"):
            result = self.curl("/count/5", version)
            self.assertEqual((result.returncode, result.stdout), (0, "1\n2\n3\n4\n5\n"))

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl_takes_no_failure_for_an_end(self):
        for name in ("ndjson", "sse", "json", "text"):
            for version in ("--http1.1", "--http1.0"):
                with self.subTest(format=name, version=version):
                    result = self.curl(f"/broken?format={name}", version)
                    self.assertIn(result.returncode, (18, 56), "neither a partial file nor a failed receive")
                    self.assertIn("1", result.stdout)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl_can_be_told_to_fail_with_the_status(self):
        self.assertEqual(self.curl("/nothing", "--fail").returncode, 22)

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_a_counter_arrives_as_it_counts(self):
        client = subprocess.Popen(["curl", "-sSN", self.url("/count/5?interval=100ms")], stdout=subprocess.PIPE,
                                  env=environment())
        with client:
            times = []
            for expected in range(1, 6):
                self.assertEqual(client.stdout.readline(), b"%d\n" % expected)
                times.append(time.monotonic())
        self.assertEqual(client.returncode, 0)
        self.assertGreater(times[-1] - times[0], 0.3)

    # Python

    def test_python_tells_a_whole_stream_from_a_broken_one(self):
        connection = http.client.HTTPConnection(self.server.authority, timeout=PATIENCE)
        self.addCleanup(connection.close)
        for _ in range(3):  # on one connection
            connection.request("GET", "/count/1000")
            self.assertEqual(connection.getresponse().read().count(b"\n"), 1000)
        connection.request("GET", "/broken")
        with self.assertRaises(http.client.IncompleteRead):
            connection.getresponse().read()

    # Node

    SCRIPT = """
      const [url] = process.argv.slice(1);
      const response = await fetch(url);
      let text = '';
      try { for await (const part of response.body) text += Buffer.from(part); } catch (error) { text += 'BROKEN'; }
      console.log(response.status, response.headers.get('content-type'), JSON.stringify(text));
    """

    def fetch(self, target):
        return self.run_client("node", "--input-type=module", "-e", self.SCRIPT, self.url(target)).stdout.strip()

    @unittest.skipUnless(shutil.which("node"), "needs Node")
    def test_fetch_tells_a_whole_stream_from_a_broken_one(self):
        self.assertEqual(self.fetch("/count/3"), r'200 application/x-ndjson "1\n2\n3\n"')
        self.assertTrue(self.fetch("/broken").endswith('BROKEN"'))

    # What a user does next.

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_a_client_that_has_had_enough_ends_its_stream(self):
        result = self.curl("/too-slow", "--max-time", "0.5")
        self.assertEqual((result.returncode, result.stdout), (28, "1\n"))
        self.assertTrue(self.server.alone())


if __name__ == "__main__":
    unittest.main()
