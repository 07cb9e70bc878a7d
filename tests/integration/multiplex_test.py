"""Many streams on one WebSocket: the protocol coyield.v1."""

import asyncio
import json
import statistics
import threading
import time
import unittest

import jsonschema
import websockets

import wire
from harness import SANITIZED, Server, run, wait_until
from multiplex import SCHEMA, Client, EventStream, MultiplexCase, ended, kind

AT_ONCE = 0.1  # seconds


class OneSocket(MultiplexCase):
    def test_the_program_prints_the_schema(self):
        self.assertEqual(json.loads(run("schema", "--protocol").stdout), SCHEMA)
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_the_handshake_names_the_protocol(self):
        self.assertEqual(self.client().response.field("Sec-WebSocket-Protocol"), "coyield.v1")

    def test_streams_come_and_end_side_by_side(self):
        client = self.client()
        client.subscribe("/count/3", "a")
        client.subscribe("/ticks?every=1ms", "b")
        client.subscribe("/count/5", "c")
        client.until("a", "end")
        client.until("c", "end")
        self.assertEqual(client.of("a"), [{"sub": "a", "subscribed": {}}, *({"sub": "a", "data": n} for n in (1, 2, 3)),
                                          {"sub": "a", "end": {}}])
        self.assertEqual([m["data"] for m in client.of("c", "data")], [1, 2, 3, 4, 5])
        self.assertEqual([tick["i"] for tick in client.data("b", 50)][:50], list(range(50)))

    def test_a_name_is_free_again_behind_the_end(self):
        client = self.client()
        for round_ in range(1, 4):
            client.subscribe("/count/1", "a")
            client.until("a", "end", round_)
        self.assertEqual([kind(m) for m in client.of("a")], ["subscribed", "data", "end"] * 3)

    def test_bytes_are_base64_that_says_so(self):
        client = self.client()
        client.subscribe("/bytes", "a")
        message = client.until("a", "data")[0]
        self.assertEqual((message["data"], message["encoding"]), ("AP8=", "base64"))

    def test_a_stream_resumes_exactly(self):
        first = self.client()
        first.subscribe("/lines", "a", request=10)
        ids = [m["id"] for m in first.until("a", "data", 10)]
        begin = first.of("a", "subscribed")[0]["subscribed"]["id"]
        client = self.client()
        client.subscribe("/lines", "behind", last_event_id=ids[6])
        client.subscribe("/lines", "all", last_event_id=begin)
        client.until("behind", "end")
        client.until("all", "end")
        self.assertEqual([m["data"] for m in client.of("behind", "data")], list(range(7, 1000)))
        self.assertEqual([m["data"] for m in client.of("all", "data")], list(range(1000)))
        self.assertEqual(client.of("behind", "subscribed"), [{"sub": "behind", "subscribed": {"id": ids[6]}}])

    def test_a_shared_stream_says_where_it_stands_before_it_has_an_item(self):
        first = self.client()
        first.subscribe("/shared?every=1h", "a")
        first.until("a", "data")
        late = self.client()
        late.subscribe("/shared?every=1h", "b")
        self.assertEqual(late.until("b", "subscribed")[0]["subscribed"], {"id": first.of("a", "data")[0]["id"]})

    def test_who_catches_up_meets_the_shared_stream(self):
        client = self.client()
        client.subscribe("/lines-shared", "first")
        client.subscribe("/lines-shared", "second", request=990)
        self.assertEqual(client.data("first", 1000), list(range(1000)))
        client.data("second", 990)
        client.say(request=10, sub="second")
        self.assertEqual(client.data("second", 1000), list(range(1000)))

    def test_items_come_as_far_as_there_are_credits(self):
        client = self.client()
        client.subscribe("/endless", "a", request=3)
        client.subscribe("/ticks?every=1ms", "clock")
        client.data("clock", 20)
        self.assertEqual(client.data("a", 3), [1, 2, 3])
        client.say(request=2, sub="a")
        client.say(request=2, sub="a")
        client.data("a", 7)
        client.data("clock", len(client.of("clock", "data")) + 20)
        self.assertEqual(client.data("a", 7), [1, 2, 3, 4, 5, 6, 7])

    def test_a_gap_takes_no_credit(self):
        client = self.client()
        client.subscribe("/lossy", "a", request=1)
        client.subscribe("/ticks?every=10ms", "clock")
        client.data("clock", 20)
        before = client.data("a", 1)[0]["i"]
        client.say(request=5, sub="a")
        numbers = [tick["i"] for tick in client.data("a", 6)]
        gap = client.of("a", "gap")
        self.assertEqual(len(gap), 1)
        self.assertEqual(numbers[1:], list(range(before + gap[0]["gap"]["count"] + 1, before + gap[0]["gap"]["count"] + 6)))
        client.data("clock", len(client.of("clock", "data")) + 5)
        self.assertEqual(len(client.of("a", "data")), 6)

    def test_who_is_too_slow_by_its_credits_is_told_and_nobody_else(self):
        client = self.client()
        client.subscribe("/strict", "slow", request=1)
        client.subscribe("/strict", "quick")
        client.data("quick", 200)
        client.say(request=1, sub="slow")
        self.assertEqual(client.failure("slow")["status"], 503)
        client.data("quick", 300)
        self.assertFalse(client.of("quick", "failed") + client.of("quick", "gap"))

    def test_a_stream_that_cannot_begin_says_why(self):
        client = self.client()
        expected = {"/nothing": 404, "/nowhere": 404, "/.coyield/health": 404, "/closed": 401, "/ticks?every=fast": 400,
                    "/count/x": 400, "/a b": 400, "/shared?since=never": 400, "/count/3?format=csv": 406,
                    "/ticks?last_event_id=7": 409, "/shared?last_event_id=x&on_gap=fail": 410}
        for target in expected:
            client.subscribe(target, target)
        for target, status in expected.items():
            failure = client.failure(target)
            self.assertEqual((target, failure["status"]), (target, status), failure)
            self.assertTrue(failure["title"] and failure["detail"])
            self.assertFalse(client.of(target, "subscribed"))
        client.subscribe("/count/1", "still")
        client.until("still", "end")

    def test_a_stream_that_breaks_says_why_and_the_others_go_on(self):
        client = self.client()
        client.subscribe("/ticks", "clock")
        client.subscribe("/broken", "a")
        self.assertEqual(client.failure("a")["status"], 502)
        self.assertEqual([m["data"] for m in client.of("a", "data")], [1, 2])
        client.data("clock", len(client.of("clock", "data")) + 3)

    def test_what_the_handshake_shows_opens_what_it_would_open(self):
        client = self.client("Authorization: Bearer secret")
        client.subscribe("/closed", "a")
        client.subscribe("/other", "b")
        client.until("a", "end")
        self.assertEqual(client.failure("b")["status"], 403)

    def test_a_page_reads_what_lets_its_origin_in(self):
        client = self.client("Origin: https://friend.example")
        client.subscribe("/friends", "a")
        client.subscribe("/count/1", "b")
        self.assertEqual(client.failure("a")["status"], 403)
        client.until("b", "end")
        foreign = Client(self.server, "Origin: https://foreign.example")
        self.addCleanup(foreign.connection.close)
        self.assertEqual(foreign.response.status, 403)

    def test_a_status_that_is_held_holds_up_nobody(self):
        client = self.client()
        client.subscribe("/held", "held")
        client.subscribe("/silent", "silent")
        client.subscribe("/count/3", "a")
        client.until("a", "end")
        self.assertFalse(client.of("silent") + client.of("held"))
        begin = time.monotonic()
        client.until("silent", "subscribed")
        self.assertLess(time.monotonic() - begin, 5)
        self.assertFalse(client.of("held"))

    def test_nothing_comes_behind_the_answer_to_an_unsubscription(self):
        client = self.client()
        client.subscribe("/wide", "file")
        client.subscribe("/ticks?every=1ms", "a")
        client.subscribe("/ticks", "clock")
        client.data("a", 100)
        client.until("file", "subscribed")
        self.assertEqual(self.server.files(self.lines), 1)
        client.say(unsubscribe="a")
        client.say(unsubscribe="file")
        client.say(unsubscribe="never")
        for sub in ("a", "file", "never"):
            self.assertEqual(client.until(sub, "end")[0]["end"], {"reason": "unsubscribed"})
        self.assertEqual(self.server.files(self.lines), 0)
        client.data("clock", len(client.of("clock", "data")) + 3)
        self.assertEqual(kind(client.of("a")[-1]), "end")

    def test_messages_without_sense_are_told_so(self):
        client = self.client()
        client.subscribe("/ticks", "a")
        client.until("a", "subscribed")
        nonsense = ["{", "[]", "7", "{}", '{"foo":1}', '{"subscribe":"/ticks","sub":"a"}', '{"request":5,"sub":"nobody"}',
                    '{"subscribe":"/ticks","sub":"a","request":-1}', '{"unsubscribe":7}']
        for text in nonsense:
            client.say_text(text)
        client.connection.send(wire.client_frame(wire.BINARY, b"{}"))
        answers = client.until(None, "failed", len(nonsense) + 1)
        self.assertEqual([answer["failed"]["status"] for answer in answers],
                         [404 if "nobody" in text else 400 for text in [*nonsense, ""]])
        client.say_text('{"subscribe":"/ticks","sub":"b","last_event_id":7}')
        self.assertEqual(client.failure("b")["detail"], '"last_event_id" is a string, not 7')
        client.data("a", len(client.of("a", "data")) + 3)

    def test_publishing_is_answered_by_its_name(self):
        client = self.client()
        client.subscribe("/rooms/a", "room")
        client.until("room", "subscribed")
        client.say(publish="/rooms/a", data={"n": 1}, ref="r1", key="k")
        client.say(publish="/rooms/a", data={"n": 1}, ref="r2", key="k")
        client.say(publish="/rooms/a", data={"n": 2}, ref="r3", key="k")
        client.say(publish="/ticks", data=1, ref="r4")
        client.say(publish="/nothing", data=1, ref="r5")
        client.say(publish="/secret", data=1, ref="r6")
        client.say(publish="/rooms/a", data="last", ref="r7")
        answers = {}
        while len(answers) < 7:
            message = client.next()
            if "ref" in message:
                answers[message["ref"]] = message
        self.assertEqual(answers["r1"]["published"], answers["r2"]["published"], "a repetition")
        self.assertEqual([answers[ref]["failed"]["status"] for ref in ("r3", "r4", "r5", "r6")], [422, 405, 404, 401])
        self.assertEqual(client.data("room", 2), [{"n": 1}, "last"])

    def test_more_than_may_be_under_way_is_refused_and_the_rest_is_not_lost(self):
        with self.server.connect(receive_buffer=4096) as reader:
            reader.ask("/narrow")
            reader.head()
            client = self.client()
            count = 600
            for n in range(count):
                client.say(publish="/narrow", data=[n, "x" * 2000], ref=str(n))
            answers = {}
            while not any(each.get("failed", {}).get("status") == 429 for each in answers.values()):
                message = client.next()  # while the topic waits for its reader
                answers[message["ref"]] = message
            items = reader.items()
            seen = [json.loads(next(items))[0]]
            while len(answers) < count:
                message = client.next()
                answers[message["ref"]] = message
                if len(seen) < sum("published" in each for each in answers.values()):
                    seen.append(json.loads(next(items))[0])
            published = [int(ref) for ref, each in answers.items() if "published" in each]
            self.assertEqual(sorted(published), published, "in order")
            while len(seen) < len(published):
                seen.append(json.loads(next(items))[0])
            self.assertEqual(seen, published)

    def test_who_publishes_what_he_has_no_credits_to_read_can_still_ask_for_them(self):
        client = self.client()
        client.subscribe("/narrow", "a", request=1)
        client.until("a", "subscribed")
        for n in range(600):
            client.say(publish="/narrow", data=n, ref=str(n))
        client.say(request=100000, sub="a")
        while len(client.said.get(None, [])) < 600:
            self.assertIsNotNone(client.next())
        published = [int(m["ref"]) for m in client.said[None] if "published" in m]
        self.assertEqual(client.data("a", len(published)), published)

    def test_who_says_nothing_but_nonsense_is_sent_away(self):
        client = self.client()
        for _ in range(100):
            client.say_text("nonsense")
        self.assertEqual(client.rest(), (1008, "too many messages that make no sense"))
        self.assertEqual(len(client.of(None, "failed")), 65)

    def test_the_rules_of_websocket_hold(self):
        client = self.client()
        client.say_text("x" * 70_000)
        self.assertEqual(client.rest()[0], 1009)
        client = self.client()
        client.connection.send(wire.client_frame(wire.TEXT, b"{}", masked=False))
        self.assertEqual(client.rest()[0], 1002)

    def test_it_takes_other_protocols_for_a_mistake(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.open_websocket("/.coyield/ws", "Sec-WebSocket-Protocol: chat").status, 400)
        self.assertEqual(self.server.get("/.coyield/ws").status, 426)

    def test_200_streams_fit_on_a_socket_and_no_more_than_256(self):
        client = self.client()
        for i in range(256):
            client.subscribe("/ticks?every=100ms", str(i))
        for i in range(256):
            client.data(str(i), 5)
        client.subscribe("/ticks", "more")
        failure = client.failure("more")
        self.assertEqual(failure["status"], 429)
        self.assertIn("256", failure["detail"])
        client.say(unsubscribe="7")
        client.until("7", "end")
        client.subscribe("/ticks", "more")
        client.until("more", "subscribed")
        self.assertEqual(len(self.streams()), 256)

    def test_a_quiet_connection_costs_nothing(self):
        client = self.client()
        for i in range(200):
            client.subscribe("/ticks?every=1h", str(i))
        for i in range(200):
            client.data(str(i), 1)
        before = self.server.processor_seconds()
        time.sleep(1)  # what is looked at is what happens in a time
        self.assertLess(self.server.processor_seconds() - before, 0.1)

    def test_a_client_that_others_wrote(self):
        async def talk():
            url = f"ws://{self.server.authority}/.coyield/ws"
            async with websockets.connect(url, subprotocols=["coyield.v1"]) as socket:
                self.assertEqual(socket.subprotocol, "coyield.v1")
                await socket.send(json.dumps({"subscribe": "/count/3", "sub": "a"}))
                return [json.loads(await socket.recv()) for _ in range(5)]
        messages = asyncio.run(talk())
        self.assertEqual([m.get("data") for m in messages], [None, 1, 2, 3, None])


class Starving(unittest.TestCase):
    """One that asks for no more items of a topic that waits for it."""

    def test_it_does_not_hold_up_the_others_for_ever(self):
        endpoints = {"/block": {"source": {"topic": "block"}, "share": {"slow": "block", "queue": 2}, "publish": "anyone"}}
        with Server(endpoints, {"timeouts": {"write": "500ms"}}) as server, Client(server) as client:
            client.subscribe("/block", "a", request=1)
            client.until("a", "subscribed")
            with server.connect() as publisher:
                for n in range(20):
                    publisher.ask("/block", "Content-Length: 1", method="POST", body=b"1")
                    self.assertEqual(publisher.response().status, 200)
            self.assertEqual(client.failure("a")["status"], 503)
            self.assertEqual(len(client.of("a", "data")), 1)


class Neighbours(MultiplexCase):
    def test_a_heavy_stream_does_not_hold_up_a_clock(self):
        client = self.client()
        client.subscribe("/endless", "heavy")
        client.subscribe("/ticks?every=20ms", "clock")
        late = []
        while len(late) < 50:
            message = client.next()
            if message.get("sub") == "clock" and kind(message) == "data":
                late.append(time.time_ns() - message["data"]["ts"])
        self.assertLess(statistics.median(late) / 1e9, 5, "what stood in buffers, and no more")
        self.assertGreater(len(client.of("heavy")), 1000)

    def test_heavy_streams_have_about_the_same(self):
        client = self.client()
        for sub in "abcd":
            client.subscribe("/endless", sub)
        for _ in range(100_000):
            client.next()
        counts = [len(client.of(sub)) for sub in "abcd"]
        self.assertLess(max(counts), 1.5 * min(counts), counts)

    def test_a_client_that_takes_nothing_holds_one_batch(self):
        client = self.client(receive_buffer=4096)
        for i in range(50):
            client.subscribe("/endless", str(i))
        stalled = wait_until(lambda: len(streams := self.streams("/endless")) == 50 and all(s["unsent"] for s in streams))
        self.assertTrue(stalled)
        seen = {s["id"]: s["items"] for s in self.streams("/endless")}
        self.assertTrue(all(s["unsent"] < 128 * 1024 for s in self.streams("/endless")))
        time.sleep(0.3)  # what is looked at is that nothing happens
        self.assertEqual({s["id"]: s["items"] for s in self.streams("/endless")}, seen)

    def test_all_generators_go_with_the_connection_at_once(self):
        times = []
        for leave in ("close", "reset") * 2:
            client = self.client()
            for i in range(50):
                client.subscribe("/wide", str(i), **({"request": 5} if i % 2 else {}))
            for i in range(50):
                client.until(str(i), "subscribed")
            self.assertEqual(self.server.files(self.lines), 50)
            getattr(client.connection, leave)()
            begin = time.monotonic()
            self.assertTrue(wait_until(lambda: self.server.files(self.lines) == 0, step=0.001))
            times.append(time.monotonic() - begin)
        self.assertLess(statistics.median(times), AT_ONCE * (10 if SANITIZED else 1))
        self.assertEqual(self.streams(), [])

    def test_an_operator_stops_one_stream_and_not_the_connection(self):
        client = self.client()
        client.subscribe("/ticks", "clock")
        client.subscribe("/wide", "file")
        client.until("file", "subscribed")
        (stream,) = self.streams("/wide")
        self.assertEqual((stream["format"], stream["protocol"]), ("envelope", "WebSocket"))
        self.assertEqual(self.admin(f"/streams/{stream['id']}", method="DELETE").status, 204)
        self.assertEqual(client.failure("file")["status"], 503)
        self.assertIn("operator", client.failure("file")["detail"])
        client.data("clock", len(client.of("clock", "data")) + 3)
        self.assertEqual([s["endpoint"] for s in self.streams()], ["/ticks"])

    def test_one_without_credits_or_with_a_held_status_can_be_stopped(self):
        client = self.client()
        client.subscribe("/count/9", "poor", request=1)
        client.subscribe("/held", "held")
        client.data("poor", 1)
        self.assertTrue(wait_until(lambda: len(self.streams()) == 2))
        for stream in self.streams():
            self.assertEqual(self.admin(f"/streams/{stream['id']}", method="DELETE").status, 204)
        self.assertEqual([client.failure(sub)["status"] for sub in ("poor", "held")], [503, 503])

    def test_a_stream_is_stopped_though_its_client_takes_nothing(self):
        client = self.client(receive_buffer=4096)
        client.subscribe("/endless", "a")
        client.subscribe("/wide", "file")
        self.assertTrue(wait_until(lambda: any(s["unsent"] for s in self.streams("/endless"))))
        (stream,) = self.streams("/wide")
        self.admin(f"/streams/{stream['id']}", method="DELETE")
        self.assertTrue(wait_until(lambda: self.server.files(self.lines) == 0))
        self.assertEqual(client.failure("file")["status"], 503)
        client.data("a", len(client.of("a", "data")) + 1000)


class Draining(unittest.TestCase):
    endpoints = {
        "/clock": {"source": {"clock": "10ms"}},
        "/quiet": {"source": {"clock": "3600s"}},
        "/finite": {"source": {"counter": {"to": 4, "interval": "200ms"}}, "finite": True},
    }

    def start(self):
        server = Server(self.endpoints, {"drain": "20s", "admin": "127.0.0.1:0"})
        self.addCleanup(server.stop)
        return server

    def test_the_endless_are_told_by_the_close(self):
        server = self.start()
        with Client(server) as client, Client(server) as idle, Client(server, target="/clock") as alone:
            client.subscribe("/clock", "a")
            client.subscribe("/quiet", "b")
            client.data("a", 3)
            client.data("b", 1)
            alone.until(None, "data", 3)
            server.signal()
            self.assertEqual(client.rest(), (1001, "the server is going away"))
            self.assertEqual(idle.rest()[0], 1001)
            self.assertEqual(alone.rest()[0], 1001)
            self.assertFalse(client.of("a", "end") + client.of("a", "failed"))
        self.assertEqual(server.wait(), 0)

    def test_the_finite_may_end(self):
        server = self.start()
        with Client(server) as client:
            client.subscribe("/clock", "a")
            client.subscribe("/finite", "b")
            client.data("b", 1)
            client.data("a", 1)
            server.signal()
            server.wait_for_log("draining")
            client.until("b", "data", 2)
            self.assertEqual(ended(server, "/clock"), {"drained": 1})
            client.subscribe("/clock", "c")
            self.assertEqual(client.failure("c")["status"], 503)
            self.assertEqual(client.rest()[0], 1001)
            self.assertEqual([m["data"] for m in client.of("b", "data")], [1, 2, 3, 4])
            self.assertEqual(client.of("b")[-1], {"sub": "b", "end": {}})
        self.assertEqual(server.wait(), 0)

    def test_an_event_stream_is_cut_with_a_word_on_when_to_come_back(self):
        server = self.start()
        stream = EventStream(server, ["/clock", "/quiet"])
        self.addCleanup(stream.close)
        events = iter(stream)
        next(events)
        server.signal()
        for _ in events:
            pass
        self.assertFalse(stream.ended)
        self.assertEqual(stream.connection.end, wire.Ending.CLOSED)
        self.assertEqual(server.wait(), 0)


class Counted(MultiplexCase):
    def test_each_stream_is_counted_by_its_end(self):
        client = self.client()
        client.subscribe("/count/3", "ended")
        client.until("ended", "end")
        client.subscribe("/broken", "failed")
        client.failure("failed")
        client.subscribe("/nowhere", "refused")
        client.failure("refused")
        client.subscribe("/endless", "left", request=5)
        client.data("left", 1)
        client.say(unsubscribe="left")
        client.until("left", "end")
        self.assertEqual(ended(self.server, "/count/{n}"), {"ended": 1})
        self.assertEqual(ended(self.server, "/broken"), {"failed": 1})
        self.assertEqual(ended(self.server, "/nowhere"), {"refused": 1})
        self.assertEqual(ended(self.server, "/endless"), {"left": 1})
