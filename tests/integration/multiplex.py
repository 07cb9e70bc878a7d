"""Clients of many streams on one connection, and a test case that serves streams of every kind to them.

What is said in either direction is checked against the schema that the program prints.
"""

import collections
import json
import pathlib
import re

import jsonschema

import wire
from harness import ServerCase

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "handlers/coyield.v1.schema.json").read_text(encoding="utf-8"))
PROTOCOL = "Sec-WebSocket-Protocol: coyield.v1"


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
                    if event.event in ("end", "failed"):
                        self.ended = event.event
                        continue
                    message = json.loads(event.data)
                    check(message)
                    yield message, event.id

    def close(self):
        self.connection.close()
