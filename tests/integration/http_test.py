"""HTTP/1.1 and 1.0 around the streams: methods, paths, problem documents, connections, access, origins."""

import json
import unittest

import wire
from harness import ServerCase

PROBLEM = "application/problem+json"


def problem_of(case, response, status):
    """Checks that it is a problem document (RFC 9457), and gives it."""
    case.assertEqual(response.status, status, response.body)
    case.assertEqual(response.type, PROBLEM)
    document = response.json()
    case.assertEqual(document["status"], status)
    case.assertEqual(document["title"], response.reason)
    case.assertEqual(document["type"], "about:blank")
    case.assertGreater(len(document["detail"]), 10)
    return document


class Requests(ServerCase):
    @classmethod
    def prepare(cls):
        for name in ("plain.txt", "with blank.txt", "é.txt", "a+b&c.txt", "100%.txt"):
            (cls.directory / name).write_text(f"this is {name}\n")
        (cls.directory / "sub").mkdir()
        (cls.directory / "sub" / "deep.txt").write_text("deep\n")
        (cls.directory.parent / f"{cls.directory.name}-outside.txt").write_text("secret\n")
        cls.outside = cls.directory.parent / f"{cls.directory.name}-outside.txt"
        cls.addClassCleanup(cls.outside.unlink)
        (cls.directory / "link.txt").symlink_to(cls.outside)
        cls.endpoints = {
            "/count/{n}": {"source": {"counter": {"to": "${path.n}", "step": "${query.step:-1}",
                                                  "interval": "${query.interval:-0s}"}}},
            "/files/{name...}": {"source": {"file": {"path": "${path.name}", "root": str(cls.directory)}},
                                 "format": "text"},
            "/one/{name}": {"source": {"file": {"path": "${path.name}", "root": str(cls.directory)}},
                            "format": "text"},
        }

    # Methods and paths.

    def test_a_path_that_nobody_serves_is_a_404_that_names_it(self):
        for path in ("/", "/nothing", "/count", "/count/3/4", "/.coyield/nothing", "/Count/3"):
            with self.subTest(path=path):
                document = problem_of(self, self.server.get(path), 404)
                self.assertIn(path, document["detail"])

    def test_a_method_that_is_not_for_streams_is_a_405_with_allow(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"):
            with self.subTest(method=method):
                response = self.server.get("/count/3", method=method)
                problem_of(self, response, 405)
                self.assertEqual(set(response.listed("Allow")), {"get", "head", "options"})

    def test_options_says_what_is_allowed_and_starts_nothing(self):
        response = self.server.get("/count/3", method="OPTIONS")
        self.assertEqual((response.status, response.body), (204, b""))
        self.assertEqual(set(response.listed("Allow")), {"get", "head", "options"})

    def test_head_has_the_fields_of_get_and_no_body(self):
        with self.server.connect() as connection:
            head = connection.get("/count/3", method="HEAD")
            self.assertEqual(head.status, 200)
            got = connection.get("/count/3")
            self.assertEqual(got.lines(), [1, 2, 3], "the answer to HEAD had a body")
            framing = ("date", "transfer-encoding")
            self.assertEqual([f for f in head.fields if f[0].lower() not in framing],
                             [f for f in got.fields if f[0].lower() not in framing])

    def test_head_does_not_claim_a_length_that_get_would_not_have(self):
        head = self.server.get("/count/3", method="HEAD")
        self.assertIn(head.field("Content-Length"), (None, str(len(b"1\n2\n3\n"))))

    def test_head_starts_no_generator(self):
        # It would fail with 404 if it were started.
        self.assertEqual(self.server.get("/files/missing.txt", method="HEAD").status, 200)

    def test_head_of_nothing_is_a_404_without_a_body(self):
        with self.server.connect() as connection:
            self.assertEqual(connection.get("/nothing", method="HEAD").status, 404)
            self.assertEqual(connection.get("/count/1").lines(), [1])

    def test_percent_encoding_is_decoded_once_and_after_the_path_was_split(self):
        for path, name in (("/files/plain.txt", "plain.txt"), ("/files/with%20blank.txt", "with blank.txt"),
                           ("/files/%C3%A9.txt", "é.txt"), ("/files/a+b%26c.txt", "a+b&c.txt"),
                           ("/files/100%25.txt", "100%.txt"), ("/%66iles/pl%61in.txt", "plain.txt"),
                           ("/one/pl%61in.txt", "plain.txt")):
            with self.subTest(path=path):
                response = self.server.get(path)
                self.assertEqual((response.status, response.text), (200, f"this is {name}\n"))
        self.assertEqual(self.server.get("/files/sub/deep.txt").text, "deep\n")
        self.assertEqual(self.server.get("/one/sub%2Fdeep.txt").text, "deep\n", "one segment, whatever it stands for")

    def test_a_target_that_could_be_read_in_two_ways_is_a_400(self):
        for path in ("/files//plain.txt", "//files/plain.txt", "/files/../count/3", "/files/%2e%2e/x", "/./count/3",
                     "/files/%00.txt", "/files/a%zz", "/files/a%2", "/count/3?step=%00", "/files/%ff%fe",
                     "/count/3?step=%ff"):
            with self.subTest(path=path):
                problem_of(self, self.server.get(path), 400)

    def test_no_path_leads_out_of_the_root(self):
        outside = self.outside.name
        for path in (f"/files/%2e%2e%2f{outside}", f"/one/..%2F{outside}", f"/one/%2Ftmp%2F{outside}",
                     f"/one/sub%2F..%2F..%2F{outside}", "/files/link.txt", "/one/%2Fetc%2Fpasswd",
                     "/one/%2Fproc%2Fself%2Fenviron"):
            with self.subTest(path=path):
                response = self.server.get(path)
                self.assertIn(response.status, (400, 403, 404))
                self.assertNotIn(b"secret", response.body)

    def test_a_value_that_does_not_fit_is_a_400_that_names_it(self):
        for target, words in (("/count/abc", ["n", "abc"]), ("/count/3?interval=5", ["interval", "5"]),
                              ("/count/3?interval=-5s", ["interval"]), ("/count/3?step=0", ["step"]),
                              ("/count/99999999999999999999", ["n"]), ("/count/3?step=1.5", ["step"]),
                              ("/count/%20", ["n"])):
            with self.subTest(target=target):
                detail = problem_of(self, self.server.get(target), 400)["detail"]
                for word in words:
                    self.assertIn(word, detail)

    def test_a_plus_in_the_query_is_a_blank_and_others_are_decoded(self):
        self.assertEqual(self.server.get("/count/5?st%65p=%32").lines(), [1, 3, 5])
        problem_of(self, self.server.get("/count/5?step=+2"), 400)

    def test_whole_numbers_of_64_bits_come_through(self):
        largest = 2**63 - 1
        response = self.server.get(f"/count/{largest}?step={largest - 1}")
        self.assertEqual(response.lines(), [1, largest])

    def test_a_problem_is_never_cached(self):
        self.assertIn("no-store", self.server.get("/nothing").listed("Cache-Control"))

    def test_nothing_of_a_request_can_bring_a_field_of_its_own(self):
        response = self.server.get("/count/a%0d%0aX-Evil:%20yes")
        self.assertEqual(response.status, 400)
        self.assertIsNone(response.field("X-Evil"))

    # Connections.

    def test_a_connection_serves_request_after_request(self):
        with self.server.connect() as connection:
            for n in range(1, 20):
                response = connection.get(f"/count/{n}")
                self.assertEqual(response.lines(), list(range(1, n + 1)))
                self.assertNotIn("close", response.listed("Connection"))
            self.assertEqual(connection.get("/nothing").status, 404)
            self.assertEqual(connection.get("/count/1").lines(), [1])

    def test_pipelined_requests_are_answered_in_order(self):
        targets = [f"/count/{n}" for n in (3, 1, 4, 1, 5)]
        request = "".join(f"GET {t} HTTP/1.1\r\nHost: localhost\r\n\r\n" for t in targets).encode()
        for pieces in (1, 7, len(request)):
            with self.subTest(pieces=pieces), self.server.connect() as connection:
                connection.send_slowly(request, pieces)
                self.assertEqual([len(connection.response().lines()) for _ in targets], [3, 1, 4, 1, 5])

    def test_a_request_that_comes_while_one_is_streamed_waits_for_its_turn(self):
        with self.server.connect() as connection:
            connection.ask("/count/3?interval=100ms")
            self.assertEqual(connection.head().status, 200)
            connection.ask("/count/2")
            self.assertEqual(list(connection.items()), [b"1", b"2", b"3"])
            self.assertEqual(connection.response().lines(), [1, 2])

    def test_who_sends_more_than_8_kib_while_being_streamed_to_is_cut(self):
        with self.server.connect() as connection:
            connection.ask("/count/1000000?interval=60s")
            self.assertEqual(connection.head().status, 200)
            self.assertEqual(connection.chunk(), b"1\n")
            connection.send(b"GET /count/1 HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20000)
            self.assertIsNone(connection.chunk())

    def test_connection_close_is_obeyed_and_said(self):
        for field in ("Connection: close", "Connection: Close", "connection: x, close"):
            with self.subTest(field=field), self.server.connect() as connection:
                connection.ask("/count/2", field)
                connection.ask("/count/3")
                response = connection.response()
                self.assertEqual((response.lines(), response.ending), ([1, 2], wire.Ending.COMPLETE))
                self.assertIn("close", response.listed("Connection"))
                self.assertEqual(connection.rest(), b"")

    def test_http_1_0_streams_until_the_connection_closes(self):
        with self.server.connect() as connection:
            response = connection.get("/count/3", version="HTTP/1.0")
            self.assertIsNone(response.field("Transfer-Encoding"))
            self.assertEqual((response.lines(), response.ending), ([1, 2, 3], wire.Ending.CLOSED))

    def test_http_1_0_is_not_kept_alive_though_it_asks(self):
        with self.server.connect() as connection:
            response = connection.get("/nothing", "Connection: keep-alive", version="HTTP/1.0")
            self.assertEqual(response.status, 404)
            self.assertEqual(connection.rest(), b"")

    def test_an_item_leaves_the_moment_it_is_there(self):
        with self.server.connect(timeout=30) as connection:
            connection.ask("/count/2?interval=3600s")
            self.assertEqual(connection.head().status, 200)
            self.assertEqual(connection.chunk(), b"1\n")

    def test_an_offer_to_speak_another_protocol_is_passed_over(self):
        response = self.server.get("/count/1", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings",
                                   "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
        self.assertEqual((response.status, response.lines()), (200, [1]))

    def test_every_answer_has_a_date(self):
        for target in ("/count/1", "/nothing", "/.coyield/health"):
            self.assertRegex(self.server.get(target).field("Date"), r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")


class AccessAndOrigins(ServerCase):
    endpoints = {
        "/open": {"source": {"counter": 2}, "access": "anyone"},
        "/closed": {"source": {"counter": 2}},
        "/missing": {"source": {"file": "/nowhere/at/all"}, "access": "anyone"},
        "/other": {"source": {"counter": 2}, "access": ["other-token"], "cors": {"origins": []}},
    }
    settings = {"access": ["first-token", "second-token"], "cors": {"origins": ["https://app.example"]}}

    def authorized(self, path, value, **options):
        return self.server.get(path, f"Authorization: {value}", **options)

    def test_without_a_token_it_is_a_401_that_says_how_to_ask(self):
        response = self.server.get("/closed")
        problem_of(self, response, 401)
        self.assertRegex(response.field("WWW-Authenticate"), "^Bearer")
        self.assertNotIn(b"first-token", response.body)

    def test_each_of_the_tokens_lets_in(self):
        for value in ("Bearer first-token", "Bearer second-token", "bearer  first-token"):
            with self.subTest(value=value):
                self.assertEqual(self.authorized("/closed", value).lines(), [1, 2])

    def test_what_is_no_token_does_not_let_in(self):
        for value in ("Bearer wrong", "Bearer", "Bearer ", "Bearer first-tokenx", "Bearer first-toke",
                      "Basic first-token", "first-token", "Bearer first-token,second-token"):
            with self.subTest(value=value):
                self.assertEqual(self.authorized("/closed", value).status, 401)

    def test_a_wrong_token_is_told_from_none(self):
        self.assertIn("invalid_token", self.authorized("/closed", "Bearer wrong").field("WWW-Authenticate"))

    def test_an_endpoint_may_say_otherwise(self):
        self.assertEqual(self.server.get("/open").status, 200)
        self.assertEqual(self.authorized("/other", "Bearer other-token").status, 200)
        self.assertEqual(self.authorized("/other", "Bearer first-token").status, 403)

    def test_a_token_that_is_good_elsewhere_is_told_from_one_that_nobody_knows(self):
        response = self.authorized("/closed", "Bearer other-token")
        problem_of(self, response, 403)
        self.assertIn("insufficient_scope", response.field("WWW-Authenticate"))

    def test_head_needs_a_token_too_and_preflights_do_not(self):
        self.assertEqual(self.server.get("/closed", method="HEAD").status, 401)
        self.assertEqual(self.server.get("/closed", "Origin: https://app.example", method="OPTIONS").status, 204)

    def test_a_page_of_an_allowed_origin_may_read(self):
        response = self.server.get("/open", "Origin: https://app.example")
        self.assertEqual(response.field("Access-Control-Allow-Origin"), "https://app.example")
        self.assertIn("origin", response.listed("Vary"))

    def test_a_page_of_another_origin_may_not(self):
        for origin in ("https://evil.example", "http://app.example", "https://app.example.evil.example", "null"):
            with self.subTest(origin=origin):
                response = self.server.get("/open", f"Origin: {origin}")
                self.assertIsNone(response.field("Access-Control-Allow-Origin"))

    def test_an_allowed_page_may_read_why_it_was_refused(self):
        response = self.server.get("/closed", "Origin: https://app.example")
        self.assertEqual(response.status, 401)
        self.assertEqual(response.field("Access-Control-Allow-Origin"), "https://app.example")

    def test_so_it_may_where_a_stream_could_not_begin(self):
        for target, fields, status in (("/missing", [], 404), ("/open", ["Last-Event-ID: 5"], 409), ("/nowhere", [], 404),
                                       ("/%zz", [], 400)):
            with self.subTest(target=target):
                response = self.server.get(target, "Origin: https://app.example", *fields)
                self.assertEqual(response.status, status)
                self.assertEqual(response.field("Access-Control-Allow-Origin"), "https://app.example")
                self.assertIn("origin", response.listed("Vary"))

    def test_a_preflight_allows_what_streams_need(self):
        response = self.server.get("/closed", "Origin: https://app.example", "Access-Control-Request-Method: GET",
                                   "Access-Control-Request-Headers: authorization", method="OPTIONS")
        self.assertEqual(response.status, 204)
        self.assertIn("authorization", response.listed("Access-Control-Allow-Headers"))
        self.assertIn("get", response.listed("Access-Control-Allow-Methods"))

    def test_what_may_be_asked_of_its_health(self):
        response = self.server.get("/.coyield/health", method="OPTIONS")
        self.assertEqual((response.status, response.field("Allow")), (204, "GET, HEAD, OPTIONS"))
        self.assertEqual(self.server.get("/.coyield/health?x=1").status, 200)
        self.assertEqual(self.server.get("http://localhost/.coyield/health").status, 200)

    def test_the_health_of_the_server_is_no_secret(self):
        response = self.server.get("/.coyield/health")
        self.assertEqual((response.status, json.loads(response.body)["status"]), (200, "well"))


if __name__ == "__main__":
    unittest.main()
