"""Envelopes elsewhere: on the WebSocket of one endpoint, in NDJSON, and in one event stream of several endpoints."""

import gzip

import wire
from harness import ServerCase, wait_until
from multiplex import PROTOCOL, SERVER, Client, EventStream, MultiplexCase


class OneEndpoint(MultiplexCase):
    def test_its_messages_have_no_name(self):
        client = self.client(target="/count/3")
        self.assertEqual(client.response.field("Sec-WebSocket-Protocol"), "coyield.v1")
        self.assertEqual(client.rest(), (1000, "end"))
        self.assertEqual(client.of(None), [{"subscribed": {}}, {"data": 1}, {"data": 2}, {"data": 3}, {"end": {}}])

    def test_credits_count_from_the_first_request(self):
        client = self.client(target="/ticks?every=1ms")
        client.until(None, "data", 5)
        client.say(request=10)
        # What has come before is not known: it ends within ten of some item.
        self.assertTrue(wait_until(lambda: self.streams("/ticks")[0]["state"] == "client"))
        items = self.streams("/ticks")[0]["items"]
        client.until(None, "data", items)
        client.say(request=7)
        self.assertEqual([tick["i"] for tick in client.data(None, items + 7)], list(range(items + 7)))
        self.assertTrue(wait_until(lambda: self.streams("/ticks")[0]["items"] == items + 7))

    def test_a_failure_comes_before_the_close(self):
        client = self.client(target="/broken")
        code, reason = client.rest()
        self.assertEqual(code, 1011)
        self.assertEqual(client.of(None)[-1]["failed"]["detail"], reason)
        self.assertEqual(client.of(None)[-1]["failed"]["status"], 502)

    def test_one_that_cannot_begin_is_a_status(self):
        for target, status in {"/nowhere": 404, "/closed": 401, "/count/3?format=cbor": 406}.items():
            with self.server.connect() as connection:
                self.assertEqual(connection.open_websocket(target, PROTOCOL).status, status)

    def test_it_resumes(self):
        client = self.client(target="/lines")
        ids = [m["id"] for m in client.until(None, "data", 10)]
        again = self.client(target=f"/lines?last_event_id={ids[4]}")
        self.assertEqual(again.rest()[0], 1000)
        self.assertEqual([m["data"] for m in again.of(None, "data")], list(range(5, 1000)))

    def test_an_operator_stops_it(self):
        client = self.client(target="/ticks?every=1h")
        client.until(None, "data")
        (stream,) = self.streams("/ticks")
        self.admin(f"/streams/{stream['id']}", method="DELETE")
        self.assertEqual(client.rest(), (1011, "stopped by the operator"))
        self.assertEqual(client.of(None)[-1]["failed"]["status"], 503)

    def test_it_takes_no_other_messages(self):
        client = self.client(target="/ticks")
        client.say(subscribe="/ticks", sub="a")
        self.assertEqual(client.failure(None)["status"], 400)
        client.until(None, "data", 5)

    def test_what_is_said_to_a_generator_is_not_for_us(self):
        client = self.client(target="/echo")
        self.assertIsNone(client.response.field("Sec-WebSocket-Protocol"))
        client.say_text("hello")
        self.assertEqual(client.connection.frame()[:2], (wire.TEXT, b"hello"))

    def test_envelopes_in_ndjson(self):
        response = self.server.get("/count/2?envelope=1")
        self.assertEqual((response.type, response.lines()), ("application/x-ndjson", [{"data": 1}, {"data": 2}, {"end": {}}]))
        self.assertEqual(response.ending, wire.Ending.COMPLETE)
        lines = self.server.get("/lines?envelope=1").lines()
        self.assertEqual([line["data"] for line in lines[:-1]], list(range(1000)))
        again = self.server.get(f"/lines?envelope=1&last_event_id={lines[990]['id']}").lines()
        self.assertEqual(again, lines[991:])
        for line in lines:
            SERVER.validate(line)

    def test_envelopes_say_a_failure_and_are_cut_behind_it(self):
        response = self.server.get("/broken?envelope=1")
        lines = response.lines()
        self.assertEqual([line.get("data") for line in lines], [1, 2, None])
        self.assertEqual(lines[-1]["failed"]["status"], 502)
        self.assertEqual(response.ending, wire.Ending.CUT)
        self.assertEqual(self.server.get("/broken?envelope=1&format=csv").status, 406)


class Events(MultiplexCase):
    def stream(self, *targets, last_id=None):
        stream = EventStream(self.server, targets, last_id)
        self.addCleanup(stream.close)
        return stream

    def test_several_endpoints_end_together(self):
        stream = self.stream("/count/2", "/broken", "/nothing", "/bytes")
        self.assertEqual((stream.response.status, stream.response.type), (200, "text/event-stream"))
        said = {}
        for message, _ in stream:
            said.setdefault(message["sub"], []).append(message)
        self.assertEqual(stream.ended, "end")
        self.assertEqual([m.get("data") for m in said["/count/2"]], [None, 1, 2, None])
        self.assertEqual(said["/broken"][-1]["failed"]["status"], 502)
        self.assertEqual([m["failed"]["status"] for m in said["/nothing"]], [404])
        self.assertEqual(said["/bytes"][1]["data"], "AP8=")
        self.assertEqual(self.stream("/count/2", "/broken", last_id="end").response.status, 204)

    def test_where_one_has_failed_that_may_be_had_again_the_browser_comes_back(self):
        stream = self.stream("/count/2", "/held")
        for message, _ in stream:
            if message["sub"] == "/count/2" and "end" in message:
                break
        held = next(each for each in self.streams() if each["endpoint"] == "/held")
        self.assertEqual(self.admin(f"/streams/{held['id']}", method="DELETE").status, 204)
        last_id = None
        for message, last_id in stream:
            self.assertEqual(message["failed"]["status"], 503)
        self.assertEqual(stream.ended, "failed")
        self.assertNotEqual(last_id, "end")
        again = self.stream("/count/2", "/held", last_id=last_id)
        self.assertEqual(again.response.status, 200)
        self.assertTrue(wait_until(lambda: [each["endpoint"] for each in self.streams()] == ["/held"]))

    def test_it_is_told_from_its_message_which_endpoint_it_is(self):
        stream = self.stream("/ticks?every=1ms", "/ticks?every=2ms")
        subs = set()
        for message, _ in stream:
            subs.add(message["sub"])
            if len(subs) == 2:
                break
        self.assertEqual(subs, {"/ticks?every=1ms", "/ticks?every=2ms"})

    def test_cut_anywhere_all_go_on_exactly(self):
        targets = ["/lines", "/shared?every=1ms&since=earliest", "/lines?again=1", "/count/3"]
        numbers = {target: [] for target in targets}
        ends, last_id = set(), None
        for cut in (1, 2, 7, 50, 51, 400, 777, 10_000):
            stream = self.stream(*targets, last_id=last_id)
            self.assertEqual(stream.response.status, 200)
            for count, (message, last_id) in enumerate(stream, 1):
                if "data" in message:
                    value = message["data"]
                    numbers[message["sub"]].append(value["i"] if isinstance(value, dict) else value)
                elif "end" in message:
                    self.assertNotIn(message["sub"], ends)
                    ends.add(message["sub"])
                else:
                    self.assertIn("subscribed", message)
                if count == cut or (cut == 10_000 and len(ends) == 3 and count > 20):
                    break
            stream.close()
        self.assertEqual(numbers["/lines"], list(range(1000)))
        first = numbers["/shared?every=1ms&since=earliest"][0]
        self.assertEqual(numbers["/shared?every=1ms&since=earliest"],
                         list(range(first, first + len(numbers["/shared?every=1ms&since=earliest"]))))
        self.assertEqual(ends, {"/lines", "/lines?again=1", "/count/3"})

    def test_an_id_is_for_the_same_endpoints_alone(self):
        stream = self.stream("/lines", "/ticks")
        _, last_id = next(iter(stream))
        self.assertRegex(last_id, r"^[!-~]+$")
        for targets in (["/ticks", "/lines"], ["/lines"], ["/lines", "/ticks", "/count/3"]):
            self.assertEqual(self.stream(*targets, last_id=last_id).response.status, 400)
        for wrong in (last_id + ",", last_id + "%", "x", "1,2"):
            self.assertEqual(self.stream("/lines", "/ticks", last_id=wrong).response.status, 400)

    def test_what_is_asked_for_has_to_make_sense(self):
        self.assertEqual(self.server.get("/.coyield/sse").status, 400)
        self.assertEqual(self.server.get("/.coyield/sse?e=/lines&e=/lines").status, 400)
        self.assertEqual(self.stream(*(f"/count/{i}" for i in range(1, 18))).response.status, 400)
        self.assertEqual(len([m for m, _ in self.stream(*(f"/count/{i}" for i in range(1, 17))) if "end" in m]), 16)
        head = self.server.get("/.coyield/sse?e=/lines", method="HEAD")
        self.assertEqual((head.status, head.type), (200, "text/event-stream"))

    def test_it_is_compressed_where_that_is_asked_for(self):
        response = self.server.get("/.coyield/sse?e=/count/2", "Accept-Encoding: gzip")
        self.assertEqual((response.field("Content-Encoding"), response.ending), ("gzip", wire.Ending.COMPLETE))
        self.assertEqual(gzip.decompress(response.body), self.server.get("/.coyield/sse?e=/count/2").body)

    def test_the_next_request_has_the_same_connection(self):
        with self.server.connect() as connection:
            for _ in range(3):
                response = connection.get("/.coyield/sse?e=/count/2&e=/count/3")
                self.assertEqual(response.ending, wire.Ending.COMPLETE)
                self.assertEqual(response.text.count("data: {\"sub\""), 2 + 2 + 3 + 2)

    def test_generators_go_with_the_connection(self):
        stream = self.stream("/wide", "/ticks?every=1h")
        for message, _ in stream:
            if message["sub"] == "/wide":
                break
        self.assertEqual(self.server.files(self.lines), 1)
        stream.close()
        self.assertTrue(wait_until(lambda: self.server.files(self.lines) == 0 and self.streams() == []))

    def test_a_client_of_http_1_0_gets_it_too(self):
        response = self.server.get("/.coyield/sse?e=/count/2", version="HTTP/1.0")
        self.assertEqual(response.ending, wire.Ending.CLOSED)
        self.assertEqual(wire.parse_event_stream(response.body).events[-1].event, "end")


class Heartbeats(ServerCase):
    endpoints = {"/quiet": {"source": {"clock": "3600s"}}}
    settings = {"timeouts": {"heartbeat": "100ms"}}

    def test_a_quiet_websocket_is_pinged_and_dropped_when_it_does_not_answer(self):
        for subscribes in (True, False):
            with Client(self.server) as client:
                if subscribes:
                    client.subscribe("/quiet", "a")
                    client.until("a", "data")
                opcode, payload, *_ = client.connection.frame()
                self.assertEqual(opcode, wire.PING)
                client.connection.send(wire.client_frame(wire.PONG, payload))
                self.assertEqual(client.connection.frame()[0], wire.PING)
                self.assertIsNone(client.rest())

    def test_a_quiet_event_stream_beats(self):
        with self.server.connect() as connection:
            connection.ask("/.coyield/sse?e=/quiet")
            connection.head()
            text = b""
            while text.count(b"\n:\n") < 3:
                text += connection.chunk()
