"""Programs as sources: what they write comes out, who leaves ends them, and nothing of them is left."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest

import wire
from harness import PATIENCE, PROGRAM, Server, ServerCase, environment, wait_until


def children(pid):
    """The processes that `pid` has started, zombies included."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(name))
    return found


def sh(script, **options):
    return {"source": {"exec": {"command": ["sh", "-c", script], **options}}}


class Programs(ServerCase):
    endpoints = {
        "/two": sh("echo one; echo two"),
        "/fails": sh("echo one; echo why >&2; exit 3"),
        "/fails/at-once": sh("exit 3"),
        "/missing": {"source": {"exec": ["/no/such/program"]}},
        "/echo/{word}": {"source": {"exec": {"command": ["printf", "%s|%s\n", "${path.word}", "${query.more:--}"]}}},
        "/variable": sh('echo "$WHO"', env={"WHO": "${query.who:-nobody}"}),
        "/forever": sh("echo $$$$; exec sleep 1000"),
        "/shared": {**sh("echo $$$$; exec sleep 1000"), "share": {"replay": 10, "since": "earliest"}},
        "/upper": {**sh("while read -r line; do echo \"$line\" | tr a-z A-Z; done", stdin=True), "input": True},
        "/mixed": sh("echo out; echo err >&2", stderr="items"),
        "/much": {"source": {"exec": {"command": ["seq", "200000"], "decode": "json"}}},
        "/deaf": sh("trap '' TERM; echo $$$$; while :; do sleep 0.05; done", grace="100ms"),
    }

    def nothing_left(self):
        self.assertTrue(wait_until(lambda: not children(self.server.pid)), children(self.server.pid))

    def test_lines_come_out_and_the_end_is_one(self):
        response = self.server.get("/two")
        self.assertEqual((response.status, response.lines(), response.ending),
                         (200, ["one", "two"], wire.Ending.COMPLETE))
        self.assertEqual(len(self.server.get("/much").lines()), 200_000)
        self.nothing_left()

    def test_a_program_that_fails_is_no_end(self):
        response = self.server.get("/fails")
        self.assertEqual((response.lines(), response.ending), (["one"], wire.Ending.CUT))
        self.server.wait_for_log(r"stderr endpoint=/fails program=sh pid=\d+ line=why")
        response = self.server.get("/fails/at-once")
        self.assertEqual((response.status, response.json()["detail"]), (502, "the program ended with status 3"))
        response = self.server.get("/missing")
        self.assertEqual(response.status, 500)
        self.assertIn("cannot be started: No such file or directory", response.json()["detail"])

    def test_values_of_a_request_are_arguments_and_no_more(self):
        self.assertEqual(self.server.get("/echo/a%20b;%20rm%20*?more=$(id)").lines(), ["a b; rm *|$(id)"])
        response = self.server.get("/echo/-n")
        self.assertEqual(response.status, 400)
        self.assertIn("would be taken for an option", response.json()["detail"])
        self.assertEqual(self.server.get("/variable?who=$HOME").lines(), ["$HOME"])
        self.assertEqual(self.server.get("/variable?who=a%00b").status, 400)

    def test_standard_error_may_be_events(self):
        stream = wire.parse_event_stream(self.server.get("/mixed?format=sse").body)
        self.assertEqual({(event.event, event.data) for event in stream.events if event.data in ("out", "err")},
                         {("message", "out"), ("stderr", "err")})

    def test_who_leaves_ends_the_program(self):
        for leave in ("close", "reset"):
            with self.subTest(leave), self.server.connect() as client:
                client.ask("/forever")
                client.head()
                pid = int(json.loads(client.chunk()))
                os.kill(pid, 0)
                getattr(client, leave)()
                self.assertTrue(wait_until(lambda pid=pid: not os.path.exists(f"/proc/{pid}")))
        self.nothing_left()

    def test_one_that_does_not_listen_is_killed(self):
        with self.server.connect() as client:
            client.ask("/deaf")
            client.head()
            client.chunk()
        self.nothing_left()

    def test_one_program_serves_all_and_ends_with_the_last(self):
        with self.server.connect() as one, self.server.connect() as other:
            pids = []
            for client in (one, other):
                client.ask("/shared")
                client.head()
                pids.append(int(json.loads(client.chunk())))
            self.assertEqual(pids[0], pids[1])
            one.close()
            self.assertEqual(children(self.server.pid), [pids[0]])
        self.nothing_left()

    def test_what_a_websocket_says_goes_to_the_program(self):
        with self.server.connect() as client:
            client.open_websocket("/upper")
            for word in (b"one", b"two"):
                client.send(wire.client_frame(1, word))
                self.assertEqual(client.frame()[1], word.upper())
            client.send(wire.client_close(1000))
        self.nothing_left()

    def test_a_thousand_starts_leave_nothing(self):
        self.server.get("/two")
        self.nothing_left()
        before = len(os.listdir(f"/proc/{self.server.pid}/fd"))
        for i in range(500):
            with self.server.connect() as client:
                client.ask("/forever" if i % 5 else "/two")
                client.head()
                if i % 2:
                    client.chunk()
        for _ in range(500):
            self.assertEqual(self.server.get("/two").lines(), ["one", "two"])
        self.nothing_left()
        self.assertTrue(wait_until(lambda: len(os.listdir(f"/proc/{self.server.pid}/fd")) <= before))


class Limited(unittest.TestCase):
    def test_only_so_many_programs_run(self):
        endpoints = {"/forever": sh("echo up; exec sleep 1000")}
        with Server(endpoints, {"limits": {"max_programs": 2}}) as server:
            clients = [server.connect() for _ in range(3)]
            for client in clients:
                client.ask("/forever")
            self.assertEqual(sorted(client.head().status for client in clients), [200, 200, 503])
            for client in clients:
                client.close()
            self.assertTrue(wait_until(lambda: server.get("/forever?format=text", method="HEAD").status == 200))

    def test_the_end_of_the_server_is_theirs(self):
        for script in ("exec sleep 1000", "trap '' TERM; while :; do sleep 0.05; done"):
            with Server({"/": sh("echo $$$$; " + script)}, {"drain": "100ms"}) as server:
                client = server.connect()
                client.ask("/")
                client.head()
                pid = int(json.loads(client.chunk()))
                server.signal()
                self.assertEqual(server.wait(), 0)
                self.assertFalse(os.path.exists(f"/proc/{pid}"))
                client.close()


class OneLiner(unittest.TestCase):
    def start(self, *arguments):
        process = subprocess.Popen([PROGRAM, "exec", "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, env=environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.send_signal, signal.SIGINT)
        line = process.stdout.readline()
        found = re.search(r"^(.*): http://(127\.0\.0\.1):(\d+)/$", line)
        self.assertTrue(found, line)
        return found.group(1), (found.group(2), int(found.group(3)))

    def test_exec_serves_a_program_to_all(self):
        said, address = self.start("--", "sh", "-c", "echo $$; sleep 1000")
        self.assertEqual(said, "sh -c 'echo $$; sleep 1000'")
        with wire.Connection(address) as one, wire.Connection(address) as other:
            pids = set()
            for client in (one, other):
                client.ask("/")
                client.head()
                pids.add(client.chunk())
            self.assertEqual(len(pids), 1)

    def test_exec_may_run_one_for_each_and_hear_it(self):
        _, address = self.start("--per-client", "--stdin", "--", sys.executable, "-uc",
                                "for line in open(0): print(line.strip()[::-1], flush=True)")
        with wire.Connection(address) as client:
            client.open_websocket("/")
            client.send(wire.client_frame(1, b"abc"))
            self.assertEqual(client.frame()[1], b"cba")

    def test_what_exec_does_not_know_is_exit_code_2(self):
        for arguments, words in (((), "COMMAND"), (("--", ""), "no program is named"),
                                 (("--stdin", "--", "cat"), "add --per-client"),
                                 (("--decode", "csv", "--", "cat"), '--decode: "csv" is none of the choices')):
            result = subprocess.run([PROGRAM, "exec", *arguments], capture_output=True, text=True, check=False,
                                    env=environment(), timeout=PATIENCE)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn(words, result.stderr)


if __name__ == "__main__":
    unittest.main()
