"""Files as clients see them: followed through rotations by a client that comes back with the id it has, as an
EventSource does; rows of CSV; compressed ones; and what is not to be had."""

import csv
import gzip
import io
import json
import os
import unittest

import wire
from harness import ServerCase


class Follower:
    """An event stream of a file, from behind `last_id`."""

    def __init__(self, server, target, last_id=None):
        self.connection = server.connect()
        fields = [f"Last-Event-ID: {last_id}"] if last_id else []
        self.connection.ask(f"{target}?format=sse", *fields)
        self.head = self.connection.head()
        self._text = b""
        self.events = []

    def until(self, count):
        """The data of the events, of which there are at least so many."""
        while len(self.events) < count:
            self._text += self.connection.chunk()
            whole, mark, self._text = self._text.rpartition(b"\n\n")
            self.events += wire.parse_event_stream(whole + mark).events
        return [event.data for event in self.events]

    def leave(self):
        self.connection.close()
        return self.events[-1].id if self.events else None


class Files(ServerCase):
    @classmethod
    def prepare(cls):
        log = str(cls.directory / "app.log")
        root = str(cls.directory)
        cls.endpoints = {
            "/log": {"source": {"file": {"path": log, "follow": True}}},
            "/tail": {"source": {"file": {"path": log, "follow": True, "start": "end"}}},
            "/once": {"source": {"file": log}},
            "/strict": {"source": {"file": {"path": log, "decode": "json", "follow": True}}, "pipeline": ["retry"]},
            "/first": {"source": {"file": log}, "pipeline": [{"take": 1}]},
            "/csv/{name}": {"source": {"file": {"path": "${path.name}", "root": root, "decode": "csv"}}},
            "/lines/{name}": {"source": {"file": {"path": "${path.name}", "root": root}}},
            "/served/{name}": {"source": {"file": {"path": "${path.name}", "root": root, "follow": True}}},
        }

    def setUp(self):
        for path in self.directory.iterdir():
            path.unlink()

    def append(self, text, name="app.log"):
        with open(self.directory / name, "a", encoding="utf-8", newline="") as file:
            file.write(text)

    def rename(self, old, new):
        os.rename(self.directory / old, self.directory / new)

    def follow(self, last_id=None, target="/log"):
        follower = Follower(self.server, target, last_id)
        self.addCleanup(follower.connection.close)
        return follower

    def test_a_log_is_followed_through_its_rotation(self):
        self.append("one\ntwo\n")
        follower = self.follow()
        self.assertEqual(follower.until(2), ["one", "two"])
        self.append("thr")
        self.rename("app.log", "app.log.1")
        self.append("ee\n", "app.log.1")
        self.append("four\n")
        self.assertEqual(follower.until(4), ["one", "two", "three", "four"])

    def test_a_client_that_comes_back_after_rotations_gets_exactly_the_rest(self):
        self.append("one\n")
        follower = self.follow()
        follower.until(1)
        last_id = follower.leave()
        for number in range(2, 6):
            self.append(f"{number}a\n")
            for old in range(number, 0, -1):
                if (self.directory / f"app.log.{old}").exists():
                    self.rename(f"app.log.{old}", f"app.log.{old + 1}")
            self.rename("app.log", "app.log.1")
            self.append(f"{number}b\n")
        follower = self.follow(last_id)
        self.assertEqual(follower.until(8), ["2a", "2b", "3a", "3b", "4a", "4b", "5a", "5b"])
        last_id = follower.leave()
        self.append("the end\n")
        self.assertEqual(self.follow(last_id).until(1), ["the end"])

    def test_a_client_that_got_nothing_yet_comes_back_to_exactly_the_rest_too(self):
        self.append("before\n")
        with self.server.connect() as connection:
            connection.ask("/tail?format=sse")
            connection.head()
            stream = wire.parse_event_stream(connection.chunk())
        self.assertEqual(stream.events, [])
        self.assertNotEqual(stream.last_id, "")
        self.append("meanwhile\n")
        follower = Follower(self.server, "/tail", stream.last_id)
        self.append("after\n")
        self.assertEqual(follower.until(2), ["meanwhile", "after"])
        follower.leave()

    def test_every_id_is_one_to_come_back_with(self):
        self.append("".join(f"line {number}\n" for number in range(50)))
        follower = self.follow()
        lines = follower.until(50)
        for number, event in enumerate(follower.events[:-1]):
            self.assertEqual(self.follow(event.id).until(49 - number), lines[number + 1:])

    def test_a_lost_file_is_a_gap(self):
        self.append("one\n")
        follower = self.follow()
        follower.until(1)
        last_id = follower.leave()
        (self.directory / "app.log").unlink()
        self.append("two\n")
        follower = self.follow(last_id)
        self.assertEqual(follower.until(2), [json.dumps({"from": last_id}, separators=(",", ":")), "two"])
        self.assertEqual([event.event for event in follower.events], ["gap", "message"])

    def test_a_format_that_cannot_say_gap_refuses_or_is_cut(self):
        self.append("one\n")
        response = self.server.get("/once?format=text&last_event_id=1.2.3")
        self.assertTrue(response.status >= 400 or response.ending == wire.Ending.CUT, response)
        self.assertNotIn(b"one\n", response.body)

    def test_what_is_wrong_in_a_file_is_said_and_not_tried_again(self):
        self.append('\ufeff{"a": 1}\nno\n')
        response = self.server.get("/strict?format=sse")
        self.assertEqual(response.ending, wire.Ending.CUT)
        self.assertIn('data: {"a": 1}', response.text)
        self.assertIn("line 2 (at byte 12) is not JSON", response.text)
        (self.directory / "app.log").unlink()
        self.append("[" * 513 + "]" * 513 + "\n")
        response = self.server.get("/strict")
        self.assertEqual(response.status, 502)
        self.assertIn("line 1 (at byte 0) is nested deeper than 512 levels", response.text)

    def test_an_id_that_is_none_is_refused(self):
        self.append("one\n")
        response = self.server.get("/once?format=sse", "Last-Event-ID: 17")
        self.assertEqual((response.status, response.type), (400, "application/problem+json"))
        self.assertIn('\\"17\\" is no id', response.text)

    def test_a_stream_that_counts_cannot_be_resumed(self):
        self.append("one\n")
        self.assertEqual(self.server.get("/first", "Last-Event-ID: 1.2.3").status, 409)

    def test_a_file_that_a_client_names_has_to_be_there(self):
        self.assertEqual(self.server.get("/served/typo.log").status, 404)
        self.assertEqual(self.server.get("/served/..%2Fapp.log").status, 403)

    def test_a_followed_file_is_let_go_when_the_client_leaves(self):
        self.append("one\n")
        follower = self.follow()
        follower.until(1)
        self.assertEqual(self.server.files(self.directory / "app.log"), 1)
        follower.leave()
        self.assertTrue(self.server.alone())
        self.assertEqual(self.server.files(self.directory / "app.log"), 0)

    def test_rows_are_what_another_writer_wrote(self):
        rows = [{"id": str(n), "text": f'a "{n}",\r\nb', "empty": "", "ö": " x "} for n in range(3000)]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        self.append(out.getvalue(), "rows.csv")
        self.assertEqual(self.server.get("/csv/rows.csv").lines(), rows)
        self.append("1,2\n", "rows.csv")
        self.assertEqual(self.server.get("/csv/rows.csv").ending, wire.Ending.CUT)

    def test_compressed_files_come_out_as_they_went_in(self):
        lines = [f"line {number}" for number in range(100_000)]
        text = "\n".join(lines).encode()
        data = gzip.compress(text[:700_000]) + gzip.compress(text[700_000:], 1)
        (self.directory / "a.gz").write_bytes(data)
        (self.directory / "cut.gz").write_bytes(data[:-3])
        response = self.server.get("/lines/a.gz?format=text")
        self.assertEqual(response.body, text + b"\n")
        self.assertEqual(self.server.get("/lines/cut.gz?format=text").ending, wire.Ending.CUT)
        self.assertEqual(self.server.get("/served/a.gz").status, 400)


if __name__ == "__main__":
    unittest.main()
