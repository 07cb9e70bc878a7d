"""The source `http`: what another server answers, how it ends, and what is asked of it."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time
import unittest

import wire
from harness import PROGRAM, SANITIZED, Server, ServerCase, environment, run, wait_until
from upstream import Upstream, certificate, unused_port


def fixed(kind, body, status=200, *fields):
    return lambda question: question.answer(status, [("Content-Type", kind), *fields], body)


def events_from_where_asked(question):
    """Five events at a time, and then it dies."""
    behind = int(question.headers.get("Last-Event-ID") or 0)
    question.stream("text/event-stream")
    question.chunk(b"retry: 10\n\n")
    for i in range(behind + 1, min(behind + 5, 50) + 1):
        question.event(json.dumps({"i": i}), i)
    if behind + 5 >= 50:
        question.end()
    else:
        question.cut()


class Tokens:
    """Answers as a language model does: a token at a time, as many as it is told to let go."""

    def __init__(self):
        self.allowed = threading.Semaphore(0)
        self.left = threading.Event()

    def __call__(self, question):
        question.stream("text/event-stream")
        try:
            for i in range(1000):
                if not self.allowed.acquire(timeout=20):
                    return
                question.event(json.dumps({"token": f"t{i}"}) if i < 20 else "[DONE]")
        except OSError:
            self.left.set()


class Answers(ServerCase):
    @classmethod
    def prepare(cls):
        cls.asked = Upstream({
            "/ndjson": fixed("application/x-ndjson", b'{"a":1}\n\n{"a":2}'),
            "/sse": fixed("text/event-stream; charset=utf-8", b'event: add\ndata: {"a":1}\n\ndata: two\ndata: lines\n\n'),
            "/array": fixed("application/json", b'[{"a": 1},\n 2, "x"]\n'),
            "/object": fixed("application/json", b'{\n  "a": 1\n}\n'),
            "/text": fixed("text/plain", b"one\r\ntwo"),
            "/bytes": fixed("image/png", b"\x89PNG\0"),
            "/wrong": fixed("application/json", b"[1,oops]"),
            "/gap": fixed("text/event-stream", b'data: 1\n\nevent: gap\ndata: {"count":7}\n\ndata: 2\n\n'),
            "/here": lambda q: q.answer(302, [("Location", "/said")], b""),
            "/ended": fixed("text/event-stream", b"data: 1\n\nevent: end\nid: end\ndata:\n\ndata: 2\n\n"),
            "/done": fixed("text/event-stream", b"data: 1\n\ndata: [DONE]\n\ndata: 2\n\n"),
            "/cut": lambda q: (q.stream("application/x-ndjson"), q.chunk(b"1\n2\n"), q.cut()),
            "/short": lambda q: (q.answer(200, [("Content-Length", "10")]), q.write(b"1\n2\n"), q.cut()),
            "/events": events_from_where_asked,
            "/teapot": fixed("text/plain", b"", 418),
            "/busy": fixed("text/plain", b"", 503, ("Retry-After", "7")),
            "/gone": fixed("text/plain", b"", 410),
            "/nothing": fixed("text/event-stream", b"", 204),
            "/moved": lambda q: q.answer(302, [("Location", "ndjson")], b"moved"),
            "/circle": lambda q: q.answer(302, [("Location", "/circle")], b""),
            "/away": lambda q: q.answer(307, [("Location", cls.elsewhere.url("/said"))], b""),
            "/gzip": fixed("text/plain", b"x", 200, ("Content-Encoding", "gzip")),
            "/said": lambda q: q.answer(200, [("Content-Type", "application/json")], json.dumps(
                {"method": q.method, "target": q.target, "body": q.body.decode(), "type": q.headers["Content-Type"],
                 "token": q.headers["Authorization"], "who": q.headers["X-Who"]}).encode()),
            "/say/*": lambda q: q.answer(200, [("Content-Type", "text/plain")], q.target.encode()),
            "/silent": lambda q: q.wait_until_left(),
            "/falls-silent": lambda q: (q.stream("text/plain"), q.chunk(b"1\n"), q.wait_until_left()),
        })
        cls.elsewhere = Upstream({"/said": cls.asked_said})
        cls.addClassCleanup(cls.asked.close)
        cls.addClassCleanup(cls.elsewhere.close)
        cls.left = threading.Event()

        def ask(target, **options):
            return {"source": {"http": {"url": cls.asked.url(target), **options}}}
        cls.endpoints = {
            "/plain/{what}": ask("/${path.what}"),
            "/bytes": {**ask("/bytes"), "format": "bytes"},
            "/as-value": ask("/array", decode="value"),
            "/as-lines": ask("/ndjson", decode="lines"),
            "/done": ask("/done", done="[DONE]"),
            "/secret": {"source": {"http": cls.asked.url("/away").replace("//", "//user:pass@")}},
            "/secret/here": {"source": {"http": cls.asked.url("/here").replace("//", "//user:pass@")}},
            "/events": {**ask("/events", ids=True), "pipeline": [{"retry": {"from": "1ms"}}]},
            "/events/plain": {**ask("/events"), "pipeline": [{"retry": {"from": "1ms", "attempts": 2}}]},
            "/events/shared": {**ask("/events", ids=True), "pipeline": [{"retry": {"from": "1ms"}}],
                               "share": {"replay": 100, "since": "earliest"}},
            "/post": ask("/said", body={"prompt": "${query.q}"},
                         headers={"Authorization": "Bearer x", "X-Who": "${query.who:-me}"}),
            "/put": ask("/said", method="PUT", body="as it is", headers={"Content-Type": "text/x"}),
            "/away": ask("/away", body={}, headers={"Authorization": "Bearer x"}),
            "/say/{word}": ask("/say/${path.word}?q=${query.q:-}"),
            "/late": ask("/silent", timeout="100ms"),
            "/silent": ask("/silent"),
            "/idle": ask("/falls-silent", idle="100ms"),
            "/patient": {**ask("/ndjson", idle="100ms"), "pipeline": [{"delay": "300ms"}]},
            "/refused": {"source": {"http": f"http://127.0.0.1:{unused_port()}/"}},
            "/unknown": {"source": {"http": "http://no-such-host.invalid/"}},
        }

    @staticmethod
    def asked_said(question):
        question.answer(200, [("Content-Type", "application/json")], json.dumps(
            {"method": question.method, "token": question.headers["Authorization"]}).encode())

    def lines(self, target):
        response = self.server.get(target)
        self.assertEqual((response.status, response.ending), (200, wire.Ending.COMPLETE), response.body)
        return response.lines()

    def refusal(self, target):
        response = self.server.get(target)
        return response.status, response.json()["detail"]

    def test_items_are_made_as_the_type_says(self):
        self.assertEqual(self.lines("/plain/ndjson"), [{"a": 1}, {"a": 2}])
        self.assertEqual(self.lines("/plain/sse"), [{"a": 1}, "two\nlines"])
        self.assertEqual(self.lines("/plain/array"), [{"a": 1}, 2, "x"])
        self.assertEqual(self.lines("/plain/object"), [{"a": 1}])
        self.assertEqual(self.lines("/plain/text"), ["one", "two"])
        self.assertEqual(self.server.get("/bytes").body, b"\x89PNG\0")
        self.assertEqual(self.lines("/as-value"), [[{"a": 1}, 2, "x"]])
        self.assertEqual(self.lines("/as-lines"), ['{"a":1}', "", '{"a":2}'])
        self.assertEqual(self.lines("/plain/nothing"), [])
        stream = wire.parse_event_stream(self.server.get("/plain/sse?format=sse").body)
        self.assertEqual([event.event for event in stream.events][:2], ["add", "message"])

    def test_an_end_is_one_and_a_cut_is_none(self):
        self.assertEqual(self.lines("/plain/ended"), ["1"])
        self.assertEqual(self.lines("/done"), ["1"])
        for target in ("/plain/cut", "/plain/short"):
            response = self.server.get(target)
            self.assertEqual((response.status, response.ending), (200, wire.Ending.CUT), target)
        self.assertEqual(self.server.get("/plain/wrong").ending, wire.Ending.CUT)

    def test_a_refusal_has_its_status(self):
        for target, status, words in (("/plain/missing", 404, "has answered 404"), ("/plain/gone", 410, "410"),
                                      ("/plain/teapot", 502, "418"), ("/plain/busy", 503, "503"),
                                      ("/plain/gzip", 502, "compressed"), ("/plain/circle", 502, "too many redirects"),
                                      ("/refused", 502, "cannot be reached: Connection refused"),
                                      ("/unknown", 502, "no-such-host.invalid:80 cannot be reached"),
                                      ("/late", 502, "has not answered within 100ms")):
            with self.subTest(target):
                response = self.server.get(target)
                self.assertEqual(response.status, status)
                self.assertIn(words, response.json()["detail"])
        self.assertEqual(self.server.get("/plain/busy").field("Retry-After"), "7")

    def test_an_answer_that_falls_silent_is_given_up(self):
        response = self.server.get("/idle")
        self.assertEqual((response.lines(), response.ending), (["1"], wire.Ending.CUT))

    def test_a_client_that_is_slow_is_no_silence_of_upstream(self):
        self.assertEqual(self.lines("/patient"), [{"a": 1}, {"a": 2}])

    def test_who_goes_on_behind_an_id_gets_exactly_the_rest(self):
        self.assertEqual([item["i"] for item in self.lines("/events")], list(range(1, 51)))
        response = self.server.get("/events?format=sse", "Last-Event-ID: 40")
        events = wire.parse_event_stream(response.body).events
        self.assertEqual([event.id for event in events][:-1], [str(i) for i in range(41, 51)])
        self.assertEqual([item["i"] for item in self.lines("/events/shared")], list(range(1, 51)))
        events = wire.parse_event_stream(self.server.get("/events/shared?format=sse", "Last-Event-ID: 30").body).events
        self.assertEqual([event.id for event in events][:-1], [str(i) for i in range(31, 51)])

    def test_an_id_cannot_bring_fields_of_its_own(self):
        before = self.asked.count()
        for value in ("x%0D%0AX-Evil:%201", "x%0AX-Evil:%201", "x%00"):
            response = self.server.get(f"/events?last_event_id={value}")
            self.assertEqual(response.status, 400, value)
        self.assertEqual(self.asked.count(), before)

    def test_a_gap_of_upstream_is_one(self):
        events = wire.parse_event_stream(self.server.get("/plain/gap?format=sse").body).events
        self.assertEqual([(event.event, event.data) for event in events][:3],
                         [("message", "1"), ("gap", '{"count":7}'), ("message", "2")])
        self.assertEqual(self.server.get("/plain/gap").ending, wire.Ending.CUT)

    def test_a_password_in_the_url_stays_with_its_origin(self):
        self.assertEqual(self.lines("/secret"), [{"method": "GET", "token": None}])
        self.assertEqual(self.lines("/secret/here")[0]["token"], "Basic dXNlcjpwYXNz")

    def test_what_may_be_missing_without_ids_is_said(self):
        events = wire.parse_event_stream(self.server.get("/events/plain?format=sse").body).events
        names = [event.event for event in events]
        self.assertEqual(names[5], "gap")
        self.assertEqual(names[-1], "failed")
        status, detail = self.refusal("/plain/sse?last_event_id=3")
        self.assertEqual(status, 409)
        self.assertIn("have no ids", detail)

    def test_the_question_is_as_configured(self):
        said = self.lines("/post?q=a%22b&who=Ada")[0]
        self.assertEqual((said["method"], json.loads(said["body"]), said["type"], said["token"], said["who"]),
                         ("POST", {"prompt": 'a"b'}, "application/json", "Bearer x", "Ada"))
        said = self.lines("/put")[0]
        self.assertEqual((said["method"], said["body"], said["type"]), ("PUT", "as it is", "text/x"))
        response = self.server.get("/post?q=1&who=a%0d%0aX-Evil:%201")
        self.assertEqual(response.status, 400)
        self.assertIn("line break", response.json()["detail"])

    def test_values_of_a_request_stay_where_they_belong(self):
        self.assertEqual(self.lines("/say/a%2Fb%3Fc?q=d%26e%3D1"), ["/say/a%2Fb%3Fc?q=d%26e%3D1"])
        self.assertEqual(self.server.get("/say/%2E%2E").status, 400)

    def test_redirects_are_followed_without_what_is_secret(self):
        self.assertEqual(self.lines("/plain/moved"), [{"a": 1}, {"a": 2}])
        self.assertEqual(self.lines("/away"), [{"method": "POST", "token": None}])

    def test_who_leaves_ends_the_question(self):
        before = self.asked.count()
        with self.server.connect() as client:
            client.ask("/silent")
            self.assertTrue(wait_until(lambda: self.asked.count() > before))
        self.assertTrue(self.server.alone())


class LanguageModel(unittest.TestCase):
    """One question, many who watch."""

    def test_all_who_watch_see_all_tokens_of_one_question(self):
        tokens = Tokens()
        with Upstream({"/v1/chat": tokens}) as upstream:
            endpoints = {"/chat/{id}": {
                "source": {"http": {"url": upstream.url("/v1/chat"), "body": {"prompt": "${path.id}"}, "done": "[DONE]"}},
                "share": {"replay": 10000, "since": "earliest", "linger": "30s"}}}
            with Server(endpoints, {"admin": "127.0.0.1:0"}) as server:
                def watch(last_id=None):
                    client = server.connect()
                    self.addCleanup(client.close)
                    client.ask("/chat/1?format=sse", *([f"Last-Event-ID: {last_id}"] if last_id else []))
                    client.head()
                    return client
                one = watch()
                tokens.allowed.release(5)
                seen = b""
                while seen.count(b"data:") < 5:
                    seen += one.chunk()
                last_id = wire.parse_event_stream(seen).last_id
                one.close()
                tokens.allowed.release(5)
                late, back = watch(), watch(last_id)
                tokens.allowed.release(100)
                self.assertEqual([json.loads(data)["token"] for data in self.data_of(late)], [f"t{i}" for i in range(20)])
                self.assertEqual([json.loads(data)["token"] for data in self.data_of(back)],
                                 [f"t{i}" for i in range(5, 20)])
                self.assertEqual(upstream.count(), 1)

    @staticmethod
    def data_of(client):
        text = b""
        while chunk := client.chunk():
            text += chunk
        return [event.data for event in wire.parse_event_stream(text).events if event.event == "message"]

    def test_the_last_who_leaves_ends_the_question(self):
        tokens = Tokens()
        with Upstream({"/v1/chat": tokens}) as upstream:
            endpoints = {"/chat": {"source": {"http": upstream.url("/v1/chat")}, "share": {}}}
            with Server(endpoints) as server:
                clients = [server.connect() for _ in range(2)]
                for client in clients:
                    client.ask("/chat?format=sse")
                tokens.allowed.release(1)
                for client in clients:
                    client.head()
                for client in clients:
                    client.close()

                def told():
                    tokens.allowed.release(1)
                    return tokens.left.wait(0.05)
                self.assertTrue(wait_until(told))


class Polling(unittest.TestCase):
    def test_only_what_has_changed_is_given(self):
        state = {"value": 0, "asked": 0, "not_modified": 0, "fail": 0}

        def answer(question):
            state["asked"] += 1
            if state["fail"]:
                state["fail"] -= 1
                return question.answer(500, body=b"")
            etag = f'"{state["value"]}"'
            if question.headers["If-None-Match"] == etag:
                state["not_modified"] += 1
                return question.answer(304)
            return question.answer(200, [("Content-Type", "application/json"), ("ETag", etag)],
                                   json.dumps({"value": state["value"]}).encode())

        def without_etag(question):
            question.answer(200, [("Content-Type", "application/json")], b"[%d]" % (state["value"] // 2))
        with Upstream({"/state": answer, "/plain": without_etag}) as upstream:
            endpoints = {"/state": {"source": {"http": {"url": upstream.url("/state"), "poll": "20ms"}}},
                         "/plain": {"source": {"http": {"url": upstream.url("/plain"), "poll": "20ms"}}},
                         "/missing": {"source": {"http": {"url": upstream.url("/none"), "poll": "20ms"}}}}
            with Server(endpoints) as server, server.connect() as client, server.connect() as other:
                client.ask("/state")
                client.head()
                self.assertEqual(json.loads(client.chunk()), {"value": 0})
                other.ask("/plain")
                other.head()
                self.assertEqual(json.loads(other.chunk()), [0])
                self.assertTrue(wait_until(lambda: state["not_modified"] >= 3))
                state["fail"] = 2
                self.assertTrue(wait_until(lambda: state["fail"] == 0))
                server.wait_for_log(r"poll endpoint=/state failed=.*500")
                state["value"] = 1
                self.assertEqual(json.loads(client.chunk()), {"value": 1})
                state["value"] = 2
                self.assertEqual(json.loads(client.chunk()), {"value": 2})
                self.assertEqual(json.loads(other.chunk()), [1])
                self.assertEqual(server.get("/missing").status, 404)


class OverTls(unittest.TestCase):
    def test_a_certificate_has_to_be_trusted_and_for_the_host(self):
        with tempfile.TemporaryDirectory() as directory:
            good = certificate(directory, "good", "DNS:localhost,IP:127.0.0.1")
            other = certificate(directory, "other", "DNS:other.example")
            handlers = {"/": fixed("text/plain", b"hello\n")}
            with Upstream(handlers, tls=good) as right, Upstream(handlers, tls=other) as wrong:
                def ask(url, **options):
                    return {"source": {"http": {"url": url, **options}}}
                endpoints = {"/by-name": ask(right.url("/", "localhost"), ca=good[0]),
                             "/by-address": ask(right.url("/"), ca=good[0]),
                             "/untrusted": ask(right.url("/")),
                             "/wrong-host": ask(wrong.url("/"), ca=other[0]),
                             "/no-tls": ask(right.url("/").replace("https", "http")),
                             "/no-authority": ask(right.url("/"), ca=directory + "/missing.pem")}
                with Server(endpoints) as server:
                    self.assertEqual(server.get("/by-name").lines(), ["hello"])
                    self.assertEqual(server.get("/by-address").lines(), ["hello"])
                    for target in ("/untrusted", "/wrong-host", "/no-tls", "/no-authority"):
                        response = server.get(target)
                        self.assertEqual(response.status, 502, target)

    def test_a_unix_socket_can_be_asked(self):
        with tempfile.TemporaryDirectory() as directory:
            path = directory + "/socket"
            with Upstream({"/x": fixed("text/plain", b"hello\n")}, unix=path):
                with Server({"/": {"source": {"http": {"url": "http://docker/x", "socket": path}}}}) as server:
                    self.assertEqual(server.get("/").lines(), ["hello"])


class Storm(unittest.TestCase):
    """An upstream that dies over and over."""

    SECONDS = float(os.environ.get("COYIELD_TEST_STORM", "3"))

    def test_nothing_is_lost_unannounced_and_nothing_leaks(self):
        def dies_soon(question):
            behind = int(question.headers.get("Last-Event-ID") or 0)
            question.stream("text/event-stream")
            until = time.monotonic() + 0.03
            i = behind
            while time.monotonic() < until:
                i += 1
                question.event(json.dumps({"i": i}), i)
            question.reset()
        with Upstream({"/events": dies_soon}) as upstream:
            source = {"http": {"url": upstream.url("/events"), "ids": True}}
            without = {"http": {"url": upstream.url("/events")}}
            again = [{"retry": {"from": "1ms", "to": "5ms"}}]
            endpoints = {"/exact": {"source": source, "pipeline": again, "share": {"replay": 10_000}},
                         "/anew": {"source": without, "pipeline": again}}
            with Server(endpoints) as server, server.connect() as exact, server.connect() as anew:
                before = None
                texts = {}
                for client, path in ((exact, "/exact"), (anew, "/anew")):
                    client.ask(path + "?format=sse")
                    client.head()
                    texts[client] = b""
                began = time.monotonic()
                while time.monotonic() - began < self.SECONDS:
                    for client in texts:
                        texts[client] += client.chunk()
                    if before is None and time.monotonic() - began > 0.5:
                        before = (server.sockets(), server.resident_bytes())
                events = wire.parse_event_stream(texts[exact].rpartition(b"\n\n")[0] + b"\n\n").events
                numbers = [int(event.id) for event in events if event.event == "message"]
                self.assertGreater(len(numbers), 100)
                self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
                events = wire.parse_event_stream(texts[anew].rpartition(b"\n\n")[0] + b"\n\n").events
                last = 0
                for event in events:  # it begins anew each time, and never without a word
                    if event.event == "gap":
                        last = 0
                    elif event.event == "message":
                        self.assertEqual(json.loads(event.data)["i"], last + 1)
                        last += 1
                self.assertGreater(upstream.count(), 20)
                self.assertLessEqual(server.sockets(), before[0] + 4)
                if not SANITIZED:  # which keeps what was freed for a while
                    self.assertLess(server.resident_bytes() - before[1], 10_000_000)


class Examples(unittest.TestCase):
    """config/examples, as somebody would use them."""

    DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "config/examples"

    def test_all_of_them_are_good(self):
        files = sorted(self.DIRECTORY.glob("*.json"))
        self.assertGreaterEqual(len(files), 2)
        for file in files:
            result = run("check", str(file))
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_one_of_a_language_model(self):
        def answer(question):
            asked = json.loads(question.body)
            word = asked["messages"][0]["content"]
            question.stream("text/event-stream")
            for part in (word, " is", " blue"):
                question.event(json.dumps({"choices": [{"delta": {"content": part}}]}))
            question.event("[DONE]")
            question.end()
        with Upstream({"/v1": answer}) as upstream, tempfile.TemporaryDirectory() as directory:
            text = (self.DIRECTORY / "language-model.json").read_text(encoding="utf-8")
            file = pathlib.Path(directory) / "coyield.json"
            file.write_text(text.replace("127.0.0.1:8080", "127.0.0.1:0").replace("127.0.0.1:9090", "127.0.0.1:0"),
                            encoding="utf-8")
            process = subprocess.Popen([PROGRAM, "serve", str(file)], stderr=subprocess.PIPE, text=True,
                                       env=environment(MODEL_URL=upstream.url("/v1"), MODEL_KEY="secret"))
            self.addCleanup(process.stderr.close)
            self.addCleanup(process.wait)
            self.addCleanup(process.terminate)
            host, port = re.search(r"listening address=([\d.]+):(\d+)", process.stderr.readline()).groups()
            for _ in range(2):
                with wire.Connection((host, int(port))) as client:
                    response = client.get("/answers/1?prompt=Sky")
                    self.assertEqual([item["token"] for item in response.lines()], ["Sky", " is", " blue"])
            self.assertEqual(upstream.questions[0].headers["Authorization"], "Bearer secret")


if __name__ == "__main__":
    unittest.main()
