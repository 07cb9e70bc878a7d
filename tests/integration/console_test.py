"""The console, from outside: its files, what it is told of the endpoints, and the endpoints of its own origin."""

import re
import signal
import unittest

import wire
from admin_test import AdminCase as Case, Served as AdminServed
from harness import wait_until

ENDPOINTS = {
    "/count/{n}": {"source": {"counter": {"to": "${path.n}", "interval": "${query.interval:-0s}"}}},
    "/quiet": {"source": {"clock": "3600s"}},
    "/fast": {"source": {"clock": "0s"}},
    "/echo": {"source": "echo", "input": True},
    "/gone": {"source": {"file": {"path": "/nowhere/at/all"}}},
    "/shared": {"source": {"clock": "20ms"}, "share": {"replay": 1000}},
    "/shared/{who}": {"source": {"clock": "20ms"}, "pipeline": [{"set": {"/who": "${path.who}"}}], "share": {}},
    "/closed": {"source": {"counter": 2}, "access": ["reader"]},
    "/metrics": {"source": {"counter": 3}},
    "/finite": {"source": {"counter": {"to": 1000, "interval": "1s"}}, "finite": True},
}
SERVE = "/.coyield/serve"
TOKEN = "Authorization: Bearer secret"


class Served(AdminServed):
    endpoints = ENDPOINTS


class ConsoleCase(Case):
    server_class = Served


class Files(ConsoleCase):
    def test_each_has_its_type_and_a_policy_that_lets_nothing_else_run(self):
        server = self.start()
        page = server.look("/")
        self.assertEqual((page.status, page.type), (200, "text/html"))
        names = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
        self.assertIn(".coyield/console/app.js", names)
        types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
        for name in names:
            with self.subTest(name):
                file = server.look("/" + name)
                self.assertEqual((file.status, file.type), (200, types[name.rpartition(".")[2]]))
                policy = file.field("Content-Security-Policy")
                self.assertIn("script-src 'self'; style-src 'self'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertEqual(file.field("X-Content-Type-Options"), "nosniff")
                again = server.look("/" + name, "If-None-Match: " + file.field("ETag"))
                self.assertEqual((again.status, again.body), (304, b""))

    def test_they_are_at_the_admin_address_alone(self):
        server = self.start()
        self.assertEqual(server.get("/.coyield/console/app.js").status, 404)
        self.assertEqual(server.get(SERVE + "/count/2").status, 404)
        self.assertEqual(server.get("/.coyield/endpoints").status, 404)


class Data(ConsoleCase):
    def test_what_is_served_is_described(self):
        server = self.start()
        said = server.look("/.coyield/endpoints").json()
        self.assertEqual(said["addresses"], [server.authority])
        self.assertEqual([e["pattern"] for e in said["endpoints"]], list(ENDPOINTS))
        count = said["endpoints"][0]
        self.assertEqual([(p["in"], p["name"], p["type"], p["required"]) for p in count["parameters"]],
                         [("path", "n", "integer", True), ("query", "interval", "duration", False)])

    def test_figures_grow(self):
        server = self.start()
        server.get("/count/5")
        def count():
            one = server.look("/.coyield/figures").json()["endpoints"][0]
            return one["endpoint"], one["items"], one["started"], one["running"], one["ended"]["ended"]
        self.assertTrue(wait_until(lambda: count() == ("/count/{n}", 5, 1, 0, 1)), count())

    def test_failures_are_listed_with_who_and_why(self):
        server = self.start()
        with server.connect() as connection:
            client = "%s:%d" % connection.socket.getsockname()[:2]
            self.assertEqual(connection.get("/gone").status, 404)
        self.assertEqual(server.look(SERVE + "/gone").status, 404)
        newest, first = server.look("/errors").json()
        self.assertEqual((first["endpoint"], first["client"], first["kind"], first["number"]), ("/gone", client, "failed", 1))
        self.assertEqual((newest["endpoint"], newest["number"]), ("/gone", 2))
        self.assertIn("does not exist", newest["reason"])

    def test_it_asks_for_a_token_where_the_page_does_not(self):
        server = self.start(admin={"listen": "127.0.0.1:0", "access": ["secret"]})
        self.assertEqual(server.look("/").status, 200)
        self.assertEqual(server.look("/.coyield/console/style.css").status, 200)
        for path in ("/.coyield/endpoints", "/.coyield/figures", "/errors", "/streams", "/metrics"):
            with self.subTest(path):
                self.assertEqual(server.look(path).status, 401)
                self.assertEqual(server.look(path, "Authorization: Bearer reader").status, 401)
                self.assertEqual(server.look(path, TOKEN).status, 200)


class Shares(ConsoleCase):
    def test_a_generator_is_stopped_for_all_who_share_it(self):
        server = self.start({"threads": 2})
        readers = [self.stream(server, f"/shared/{n}?format=sse") for n in ("a", "a", "a", "b")]
        shares = server.look("/shares").json()
        self.assertEqual([(s["endpoint"], s["values"]) for s in shares],
                         [("/shared/{who}", {"path.who": "a"}), ("/shared/{who}", {"path.who": "b"})])
        self.assertEqual(server.look("/shares/" + shares[0]["id"], method="DELETE").status, 204)
        for reader in readers[:3]:
            self.assertIn(b"stopped by the operator", reader.rest())
        self.assertTrue(wait_until(lambda: len(server.look("/shares").json()) == len(server.streams()) == 1))
        self.assertEqual(server.look("/shares/" + shares[0]["id"], method="DELETE").status, 404)
        self.assertEqual(len(server.streams()), 1, "the other goes on")
        self.assertEqual(server.look("/errors").json(), [], "an operator's will is no failure")
        again = self.stream(server, "/shared/a?format=sse")
        while b"data: " not in again.buffer:
            self.assertTrue(again.more(), "who asks next starts another")



class Failing(AdminServed):
    endpoints = {"/failing": {"source": {"file": "/nowhere/at/all"}, "share": {"start": "at_once"}}}


class FailingShares(ConsoleCase):
    server_class = Failing

    def test_what_fails_for_all_is_listed_once(self):
        server = self.start()
        for _ in range(3):
            self.assertEqual(server.get("/failing").status, 404)
        failure, = server.look("/errors").json()
        self.assertEqual((failure["endpoint"], failure["client"]), ("/failing", ""))


class Streams(ConsoleCase):
    def test_each_endpoint_is_of_the_same_origin(self):
        server = self.start()
        response = server.look(SERVE + "/count/3")
        self.assertEqual((response.status, response.body, response.ending), (200, b"1\n2\n3\n", wire.Ending.COMPLETE))
        self.assertEqual(server.look(SERVE + "/metrics").body, b"1\n2\n3\n", "whatever the admin address has itself")
        self.assertEqual(server.look(SERVE + "/count/x").status, 400)
        self.assertEqual(server.look(SERVE + "/nothing").status, 404)
        self.assertEqual(server.look(SERVE + "/count/3", method="HEAD").body, b"")
        self.assertEqual(server.look(SERVE + "/count/3", method="POST").status, 405)

    def test_each_has_its_own_rules_of_access(self):
        server = self.start(admin={"listen": "127.0.0.1:0", "access": ["secret"]})
        self.assertEqual(server.look(SERVE + "/count/2").status, 200)
        self.assertEqual(server.look(SERVE + "/closed").status, 401)
        self.assertEqual(server.look(SERVE + "/closed", TOKEN).status, 401)
        self.assertEqual(server.look(SERVE + "/closed", "Authorization: Bearer reader").body, b"1\n2\n")

    def test_they_are_seen_and_stopped_like_all_others(self):
        server = self.start()
        with wire.Connection(server.admin) as connection:
            client = "%s:%d" % connection.socket.getsockname()[:2]
            connection.ask(SERVE + "/quiet?format=sse")
            stream = self.only_stream(server, "/quiet", items=1)
            self.assertEqual(stream["client"], client)
            self.assertEqual(server.metrics()["coyield_streams_running", "/quiet"], 1)
            self.stop_stream(server, stream)
            self.assertIn(b"stopped by the operator", connection.rest())

    def test_a_client_that_leaves_stops_the_work(self):
        server = self.start()
        connection = wire.Connection(server.admin)
        connection.ask(SERVE + "/quiet")
        self.only_stream(server, "/quiet", items=1)
        connection.reset()
        self.assertTrue(wait_until(lambda: not server.streams()))

    def test_websockets_too(self):
        server = self.start()
        with wire.Connection(server.admin) as connection:
            self.assertEqual(connection.open_websocket(SERVE + "/echo", "Origin: http://localhost").status, 101)
            connection.send(wire.client_frame(1, b"hello"))
            self.assertEqual(connection.frame()[1], b"hello")
        with wire.Connection(server.admin) as connection:
            self.assertEqual(connection.open_websocket(SERVE + "/echo", "Origin: http://evil.example").status, 403)
        with wire.Connection(server.admin) as connection:
            self.assertEqual(connection.open_websocket("/streams").status, 400)

    def test_who_comes_back_goes_on_behind_what_it_has(self):
        server = self.start()
        with wire.Connection(server.admin) as connection, server.connect() as other:
            other.ask("/shared")
            connection.ask(SERVE + "/shared?format=sse")
            while connection.buffer.count(b"data: ") < 3:
                self.assertTrue(connection.more())
            last = re.findall(rb"id: (\S+)\ndata: ", connection.buffer)[2].decode()
            with wire.Connection(server.admin) as again:
                again.ask(SERVE + "/shared?format=sse", "Last-Event-ID: " + last)
                while not (found := re.search(rb"id: (\S+)\ndata: ", again.buffer)):
                    self.assertTrue(again.more())
        epoch, number = last.split("-")
        self.assertEqual(found.group(1).decode(), f"{epoch}-{int(number) + 1}")

    def test_health_is_told_while_a_stream_there_is_as_fast_as_it_goes(self):
        server = self.start()
        with wire.Connection(server.admin, receive_buffer=4096) as slow, wire.Connection(server.admin) as kept:
            slow.ask(SERVE + "/fast")
            self.only_stream(server, "/fast", state="client")
            for _ in range(20):
                self.assertEqual(kept.get("/healthz").status, 200)

    def test_requests_in_pieces_are_handed_over_whole(self):
        server = self.start()
        with wire.Connection(server.admin) as connection:
            self.assertEqual(connection.get("/healthz").status, 200)
            connection.send_slowly(b"GET " + SERVE.encode() + b"/count/2 HTTP/1.1\r\nHost: localhost\r\n\r\n", 7)
            self.assertEqual(connection.response().body, b"1\n2\n")
            self.assertEqual(connection.rest(), b"", "one answer, and the end")

    def test_a_drain_lets_them_go_and_lets_nobody_new_in(self):
        server = self.start({"drain": "30s"})
        with wire.Connection(server.admin) as connection, server.connect() as finite:
            finite.ask("/finite")
            connection.ask(SERVE + "/quiet?format=sse")
            self.only_stream(server, "/quiet", items=1)
            self.only_stream(server, "/finite")
            server.signal(signal.SIGTERM)
            server.wait_for_log("draining")
            connection.rest()
            self.assertEqual(server.look(SERVE + "/count/2").status, 503)
            self.stop_stream(server, self.only_stream(server, "/finite"))
            finite.rest()
        self.assertEqual(server.wait(), 0)

    def test_a_unix_socket_will_do(self):
        server = self.start(admin=f"unix:/tmp/coyield-console-test-{id(self)}.sock")
        self.assertEqual(server.look(SERVE + "/count/2").body, b"1\n2\n")


if __name__ == "__main__":
    unittest.main()
