"""Topics: who may publish what, what becomes of it, and that nothing is lost, doubled or published by halves."""

import json
import random
import threading
import time
import unittest

import wire
from harness import Server, ServerCase, wait_until

JSON = "Content-Type: application/json"
LINES = "Content-Type: application/x-ndjson"
TEXT = "Content-Type: text/plain"
FORM = "Content-Type: application/x-www-form-urlencoded"


def length(body):
    return f"Content-Length: {len(body)}"


def post(connection, target, body, *fields):
    """One request with a body; gives its response."""
    connection.ask(target, *fields, length(body), method="POST", body=body)
    return connection.response()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Publishing(ServerCase):
    settings = {"threads": 2, "admin": "127.0.0.1:0", "cors": {"origins": ["https://pages.example"]}}
    endpoints = {
        "/rooms/{room}": {"source": {"topic": "room.${path.room}"}, "share": {"replay": 100000}, "publish": "anyone"},
        "/loud/{room}": {"source": {"topic": "room.${path.room}"}, "pipeline": [{"where": {"/loud": True}}]},
        "/louder/{room}": {"source": {"topic": "room.${path.room}"}, "pipeline": [{"where": {"/loud": True}}],
                           "share": {"replay": 10}},
        "/news": {"source": {"topic": "news"}, "publish": ["writer"], "access": ["reader"]},
        "/small": {"source": {"topic": "small"}, "publish": {"access": "anyone", "max_item": "32B", "max_depth": 3}},
        "/calm": {"source": {"topic": "calm"},
                  "publish": {"access": "anyone", "client_rate": {"items": 2, "within": "1h"}}},
        "/slow": {"source": {"topic": "slow"}, "publish": {"access": "anyone", "client_rate": 20}},
        "/patient": {"source": {"topic": "patient"}, "share": {"slow": "block", "queue": 4}, "publish": "anyone"},
        "/empty/{name}": {"source": {"topic": "empty.${path.name}"}, "share": {"max_instances": 2}},
        "/few/{name}": {"source": {"topic": "few.${path.name}"}, "share": {"max_instances": 2, "replay": 1},
                        "publish": "anyone"},
        "/short": {"source": {"topic": "short"}, "share": {"replay": 1, "linger": "10ms"}, "publish": "anyone"},
        "/count": {"source": "counter"},
    }

    def post(self, target, body, *fields):
        with self.server.connect() as connection:
            return post(connection, target, body, *fields)

    def kept(self, target, count):
        """The items that a topic has, from its replay."""
        with self.server.connect() as connection:
            connection.ask(f"{target}?since=earliest")
            connection.head()
            items = connection.items()
            return [json.loads(next(items)) for _ in range(count)]

    def read(self, target):
        """A reader that has begun, and what comes to it."""
        connection = self.server.connect()
        self.addCleanup(connection.close)
        connection.ask(target)
        self.assertEqual(connection.head().status, 200)
        return connection.items()

    # One item a request.

    def test_an_item_goes_to_all_who_read(self):
        readers = [self.read("/rooms/all") for _ in range(4)]
        response = self.post("/rooms/all", b'{"a": 1}', JSON)
        self.assertEqual((response.status, response.type), (200, "application/json"))
        self.assertRegex(response.json()["id"], "^[0-9a-f]+-0$")
        for reader in readers:
            self.assertEqual(next(reader), b'{"a": 1}')

    def test_the_type_says_what_it_is(self):
        bodies = [(b"5", JSON), (b"5", TEXT), (b"5", FORM), (b"five", FORM), (b"5", "X-Nothing: 1"), (b"a\nb", TEXT),
                  (b"\xff\0", "Content-Type: application/octet-stream"), (b'{\n "a": [1,\r\n 2]\n}\n', JSON),
                  (b'"\xc3\xa9"', "Content-Type: application/vnd.some+json; charset=utf-8")]
        for body, field in bodies:
            self.assertEqual(self.post("/rooms/types", body, field).status, 200, (body, field))
        self.assertEqual(self.kept("/rooms/types", len(bodies)),
                         [5, "5", 5, "five", 5, "a\nb", "/wA=", {"a": [1, 2]}, "é"])

    def test_what_is_no_item_is_refused_and_says_why(self):
        refused = [
            (b'{"a":', JSON, 422, "no JSON"), (b"", JSON, 422, "empty"), (b"", FORM, 422, "empty"),
            (b"\xff", TEXT, 422, "no UTF-8"), (b"\xff", FORM, 422, "no UTF-8"), (b'"\xff"', JSON, 422, "no JSON"),
            (b"1 2", JSON, 422, "no JSON"), (b"x", "Content-Type: image/png", 415, "image/png"),
            (b"1", "Content-Encoding: gzip", 415, "compressed"),
            (b"1", "Idempotency-Key: " + "k" * 256, 400, "Idempotency-Key"),
        ]
        for body, field, status, why in refused:
            response = self.post("/rooms/refused", body, field)
            self.assertEqual(response.status, status, (body, field))
            self.assertEqual(response.type, "application/problem+json")
            self.assertIn(why, response.json()["detail"])
        self.assertEqual(self.post("/rooms/refused", b"1", JSON).json()["id"].partition("-")[2], "0")

    def test_a_connection_is_kept_and_what_was_sent_behind_is_the_next_request(self):
        with self.server.connect() as connection:
            request = (b"POST /rooms/kept HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n"
                       b"%dPOST /rooms/kept HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"1;x=y\r\n%d\r\n0\r\nX-Trailer: 1\r\n\r\n")
            connection.send(b"".join(request % (n, n + 1) for n in range(0, 8, 2)))
            ids = [int(connection.response().json()["id"].rpartition("-")[2]) for _ in range(8)]
            self.assertEqual(ids, list(range(8)))
        self.assertEqual(self.kept("/rooms/kept", 8), list(range(8)))

    def test_a_body_comes_in_any_pieces(self):
        body = b"".join(chunk(piece) for piece in (b'{"te', b'xt": "', b"x" * 70000, b'"}')) + b"0\r\n\r\n"
        head = b"POST /rooms/pieces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        for pieces in (1, 3, 50, 700):
            with self.server.connect() as connection:
                connection.send_slowly(head + body, pieces)
                self.assertEqual(connection.response().status, 200)
        for cut in range(1, 40):  # the last chunk and around it, in two
            whole = head + chunk(b"1") + b"0\r\n\r\n"
            with self.server.connect() as connection:
                connection.send(whole[:-cut])
                time.sleep(0.001)
                connection.send(whole[-cut:])
                self.assertEqual(connection.response().status, 200)

    def test_a_chunk_that_lies_is_refused(self):
        for body in (b"x\r\n", b"1\n1\r\n", b"1\r\n12\r\n", b"-1\r\n", b"1" * 16 + b"\r\n", b";\r\n", b"1\r\n1\n0\r\n\r\n",
                     b"0\r\n" + b"x: 1\r\n" * 5000, b"1;" + b"x" * 10000):
            with self.server.connect() as connection:
                connection.ask("/rooms/lies", "Transfer-Encoding: chunked", JSON, method="POST", body=body)
                response = connection.response()
                self.assertEqual(response.status, 400, body[:20])
                self.assertIn("chunk", response.json()["detail"])
                self.assertEqual(response.field("Connection"), "close")

    def test_lines_in_front_of_a_chunk_that_lies_are_published(self):
        with self.server.connect() as connection:
            connection.ask("/rooms/front", "Transfer-Encoding: chunked", LINES, method="POST", body=chunk(b"1\n2\n") + b"ZZ\r\n")
            answers = connection.response().lines()
        self.assertEqual([answer.get("error", {}).get("status") for answer in answers], [None, None, 400])
        self.assertEqual(self.kept("/rooms/front", 2), [1, 2])

    def test_who_waits_for_word_gets_it(self):
        with self.server.connect() as connection:
            connection.ask("/rooms/word", "Expect: 100-continue", length(b"[1]"), method="POST")
            self.assertEqual(connection.head().status, 100)
            connection.send(b"[1]")
            self.assertEqual(connection.response().status, 200)
        with self.server.connect() as connection:
            connection.ask("/small", "Expect: 100-continue", "Content-Length: 1000", method="POST")
            self.assertEqual(connection.response().status, 413, "at once, and without the body")

    def test_http_1_0_can_publish(self):
        with self.server.connect() as connection:
            connection.ask("/rooms/old", length(b"1"), method="POST", body=b"1", version="HTTP/1.0")
            self.assertEqual(connection.response().status, 200)
        with self.server.connect() as connection:
            connection.ask("/rooms/old", LINES, length(b"2\n3\n"), method="POST", body=b"2\n3\n", version="HTTP/1.0")
            response = connection.response()
            self.assertEqual(len(response.lines()), 2)
        self.assertEqual(self.kept("/rooms/old", 3), [1, 2, 3])

    # Repetitions.

    def test_a_repetition_under_the_same_key_is_harmless(self):
        first = self.post("/rooms/keys", b"1", "Idempotency-Key: a")
        again = self.post("/rooms/keys", b"1", "Idempotency-Key: a")
        self.assertEqual(first.json(), again.json())
        other = self.post("/rooms/keys", b"2", "Idempotency-Key: a")
        self.assertEqual(other.status, 422)
        self.assertIn('"a"', other.json()["detail"])
        self.post("/rooms/keys", b"3")
        self.assertEqual(self.kept("/rooms/keys", 2), [1, 3])

    def test_lines_can_be_repeated_too(self):
        def publish(body):
            return [line.get("id") for line in self.post("/rooms/linekeys", body, LINES, "Idempotency-Key: a").lines()]
        first = publish(b"1\n2\n")
        self.assertEqual(publish(b"1\n2\n3\n")[:2], first, "what came of a request that broke")
        self.assertEqual(self.kept("/rooms/linekeys", 3), [1, 2, 3])

    def test_a_retry_on_another_thread_is_known_as_well(self):
        results = []

        def publish(n):
            results.append((n, self.post("/rooms/retries", b"%d" % n, f"Idempotency-Key: key{n}").json()["id"]))
        threads = [threading.Thread(target=publish, args=(n % 10,)) for n in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(results)), 10)
        self.assertEqual(sorted(self.kept("/rooms/retries", 10)), list(range(10)))

    # Many items a request.

    def test_each_line_has_its_answer(self):
        response = self.post("/rooms/lines", b'1\r\n\n  \n{"a":\n"x"\n[3]', LINES)
        answers = response.lines()
        self.assertEqual(response.type, "application/x-ndjson")
        self.assertEqual(["id" in answer for answer in answers], [True, False, True, True])
        self.assertEqual(answers[1]["error"]["status"], 422)
        self.assertEqual(self.kept("/rooms/lines", 3), [1, "x", [3]])

    def test_answers_come_while_lines_go(self):
        with self.server.connect() as connection:
            connection.ask("/rooms/talk", LINES, "Transfer-Encoding: chunked", method="POST")
            for n in range(5):
                connection.send(chunk(b"%d\n" % n))
                if n == 0:
                    self.assertEqual(connection.head().status, 200)
                self.assertTrue(json.loads(connection.chunk())["id"].endswith(f"-{n}"))
            connection.send(b"0\r\n\r\n")
            self.assertEqual(connection.chunk(), b"")
            self.assertEqual(post(connection, "/rooms/talk", b"5").status, 200, "and the connection is kept")

    def test_a_hundred_thousand_lines(self):
        count = 100000
        body = b"".join(b'{"n":%d,"text":"some text to go with it"}\n' % n for n in range(count))
        answers = self.post("/rooms/many", body, LINES).lines()
        self.assertEqual([int(answer["id"].rpartition("-")[2]) for answer in answers], list(range(count)))
        self.assertEqual([item["n"] for item in self.kept("/rooms/many", count)], list(range(count)))

    def test_a_line_that_is_too_long_loses_no_other(self):
        body = b'"a"\n"' + b"x" * 100000 + b'"\n"b"\n[[[[1]]]]\n"c"\n'
        answers = self.post("/small", body, LINES).lines()
        self.assertEqual([answer.get("error", {}).get("status") for answer in answers], [None, 413, None, 422, None])

    def test_half_a_line_is_not_published_when_the_client_goes(self):
        with self.server.connect() as connection:
            connection.ask("/rooms/half", LINES, "Transfer-Encoding: chunked", method="POST")
            connection.send(chunk(b"1\n2\n345"))
            connection.head()
            self.assertEqual(len(connection.chunk().splitlines()), 2)
            connection.reset()
        self.assertTrue(self.server.alone())
        self.post("/rooms/half", b"4")
        self.assertEqual(self.kept("/rooms/half", 3), [1, 2, 4])
        with self.server.connect() as connection:
            connection.ask("/rooms/half", JSON, "Content-Length: 5", method="POST", body=b"1234")
        self.post("/rooms/half", b"5")
        self.assertEqual(self.kept("/rooms/half", 4), [1, 2, 4, 5])

    # Who may, and how much.

    def test_publishing_and_reading_are_apart(self):
        self.assertEqual(self.post("/news", b"1").status, 401)
        self.assertEqual(self.post("/news", b"1", "Authorization: Bearer reader").status, 403)
        self.assertEqual(self.post("/news", b"1", "Authorization: Bearer writer").status, 200)
        self.assertEqual(self.server.get("/news", "Authorization: Bearer writer").status, 403)
        self.assertEqual(self.post("/loud/a", b"1").status, 403, "nobody may here")
        response = self.post("/count", b"1")
        self.assertEqual((response.status, response.field("Allow")), (405, "GET, HEAD, OPTIONS"))

    def test_options_say_what_there_is(self):
        response = self.server.get("/rooms/a", "Origin: https://pages.example", method="OPTIONS")
        self.assertEqual(response.field("Allow"), "GET, HEAD, OPTIONS, POST")
        self.assertIn("POST", response.field("Access-Control-Allow-Methods"))
        self.assertIn("Idempotency-Key", response.field("Access-Control-Allow-Headers"))
        self.assertIn("Content-Type", response.field("Access-Control-Allow-Headers"))

    def test_pages_of_other_origins_may_not_publish(self):
        self.assertEqual(self.post("/rooms/origin", b"1", "Origin: https://evil.example").status, 403)
        response = self.post("/rooms/origin", b"1", "Origin: https://pages.example")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.field("Access-Control-Allow-Origin"), "https://pages.example")

    def test_limits_say_which(self):
        response = self.post("/small", b"x" * 33, TEXT)
        self.assertEqual(response.status, 413)
        self.assertIn("32", response.json()["detail"])
        self.assertEqual(self.post("/small", b"x" * 32, TEXT).status, 200)
        response = self.post("/small", b"[[[[1]]]]", JSON)
        self.assertEqual(response.status, 422)
        self.assertIn("max_depth", response.json()["detail"])
        self.assertEqual([self.post("/calm", b"1").status for _ in range(3)], [200, 200, 429])
        response = self.post("/calm", b"1")
        self.assertRegex(response.field("Retry-After"), "^1[78][0-9][0-9]$")
        self.assertIn("2 items", response.json()["detail"])

    def test_there_are_no_more_topics_than_may_be(self):
        self.assertEqual([self.post(f"/few/{n}", b"1").status for n in range(3)], [200, 200, 503])
        self.assertEqual(self.post("/few/0", b"1").status, 200)
        answers = self.post("/few/3", b"1\n2\n", LINES)
        self.assertEqual(answers.status, 503)

    def test_topics_that_nobody_would_miss_make_room_for_others(self):
        for n in range(20):
            with self.server.connect() as connection:
                status = wait_until(lambda: connection.get(f"/empty/{n}?wait=1ms").status == 204, step=0.05)
                self.assertTrue(status, n)

    # Who reads.

    def test_a_pipeline_over_a_topic_has_its_ids(self):
        own, shared = self.read("/loud/ids?format=sse"), self.read("/louder/ids?format=sse")
        ids = [self.post("/rooms/ids", body, JSON).json()["id"] for body in (b'{"loud":true}', b"2", b'{"loud":true}')]
        for reader in (own, shared):
            seen = []
            while len(seen) < 2:
                line = next(reader)
                if line.startswith(b"data: {"):
                    seen.append(last_id)
                last_id = line.removeprefix(b"id: ").decode()
            self.assertEqual(seen, [ids[0], ids[2]])
        for target in ("/loud/ids", "/louder/ids"):
            with self.server.connect() as connection:
                connection.ask(f"{target}?last_event_id={ids[0]}")
                connection.head()
                self.assertEqual(next(connection.items()), b'{"loud":true}')

    def test_one_who_blocks_holds_the_publisher_back(self):
        with self.server.connect(receive_buffer=4096) as reader:
            reader.ask("/patient")
            reader.head()
            with self.server.connect() as connection:
                connection.ask("/patient", LINES, "Transfer-Encoding: chunked", method="POST")
                line = b'"' + b"x" * 60000 + b'"\n'
                count, answered = 200, []
                thread = threading.Thread(target=lambda: connection.send(
                    b"".join(chunk(line) for _ in range(count)) + b"0\r\n\r\n"))
                thread.start()
                connection.head()

                def take():
                    pending = b""
                    while part := connection.chunk():
                        pending += part
                        *lines, pending = pending.split(b"\n")
                        answered.extend(lines)
                taker = threading.Thread(target=take)
                taker.start()
                self.assertTrue(wait_until(lambda: len(answered) > 0))
                held = -1
                while held != len(answered):  # until nothing goes on any more
                    held = len(answered)
                    time.sleep(0.3)
                self.assertLess(held, count)
                self.assertEqual(sum(1 for _ in zip(range(count), reader.items())), count)
                thread.join()
                taker.join()
                self.assertEqual(len(answered), count)

    def test_a_topic_goes_when_its_time_is_over(self):
        first = self.post("/short", b"1").json()["id"]
        gone = wait_until(lambda: self.post("/short", b"1").json()["id"].partition("-")[0] != first.partition("-")[0],
                          step=0.1)
        self.assertTrue(gone)

    def test_figures(self):
        def published():
            with wire.Connection(self.admin()) as admin:
                text = admin.get("/metrics").text
            return [int(line.rpartition(" ")[2]) for line in text.splitlines()
                    if line.startswith("coyield_published") and '"/rooms/{room}"' in line]
        before = published()
        self.post("/rooms/figures", b"1")
        self.post("/rooms/figures", b"{", JSON)
        self.assertEqual([after - was for after, was in zip(published(), before)], [1, 1])

    def admin(self):
        where = self.server.wait_for_log(r"listening address=(\S+):(\d+) for=admin")
        return where.group(1), int(where.group(2))

    # Over WebSocket.

    def websocket(self, target, *fields):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        self.assertEqual(connection.open_websocket(target, *fields).status, 101)
        return connection

    def test_messages_are_published(self):
        one, other = self.websocket("/rooms/chat"), self.websocket("/rooms/chat")
        one.send(wire.client_frame(wire.TEXT, b"hello") + wire.client_frame(wire.TEXT, b'{"a": 1}') +
                 wire.client_frame(wire.BINARY, b"\0\xff"))
        for connection in (one, other):
            self.assertEqual([connection.frame()[:2] for _ in range(3)],
                             [(wire.TEXT, b"hello"), (wire.TEXT, b'{"a": 1}'), (wire.BINARY, b"\0\xff")])
        self.post("/rooms/chat", b"from afar", TEXT)
        self.assertEqual(one.frame()[1], b"from afar")

    def test_what_was_sent_before_a_close_is_published(self):
        for n in range(20):
            connection = self.websocket("/rooms/goodbye")
            connection.send(b"".join(wire.client_frame(wire.TEXT, b"%d" % (100 * n + i)) for i in range(100)) +
                            wire.client_close(1000))
            self.assertEqual(connection.close_frame(), (1000, ""))
        self.assertEqual(self.kept("/rooms/goodbye", 2000), list(range(2000)))

    def test_who_may_not_publish_is_told(self):
        connection = self.websocket("/news", "Authorization: Bearer reader")
        connection.send(wire.client_frame(wire.TEXT, b"1"))
        self.assertEqual(connection.close_frame()[0], 1008)
        connection = self.websocket("/loud/a")
        connection.send(wire.client_frame(wire.TEXT, b"1"))
        self.assertEqual(connection.close_frame()[0], 1008)

    def test_a_message_that_is_refused_ends_it_with_the_reason(self):
        connection = self.websocket("/small")
        connection.send(wire.client_frame(wire.TEXT, b"[[[[1]]]]"))
        code, reason = connection.close_frame()
        self.assertEqual(code, 1008)
        self.assertIn("max_depth", reason)
        connection = self.websocket("/small")
        connection.send(wire.client_frame(wire.TEXT, b"x" * 33))
        self.assertEqual(connection.close_frame()[0], 1009)

    def test_over_the_rate_messages_wait(self):
        connection = self.websocket("/slow")
        connection.send(b"".join(wire.client_frame(wire.TEXT, b"%d" % n) for n in range(30)))
        self.assertEqual([connection.frame()[1] for _ in range(30)], [b"%d" % n for n in range(30)])

    # All of it.

    def test_ten_publishers_and_ten_readers_who_come_and_go(self):
        """Each publisher's items come to each reader in order, without one missing or twice."""
        publishers, each, seed = 6, 300, 7
        seen = [[] for _ in range(6)]

        def publish(who):
            chance = random.Random(seed + who)
            n = 0
            while n < each:
                with self.server.connect() as connection:
                    for _ in range(chance.randrange(1, 40)):
                        if n == each:
                            break
                        body = json.dumps([who, n]).encode()
                        key = f"Idempotency-Key: {who}.{n}"
                        connection.ask("/rooms/crowd", JSON, key, length(body), method="POST", body=body)
                        if chance.random() < 0.1:
                            connection.reset()  # whether it was published, nobody knows: so it is repeated
                            break
                        self.assertEqual(connection.response().status, 200)
                        n += 1

        def read(into, chance):
            last_id = ""
            while len(into) < publishers * each:
                with self.server.connect() as connection:
                    connection.ask("/rooms/crowd?format=sse&since=earliest",
                                   *([f"Last-Event-ID: {last_id}"] if last_id else []))
                    connection.head()
                    for _ in range(chance.randrange(1, 30)):
                        if len(into) == publishers * each:
                            break
                        whole = connection.chunk()
                        stream = wire.parse_event_stream(whole)
                        into += [json.loads(event.data) for event in stream.events]
                        last_id = stream.last_id or last_id
        threads = [threading.Thread(target=publish, args=(who,)) for who in range(publishers)]
        threads += [threading.Thread(target=read, args=(into, random.Random(i))) for i, into in enumerate(seen)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for into in seen:
            for who in range(publishers):
                self.assertEqual([n for w, n in into if w == who], list(range(each)))


class Ending(unittest.TestCase):
    endpoints = {"/t": {"source": {"topic": "t"}, "share": {"replay": 10, "slow": "block", "queue": 1},
                        "publish": "anyone"}}

    def test_a_drain_answers_what_was_read_and_ends(self):
        with Server(self.endpoints, {"drain": "5s"}) as server, server.connect() as connection:
            connection.ask("/t", LINES, "Transfer-Encoding: chunked", method="POST", body=chunk(b"1\n2"))
            connection.head()
            self.assertEqual(len(connection.chunk().splitlines()), 1)
            server.signal()
            self.assertEqual(connection.chunk(), b"", "half a line has no answer")
            self.assertEqual(server.wait(), 0)

    def test_one_item_that_is_under_way_is_answered(self):
        with Server(self.endpoints, {"drain": "5s"}) as server, server.connect() as connection:
            connection.ask("/t", "Content-Length: 2", method="POST", body=b"1")
            self.assertTrue(wait_until(lambda: server.connections() == 1))
            server.signal()
            server.wait_for_log("draining")
            connection.send(b"2")
            self.assertEqual(connection.response().status, 200)
            self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
