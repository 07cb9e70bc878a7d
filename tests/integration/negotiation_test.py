"""Which format a client gets: ?format=, Accept, the endpoint's default; and what the formats make of the items."""

import unittest

import wire
from harness import ServerCase

SSE, NDJSON, JSON, TEXT, PAGE = ("text/event-stream", "application/x-ndjson", "application/json", "text/plain",
                                 "text/html")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

# path, Accept, the media type of the answer; None: 406
BY_ACCEPT = [
    ("/live", None, NDJSON),
    ("/live", "", NDJSON),
    ("/live", "*/*", NDJSON),
    ("/live", "application/x-ndjson", NDJSON),
    ("/live", "APPLICATION/X-NDJSON", NDJSON),
    ("/live", "text/event-stream", SSE),
    ("/live", "text/plain", TEXT),
    ("/live", "application/json", None),
    ("/live", "application/json, */*;q=0.1", NDJSON),
    ("/live", "application/json, text/plain;q=0.1", TEXT),
    ("/finite", "application/json", JSON),
    ("/finite", "application/json;q=0.5, application/x-ndjson;q=0.6", NDJSON),
    ("/finite", "application/*", NDJSON),
    ("/finite", "*/*", NDJSON),
    ("/live", "text/event-stream;q=0.5, text/plain;q=0.9", TEXT),
    ("/live", "text/event-stream;q=0.9,text/plain;q=0.5", SSE),
    ("/live", "text/plain ; Q=0.4 , text/event-stream ; q=0.8", SSE),
    ("/live", "text/event-stream;charset=utf-8;q=0.8, text/plain;q=0.7", SSE),
    ("/live", "text/plain;q=0", None),
    ("/live", "*/*, application/x-ndjson;q=0", SSE),
    ("/live", "text/*, text/event-stream;q=0", TEXT),
    ("/live", "image/png", None),
    ("/live", "image/png, */*;q=0.001", NDJSON),
    ("/live", BROWSER, PAGE),
    ("/live", "text/html", PAGE),
    ("/live", "text/html;q=0.5, text/event-stream", SSE),
    ("/as-text", None, TEXT),
    ("/as-text", "*/*", TEXT),
    ("/as-text", "text/event-stream", SSE),
    ("/as-json", None, JSON),
]

BODIES = {
    "ndjson": (NDJSON, b"1\n2\n3\n"),
    "json": (JSON, b"[1,2,3]"),
    "text": (TEXT, b"1\n2\n3\n"),
}


class Negotiation(ServerCase):
    endpoints = {
        "/live": {"source": {"counter": 3}},
        "/finite": {"source": {"counter": 3}, "finite": True},
        "/empty": {"source": {"counter": {"from": 2, "to": 1}}},
        "/as-text": {"source": {"counter": 3}, "format": "text"},
        "/as-json": {"source": {"counter": 3}, "format": "json"},
    }

    def test_accept_decides_as_the_rfc_has_it(self):
        for path, accept, expected in BY_ACCEPT:
            with self.subTest(path=path, accept=accept):
                response = self.server.get(path, *([] if accept is None else [f"Accept: {accept}"]))
                self.assertEqual(response.status, 200 if expected else 406)
                self.assertEqual(response.type, expected or "application/problem+json")

    def test_several_accept_fields_are_one_list(self):
        response = self.server.get("/live", "Accept: image/png", "Accept: text/event-stream")
        self.assertEqual((response.status, response.type), (200, SSE))

    def test_the_format_of_the_query_beats_accept(self):
        response = self.server.get("/live?format=sse", "Accept: text/plain")
        self.assertEqual((response.status, response.type), (200, SSE))

    def test_the_format_of_the_query_may_be_json_though_nobody_said_that_the_stream_is_finite(self):
        self.assertEqual(self.server.get("/live?format=json").json(), [1, 2, 3])

    def test_an_unknown_format_is_a_406_that_names_those_that_there_are(self):
        for name in ("yaml", "", "SSE", "websocket", "ndjson%00"):
            with self.subTest(name=name):
                response = self.server.get(f"/live?format={name}")
                self.assertIn(response.status, (400,) if "%00" in name else (406,))
                self.assertEqual(response.type, "application/problem+json")
        detail = self.server.get("/live?format=yaml").json()["detail"]
        for name in ("ndjson", "sse", "json", "text"):
            self.assertIn(f'"{name}"', detail)

    def test_each_format_writes_the_items_in_its_way_and_ends_whole(self):
        for name, (media_type, body) in BODIES.items():
            with self.subTest(format=name):
                response = self.server.get(f"/live?format={name}")
                self.assertEqual((response.type, response.body, response.ending),
                                 (media_type, body, wire.Ending.COMPLETE))

    def test_server_sent_events_are_what_an_event_source_understands(self):
        response = self.server.get("/live?format=sse")
        stream = wire.parse_event_stream(response.body)
        self.assertEqual([(e.event, e.data) for e in stream.events],
                         [("message", "1"), ("message", "2"), ("message", "3"), ("end", "{}")])
        self.assertEqual(stream.last_id, "end")
        self.assertGreater(stream.retry, 0)

    def test_the_empty_stream_is_whole_in_every_format(self):
        for name, body in (("ndjson", b""), ("json", b"[]"), ("text", b"")):
            with self.subTest(format=name):
                response = self.server.get(f"/empty?format={name}")
                self.assertEqual((response.status, response.body, response.ending),
                                 (200, body, wire.Ending.COMPLETE))
        events = wire.parse_event_stream(self.server.get("/empty?format=sse").body).events
        self.assertEqual([e.event for e in events], ["end"])

    def test_streams_are_kept_by_no_cache_and_held_back_by_no_proxy(self):
        for name in ("ndjson", "sse", "json", "text"):
            with self.subTest(format=name):
                response = self.server.get(f"/live?format={name}")
                self.assertEqual(set(response.listed("Cache-Control")), {"no-store", "no-transform"})
                self.assertEqual(response.field("X-Accel-Buffering"), "no")
                self.assertIn("accept", response.listed("Vary"))

    def test_text_is_said_to_be_utf_8(self):
        self.assertRegex(self.server.get("/live?format=text").field("Content-Type"), "(?i)charset=utf-8")

    def test_what_differs_by_accept_says_so_also_when_it_is_refused_or_a_page(self):
        for accept in ("image/png", "text/html"):
            with self.subTest(accept=accept):
                self.assertIn("accept", self.server.get("/live", f"Accept: {accept}").listed("Vary"))

    def test_a_browsers_address_line_gets_a_page_that_shows_the_stream(self):
        response = self.server.get("/live", f"Accept: {BROWSER}")
        self.assertIn("text/event-stream", response.text)
        # Nothing of it comes from elsewhere.
        self.assertNotRegex(response.text, r"""(src|href|action)=["']?(https?:)?//|url\(["']?(https?:)?//|@?import\b""")
        self.assertIn("default-src 'none'", response.field("Content-Security-Policy"))


if __name__ == "__main__":
    unittest.main()
