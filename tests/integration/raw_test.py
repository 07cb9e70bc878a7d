"""Raw bytes, as the open internet sends them: what is no proper request is refused, and never read in two ways.

Each row is fed at once, in pieces and byte by byte. Behind a fault nothing on that connection is answered, so that no
request can be smuggled past a proxy in front of the server.
"""

import contextlib
import random
import time
import unittest

import wire
from harness import ServerCase

HOST = b"Host: localhost\r\n"
GET = b"GET /count HTTP/1.1\r\n"
SECOND = b"GET /.coyield/health HTTP/1.1\r\nHost: second.localhost\r\n\r\n"


def get(*lines, target=b"/count"):
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(range(256)) * 2

# name, bytes, status: a proper request, after which the connection goes on
GOOD = [
    ("a plain request", get(), 200),
    ("an empty line before it", b"\r\n" + get(), 200),
    ("two empty lines before it", b"\r\n\r\n" + get(), 200),
    ("an empty value", get(b"X:"), 200),
    ("a tab in a value", get(b"X: a\tb"), 200),
    ("blanks around a value", get(b"X: \t a \t "), 200),
    ("bytes beyond ASCII in a value", get(b"X: \xe9\xff"), 200),
    ("a name in capitals", b"GET /count HTTP/1.1\r\nHOST: localhost\r\n\r\n", 200),
    ("an empty host", b"GET /count HTTP/1.1\r\nHost:\r\n\r\n", 200),
    ("a hundred fields", get(*(b"X-%d: y" % i for i in range(100))), 200),
    ("Content-Length: 0", get(b"Content-Length: 0"), 200),
    ("the absolute form", get(target=b"http://localhost:8080/count"), 200),
    ("the absolute form of a proxy", get(target=b"https://127.0.0.1/count"), 200),
    ("a name in the target that is not ours", get(target=b"http://elsewhere.example/count"), 421),
    ("our name in the target, another one in Host", b"GET http://localhost/count HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", 200),
    ("another scheme", get(target=b"ftp://localhost/count"), 400),
    ("a scheme without a host", get(target=b"localhost:/count"), 400),
    ("an empty host in the target", get(target=b"http:///count"), 400),
    ("a user in the target", get(target=b"http://a:b@localhost/count"), 400),
    ("a target without a slash", get(target=b"mailto:count"), 400),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204),
    ("a fault in the target alone", get(target=b"/%zz"), 400),
    ("an unknown method", b"BREW /count HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ("a header just within the limit", get(b"X: " + b"x" * 16000), 200),
    ("a target just within the limit", get(target=b"/count?x=" + b"x" * 8000), 200),
]

# name, bytes, statuses that are right: the connection closes behind the answer
REFUSED = [
    # Request smuggling.
    ("Transfer-Encoding and Content-Length", get(b"Transfer-Encoding: chunked", b"Content-Length: 3") + b"0\r\n\r\n", {400}),
    ("Content-Length and Transfer-Encoding", get(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", {400}),
    ("an unknown coding", get(b"Transfer-Encoding: gzip"), {400, 501}),
    ("a coding that sounds like chunked", get(b"Transfer-Encoding: xchunked"), {400, 501}),
    ("chunked that is not last", get(b"Transfer-Encoding: chunked, gzip"), {400, 501}),
    ("gzip before chunked", get(b"Transfer-Encoding: gzip, chunked"), {400, 501}),
    ("chunked twice", get(b"Transfer-Encoding: chunked, chunked"), {400, 501}),
    ("two Transfer-Encodings", get(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), {400}),
    ("two different Transfer-Encodings", get(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"), {400}),
    ("an empty Transfer-Encoding", get(b"Transfer-Encoding:"), {400, 501}),
    ("chunked in quotes", get(b'Transfer-Encoding: "chunked"'), {400, 501}),
    ("chunked with a vertical tab", get(b"Transfer-Encoding: \x0bchunked"), {400, 501}),
    ("chunked with a parameter", get(b"Transfer-Encoding: chunked;a=b"), {400, 501}),
    ("a blank before the colon of Transfer-Encoding", get(b"Transfer-Encoding : chunked"), {400}),
    ("a folded Transfer-Encoding", get(b"Transfer-Encoding:\r\n chunked"), {400}),
    ("two lengths that agree", get(b"Content-Length: 3", b"Content-Length: 3") + b"abc", {400}),
    ("two lengths that differ", get(b"Content-Length: 3", b"Content-Length: 4") + b"abcd", {400}),
    ("a list of lengths", get(b"Content-Length: 3, 3") + b"abc", {400}),
    ("a length with a plus", get(b"Content-Length: +3") + b"abc", {400}),
    ("a negative length", get(b"Content-Length: -3") + b"abc", {400}),
    ("a length in hexadecimal", get(b"Content-Length: 0x3") + b"abc", {400}),
    ("a length that is no number", get(b"Content-Length: three"), {400}),
    ("an empty length", get(b"Content-Length:"), {400}),
    ("a length with a blank within", get(b"Content-Length: 1 2"), {400}),
    ("a length of more than 64 bits", get(b"Content-Length: 18446744073709551619") + b"abc", {400, 413}),
    ("HTTP/1.0 with Transfer-Encoding", b"GET /count HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    # The host.
    ("no host", GET + b"\r\n", {400}),
    ("two hosts", GET + HOST + HOST + b"\r\n", {400}),
    ("two different hosts", GET + HOST + b"Host: other.localhost\r\n\r\n", {400}),
    ("two hosts in HTTP/1.0", b"GET /count HTTP/1.0\r\n" + HOST + b"Host: other.localhost\r\n\r\n", {400}),
    ("a host with a blank within", GET + b"Host: te st\r\n\r\n", {400}),
    ("a host with a slash", GET + b"Host: localhost/evil\r\n\r\n", {400}),
    # Lines.
    ("a folded line", get(b"X: a", b" b"), {400}),
    ("a line folded with a tab", get(b"X: a", b"\tb"), {400}),
    ("a first field that begins with a blank", GET + b" Host: localhost\r\n\r\n", {400}),
    ("bare line feeds", b"GET /count HTTP/1.1\nHost: localhost\n\n", {400}),
    ("one bare line feed", get(b"X: a\nY: b"), {400}),
    ("a bare carriage return", get(b"X: a\rY: b"), {400}),
    ("a bare line feed at the end", GET + HOST + b"\n", {400}),
    ("a NUL in a value", get(b"X: a\0b"), {400}),
    ("a NUL in a name", get(b"X\0: a"), {400}),
    ("a NUL in the target", get(target=b"/cou\0nt"), {400}),
    ("an escape in a value", get(b"X: \x1b[31m"), {400}),
    ("a DEL in a value", get(b"X: a\x7fb"), {400}),
    ("no colon", get(b"X"), {400}),
    ("no name", get(b": x"), {400}),
    ("a blank in a name", get(b"X Y: z"), {400}),
    ("a blank before the colon", get(b"X : y"), {400}),
    ("a bracket in a name", get(b"X(: y"), {400}),
    ("a name beyond ASCII", get(b"\xc3\xa9: y"), {400}),
    # The first line.
    ("no version", b"GET /count\r\n" + HOST + b"\r\n", {400}),
    ("no version, but the blank", b"GET / \r\n\r\n", {400}),
    ("HTTP/0.9", b"GET /count\r\n\r\n", {400}),
    ("HTTP/2.0", b"GET /count HTTP/2.0\r\n" + HOST + b"\r\n", {400, 505}),
    ("HTTP/1.2", b"GET /count HTTP/1.2\r\n" + HOST + b"\r\n", {400, 505}),
    ("HTTP/11.1", b"GET /count HTTP/11.1\r\n" + HOST + b"\r\n", {400, 505}),
    ("http/1.1", b"GET /count http/1.1\r\n" + HOST + b"\r\n", {400, 505}),
    ("a blank behind the version", b"GET /count HTTP/1.1 \r\n" + HOST + b"\r\n", {400, 505}),
    ("two blanks behind the method", b"GET  /count HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    ("two blanks behind the target", b"GET /count  HTTP/1.1\r\n" + HOST + b"\r\n", {400, 505}),
    ("a blank in the target", b"GET /cou nt HTTP/1.1\r\n" + HOST + b"\r\n", {400, 505}),
    ("a tab for a blank", b"GET\t/count\tHTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    ("a blank before the method", b" GET /count HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    ("no target", b"GET HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    ("a method with a slash", b"GE/T /count HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    ("a very long method", b"G" * 5000 + b" /count HTTP/1.1\r\n" + HOST + b"\r\n", {400, 501}),
    # Sizes.
    ("a huge header", get(b"X: " + b"x" * 20000), {431}),
    ("ten thousand small fields", get(*[b"X: y"] * 10000), {431}),
    ("a huge target", get(target=b"/" + b"x" * 9000), {414}),
    # Other protocols.
    ("a TLS ClientHello", CLIENT_HELLO, {400}),
    ("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\4\0\0\0\0\0", {400, 505}),
    ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", {400}),
    ("a SOCKS greeting", b"\x05\x01\x00\r\n", {400}),
    ("a PROXY line", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + get(), {400, 505}),
    ("NULs", b"\0" * 100 + b"\r\n\r\n", {400}),
]

# Good requests with a body that nobody wants: answered, and never taken for the next request.
WITH_BODY = [
    ("a body that looks like a request", get(b"Content-Length: %d" % len(SECOND)) + SECOND),
    ("a chunked body", get(b"Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n"),
    ("a chunked body with a request in it",
     get(b"Transfer-Encoding: chunked") + b"%x\r\n" % len(SECOND) + SECOND + b"\r\n0\r\n\r\n"),
    ("a chunk header that does not end", get(b"Transfer-Encoding: chunked") + b"5;" + b"x" * 20000),
    ("a chunk that is no chunk", get(b"Transfer-Encoding: chunked") + b"zz\r\n\r\n"),
    ("a chunk of more than 64 bits", get(b"Transfer-Encoding: chunked") + b"fffffffffffffffff\r\n"),
    ("trailers", get(b"Transfer-Encoding: chunked") + b"0\r\nContent-Length: 5\r\n\r\n"),
    ("a body that is announced first", get(b"Content-Length: 5", b"Expect: 100-continue") + b"hello"),
]


def statuses(connection):
    """Of all responses up to the end of the connection."""
    found = []
    while (head := connection.head()) is not None:
        found.append(head.status)
        length, coding = head.field("Content-Length"), head.field("Transfer-Encoding")
        if coding:
            while connection.chunk():
                pass
        elif length:
            connection.exactly(int(length))
    return found


class RawBytes(ServerCase):
    endpoints = {"/count": {"source": {"counter": 2}}}

    def feed(self, data, pieces):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.send_slowly(data, pieces)
        return connection

    def test_proper_requests_are_answered_and_the_next_one_too(self):
        for name, data, status in GOOD:
            for pieces in (1, 3, len(data)):
                with self.subTest(name, pieces=pieces):
                    connection = self.feed(data + get(b"Connection: close"), pieces)
                    self.assertEqual(statuses(connection), [status, 200])

    def test_what_is_no_proper_request_is_refused_and_the_connection_closed(self):
        for name, data, expected in REFUSED:
            for pieces in (1, 3, min(len(data), 400)):
                with self.subTest(name, pieces=pieces):
                    connection = self.feed(data, pieces)
                    found = statuses(connection)
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(found[0], expected)

    def test_behind_a_fault_no_request_is_answered(self):
        for name, data, _ in REFUSED:
            with self.subTest(name):
                self.assertEqual(len(statuses(self.feed(data + SECOND, 1))), 1)

    def test_a_refusal_is_a_problem_document(self):
        for name, data, _ in REFUSED:
            with self.subTest(name):
                response = self.feed(data, 1).response()
                self.assertEqual(response.type, "application/problem+json")
                self.assertEqual(response.json()["status"], response.status)
                self.assertIn("close", response.listed("Connection"))

    def test_a_body_that_nobody_wants_is_not_taken_for_a_request(self):
        for method in (b"GET", b"POST"):
            for name, data in WITH_BODY:
                for pieces in (1, min(len(data), 400)):
                    with self.subTest(name, method=method, pieces=pieces):
                        request = method + data.removeprefix(b"GET")
                        found = statuses(self.feed(request + SECOND, pieces))
                        self.assertEqual(len(found), 1, found)
                        self.assertIn(found[0], {200} if method == b"GET" else {405, 413})

    def test_a_last_chunk_in_three_writes_is_survived(self):
        connection = self.feed(get(b"Transfer-Encoding: chunked"), 1)
        for part in (b"0\r\n", b"\r", b"\n"):
            connection.send_slowly(part, 1)
        self.assertEqual(statuses(connection), [200])

    def test_a_method_in_small_letters_is_another_method(self):
        self.assertEqual(self.feed(b"get /count HTTP/1.1\r\n" + HOST + b"\r\n", 1).response().status, 405)

    def test_forms_of_the_target_that_are_for_others_are_refused(self):
        for line in (b"CONNECT test:80", b"GET test:80", b"GET *", b"GET count", b"GET ?x", b"GET #x", b"GET /count#x",
                     b"GET /count{}", b"GET /c\\ount", b'GET /"count"', b"GET /c\xc3\xb6unt", b"GET http://", b"GET /<x>"):
            with self.subTest(line):
                response = self.feed(line + b" HTTP/1.1\r\n" + HOST + b"\r\n", 1).response()
                self.assertIn(response.status, {400, 404, 405})

    def test_garbage_is_survived(self):
        chance = random.Random(20261123)
        for i in range(300):
            data = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 200)))
            if i % 2:  # a proper request with some bytes changed
                mutated = bytearray(get(b"Content-Length: 0", b"Connection: close", b"X: abc"))
                for _ in range(chance.randrange(1, 4)):
                    mutated[chance.randrange(len(mutated))] = chance.randrange(256)
                data = bytes(mutated)
            connection = self.feed(data + b"\r\n\r\n", 1)
            connection.socket.shutdown(1)
            connection.rest()
        self.assertEqual(self.server.health(), 200)


class Limits(ServerCase):
    """The limits of the configuration, and the time-outs of a header and of an idle connection."""

    endpoints = {"/count": {"source": {"counter": 2}}}
    settings = {"limits": {"max_header": "2KiB", "max_target": "128B"},
                "timeouts": {"header": "300ms", "idle": "600ms"}}

    def test_the_limits_are_those_of_the_configuration(self):
        self.assertEqual(self.server.get("/count?x=" + "x" * 200).status, 414)
        self.assertEqual(self.server.get("/count", "X: " + "x" * 2048).status, 431)
        self.assertEqual(self.server.get("/count", "X: " + "x" * 1500).status, 200)

    def test_a_header_that_does_not_come_in_time_is_a_408(self):
        for part in (b"G", GET, GET + HOST + b"\r", b"GET /" + b"x" * 100):
            with self.subTest(part), self.server.connect() as connection:
                connection.send(part)
                self.assertEqual(statuses(connection), [408])

    def test_a_header_that_trickles_is_a_408_too(self):
        with self.server.connect() as connection:
            connection.socket.settimeout(0.05)
            connection.send(GET)
            for _ in range(400):
                try:
                    connection.send(b"X: y\r\n"[_ % 6:_ % 6 + 1])
                    if not connection.more() or connection.buffer:
                        break
                except TimeoutError:
                    continue
                except (ConnectionResetError, BrokenPipeError):
                    break
            connection.socket.settimeout(20)
            self.assertEqual(statuses(connection), [408])

    def test_an_idle_connection_is_closed_without_a_word(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.rest(), b"")
        with self.server.connect() as connection:
            self.assertEqual(connection.get("/count").status, 200)
            self.assertEqual(connection.rest(), b"")

    def test_an_empty_line_in_two_pieces_is_passed_over_too(self):
        with self.server.connect() as connection:
            connection.send(b"\r")
            time.sleep(0.05)
            self.assertEqual(connection.get("/.coyield/health").status, 400)
        with self.server.connect() as connection:
            connection.send(b"\r")
            time.sleep(0.05)
            connection.send(b"\n")
            self.assertEqual(connection.get("/.coyield/health").status, 200)

    def test_empty_lines_are_no_way_to_stay(self):
        with self.server.connect() as connection:
            connection.send(b"\r\n" * 10)
            self.assertEqual(connection.end or statuses(connection), [])

    def test_empty_lines_without_end_are_no_way_to_stay(self):
        """They are passed over, and get no more time than saying nothing."""
        with self.server.connect() as connection, contextlib.suppress(ConnectionResetError, BrokenPipeError):
            begin = time.monotonic()
            while time.monotonic() < begin + wire.PATIENCE:
                connection.send(b"\r\n" * 1000)
            self.fail("it may stay")



if __name__ == "__main__":
    unittest.main()
