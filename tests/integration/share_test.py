"""One generator for all who ask: who shares it, what each of them gets, and that nobody misses an item unknowingly."""

import contextlib
import json
import pathlib
import random
import tempfile
import threading
import time
import unittest

import wire
from harness import Server, ServerCase, wait_until

CLOCK = {"clock": {"interval": "5ms"}}


class Sharing(ServerCase):
    settings = {"threads": 2, "admin": "127.0.0.1:0"}
    endpoints = {
        "/own": {"source": CLOCK},
        "/tick": {"source": CLOCK, "share": {"replay": 1000}},
        "/live": {"source": CLOCK, "share": {}},
        "/lingering": {"source": CLOCK, "share": {"linger": "1m"}},
        "/at_once": {"source": CLOCK, "share": {"start": "at_once", "replay": 5, "since": "earliest"}},
        "/count/{n}": {"source": {"counter": {"to": "${path.n}", "interval": "20ms"}}, "share": {}},
        "/late": {"source": {"counter": {"to": 3}}, "pipeline": [{"delay": "2s"}], "share": {}},
        "/delayed": {"source": {"counter": 3}, "pipeline": [{"delay": "500ms"}], "first_item_timeout": "50ms",
                     "share": {"linger": "1m", "replay": 10}},
        "/few/{n}": {"source": {"clock": {"interval": "1h", "count": "${path.n}"}}, "share": {"max_instances": 2}},
        "/short_replay": {"source": CLOCK, "share": {"replay": 2}},
        "/finite": {"source": {"counter": 3}, "finite": True, "share": {"replay": 10, "linger": "1m", "since": "earliest"}},
        "/failing": {"source": {"file": "/nowhere"}, "share": {}},
        "/table": {"source": CLOCK, "share": {"replay": 100}, "finite": True},
    }

    def reader(self, target, last_id=None):
        reader = wire.EventReader(self.server, target, last_id)
        self.addCleanup(reader.close)
        return reader

    def test_all_read_the_same_generator(self):
        first = self.reader("/live").numbers(3)
        one = self.reader("/lingering")
        one.until(1)
        other = self.reader("/lingering")
        self.assertEqual(one.events[0].id.split("-")[0], other.until(1)[0].id.split("-")[0])
        self.assertGreater(other.numbers(1)[0], one.numbers(1)[0], "the second came later")
        self.assertEqual(first, [0, 1, 2])
        self.assertEqual(self.reader("/own").numbers(1), [0], "and a stream of one's own begins anew")

    def test_the_values_of_the_request_tell_streams_apart(self):
        with self.server.connect() as one, self.server.connect() as two:
            one.ask("/count/5")
            two.ask("/count/6")
            self.assertEqual([line["item"] if isinstance(line, dict) else line for line in one.response().lines()],
                             [1, 2, 3, 4, 5])
            self.assertEqual(two.response().lines(), [1, 2, 3, 4, 5, 6])

    def test_a_wrong_value_is_a_status(self):
        response = self.server.get("/count/x")
        self.assertEqual(response.status, 400)
        self.assertIn("not a whole number", response.json()["detail"])

    def test_a_generator_that_fails_at_once_is_a_status(self):
        self.assertEqual(self.server.get("/failing").status, 404)

    def test_a_thousand_at_once_start_one_generator(self):
        connections = [self.server.connect() for _ in range(1000)]
        for connection in connections:
            connection.ask("/late?format=sse")
        epochs = set()
        for connection in connections:
            events = wire.parse_event_stream(connection.response().body).events
            self.assertEqual([event.data for event in events], ["1", "2", "3", "{}"])
            epochs.add(events[0].id)
            connection.close()
            self.assertEqual([event.event for event in events], ["message"] * 3 + ["end"])
        self.assertEqual(len(epochs), 1)

    def test_since(self):
        self.reader("/at_once").until(5)
        self.assertEqual(len(self.reader("/at_once?since=earliest").until(5)), 5)
        now = self.reader("/at_once?since=latest").numbers(1)[0]
        self.assertLess(self.reader("/at_once?since=-3").numbers(1)[0], self.reader("/at_once?since=latest").numbers(1)[0])
        self.assertGreater(now, 0)
        for wrong in ("yesterday", "3", "-x", ""):
            response = self.server.get(f"/at_once?since={wrong}")
            self.assertEqual(response.status, 400, wrong)
            self.assertIn("since", response.json()["detail"])
        self.assertEqual(self.server.get("/own?since=-5").status, 400)
        self.assertEqual(self.server.get("/at_once?on_gap=maybe").status, 400)

    def test_a_client_that_comes_back_gets_exactly_the_rest(self):
        keeps_it_running = self.reader("/tick")
        keeps_it_running.until(1)
        reader = self.reader("/tick")
        last = reader.numbers(3)[-1]
        reader.close()
        keeps_it_running.until(50)
        again = self.reader("/tick", reader.last_id)
        self.assertEqual(again.numbers(20), list(range(last + 1, last + 1 + len(again.events))))

    def test_a_client_that_got_nothing_yet_has_a_place_too(self):
        with self.server.connect() as connection:
            connection.ask("/delayed?format=sse")
            connection.head()
            stream = wire.parse_event_stream(connection.chunk())
        self.assertRegex(stream.last_id, "^[0-9a-f]+-none$")
        self.assertEqual(self.reader("/delayed", stream.last_id).until(1)[0].data, "1")

    def test_what_is_gone_is_a_gap_with_its_count(self):
        keeper = self.reader("/short_replay")
        early = keeper.until(1)[0].id
        keeper.until(40)
        reader = self.reader("/short_replay", early)
        gap = json.loads(reader.until(1)[0].data)
        self.assertEqual((reader.events[0].event, gap["from"]), ("gap", early))
        first = json.loads(reader.until(2)[1].data)["i"]
        self.assertEqual(first, gap["count"] + 1 + json.loads(keeper.events[0].data)["i"])
        foreign = self.reader("/short_replay", "beef-7")
        self.assertEqual(json.loads(foreign.until(1)[0].data), {"from": "beef-7"})

    def test_who_wants_no_gap_or_cannot_be_told_is_refused(self):
        keeper = self.reader("/short_replay")
        early = keeper.until(1)[0].id
        keeper.until(40)
        for target in (f"/short_replay?format=sse&on_gap=fail&last_event_id={early}",
                       f"/short_replay?format=ndjson&last_event_id={early}"):
            response = self.server.get(target)
            self.assertEqual((response.status, response.type), (410, "application/problem+json"), target)
        with self.server.connect() as connection:
            response = connection.open_websocket(f"/short_replay?on_gap=fail&last_event_id={early}")
            self.assertEqual(response.status, 410)
        with self.server.connect() as connection:
            connection.open_websocket(f"/short_replay?last_event_id={early}")
            self.assertEqual(connection.close_frame()[0], 1013)

    def test_too_many_streams_are_refused(self):
        held = [self.server.connect() for _ in range(2)]
        for number, connection in enumerate(held):
            connection.ask(f"/few/{number + 2}")
            self.assertEqual(connection.head().status, 200)
        self.assertEqual(self.server.get("/few/9").status, 503)
        again = self.server.connect()
        again.ask("/few/2?since=earliest")
        self.assertEqual(again.head().status, 200, "one that runs can be had")
        for connection in (again, *held):
            connection.close()

        def has_room():
            with self.server.connect() as connection:
                connection.ask("/few/9")
                return connection.head().status == 200
        self.assertTrue(wait_until(has_room), "whose clients have left are no more")

    def test_the_end_is_for_all_and_for_who_comes_later(self):
        for _ in range(3):
            response = self.server.get("/finite")
            self.assertEqual((response.lines(), response.ending), ([1, 2, 3], wire.Ending.COMPLETE))
        self.assertEqual(self.server.get("/finite?format=json").json(), [1, 2, 3])
        self.assertEqual(self.server.get("/finite?format=csv&since=earliest").status, 200)

    def test_the_generator_goes_with_the_last_client(self):
        def epoch_of_one():
            reader = self.reader("/live")
            epoch = reader.until(1)[0].id.split("-")[0]
            reader.close()
            self.assertTrue(self.server.alone())
            return epoch
        self.assertNotEqual(epoch_of_one(), epoch_of_one())

    def test_formats_beside_each_other(self):
        keeper = self.reader("/table")
        keeper.until(20)
        with self.server.connect() as connection:
            connection.ask("/table?format=csv&since=-3")
            connection.head()
            self.assertTrue(connection.chunk().startswith(b"i,ts\r\n"))
        with self.server.connect() as connection:
            connection.open_websocket("/table?since=-3")
            numbers = [json.loads(connection.frame()[1])["i"] for _ in range(30)]
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 30)))
        with self.server.connect() as connection:
            connection.ask("/table?since=-50", "Accept-Encoding: gzip")
            self.assertEqual(connection.head().field("Content-Encoding"), "gzip")

    def test_head_and_options_start_nothing(self):
        self.assertEqual(self.server.get("/few/7", method="HEAD").status, 200)
        self.assertEqual(self.server.get("/few/7", method="OPTIONS").status, 204)


class Slow(unittest.TestCase):
    """A client that does not read, beside one that does, for each policy."""

    queue = 1000  # a second of items: what a thread that gets no core for a while must not lose

    def serve(self, slow, **share):
        line = "x" * 2000
        return Server({"/big": {"source": {"clock": {"interval": "1ms"}}, "pipeline": [{"set": {"/pad": line}}],
                                "share": {"slow": slow, "queue": {"items": self.queue, "bytes": "64MB"}, **share}}},
                      {"threads": 2, "timeouts": {"write": "1m"}, "admin": "127.0.0.1:0"})

    def reader(self, server):
        reader = wire.EventReader(server, "/big")
        self.addCleanup(reader.close)
        return reader

    def look(self, server, path):
        where = server.wait_for_log(r"listening address=(\S+):(\d+) for=admin")
        with wire.Connection((where.group(1), int(where.group(2)))) as connection:
            return connection.get(path)

    def lag(self, server):
        """A client that took the head alone until it was far behind, while another one read all; both."""
        lagging = self.reader(server)
        reading = self.reader(server)

        def behind():
            streams = self.look(server, "/streams").json()
            self.assertEqual(len(streams), 2, "one of them has gone before it was far behind")
            return max(stream["behind"]["items"] for stream in streams)
        while behind() < self.queue + 150:
            for _ in range(20):
                self.assertTrue(reading.read())
        return lagging, reading

    def numbers(self, reader):
        return [json.loads(event.data)["i"] for event in reader.events if event.event == "message"]

    def check_told(self, reader, count):
        """All numbers in a row, but for those that gaps say are missing."""
        expected = None
        for event in reader.until(count):
            data = json.loads(event.data)
            if event.event == "gap":
                expected = None if expected is None else expected + data["count"]
                continue
            self.assertEqual(event.event, "message", event)
            self.assertIn(expected, (None, data["i"]))
            expected = data["i"] + 1

    def test_disconnect(self):
        with self.serve("disconnect") as server:
            lagging, reading = self.lag(server)
            numbers = self.numbers(reading)
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
            streams = sorted(self.look(server, "/streams").json(), key=lambda stream: stream["behind"]["items"])
            self.assertLess(streams[0]["behind"]["items"], self.queue)
            behind = streams[1]["behind"]
            self.assertGreater(behind["items"], self.queue)
            self.assertGreater(behind["bytes"], 2000 * behind["items"])
            self.assertGreater(behind["seconds"], 0)
            while lagging.read():
                pass
            metrics = self.look(server, "/metrics").text
            self.assertIn('coyield_streams_ended_total{endpoint="/big",ending="slow"} 1\n', metrics)
            self.assertIn('coyield_shared_generators{endpoint="/big"} 1\n', metrics)
            self.assertEqual(lagging.events[-1].event, "failed")
            self.assertEqual(json.loads(lagging.events[-1].data)["kind"], "too_slow")

    def test_the_oldest_and_the_newest_can_be_missed_and_are_said(self):
        for slow in ("drop_oldest", "drop_newest", "latest"):
            with self.subTest(slow=slow), self.serve(slow) as server:
                lagging, reading = self.lag(server)
                self.check_told(reading, len(reading.events))
                while not any(event.event == "gap" for event in lagging.events):
                    self.assertTrue(lagging.read())
                self.check_told(lagging, len(lagging.events) + 20)
                self.assertNotIn('coyield_shared_gaps_total{endpoint="/big"} 0\n', self.look(server, "/metrics").text)

    def test_block_waits(self):
        with self.serve("block") as server:
            lagging, reading = self.reader(server), self.reader(server)
            reading.connection.socket.settimeout(1)
            with self.assertRaises(TimeoutError):
                reading.until(100_000)
            for reader in (lagging, reading):
                reader.until(len(reading.events) + 100)
                numbers = self.numbers(reader)
                self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))


class Fast(unittest.TestCase):
    """As fast as it goes: what is encoded for all is sent to each from where it stands, whole or in pieces."""

    COUNT = 100_000

    def test_all_get_the_same_over_each_protocol(self):
        source = {"counter": {"from": 0, "to": self.COUNT - 1}}
        with Server({"/n": {"source": source, "share": {"slow": "block", "replay": self.COUNT, "linger": "5s"}}}) as server:
            readers = {"ndjson": self.lines, "sse": self.events, "websocket": self.messages, "old": self.until_close}
            found = {}
            with contextlib.ExitStack() as stack:
                clients = {name: stack.enter_context(server.connect(receive_buffer=size))
                           for name, size in zip(readers, (None, 4096, None, 65536))}
                threads = [threading.Thread(target=lambda name=name: found.update({name: readers[name](clients[name])}))
                           for name in readers]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            for name in readers:
                self.assertEqual(found.get(name), list(range(self.COUNT)), name)

    def lines(self, client):
        client.ask("/n?since=earliest")
        client.head()
        return [int(line) for line in client.items()]

    def events(self, client):
        client.ask("/n?since=earliest&format=sse")
        events = wire.parse_event_stream(client.response().body).events
        return [int(event.data) for event in events if event.event == "message"]

    def messages(self, client):
        client.open_websocket("/n?since=earliest")
        numbers = []
        while (frame := client.frame())[0] != wire.CLOSE:
            numbers.append(int(frame[1]))
        return numbers

    def until_close(self, client):
        client.ask("/n?since=earliest", version="HTTP/1.0")
        client.head()
        return [int(line) for line in client.rest().splitlines()]


class Model(unittest.TestCase):
    """Clients come, read a little, break off and come back behind their last id, on two threads, under load: each of
    them gets every number once, or is told how many it has missed."""

    def test_nobody_misses_an_item_unknowingly(self):
        with Server({"/n": {"source": {"clock": {"interval": "300us"}},
                            "share": {"replay": 300, "queue": 100, "slow": "drop_oldest", "start": "at_once"}}},
                    {"threads": 2}) as server:
            problems = []
            threads = [threading.Thread(target=self.visit, args=(server, seed, problems)) for seed in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(problems, [])

    def visit(self, server, seed, problems):
        try:
            chance = random.Random(seed)
            last_id, expected, gaps, items = None, None, 0, 0
            for _ in range(25):
                reader = wire.EventReader(server, "/n", last_id)
                reader.until(chance.randrange(1, 200))
                chance.choice((reader.connection.close, reader.connection.reset))()
                for event in reader.events:
                    data = json.loads(event.data)
                    if event.event == "gap":
                        gaps += 1
                        expected += data["count"]
                        continue
                    if expected not in (None, data["i"]):
                        raise AssertionError(f"client {seed}: {data['i']} instead of {expected}, behind {last_id}")
                    expected, last_id = data["i"] + 1, event.id
                    items += 1
                if chance.random() < 0.3:
                    time.sleep(chance.random() * 0.2)
            if items < 500:
                raise AssertionError(f"client {seed} has had {items} items only")
        except Exception as problem:  # on a thread, where nobody would hear of it
            problems.append(problem)


class Files(unittest.TestCase):
    """Where the source can go on behind any item, nobody misses one: whoever needs what the others have had long ago
    reads it alone, until it has caught up."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="coyield-share-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "app.log"
        self.path.touch()
        self.written = 0
        self.endpoints = {
            "/log": {"source": {"file": {"path": str(self.path), "follow": True}},
                     "share": {"since": "start", "queue": 20, "replay": 5}},
            "/json": {"source": {"file": {"path": str(self.path), "follow": True, "start": "end"}},
                      "pipeline": [{"where": {"": {"not": "x"}}}], "share": {"queue": 20}},
        }

    def write(self, count):
        with open(self.path, "a", encoding="utf-8") as file:
            for _ in range(count):
                file.write(f"{self.written} {'x' * 50}\n")
                self.written += 1

    def numbers(self, reader, count):
        return [int(event.data.split()[0]) for event in reader.until(count)]

    def test_a_client_comes_back_to_exactly_the_rest_from_another_server(self):
        with Server(self.endpoints) as server:
            self.write(100)
            reader = wire.EventReader(server, "/log")
            self.assertEqual(self.numbers(reader, 100), list(range(100)))
            reader.close()
        self.write(200)
        with Server(self.endpoints, {"threads": 2}) as server:
            other = wire.EventReader(server, "/log")
            self.assertEqual(self.numbers(other, 300), list(range(300)))
            again = wire.EventReader(server, "/log", reader.last_id)
            self.assertEqual(self.numbers(again, 200)[:200], list(range(100, 300)))
            self.write(5)
            self.assertEqual(self.numbers(again, 205), list(range(100, 305)))
            self.assertEqual(self.numbers(other, 305), list(range(305)))
            self.assertTrue(wait_until(lambda: server.files(self.path) == 1), "all read from the same descriptor again")
            for each in (other, again):
                each.close()

    def test_who_is_slow_reads_on_at_its_own_pace(self):
        with Server(self.endpoints, {"threads": 2}) as server:
            slow, fast = wire.EventReader(server, "/log"), wire.EventReader(server, "/log")
            for _ in range(100):
                self.write(200)
                fast.until(self.written)
            self.assertEqual(self.numbers(fast, 20_000), list(range(20_000)))
            self.assertEqual(self.numbers(slow, 20_000), list(range(20_000)))
            slow.close()
            fast.close()

    def test_nobody_misses_a_line(self):
        with Server(self.endpoints, {"threads": 2}) as server:
            problems, over = [], threading.Event()
            threads = [threading.Thread(target=self.visit, args=(server, seed, over, problems)) for seed in range(6)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + 4
            while any(thread.is_alive() for thread in threads):
                self.write(random.randrange(1, 60))  # to the last, so that nobody waits for a line in vain
                time.sleep(0.002)
                if time.monotonic() > deadline:
                    over.set()
            self.assertEqual(problems, [])

    def visit(self, server, seed, over, problems):
        try:
            chance = random.Random(seed)
            last_id, expected = None, 0
            while not over.is_set():
                reader = wire.EventReader(server, "/log", last_id)
                reader.until(chance.randrange(1, 1000))
                chance.choice((reader.connection.close, reader.connection.reset))()
                for event in reader.events:
                    if event.event != "message" or int(event.data.split()[0]) != expected:
                        raise AssertionError(f"client {seed}: {event} instead of {expected}, behind {last_id}")
                    expected, last_id = expected + 1, event.id
                if chance.random() < 0.3:
                    time.sleep(chance.random() * 0.3)
            if expected < 500:
                raise AssertionError(f"client {seed} has had {expected} lines only")
        except Exception as problem:  # on a thread, where nobody would hear of it
            problems.append(problem)


if __name__ == "__main__":
    unittest.main()
