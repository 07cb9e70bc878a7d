"""The admin address, from outside: what it shows of streams that run, and what becomes of one that is stopped."""

import json
import re
import signal
import threading
import unittest

from prometheus_client.parser import text_string_to_metric_families

import wire
from harness import PATIENCE, SANITIZED, THREADS, Server, environment, run, wait_until
from upstream import unused_port

ENDPOINTS = {
    "/count/{n}": {"source": {"counter": {"to": "${path.n}"}}},
    "/quiet": {"source": {"clock": "3600s"}},
    "/silent": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "1h"},
    "/late": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "0s"},
    "/fast": {"source": {"clock": "0s"}},
    "/echo": {"source": "echo", "input": True},
    "/gone": {"source": {"file": {"path": "/nowhere/at/all"}}},
    "/finite": {"source": {"counter": {"to": 1000, "interval": "1s"}}, "finite": True},
}


class Served(Server):
    """A server with an admin address."""

    endpoints = ENDPOINTS

    def __init__(self, settings=None, admin="127.0.0.1:0"):
        super().__init__(self.endpoints, {"admin": admin, **(settings or {})})
        where = self.wait_for_log(r"listening address=(\S+) for=admin").group(1)
        if where.startswith("unix:"):
            self.admin = where[len("unix:"):]
        else:
            host, _, port = where.rpartition(":")
            self.admin = host.strip("[]"), int(port)

    def look(self, target, *fields, **options):
        """One request at the admin address."""
        with wire.Connection(self.admin) as connection:
            return connection.get(target, *fields, **options)

    def streams(self, endpoint=None):
        return [s for s in self.look("/streams").json() if endpoint in (None, s["endpoint"])]

    def metrics(self):
        """The value of each sample, by its name and its labels."""
        response = self.look("/metrics")
        if response.type != "text/plain" or "version=0.0.4" not in response.field("Content-Type"):
            raise AssertionError(response.field("Content-Type"))
        samples = {}
        for family in text_string_to_metric_families(response.text):
            for sample in family.samples:
                samples[sample.name, *sorted(sample.labels.values())] = sample.value
        return samples


class AdminCase(unittest.TestCase):
    server_class = Served

    def start(self, *arguments, **options):
        server = self.server_class(*arguments, **options)
        self.addCleanup(server.stop)
        return server

    def stream(self, server, target, *fields, **options):
        connection = server.connect()
        self.addCleanup(connection.close)
        connection.ask(target, *fields, **options)
        self.assertEqual(connection.head().status, 200)
        return connection

    def websocket(self, server, target):
        connection = server.connect()
        self.addCleanup(connection.close)
        self.assertEqual(connection.open_websocket(target).status, 101)
        return connection

    def only_stream(self, server, endpoint, **expected):
        """The one stream of an endpoint, once it is as expected."""
        def find():
            streams = server.streams(endpoint)
            return streams if len(streams) == 1 and expected.items() <= streams[0].items() else None
        found = wait_until(find)
        self.assertTrue(found, f"{endpoint}: {server.streams(endpoint)}, not {expected}")
        return found[0]

    def stop_stream(self, server, stream):
        self.assertEqual(server.look("/streams/" + stream["id"], method="DELETE").status, 204)


class Traced(Served):
    endpoints = {
        "/few": {"source": {"counter": 100}, "pipeline": [{"where": {"": {"less": 8}}}, {"skip": 2}, {"delay": "1h"}],
                 "first_item_timeout": "0s"},
        "/held": {"source": {"counter": {}}, "pipeline": [{"delay": "1h"}], "first_item_timeout": "0s"},
        "/ticking": {"source": {"clock": "1h"}, "pipeline": [{"where": {"/i": 0}}]},
        "/waiting": {"source": {"concat": [{"counter": 5}, {"clock": "1h"}]}, "share": {"replay": 10}},
        "/refused": {"source": {"tcp": f"127.0.0.1:{unused_port()}"}, "pipeline": [{"retry": {"from": "10ms", "to": "20ms"}}],
                     "first_item_timeout": "0s"},
        "/refused/shared": {"source": {"tcp": f"127.0.0.1:{unused_port()}"}, "share": {"restart": "on_failure"},
                            "first_item_timeout": "0s"},
    }


class Traces(AdminCase):
    """What goes through each component of a generator, and where it waits."""

    server_class = Traced

    def stages(self, info):
        return [(stage["name"], stage["items"]) for stage in info["stages"]]

    def share(self, server, endpoint):
        return next((s for s in server.look("/shares").json() if s["endpoint"] == endpoint), {})

    def test_items_in_and_out_of_each_component(self):
        server = self.start()
        self.stream(server, "/few")
        stream = self.only_stream(server, "/few", awaits_in="delay")
        self.assertEqual(self.stages(stream), [("counter", 100), ("where", 7), ("skip", 5), ("delay", 0)])
        self.assertNotIn("last_item_seconds", stream)
        self.assertEqual(stream["restarts"], 0)

    def test_it_waits_in_its_source_where_all_behind_wait_for_that(self):
        server = self.start()
        self.stream(server, "/ticking")
        stream = self.only_stream(server, "/ticking", awaits_in="clock", items=1)
        self.assertEqual(self.stages(stream), [("clock", 1), ("where", 1)])
        self.assertGreaterEqual(stream["last_item_seconds"], 0)

    def test_it_waits_in_the_one_that_does_not_ask_further(self):
        """Though its source, which could go on, has an end as little as it has."""
        server = self.start()
        self.stream(server, "/held")
        stream = self.only_stream(server, "/held", awaits_in="delay")
        self.assertGreater(self.stages(stream)[0][1], 0)

    def test_of_a_shared_generator(self):
        server = self.start()
        self.stream(server, "/waiting")
        self.stream(server, "/waiting")
        self.assertTrue(wait_until(lambda: self.share(server, "/waiting").get("awaits_in") == "concat"))
        share = self.share(server, "/waiting")
        self.assertEqual((self.stages(share), share["items"], share["restarts"]), ([("concat", 6)], 6, 0))
        self.assertGreaterEqual(share["last_item_seconds"], 0)
        for stream in server.streams("/waiting"):
            self.assertNotIn("stages", stream)

    def test_restarts_and_the_last_error(self):
        server = self.start()
        self.stream(server, "/refused")
        self.assertTrue(wait_until(lambda: server.streams("/refused")[0].get("restarts", 0) >= 3))
        stream = server.streams("/refused")[0]
        self.assertIn("Connection refused", stream["last_error"])
        self.assertEqual(self.stages(stream), [("tcp", 0), ("retry", 0)])
        self.stream(server, "/refused/shared")
        self.assertTrue(wait_until(lambda: self.share(server, "/refused/shared").get("restarts", 0) >= 2))
        self.assertIn("Connection refused", self.share(server, "/refused/shared")["last_error"])

    def test_those_that_come_and_go_while_somebody_looks(self):
        server = self.start({"threads": 2})
        stop = threading.Event()

        def look():
            while not stop.is_set():
                server.look("/streams")
                server.look("/shares")
        looking = threading.Thread(target=look)
        looking.start()
        try:
            for _ in range(30):
                for path in ("/ticking", "/waiting", "/few"):
                    with server.connect() as connection:
                        connection.ask(path)
                        self.assertEqual(connection.head().status, 200)
        finally:
            stop.set()
            looking.join()
        self.assertTrue(wait_until(lambda: not server.streams()))


class Streams(AdminCase):
    def test_each_stream_is_shown_while_it_runs(self):
        server = self.start()
        self.assertEqual(server.streams(), [])
        with server.connect() as connection:
            host, port = connection.socket.getsockname()[:2]
            connection.ask("/quiet?format=sse")
            stream = self.only_stream(server, "/quiet", items=1)
            self.assertEqual((stream["client"], stream["format"], stream["protocol"]),
                             (f"{host}:{port}", "sse", "HTTP/1.1"))
            self.assertEqual((stream["state"], stream["awaits"], stream["unsent"]), ("source", "timer", 0))
            self.assertGreater(stream["bytes"], 50)
            self.assertGreaterEqual(stream["age_seconds"], 0)
            again = server.look("/streams/" + stream["id"]).json()
            self.assertEqual(again["id"], stream["id"])
        self.assertTrue(wait_until(lambda: not server.streams()))
        self.assertEqual(server.look("/streams/" + stream["id"]).status, 404)

    def test_where_each_stream_waits(self):
        server = self.start()
        self.websocket(server, "/echo")
        self.only_stream(server, "/echo", state="source", awaits="event", protocol="WebSocket")
        slow = server.connect(receive_buffer=4096)
        self.addCleanup(slow.close)
        slow.ask("/fast", version="HTTP/1.0")
        stream = self.only_stream(server, "/fast", state="client", protocol="HTTP/1.0")
        self.assertGreater(stream["unsent"], 0)
        self.assertGreater(stream["items"], 100)

    def test_many_at_once_have_ids_of_their_own(self):
        server = self.start({"threads": 2})
        for _ in range(50):
            self.stream(server, "/quiet")
        streams = server.streams()
        self.assertEqual(len({s["id"] for s in streams}), 50)
        for stream in streams[::2]:
            self.stop_stream(server, stream)
        left = {s["id"] for s in streams[1::2]}
        self.assertTrue(wait_until(lambda: {s["id"] for s in server.streams()} == left))


class Stopped(AdminCase):
    def test_a_chunked_stream_has_no_last_chunk(self):
        server = self.start()
        for target in ("/quiet", "/late", "/quiet?format=json"):
            connection = self.stream(server, target)
            self.stop_stream(server, self.only_stream(server, target.partition("?")[0], state="source"))
            response = wire.Response("HTTP/1.1", 200, "OK", [])
            connection._chunked(response)
            self.assertEqual(response.ending, wire.Ending.CUT)
            self.assertNotIn(b"]", response.body)

    def test_server_sent_events_say_why(self):
        server = self.start()
        connection = self.stream(server, "/quiet?format=sse")
        self.stop_stream(server, self.only_stream(server, "/quiet", items=1))
        response = wire.Response("HTTP/1.1", 200, "OK", [])
        connection._chunked(response)
        self.assertEqual(response.ending, wire.Ending.CUT)
        last = wire.parse_event_stream(response.body).events[-1]
        self.assertEqual(last.event, "failed")
        self.assertIn("stopped by the operator", last.data)

    def test_a_websocket_is_closed_with_the_reason(self):
        server = self.start()
        connection = self.websocket(server, "/echo")
        self.stop_stream(server, self.only_stream(server, "/echo"))
        self.assertEqual(connection.close_frame(), (1011, "stopped by the operator"))

    def test_http_1_0_is_reset(self):
        server = self.start()
        connection = self.stream(server, "/quiet", version="HTTP/1.0")
        self.stop_stream(server, self.only_stream(server, "/quiet", items=1))
        connection.rest()
        self.assertEqual(connection.end, wire.Ending.RESET)

    def test_a_stream_that_has_no_status_yet_gets_503(self):
        server = self.start()
        with server.connect() as connection:
            connection.ask("/silent")
            self.stop_stream(server, self.only_stream(server, "/silent"))
            response = connection.response()
            self.assertEqual(response.status, 503)
            self.assertEqual(response.json()["detail"], "stopped by the operator")
            self.assertEqual(connection.get("/count/2").body, b"1\n2\n", "the connection goes on")

    def test_streams_as_fast_as_they_go_and_clients_that_do_not_read_are_stopped_as_well(self):
        server = self.start()
        reading = self.stream(server, "/fast")
        reader = threading.Thread(target=reading.rest)
        reader.start()
        self.addCleanup(reader.join)
        self.stop_stream(server, self.only_stream(server, "/fast"))
        reader.join(PATIENCE)
        self.assertFalse(reader.is_alive())
        self.assertTrue(wait_until(lambda: not server.streams()))
        stuck = server.connect(receive_buffer=4096)
        self.addCleanup(stuck.close)
        stuck.ask("/fast")
        self.stop_stream(server, self.only_stream(server, "/fast", state="client"))
        self.assertTrue(wait_until(lambda: not server.streams()))

    def test_a_client_that_reads_all_the_time_is_told_however_fast_its_stream_is(self):
        server = self.start()
        for _ in range(5):
            events = self.stream(server, "/fast?format=sse")
            self.assertIn(b"event: failed\n", self.read_until_stopped(server, events)[-300:])
            messages = self.websocket(server, "/fast")
            self.assertTrue(self.read_until_stopped(server, messages).endswith(b"\x03\xf3stopped by the operator"))

    def read_until_stopped(self, server, connection):
        """All that a client gets that never stops reading; the last part of it."""
        last = b""

        def read():
            nonlocal last
            while connection.more():
                last, connection.buffer = (last + connection.buffer)[-1000:], b""
        reader = threading.Thread(target=read)
        reader.start()
        self.addCleanup(reader.join)
        self.assertTrue(wait_until(lambda: server.streams("/fast")[0]["items"] > 10_000))
        self.stop_stream(server, server.streams("/fast")[0])
        if connection.buffer is not None:
            reader.join(PATIENCE)
        self.assertFalse(reader.is_alive())
        return last

    def test_the_rest_goes_on_and_is_counted_apart(self):
        server = self.start()
        other = self.stream(server, "/late")
        self.stream(server, "/quiet")
        self.stop_stream(server, self.only_stream(server, "/quiet"))
        self.assertTrue(wait_until(lambda: server.metrics()["coyield_streams_ended_total", "/quiet", "stopped"] == 1))
        self.assertEqual(len(server.streams("/late")), 1)
        other.close()

    def test_what_does_not_run_is_404(self):
        server = self.start()
        for name in ("0-99", "7-1", "-", "0-", "x", "0-1x", "18446744073709551616-1", "%00"):
            with self.subTest(name):
                self.assertIn(server.look("/streams/" + name, method="DELETE").status, (400, 404))


class Metrics(AdminCase):
    def test_add_up(self):
        server = self.start({"threads": 2})
        for n in (3, 4):
            self.assertEqual(len(server.get(f"/count/{n}").lines()), n)
        self.assertEqual(server.get("/gone").status, 404)
        self.assertEqual(server.get("/count/x").status, 400)
        quiet = [self.stream(server, "/quiet") for _ in range(3)]
        quiet.pop().close()
        self.assertTrue(wait_until(lambda: server.metrics()["coyield_streams_ended_total", "/quiet", "left"] == 1))
        m = server.metrics()
        self.assertEqual(m["coyield_streams_started_total", "/count/{n}"], 2)
        self.assertEqual(m["coyield_streams_ended_total", "/count/{n}", "ended"], 2)
        self.assertEqual(m["coyield_items_total", "/count/{n}"], 7)
        self.assertEqual(m["coyield_first_item_seconds_count", "/count/{n}"], 2)
        self.assertEqual(m["coyield_first_item_seconds_bucket", "+Inf", "/count/{n}"], 2)
        self.assertGreater(m["coyield_bytes_total", "/count/{n}"], 2 * 100)
        self.assertEqual(m["coyield_streams_running", "/quiet"], 2)
        self.assertEqual(m["coyield_streams_ended_total", "/gone", "refused"], 1)
        self.assertEqual(m["coyield_streams_running", "/gone"], 0)
        for endpoint in ENDPOINTS:
            ended = sum(v for k, v in m.items() if k[0] == "coyield_streams_ended_total" and endpoint in k)
            self.assertEqual(m["coyield_streams_started_total", endpoint] - ended,
                             m["coyield_streams_running", endpoint])
        self.assertEqual(m["coyield_connections",], 2)
        self.assertGreaterEqual(m["coyield_connections_accepted_total",], 7)

    def test_of_the_process_are_those_of_the_system(self):
        server = self.start()
        m = server.metrics()
        version = run("--version").stdout.split()[1]
        self.assertEqual([v for k, v in m.items() if k[0] == "coyield_build_info" and version in k], [1])
        self.assertAlmostEqual(m["process_cpu_seconds_total",], server.processor_seconds(), delta=1)
        self.assertGreater(m["process_resident_memory_bytes",], 1e6)
        self.assertGreater(m["process_open_fds",], 5)
        self.assertGreaterEqual(m["process_max_fds",], m["process_open_fds",])
        self.assertGreater(m["process_start_time_seconds",], 1.6e9)
        self.assertGreater(m["coyield_uptime_seconds",], 0)
        if not SANITIZED:  # which has a thread of its own
            self.assertEqual(m["process_threads",], THREADS + 1)
        self.assertEqual(m["coyield_draining",], 0)

    def test_the_time_to_the_first_item_is_that_of_the_source(self):
        server = self.start()
        self.assertEqual(server.get("/count/1").status, 200)
        with server.connect() as connection:
            connection.open_websocket("/echo")
            self.only_stream(server, "/echo", state="source")
            wait_until(lambda: server.streams("/echo")[0]["age_seconds"] > 0.06)
            connection.send(wire.client_frame(1, b"hello"))
            self.only_stream(server, "/echo", items=1)
        m = server.metrics()
        self.assertLess(m["coyield_first_item_seconds_sum", "/count/{n}"], 0.06)
        self.assertGreater(m["coyield_first_item_seconds_sum", "/echo"], 0.06)

    def test_a_client_that_was_dropped_for_memory_counts_as_slow(self):
        server = self.start({"memory": "256KiB"})
        for _ in range(20):
            self.stream(server, "/fast")
        server.wait_for_log("dropped reason=memory")
        self.assertTrue(wait_until(lambda: server.metrics()["coyield_streams_ended_total", "/fast", "slow"] > 0))
        self.assertEqual(server.metrics()["coyield_streams_ended_total", "/fast", "left"], 0)


class Places(AdminCase):
    def test_what_is_served_and_what_is_shown_are_apart(self):
        server = self.start()
        for path in ("/metrics", "/streams", "/healthz", "/readyz"):
            self.assertEqual(server.look(path).status, 200)
            self.assertEqual(server.get(path).status, 404)
        for path in ("/count/3", "/quiet"):
            self.assertEqual(server.look(path).status, 404)
        self.assertEqual(server.look("/.coyield/health").status, 200)

    def test_no_address_no_admin(self):
        with Server(ENDPOINTS) as server:
            self.assertEqual(server.get("/metrics").status, 404)
            self.assertNotIn("for=admin", "\n".join(server.log()))

    def test_tokens_are_asked_for(self):
        server = self.start(admin={"listen": "127.0.0.1:0", "access": ["secret"]})
        self.stream(server, "/quiet")
        token = "Authorization: Bearer secret"
        self.assertEqual(server.look("/metrics").status, 401)
        self.assertEqual(server.look("/streams").status, 401)
        stream = server.look("/streams", token).json()[0]
        path = "/streams/" + stream["id"]
        self.assertEqual(server.look(path, method="DELETE").status, 401)
        self.assertEqual(server.look(path, "Authorization: Bearer wrong", method="DELETE").status, 401)
        self.assertEqual(server.look(path).status, 401)
        self.assertEqual(server.look(path, token).status, 200)
        self.assertEqual(server.look(path, token, method="DELETE").status, 204)
        self.assertEqual(server.look("/healthz").status, 200)
        self.assertEqual(server.look("/readyz").status, 200)

    def test_a_page_of_another_origin_stops_nothing(self):
        server = self.start()
        self.stream(server, "/quiet")
        path = "/streams/" + self.only_stream(server, "/quiet")["id"]
        self.assertEqual(server.look(path, "Origin: https://evil.example", method="DELETE").status, 403)
        self.assertEqual(len(server.streams()), 1)

    def test_a_unix_socket_will_do(self):
        server = self.start(admin=f"unix:/tmp/coyield-admin-test-{id(self)}.sock")
        self.assertEqual(server.look("/readyz").status, 200)
        self.assertEqual(run("health", "unix:" + server.admin).returncode, 0)

    def test_a_head_has_the_fields_alone_and_a_connection_is_kept(self):
        server = self.start()
        with wire.Connection(server.admin) as connection:
            head = connection.get("/metrics", method="HEAD")
            self.assertEqual((head.status, head.body), (200, b""))
            self.assertGreater(int(head.field("Content-Length")), 100)
            self.assertEqual(connection.get("/healthz").status, 200)

    def test_an_address_that_is_taken_is_said_plainly(self):
        server = self.start()
        taken = "%s:%d" % server.admin
        file = server.file.with_name("taken.json")
        file.write_text(json.dumps({"server": {"listen": "127.0.0.1:0", "admin": taken}, "endpoints": ENDPOINTS}))
        result = run("serve", str(file))
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, f"cannot listen at {re.escape(taken)}.*in use")


class Draining(AdminCase):
    def test_it_is_not_ready_but_answers_to_the_end(self):
        server = self.start({"drain": "30s"})
        stream = self.stream(server, "/finite")
        self.assertEqual(server.look("/readyz").status, 200)
        server.signal(signal.SIGTERM)
        server.wait_for_log("draining")
        self.assertEqual(server.look("/readyz").status, 503)
        self.assertEqual(server.look("/readyz").json()["status"], "draining")
        self.assertEqual(server.look("/healthz").status, 200)
        self.assertEqual(server.metrics()["coyield_draining",], 1)
        running = self.only_stream(server, "/finite")
        with wire.Connection(server.admin) as kept:
            self.assertEqual(kept.get("/healthz").status, 200)
            self.stop_stream(server, running)
            stream.rest()
            stream.close()
            self.assertEqual(server.wait(), 0)
            self.assertEqual(kept.rest(), b"")


class Health(AdminCase):
    def health(self, *arguments, **variables):
        return run("health", *arguments, env=environment(**variables))

    def test_asks_the_admin_address_of_the_configuration(self):
        server = self.start({"drain": "30s"})
        file = server.file.with_name("found.json")
        file.write_text(json.dumps({"server": {"listen": server.authority, "admin": "%s:%d" % server.admin},
                                    "endpoints": ENDPOINTS}))
        self.assertEqual(self.health("--config", str(file)).returncode, 0)
        self.assertEqual(self.health(COYIELD_FILE=str(file)).returncode, 0)
        stream = self.stream(server, "/finite")
        server.signal(signal.SIGTERM)
        server.wait_for_log("draining")
        result = self.health("--config", str(file))
        self.assertEqual(result.returncode, 1)
        self.assertIn("draining", result.stdout)
        stream.close()

    def test_asks_where_it_listens_where_there_is_no_admin_address(self):
        with Server(ENDPOINTS, {"listen": "0.0.0.0:0"}) as server:
            file = server.file.with_name("found.json")
            file.write_text(json.dumps({"server": {"listen": "0.0.0.0:%d" % server.address[1]}, "endpoints": ENDPOINTS}))
            self.assertEqual(self.health("--config", str(file)).returncode, 0)
            self.assertEqual(self.health("127.0.0.1:%d" % server.address[1]).returncode, 0)
            self.assertEqual(self.health("http://127.0.0.1:%d/.coyield/health" % server.address[1]).returncode, 0)
            self.assertEqual(self.health("http://127.0.0.1:%d/healthz" % server.address[1]).returncode, 1)

    def test_says_what_it_cannot_know(self):
        with Server(ENDPOINTS) as server:
            result = self.health("--config", str(server.file))
            self.assertEqual(result.returncode, 1)
            self.assertIn("picks the port", result.stdout)
            result = self.health("--config", "/nowhere.json")
            self.assertEqual(result.returncode, 78)
            self.assertIn("/nowhere.json", result.stderr)


if __name__ == "__main__":
    unittest.main()
