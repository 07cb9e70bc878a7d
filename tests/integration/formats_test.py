"""Each format with each kind of item, each ending and each oddity, read by parsers that know nothing of the server:
Python's json and csv, cbor2, msgpack, jq, Node."""

import asyncio
import base64
import csv
import io
import json
import shutil
import subprocess
import time
import unittest

import cbor2
import msgpack
import wire
from harness import PATIENCE, ServerCase

try:
    import websockets
except ImportError:
    websockets = None

REPLACEMENT = "\ufffd"
MEDIA_TYPES = {"ndjson": "application/x-ndjson", "sse": "text/event-stream", "json": "application/json",
               "text": "text/plain", "json-seq": "application/json-seq", "csv": "text/csv",
               "bytes": "application/octet-stream", "cbor": "application/cbor-seq",
               "msgpack": "application/x-msgpack"}
FORMATS = tuple(MEDIA_TYPES)

VALUES = [
    "null", "true", "false", "0", "-1", "23", "24", "127", "128", "255", "256", "65535", "65536", "4294967295",
    "4294967296", "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
    "-32", "-33", "-128", "-129", "-32768", "-32769", "-2147483648", "-2147483649", "0.1", "-1.5e300", "5e-324", "3.0",
    '""', r'"a\n\r\"\u0000,;"', r'"\ud83c\udf88 €"', "[]", "{}", '{"a":[1,{"b":null}],"":-0.5}', "[[[[]]],{}]",
    ' { "a" : [ 1 , 2 ] } ', '"' + "x" * 300_000 + '"', json.dumps(list(range(70_000))),
    json.dumps({f"k{i}": {"n": i} for i in range(20_000)}), "[" * 500 + "]" * 500,
]
BEYOND = ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "1e400", "-1e400"]
LINES = [b"plain", b"", b'say "x", \\', b"a\rb", b"a\0b", b"\0", "größe €🎈\u2028".encode(), b" \t ", b"=1+1",
         b"\xff|\xc3|\xe2\x82|\xed\xa0\x80", b"x" * 200_000]
LINES_AS_TEXT = [*(line.decode() for line in LINES[:-2]), "|".join(REPLACEMENT * n for n in (1, 1, 1, 3)), "x" * 200_000]
ROWS = [{"id": 9223372036854775807, "name": 'say "no", \r\n=1', "on": True, "tags": ["a", {"b": 1}], "none": None},
        {"name": "größe\0", "id": -1}, {"none": 1.5, "on": False, "id": 18446744073709551615}, {}]


def read_json_seq(body):
    records = body.split(b"\x1e")
    if records.pop(0) != b"" or not all(record.endswith(b"\n") for record in records):
        raise AssertionError(f"no sequence: {body[:100]!r}")
    return [json.loads(record) for record in records]


def read_lines(body):
    if body and not body.endswith(b"\n"):
        raise AssertionError("the last line has no end")
    return [json.loads(line) for line in body.decode().split("\n")[:-1]]


def read_cbor(body):
    stream, values = io.BytesIO(body), []
    while stream.tell() != len(body):
        values.append(cbor2.load(stream))
    return values


def read_msgpack(body):
    unpacker = msgpack.Unpacker(io.BytesIO(body), strict_map_key=False, max_buffer_size=len(body) + 1)
    values = list(unpacker)
    if unpacker.tell() != len(body):
        raise AssertionError("the last value is not whole")
    return values


def read_events(body):
    *events, end = wire.parse_event_stream(body).events
    if end.event != "end":
        raise AssertionError("no end")
    return [event.data for event in events]


def read_csv(body):
    if body and not body.endswith(b"\r\n"):
        raise AssertionError("the last row has no end")
    csv.field_size_limit(2 ** 30)
    return list(csv.DictReader(io.StringIO(body.decode(), newline=""), strict=True))


READERS = {"ndjson": read_lines, "json": json.loads, "json-seq": read_json_seq, "cbor": read_cbor,
           "msgpack": read_msgpack}


class FormatsCase(ServerCase):
    settings = {"limits": {"max_item": "4MiB"}}

    @classmethod
    def prepare(cls):
        files = {"values": "\n".join(VALUES).encode(), "beyond": "\n".join(BEYOND).encode(), "empty": b"",
                 "lines": b"\n".join(LINES) + b"\n", "binary": bytes(range(256)) * 1000,
                 "rows": b"\n".join(json.dumps(row).encode() for row in ROWS),
                 "bad_later": b'{"a":1}\n{"a":2}\nnot json\n', "bad_first": b"not json\n",
                 "new_member": b'{"a":1}\n{"b":2}\n{"a":3}\n'}
        for name, content in files.items():
            (cls.directory / name).write_bytes(content)

        def source(**options):
            return {"source": {"file": {"path": "${path.name}", "root": str(cls.directory), **options}}}
        cls.endpoints = {
            "/json/{name}": source(decode="json"), "/lines/{name}": source(), "/bytes/{name}": source(decode="bytes"),
            "/columns/{name}": {**source(decode="json"), "columns": ["a", "id", "name"]},
            "/all/{name}": {**source(decode="json"), "columns": list(ROWS[0])},
            "/line/{name}": {**source(), "columns": ["line"]},
            "/as-csv": {"source": {"counter": 3}, "format": "csv"},
            "/quiet": {"source": {"clock": "3600s"}, "heartbeat": "20ms"},
        }

    def get(self, target, ending=wire.Ending.COMPLETE):
        response = self.server.get(target)
        self.assertEqual((response.status, response.ending), (200, ending), target)
        return response

    def read(self, name, target):
        return READERS[name](self.get(f"{target}?format={name}").body)


class Table(FormatsCase):
    """The table of formats, cell by cell."""

    # JSON

    def test_json_items_say_the_same_in_every_format_that_has_values(self):
        expected = [json.loads(text) for text in VALUES]
        for name in READERS:
            with self.subTest(format=name):
                found = self.read(name, "/json/values")
                self.assertEqual(found, expected)
                self.assertEqual([type(value) for value in found], [type(value) for value in expected])

    def test_json_items_keep_every_digit_where_they_are_text(self):
        for name in ("text", "ndjson"):
            self.assertEqual(self.get(f"/json/beyond?format={name}").text.split("\n")[:-1], BEYOND)
        self.assertEqual(self.get("/json/beyond?format=json").text, "[" + ",".join(BEYOND) + "]")
        self.assertEqual(self.get("/json/beyond?format=json-seq").text,
                         "".join(f"\x1e{text}\n" for text in BEYOND))
        self.assertEqual(self.get("/json/beyond?format=bytes").text, "".join(BEYOND))
        self.assertEqual([row["value"] for row in read_csv(self.get("/json/beyond?format=csv").body)], BEYOND)

    def test_json_numbers_beyond_64_bits_are_doubles_in_binary_formats(self):
        for name in ("cbor", "msgpack"):
            with self.subTest(format=name):
                self.assertEqual(self.read(name, "/json/beyond"), [float(text) for text in BEYOND])

    def test_json_items_are_the_data_of_events(self):
        self.assertEqual(read_events(self.get("/json/values?format=sse").body), VALUES)

    def test_json_items_as_bytes_are_their_text(self):
        self.assertEqual(self.get("/json/values?format=bytes").text, "".join(VALUES))

    def test_json_objects_are_rows(self):
        def field(value):
            if value is None or isinstance(value, str):
                return value or ""
            return json.dumps(value)
        expected = [{name: field(row.get(name)) for name in ROWS[0]} for row in ROWS]
        for path in ("/json/rows", "/all/rows"):
            response = self.get(f"{path}?format=csv")
            self.assertEqual(read_csv(response.body), expected)
            self.assertEqual(response.field("Content-Type"), "text/csv; charset=utf-8; header=present")

    def test_an_unknown_member_fails_the_rows_and_is_named(self):
        response = self.get("/json/new_member?format=csv", ending=wire.Ending.CUT)
        self.assertEqual(response.body, b"a\r\n1\r\n")
        self.server.wait_for_log('failed.*has .*"b.*no column')
        refused = self.server.get("/columns/rows?format=csv")
        self.assertEqual(refused.status, 400, "its first item is one that cannot be said")
        self.assertIn("no column", refused.json()["detail"])

    # Text

    def test_text_items_are_strings(self):
        for name in READERS:
            with self.subTest(format=name):
                self.assertEqual(self.read(name, "/lines/lines"), LINES_AS_TEXT)

    def test_text_items_are_lines_of_text_and_raw_bytes(self):
        self.assertEqual(self.get("/lines/lines?format=text").text, "".join(f"{line}\n" for line in LINES_AS_TEXT))
        self.assertEqual(self.get("/lines/lines?format=bytes").body, b"".join(LINES))

    def test_text_items_are_events(self):
        self.assertEqual(read_events(self.get("/lines/lines?format=sse").body),
                         [line.replace("\r", "\n") for line in LINES_AS_TEXT])

    def test_text_items_are_rows_of_one_column(self):
        for path, column in (("/lines", "value"), ("/line", "line")):
            rows = read_csv(self.get(f"{path}/lines?format=csv").body)
            self.assertEqual([row[column] for row in rows], LINES_AS_TEXT)

    # Bytes

    def test_bytes_items_are_bytes_or_their_base64(self):
        whole = bytes(range(256)) * 1000
        for name in ("text", "bytes"):
            self.assertEqual(self.get(f"/bytes/binary?format={name}").body, whole)
        for name in ("cbor", "msgpack"):
            items = self.read(name, "/bytes/binary")
            self.assertEqual({type(item) for item in items}, {bytes})
            self.assertEqual(b"".join(items), whole)
        for name in ("ndjson", "json", "json-seq"):
            self.assertEqual(b"".join(map(base64.b64decode, self.read(name, "/bytes/binary"))), whole)
        events = read_events(self.get("/bytes/binary?format=sse").body)
        self.assertEqual(b"".join(map(base64.b64decode, events)), whole)

    def test_bytes_items_are_refused_as_rows(self):
        refused = self.server.get("/bytes/binary?format=csv")
        self.assertEqual(refused.status, 400)
        self.assertIn("bytes cannot be a row", refused.json()["detail"])

    # Ends

    def test_an_empty_stream_is_whole(self):
        bodies = {name: b"" for name in FORMATS} | {"json": b"[]"}
        for name, body in bodies.items():
            with self.subTest(format=name):
                response = self.get(f"/json/empty?format={name}")
                self.assertEqual(response.type, MEDIA_TYPES[name])
                if name == "sse":
                    self.assertEqual(read_events(response.body), [])
                else:
                    self.assertEqual(response.body, body)
        self.assertEqual(self.get("/columns/empty?format=csv").body, b"a,id,name\r\n")

    def test_a_stream_that_breaks_is_cut_behind_what_was_good(self):
        good = {"ndjson": b'{"a":1}\n{"a":2}\n', "json": b'[{"a":1},{"a":2}', "text": b'{"a":1}\n{"a":2}\n',
                "json-seq": b'\x1e{"a":1}\n\x1e{"a":2}\n', "csv": b"a\r\n1\r\n2\r\n", "bytes": b'{"a":1}{"a":2}',
                "cbor": b"\xa1aa\x01\xa1aa\x02", "msgpack": b"\x81\xa1a\x01\x81\xa1a\x02"}
        for name, body in good.items():
            with self.subTest(format=name):
                self.assertEqual(self.get(f"/json/bad_later?format={name}", ending=wire.Ending.CUT).body, body)
                with self.server.connect() as connection:
                    response = connection.get(f"/json/bad_later?format={name}", version="HTTP/1.0")
                    self.assertEqual((response.status, response.ending), (200, wire.Ending.RESET))
        events = wire.parse_event_stream(self.get("/json/bad_later?format=sse", ending=wire.Ending.CUT).body).events
        self.assertEqual([event.event for event in events], ["message", "message", "failed"])

    def test_a_stream_that_breaks_at_once_is_a_status(self):
        for name in FORMATS:
            with self.subTest(format=name):
                response = self.server.get(f"/json/bad_first?format={name}")
                self.assertEqual((response.status, response.type), (502, "application/problem+json"))


class Asking(FormatsCase):
    def test_each_is_had_by_its_media_type(self):
        for name, media_type in MEDIA_TYPES.items():
            with self.subTest(format=name):
                response = self.server.get("/json/rows", f"Accept: {media_type}, image/png;q=0.5")
                # One array only where the stream is said to end.
                self.assertEqual((response.status, response.type),
                                 (406, "application/problem+json") if name == "json" else (200, media_type))
        self.assertEqual(self.server.get("/json/rows", "Accept: application/vnd.msgpack").type, MEDIA_TYPES["msgpack"])

    def test_an_endpoint_may_have_csv_for_those_who_ask_for_nothing(self):
        response = self.server.get("/as-csv")
        self.assertEqual((response.type, response.body), ("text/csv", b"value\r\n1\r\n2\r\n3\r\n"))

    def test_formats_that_have_no_sign_of_life_are_quiet_and_cost_nothing(self):
        silent = ("csv", "bytes", "cbor", "msgpack")
        with self.server.connect() as first, self.server.connect() as second, self.server.connect() as third, \
                self.server.connect() as fourth, self.server.connect() as beating:
            connections = [first, second, third, fourth]
            for name, connection in zip(silent, connections):
                connection.ask(f"/quiet?format={name}")
                self.assertEqual(connection.head().status, 200)
                self.assertTrue(connection.chunk(), "the first item")
            beating.ask("/quiet?format=json-seq")
            self.assertEqual(beating.head().status, 200)
            before = self.server.processor_seconds()
            begin = time.monotonic()
            self.assertTrue(beating.chunk().startswith(b"\x1e{"))
            self.assertEqual([beating.chunk() for _ in range(10)], [b"\x1e"] * 10)
            elapsed = time.monotonic() - begin
            self.assertLess(self.server.processor_seconds() - before, 0.05 + elapsed / 2)
            for connection in connections:
                connection.socket.setblocking(False)
                with self.assertRaises(BlockingIOError):
                    connection.socket.recv(1)


@unittest.skipUnless(shutil.which("jq"), "needs jq")
class WithJq(FormatsCase):
    def test_jq_reads_sequences(self):
        body = self.get("/json/rows?format=json-seq").body
        result = subprocess.run(["jq", "--seq", "-c", ".name"], input=body, capture_output=True, timeout=PATIENCE,
                                check=True)
        self.assertEqual(read_json_seq(result.stdout), [row.get("name") for row in ROWS])

    def test_jq_passes_over_separators_between_records(self):
        result = subprocess.run(["jq", "--seq", "-c", "."], input=b"\x1e1\n\x1e\x1e\x1e2\n\x1e\x1e\x1e[3]\n",
                                capture_output=True, timeout=PATIENCE, check=True)
        self.assertEqual(read_json_seq(result.stdout), [1, 2, [3]])


@unittest.skipUnless(shutil.which("node"), "needs Node")
class WithNode(FormatsCase):
    SCRIPT = """
      const [url] = process.argv.slice(1);
      const response = await fetch(url + '/json/rows?format=json');
      const rows = await response.json();
      console.log(rows.length, JSON.stringify(rows[0].name), JSON.stringify(rows[1].name));
    """

    def test_node_reads_an_array(self):
        result = subprocess.run(["node", "--input-type=module", "-e", self.SCRIPT, f"http://{self.server.authority}"],
                                capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertEqual(result.stdout.strip(), r'4 "say \"no\", \r\n=1" "größe\u0000"')


@unittest.skipUnless(websockets, "needs python3-websockets")
class OverWebSocket(FormatsCase, unittest.IsolatedAsyncioTestCase):
    DECODE = {"cbor": cbor2.loads, "msgpack": lambda message: msgpack.unpackb(message, strict_map_key=False)}

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it would report how slow this client is

    def open(self, target):
        return websockets.connect(f"ws://{self.server.authority}{target}", open_timeout=PATIENCE, max_size=None,
                                  compression=None)

    async def test_each_item_is_a_binary_message(self):
        for name, decode in self.DECODE.items():
            for target, expected in (("/json/values", [json.loads(text) for text in VALUES]),
                                     ("/lines/lines", LINES_AS_TEXT)):
                async with self.open(f"{target}?format={name}") as socket:
                    messages = [message async for message in socket]
                self.assertEqual({type(message) for message in messages}, {bytes})
                self.assertEqual([decode(message) for message in messages], expected)

    async def test_other_formats_are_refused_with_a_word_on_what_there_is(self):
        for name in ("sse", "csv", "bytes", "xml"):
            with self.subTest(format=name), self.server.connect() as connection:
                key = base64.b64encode(b"0" * 16).decode()
                response = connection.get(f"/json/rows?format={name}", "Upgrade: websocket", "Connection: Upgrade",
                                          "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")
                self.assertEqual(response.status, 406)
                self.assertIn('"cbor" or "msgpack"', response.json()["detail"])


if __name__ == "__main__":
    unittest.main()
