"""Many streams on one connection: the protocol coyield.v1 over a WebSocket, one event stream of several endpoints, and envelopes.

What is said in either direction is checked against the schema that the program prints.
"""

import asyncio
import collections
import gzip
import json
import pathlib
import re
import statistics
import threading
import time
import unittest

import jsonschema
import websockets

import wire
from harness import SANITIZED, Server, ServerCase, run, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "handlers/coyield.v1.schema.json").read_text(encoding="utf-8"))
PROTOCOL = "Sec-WebSocket-Protocol: coyield.v1"
AT_ONCE = 0.1  # seconds


def validator(whose):
    return jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{whose}"}]})


CLIENT, SERVER = validator("client"), validator("server")
SEEN = collections.Counter()


def check(message):
    """Against the schema, what a server says: the first of each shape, since that takes its time."""
    shape = tuple((name, *value) if isinstance(value, dict) else name for name, value in message.items())
    SEEN[shape] += 1
    if SEEN[shape] <= 100:
        SERVER.validate(message)


def kind(message):
    """What a message says: subscribed, data, gap, end or failed."""
    return next(name for name in ("subscribed", "data", "gap", "end", "failed", "published") if name in message)


class Client:
    """A WebSocket of the protocol. What has come is kept for each subscription."""

    def __init__(self, server, *fields, target="/.coyield/ws", **options):
        # What stands in buffers is late, and has to be read before what is looked for.
        self.connection = server.connect(**{"receive_buffer": 16 * 1024, **options})
        self.response = self.connection.open_websocket(target, PROTOCOL, *fields)
        self.said = {}
        self.closed = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def say(self, **message):
        CLIENT.validate(message)
        self.say_text(json.dumps(message))

    def say_text(self, text):
        self.connection.send(wire.client_frame(wire.TEXT, text.encode()))

    def subscribe(self, target, sub, **more):
        self.say(subscribe=target, sub=sub, **more)

    def next(self):
        """The next message; None at the close, which `closed` has."""
        while (frame := self.connection.frame()) is not None:
            if frame[0] == wire.TEXT:
                message = json.loads(frame[1])
                check(message)
                self.said.setdefault(message.get("sub"), []).append(message)
                return message
            if frame[0] == wire.CLOSE:
                self.closed = wire.parse_close(frame[1])
                return None
            if frame[0] != wire.PING:
                raise AssertionError(f"a frame {frame}")
        return None

    def of(self, sub, what=None):
        return [m for m in self.said.get(sub, []) if what in (None, kind(m))]

    def until(self, sub, what, count=1):
        """Those of one subscription and one kind, once there are so many."""
        while len(self.of(sub, what)) < count:
            if self.next() is None:
                raise AssertionError(f"closed by {self.closed}, and {sub} has {self.of(sub)[-3:]}")
        return self.of(sub, what)

    def data(self, sub, count):
        return [m["data"] for m in self.until(sub, "data", count)]

    def failure(self, sub):
        return self.until(sub, "failed")[-1]["failed"]

    def rest(self):
        while self.next() is not None:
            pass
        return self.closed


def look(server, target, **options):
    """One request at the admin address."""
    host, _, port = server.wait_for_log(r"listening address=(\S+) for=admin").group(1).rpartition(":")
    with wire.Connection((host, int(port))) as connection:
        return connection.get(target, **options)


def ended(server, endpoint):
    """How many streams of an endpoint are over, by how they ended."""
    text = look(server, "/metrics").text
    found = re.findall(rf'coyield_streams_ended_total\{{endpoint="{re.escape(endpoint)}",[a-z]+="([a-z]+)"\}} (\d+)', text)
    return {how: int(count) for how, count in found if count != "0"}


class MultiplexCase(ServerCase):
    settings = {"admin": "127.0.0.1:0", "cors": {"origins": ["https://friend.example"]}}

    @classmethod
    def prepare(cls):
        cls.lines = cls.directory / "lines"
        cls.lines.write_text("".join(f"{i}\n" for i in range(1000)))
        (cls.directory / "broken").write_text("1\n2\nnot json\n")
        (cls.directory / "bytes").write_bytes(b"\x00\xff")
        lines = {"file": {"path": str(cls.lines), "decode": "json"}}
        clock = {"clock": {"interval": "${query.every:-20ms}"}}
        cls.endpoints = {
            "/ticks": {"source": clock},
            "/count/{n}": {"source": {"counter": {"to": "${path.n}"}}},
            "/endless": {"source": {"counter": {}}},
            "/wide": {"source": {"file": {"path": str(cls.lines), "follow": True}}},
            "/lines": {"source": lines},
            "/lines-shared": {"source": {"file": {"path": str(cls.lines), "decode": "json", "follow": True, "start": "begin"}},
                              "share": {"replay": 10, "since": "start"}},
            "/shared": {"source": clock, "share": {"replay": 10_000, "linger": "1m"}},
            "/lossy": {"source": {"clock": "1ms"}, "share": {"replay": 0, "queue": 10, "slow": "drop_oldest"}},
            "/strict": {"source": {"clock": "1ms"}, "share": {"replay": 0, "queue": 10, "slow": "disconnect"}},
            "/closed": {"source": {"counter": 3}, "access": ["secret"]},
            "/other": {"source": {"counter": 3}, "access": ["other"]},
            "/friends": {"source": {"counter": 3}, "cors": {"origins": []}},
            "/broken": {"source": {"file": {"path": str(cls.directory / "broken"), "decode": "json"}}},
            "/nowhere": {"source": {"file": {"path": str(cls.directory / "nowhere")}}},
            "/bytes": {"source": {"file": {"path": str(cls.directory / "bytes"), "decode": "bytes"}}},
            "/silent": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "100ms"},
            "/held": {"source": {"clock": "3600s"}, "pipeline": [{"skip": 1}], "first_item_timeout": "1h"},
            "/echo": {"source": "echo", "input": True},
            "/rooms/{room}": {"source": {"topic": "room.${path.room}"}, "publish": "anyone"},
            "/narrow": {"source": {"topic": "narrow"}, "share": {"slow": "block", "queue": 2}, "publish": "anyone"},
            "/secret": {"source": {"topic": "secret"}, "publish": ["secret"]},
        }

    def admin(self, target, **options):
        return look(self.server, target, **options)

    def streams(self, endpoint=None):
        return [s for s in self.admin("/streams").json() if endpoint in (None, s["endpoint"])]

    def client(self, *fields, **options):
        client = Client(self.server, *fields, **options)
        self.addCleanup(client.connection.close)
        self.assertEqual(client.response.status, 101)
        return client


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

    def test_a_topic_that_is_held_back_holds_its_publisher_back_and_loses_nothing(self):
        client = self.client()
        with self.server.connect() as reader:
            reader.ask("/narrow")
            reader.head()
            count = 2000

            def send():
                for n in range(count):
                    client.say(publish="/narrow", data=[n, "x" * 500], ref=str(n))
            refs = []
            sender = threading.Thread(target=send)
            taker = threading.Thread(target=lambda: refs.extend(client.next()["ref"] for _ in range(count)))
            sender.start()
            taker.start()
            items = reader.items()
            self.assertEqual([json.loads(next(items))[0] for _ in range(count)], list(range(count)))
            sender.join()
            taker.join()
        self.assertEqual(refs, [str(n) for n in range(count)])

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


class EventStream:
    """A browser's, that can be cut anywhere."""

    def __init__(self, server, targets, last_id=None):
        quoted = [target.replace("%", "%25").replace("?", "%3F").replace("&", "%26").replace("=", "%3D") for target in targets]
        self.connection = server.connect()
        self.connection.ask("/.coyield/sse?" + "&".join(f"e={target}" for target in quoted),
                            *([f"Last-Event-ID: {last_id}"] if last_id else []))
        self.response = self.connection.head()
        self.text = b""
        self.ended = False

    def __iter__(self):
        """Pairs of what an event says, and the id that it leaves; up to the end."""
        while chunk := self.connection.chunk():
            self.text += chunk
            while b"\n\n" in self.text:
                one, _, self.text = self.text.partition(b"\n\n")
                for event in wire.parse_event_stream(one + b"\n\n").events:
                    if event.event == "end":
                        self.ended = event.id
                        continue
                    message = json.loads(event.data)
                    check(message)
                    yield message, event.id

    def close(self):
        self.connection.close()


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

    def test_it_is_told_from_its_message_which_endpoint_it_is(self):
        stream = self.stream("/ticks?every=1ms", "/ticks?every=2ms")
        subs = set()
        for message, _ in stream:
            subs.add(message["sub"])
            if len(subs) == 2:
                break
        self.assertEqual(subs, {"/ticks?every=1ms", "/ticks?every=2ms"})

    def test_cut_anywhere_all_go_on_exactly(self):
        targets = ["/lines", "/shared?every=1ms&since=earliest", "/lines?take=1", "/count/3"]
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
        self.assertEqual(ends, {"/lines", "/lines?take=1", "/count/3"})

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
