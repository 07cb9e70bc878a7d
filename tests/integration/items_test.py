"""Odd items in every format: what a file holds, Python's json and an event stream's reader find again."""

import base64
import json
import unittest

import wire
from harness import ServerCase

REPLACEMENT = "\ufffd"

# name, the bytes of a file, its lines as text
LINES = [
    ("empty", b"", []),
    ("one_line", b"one\n", ["one"]),
    ("no_last_line_feed", b"one\ntwo", ["one", "two"]),
    ("empty_lines", b"\n\none\n\n", ["", "", "one", ""]),
    ("crlf", b"one\r\ntwo\r\n\r\n", ["one", "two", ""]),
    ("a_cr_within", b"one\rtwo\n", ["one\rtwo"]),
    ("crs_at_the_end", b"one\r\r\n", ["one\r"]),
    ("a_cr_at_the_very_end", b"one\r", ["one\r"]),
    ("a_nul", b"one\0two\n\0\n", ["one\0two", "\0"]),
    ("controls", bytes(range(1, 10)) + bytes(range(11, 13)) + bytes(range(14, 32)) + b"\x7f\n",
     ["".join(map(chr, [*range(1, 10), 11, 12, *range(14, 32), 127]))]),
    ("quotes", b'say "x" \\ back/slash\t</script>\n', ['say "x" \\ back/slash\t</script>']),
    ("beyond_ascii", "größe € 🎈 \u2028\u2029\ufeff\n".encode(), ["größe € 🎈 \u2028\u2029\ufeff"]),
    ("a_byte_order_mark", b"\xef\xbb\xbfone\n", ["\ufeffone"]),
    ("not_utf_8", b"a\xffb\n\xc3\n\xe2\x82\n\xf0\x9f\x8e\nok\n",
     [f"a{REPLACEMENT}b", REPLACEMENT, REPLACEMENT, REPLACEMENT, "ok"]),
    ("overlong", b"\xc0\x80\n", [REPLACEMENT * 2]),
    ("a_surrogate", b"\xed\xa0\x80\n", [REPLACEMENT * 3]),
    ("latin_1", "naïve\n".encode("latin-1"), [f"na{REPLACEMENT}ve"]),
    ("looks_like_sse", b"data: x\nevent: end\nid: end\n: comment\nretry: 1\n",
     ["data: x", "event: end", "id: end", ": comment", "retry: 1"]),
    ("leading_blanks", b"  two\n\ttab\n", ["  two", "\ttab"]),
    ("long", b"x" * 1_000_000 + b"\nshort\n" + b"y" * 65536 + b"\n", ["x" * 1_000_000, "short", "y" * 65536]),
    ("many", b"".join(b"%d\n" % i for i in range(50_000)), [str(i) for i in range(50_000)]),
]

# name, JSON lines; what comes out is what they say, digit for digit
JSON_LINES = [
    ("numbers", ["9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e400", "-0", "0.1",
                 "123456789012345678901234567890", "1.000000000000000000001", "3.0"]),
    ("strings", [r'"\u0000"', r'"\ud83c\udf88"', r'"\/\b\f\n\r\t\"\\"', '"größe €🎈"', '"\u2028"', '""']),
    ("blanks", ['{ "a" : [ 1 , 2 ] }', '[]', "{}", "\t1\t"]),
    ("words", ["true", "false", "null"]),
    ("deep", ["[" * 500 + "]" * 500, '{"a":' * 300 + "1" + "}" * 300]),
    ("double_keys", ['{"a":1,"a":2}', '{"":0}']),
    ("long", ['"' + "x" * 500_000 + '"', "[" + ",".join(["1"] * 100_000) + "]"]),
]

NOT_JSON = [b"{", b"[1,]", b"{'a':1}", b"NaN", b"01", b"+1", b'"\t"', b'"\xff"', b"1 2", b'"\\x"', b"[" * 100_000,
            b"[" * 5000 + b"]" * 5000, b'{"a"}', b"tru", b"\xef\xbb\xbf1", b"// x", b"\0", b'"\\u12"', b"-", b"1.",
            b'"\\ud800"', b'"\\udc00\\ud800"']


class OddItems(ServerCase):
    settings = {"limits": {"max_item": "4MiB"}}

    @classmethod
    def prepare(cls):
        for name, data, _ in LINES:
            (cls.directory / name).write_bytes(data)
        for name, lines in JSON_LINES:
            (cls.directory / f"json_{name}").write_text("\n".join(lines) + "\n")
        for i, line in enumerate(NOT_JSON):
            (cls.directory / f"not_json_{i}").write_bytes(b"1\n" + line + b"\n2\n")
        (cls.directory / "json_empty_lines").write_bytes(b"\n1\r\n\r\n \t\n2")
        (cls.directory / "binary").write_bytes(bytes(range(256)) * 1000)

        def source(**options):
            return {"source": {"file": {"path": "${path.name}", "root": str(cls.directory), **options}}}
        cls.endpoints = {"/lines/{name}": source(), "/json/{name}": source(decode="json"),
                         "/bytes/{name}": source(decode="bytes"), "/from/{at}/{name}": source(start="${path.at}")}

    def get(self, target):
        response = self.server.get(target)
        self.assertEqual((response.status, response.ending), (200, wire.Ending.COMPLETE))
        return response

    # Text.

    def test_lines_come_back_from_ndjson(self):
        for name, _, lines in LINES:
            with self.subTest(name):
                self.assertEqual(self.get(f"/lines/{name}?format=ndjson").lines(), lines)

    def test_lines_come_back_from_json(self):
        for name, _, lines in LINES:
            with self.subTest(name):
                self.assertEqual(self.get(f"/lines/{name}?format=json").json(), lines)

    def test_lines_come_back_from_server_sent_events(self):
        for name, _, lines in LINES:
            with self.subTest(name):
                stream = wire.parse_event_stream(self.get(f"/lines/{name}?format=sse").body)
                *items, end = stream.events
                # An event stream knows one line break, and says it as LF.
                self.assertEqual([e.data for e in items], [line.replace("\r", "\n") for line in lines])
                self.assertEqual({e.event for e in items} - {"message"}, set())
                self.assertEqual((end.event, end.id), ("end", "end"))

    def test_lines_come_back_from_text(self):
        for name, _, lines in LINES:
            with self.subTest(name):
                self.assertEqual(self.get(f"/lines/{name}?format=text").text, "".join(line + "\n" for line in lines))

    def test_lines_come_back_from_websocket_messages(self):
        for name, _, lines in LINES:
            with self.subTest(name), self.server.connect() as connection:
                self.assertEqual(connection.open_websocket(f"/lines/{name}").status, 101)
                got = []
                while (frame := connection.frame())[0] == wire.TEXT:
                    got.append(frame[1].decode("utf-8"))
                self.assertEqual(got, lines)
                self.assertEqual(wire.parse_close(frame[1])[0], 1000)

    # JSON.

    def test_json_comes_back_digit_for_digit(self):
        for name, lines in JSON_LINES:
            with self.subTest(name):
                got = self.get(f"/json/json_{name}?format=ndjson").text
                self.assertEqual(got, "".join(line + "\n" for line in lines))
                self.assertEqual(self.get(f"/json/json_{name}?format=text").text, got)

    def test_an_array_of_them_is_one_json_text(self):
        for name, lines in JSON_LINES:
            with self.subTest(name):
                body = self.get(f"/json/json_{name}?format=json").text
                self.assertEqual(body, "[" + ",".join(lines) + "]")
                self.assertEqual(len(json.loads(body)), len(lines))

    def test_json_is_the_data_of_events(self):
        for name, lines in JSON_LINES:
            with self.subTest(name):
                stream = wire.parse_event_stream(self.get(f"/json/json_{name}?format=sse").body)
                self.assertEqual([e.data for e in stream.events[:-1]], lines)

    def test_blank_lines_between_json_are_passed_over(self):
        self.assertEqual(self.get("/json/json_empty_lines").text.split(), ["1", "2"])

    def test_what_is_not_json_fails_the_stream_there(self):
        for i, line in enumerate(NOT_JSON):
            with self.subTest(line[:20]):
                response = self.server.get(f"/json/not_json_{i}")
                self.assertEqual((response.body, response.ending), (b"1\n", wire.Ending.CUT))

    # Bytes.

    def test_bytes_come_back_from_every_format(self):
        data = (self.directory / "binary").read_bytes()
        self.assertEqual(self.get("/bytes/binary?format=text").body, data)
        for name, items in (("ndjson", lambda r: r.lines()), ("json", lambda r: r.json()),
                            ("sse", lambda r: [e.data for e in wire.parse_event_stream(r.body).events[:-1]])):
            with self.subTest(name):
                parts = items(self.get(f"/bytes/binary?format={name}"))
                self.assertEqual(b"".join(base64.b64decode(part, validate=True) for part in parts), data)

    def test_bytes_are_binary_messages(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.open_websocket("/bytes/binary").status, 101)
            data = b""
            while (frame := connection.frame())[0] == wire.BINARY:
                data += frame[1]
            self.assertEqual(data, bytes(range(256)) * 1000)

    # Offsets.

    def test_a_file_may_be_read_from_an_offset(self):
        self.assertEqual(self.get("/from/4/one_line").lines(), [])
        self.assertEqual(self.get("/from/1/one_line").lines(), ["ne"])
        self.assertEqual(self.get("/from/0/one_line").lines(), ["one"])
        self.assertEqual(self.get("/from/end/one_line").lines(), [])

    def test_an_offset_behind_the_end_or_none_at_all_is_a_400(self):
        for at in ("5", "-1", "x", "18446744073709551616"):
            with self.subTest(at):
                self.assertEqual(self.server.get(f"/from/{at}/one_line").status, 400)


if __name__ == "__main__":
    unittest.main()
