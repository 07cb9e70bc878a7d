"""The source `postgres`, against a real server."""

import json
import socket
import unittest

import wire
from database import Database, programs
from harness import SANITIZED, Server, ServerCase, wait_until


@unittest.skipUnless(programs(), "needs a PostgreSQL server")
class Postgres(ServerCase):
    settings = {"threads": 2}

    @classmethod
    def prepare(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.database.sql("create table events (id bigserial primary key, what text not null);"
                         "create table kinds (i int2, j int8, f float8, n numeric, b bool, t text, x json, y jsonb, "
                         "at timestamptz, d date, bytes bytea, a int[], nothing text);"
                         "insert into kinds values (1, 9007199254740993, 1e300, 12345678901234567890.10, true, "
                         "E'say \"hi\"\\n', E'{\"a\":\\n 1}', '[1]', '2026-11-26 09:30:00.5+00', '2026-11-26', '\\x00ff', "
                         "'{1,2}', null), (-1, 0, 'NaN', 'NaN', false, '', 'null', '{}', 'infinity', 'infinity', '', "
                         "'{}', null);"
                         "create table changing (id int primary key, name text, big text);"
                         "alter table changing alter column big set storage external;"
                         "create publication changes for table changing")

        def ask(**options):
            return {"source": {"postgres": {"url": cls.database.url, **options}}}
        rows_behind = "select id, what from events where id > $1 order by id"
        cls.endpoints = {
            "/kinds": ask(query="select * from kinds"),
            "/numbers/{n}": ask(query="select i from generate_series(1, $1::int) i", parameters=["${path.n}"]),
            "/wide/{n}": ask(query="select i, repeat('x', 1000) as x from generate_series(1, $1::int) i",
                             parameters=["${path.n}"]),
            "/slow": ask(query="select pg_sleep(1000)"),
            "/text": ask(query="select $1::text as text", parameters=["${query.t:-none}"]),
            "/wrong": ask(query="select nonsense"),
            "/divided": ask(query="select 1 / (3 - i) as x from generate_series(1, 5) i"),
            "/listen": ask(listen="news"),
            "/events": ask(listen="events", query=rows_behind, key="id", after="${query.after:-0}"),
            "/events/retry": {**ask(listen="events", query=rows_behind, key="id"),
                              "pipeline": [{"retry": {"from": "10ms", "to": "100ms"}}]},
            "/events/shared": {**ask(listen="events", query=rows_behind, key="id"),
                               "share": {"replay": 1000, "since": "earliest"}},
            "/changes": {**ask(changes="changes"), "share": {"replay": 100}},
            "/changes/alone": ask(changes="changes"),
            "/changes/restart": {**ask(changes="changes"), "share": {"replay": 100, "restart": "on_failure"}},
            "/changes/retry": {**ask(changes="changes"), "pipeline": [{"retry": {"from": "10ms", "to": "100ms"}}]},
            "/moving": ask(listen="moving", query="select * from moving where id > $1 order by id", key="id"),
            "/copy": ask(query="copy events to stdout"),
            "/several": {"source": {"postgres": {"query": "select 1 as x", "url": "host=127.0.0.1,127.0.0.1 "
                         f"port=1,{cls.database.port} user=test dbname=postgres"}}},
            "/options": {"source": {"postgres": {"query": "show search_path",
                                                 "url": cls.database.url + "?options=-csearch_path%3Delsewhere"}}},
            "/refused": {"source": {"postgres": {"url": "postgresql://127.0.0.1:1/x", "query": "select 1"}}},
        }

    def setUp(self):
        self.database.sql("truncate events restart identity; truncate changing")

    def follow(self, target, *fields):
        client = self.server.connect()
        self.addCleanup(client.close)
        client.ask(target, *fields)
        return client

    def items(self, client):
        client.head()
        return (json.loads(line) for line in client.items())

    def test_rows_are_objects_with_all_their_digits(self):
        text = self.server.get("/kinds").text
        first, second = text.splitlines()
        self.assertIn('"j":9007199254740993,', first)
        self.assertIn('"n":12345678901234567890.10,', first)
        row = json.loads(first)
        self.assertEqual((row["i"], row["f"], row["b"], row["t"], row["x"], row["y"], row["nothing"]),
                         (1, 1e300, True, 'say "hi"\n', {"a": 1}, [1], None))
        self.assertRegex(row["at"], r"^2026-11-26T\d\d:\d\d:00\.5[+-]\d\d:\d\d$")
        self.assertEqual((row["d"], row["bytes"], row["a"]), ("2026-11-26", "\\x00ff", "{1,2}"))
        row = json.loads(second)
        self.assertEqual((row["f"], row["n"], row["b"], row["x"], row["at"]), ("NaN", "NaN", False, None, "infinity"))

    def test_any_number_of_rows_comes_at_the_clients_pace(self):
        self.assertEqual(self.server.get("/numbers/100000").lines()[-1], {"i": 100_000})
        before = self.server.resident_bytes()
        with self.server.connect(receive_buffer=4096) as client:
            client.ask("/wide/300000")
            client.head()
            client.chunk()
            self.assertTrue(wait_until(lambda: self.database.busy() == 1))
            if not SANITIZED:
                self.assertLess(self.server.resident_bytes() - before, 20_000_000)
        self.assertTrue(wait_until(lambda: self.database.connections() == 0))

    def test_who_leaves_cancels_the_query(self):
        with self.server.connect() as client:
            client.ask("/slow")
            self.assertTrue(wait_until(lambda: self.database.busy() == 1))
        self.assertTrue(wait_until(lambda: self.database.busy() == 0))
        self.assertTrue(wait_until(lambda: self.database.connections() == 0))

    def test_values_are_bound(self):
        injection = "'; drop table events; --"
        response = self.server.get("/text?t=%27%3B%20drop%20table%20events%3B%20--")
        self.assertEqual(response.lines(), [{"text": injection}])
        self.assertEqual(self.database.sql("select count(*) from events"), "0")
        response = self.server.get("/numbers/many")
        self.assertEqual(response.status, 400)
        self.assertIn("invalid input syntax", response.json()["detail"])
        self.assertEqual(self.server.get("/text?t=a%00b").status, 400)

    def test_mistakes_are_told_apart_and_their_details_logged(self):
        response = self.server.get("/wrong")
        self.assertEqual((response.status, response.json()["detail"]), (500, "the database has refused the query (42703)"))
        self.server.wait_for_log(r'postgres endpoint=/wrong failed=.*said=.*column "nonsense" does not exist|nonsense')
        self.assertEqual(self.server.get("/divided").ending, wire.Ending.CUT)
        self.assertEqual(self.server.get("/refused").status, 503)

    def test_notifications_are_items(self):
        items = self.items(self.follow("/listen"))

        def heard():
            self.database.sql("notify news, 'first'")
            return self.database.connections() > 0
        self.assertTrue(wait_until(heard))
        while next(items) != "first":
            pass
        self.database.sql("notify news, '{\"a\": 1}'")
        item = next(items)
        while item == "first":
            item = next(items)
        self.assertEqual(item, {"a": 1})

    def insert(self, *texts):
        values = ", ".join(f"('{text}')" for text in texts)
        self.database.sql(f"insert into events (what) values {values}; notify events")

    def test_a_notification_is_a_call_to_look(self):
        self.insert("one", "two")
        items = self.items(self.follow("/events"))
        self.assertEqual([next(items)["what"] for _ in range(2)], ["one", "two"])
        self.insert("three")
        self.assertEqual(next(items), {"id": 3, "what": "three"})
        client = self.follow("/events?format=sse", "Last-Event-ID: 1")
        client.head()
        text = b""
        while text.count(b"data:") < 2:
            text += client.chunk()
        self.assertEqual([event.id for event in wire.parse_event_stream(text).events], ["2", "3"])
        self.assertEqual(next(self.items(self.follow("/events?after=2")))["id"], 3)

    def test_nothing_is_lost_while_the_database_is_away(self):
        items = self.items(self.follow("/events/retry"))
        shared = self.follow("/events/shared?format=sse")
        self.insert("one")
        self.assertEqual(next(items)["id"], 1)
        self.database.stop()
        self.database.start()
        self.insert(*(str(i) for i in range(100)))
        self.assertEqual([next(items)["id"] for _ in range(100)], list(range(2, 102)))
        shared.close()

    def test_columns_may_come_and_go(self):
        self.database.sql("create table moving (id serial primary key, a text, b text); insert into moving (a, b) values ('a', 'b')")
        items = self.items(self.follow("/moving"))
        self.assertEqual(next(items), {"id": 1, "a": "a", "b": "b"})
        self.database.sql("alter table moving add column c text default 'c'; insert into moving (a, b) values ('a', 'b'); notify moving")
        self.assertEqual(next(items), {"id": 2, "a": "a", "b": "b", "c": "c"})
        self.database.sql("alter table moving drop column a; insert into moving (b) values ('b'); notify moving")
        self.assertEqual(next(items), {"id": 3, "b": "b", "c": "c"})

    def test_a_copy_is_no_query(self):
        self.assertEqual(self.server.get("/copy").status, 500)
        self.assertEqual(self.server.health(), 200)

    def test_the_url_may_name_several_hosts_and_options(self):
        self.assertEqual(self.server.get("/several").lines(), [{"x": 1}])
        self.assertEqual(self.server.get("/options").lines(), [{"search_path": "elsewhere"}])

    def test_a_database_that_says_nothing_is_given_up(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            url = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x?connect_timeout=1"
            with Server({"/": {"source": {"postgres": {"url": url, "query": "select 1"}}, "first_item_timeout": "20s"}}) as server:
                self.assertEqual(server.get("/").status, 503)

    def slots(self):
        return int(self.database.sql("select count(*) from pg_replication_slots where active"))

    def test_changes_come_once_they_are_committed(self):
        items = self.items(self.follow("/changes"))

        def heard():
            self.database.sql("insert into changing values (0) on conflict (id) do update set name = 'again'")
            return self.slots() == 1
        self.assertTrue(wait_until(heard))
        self.database.sql("begin; insert into changing values (-1, 'never'); rollback")
        self.database.sql("insert into changing values (1, 'Ada', repeat('x', 10000))")
        self.database.sql("update changing set name = 'Eve' where id = 1")
        self.database.sql("update changing set id = 2 where id = 1")
        self.database.sql("delete from changing where id = 2")
        self.database.sql("truncate changing")
        found = []
        while not found or found[-1]["op"] != "truncate":
            item = next(items)
            if item.get("row", item.get("old", {})).get("id") != 0:
                found.append(item)
        self.assertEqual([item["op"] for item in found], ["insert", "update", "update", "delete", "truncate"])
        self.assertEqual(found[0]["row"], {"id": 1, "name": "Ada", "big": "x" * 10_000})
        self.assertEqual(found[0]["table"], "public.changing")
        self.assertRegex(found[0]["lsn"], r"^[0-9A-F]+/[0-9A-F]+$")
        self.assertEqual((found[1]["row"], found[1]["unchanged"]), ({"id": 1, "name": "Eve"}, ["big"]))
        self.assertEqual((found[2]["old"], found[2]["row"]["id"]), ({"id": 1}, 2))
        self.assertEqual(found[3]["old"], {"id": 2})
        self.assertEqual(found[4]["tables"], ["public.changing"])
        # It answers when the server asks whether it is there, which it does twice in this time-out.
        self.assertFalse(wait_until(lambda: self.database.sql("select count(*) from pg_replication_slots") == "0", 3))
        self.database.sql("insert into changing values (3)")
        self.assertEqual(next(items)["row"]["id"], 3)

    def events(self, target, last_id=None):
        reader = wire.EventReader(self.server, target, last_id)
        self.addCleanup(reader.close)
        return reader

    def test_a_client_comes_back_to_exactly_the_changes_that_it_missed_where_they_are_shared(self):
        watching, early = self.events("/changes"), self.events("/changes")
        while not early.last_id:  # nothing has been changed, and yet there is a place to come back to
            self.assertTrue(early.read())
        self.assertTrue(wait_until(lambda: self.slots() == 1))
        early.close()
        self.database.sql("begin; insert into changing values (10), (11); insert into changing values (12); commit")
        self.database.sql("insert into changing values (13)")
        seen = watching.until(4)
        again = self.events("/changes", seen[1].id)
        self.assertEqual([json.loads(event.data)["row"]["id"] for event in again.until(2)], [12, 13])
        first = self.events("/changes", early.last_id)
        self.assertEqual([json.loads(event.data)["row"]["id"] for event in first.until(4)], [10, 11, 12, 13])
        late = self.events("/changes", "0/1-1")
        gap = late.until(1)[0]
        self.assertEqual((gap.event, json.loads(gap.data)), ("gap", {"from": "0/1-1"}))
        self.assertEqual([json.loads(event.data)["row"]["id"] for event in late.until(5)[1:]], [10, 11, 12, 13])
        self.assertEqual(self.slots(), 1)

    def test_what_a_generator_that_is_started_again_has_missed_is_announced(self):
        """Also where nothing had come before, and to who asks again and again: once."""
        watching = self.events("/changes/restart")
        while not watching.last_id:
            self.assertTrue(watching.read())
        self.assertTrue(wait_until(lambda: self.slots() == 1))
        for i in range(2):
            self.database.sql("select pg_terminate_backend(active_pid) from pg_replication_slots; insert into changing values (40)"
                              " on conflict do nothing; delete from changing where id = 40")
            self.assertEqual(watching.until(i + 1)[i].event, "gap")
        poll = self.server.get(f"/changes/restart?wait=10s&format=sse&last_event_id={watching.last_id}")
        self.assertEqual({event.event for event in wire.parse_event_stream(poll.body).events}, {"gap"})
        place = poll.field("Last-Event-ID")
        self.assertNotEqual(place, watching.last_id)
        self.assertEqual(self.server.get(f"/changes/restart?wait=100ms&last_event_id={place}").status, 204)
        self.database.sql("insert into changing values (41)")
        self.assertEqual(json.loads(watching.until(3)[2].data)["row"]["id"], 41)
        answer = self.server.get(f"/changes/restart?wait=10s&last_event_id={place}")
        self.assertEqual([item["row"]["id"] for item in answer.lines()], [41])

    def test_changes_of_the_past_are_a_gap(self):
        watching = self.events("/changes/alone")
        while not watching.last_id:  # nothing has been changed, and yet there is a place to come back to
            self.assertTrue(watching.read())
        watching.close()
        self.assertTrue(wait_until(lambda: self.slots() == 0))
        self.database.sql("insert into changing values (20)")
        again = self.events("/changes/alone", watching.last_id)
        gap = again.until(1)[0]
        self.assertEqual((gap.event, json.loads(gap.data)), ("gap", {"from": watching.last_id}))
        self.database.sql("insert into changing values (21)")
        self.assertEqual(json.loads(again.until(2)[1].data)["row"]["id"], 21)
        response = self.server.get("/changes/alone?format=sse", "Last-Event-ID: yesterday")
        self.assertEqual(response.status, 400)
        self.assertIn('"yesterday" is no id of a change', response.json()["detail"])
        self.assertEqual(self.server.get("/changes/alone?wait=1s").status, 409)
        self.database.sql("begin; insert into changing values (22), (23); commit")
        seen = again.until(4)[1:]
        for event in seen:
            self.assertRegex(event.id, r"^[0-9A-F]+/[0-9A-F]+-[12]$")
        self.assertEqual([event.id.split("-")[1] for event in seen], ["1", "1", "2"])
        self.assertEqual(seen[1].id.split("-")[0], seen[2].id.split("-")[0])

    def test_what_a_database_that_breaks_off_keeps_for_itself_is_announced(self):
        watching = self.events("/changes/retry")
        self.assertTrue(wait_until(lambda: self.slots() == 1))
        self.database.sql("insert into changing values (30)")
        self.assertEqual(json.loads(watching.until(1)[0].data)["row"]["id"], 30)
        self.database.sql("select pg_terminate_backend(active_pid) from pg_replication_slots; insert into changing values (31)")
        gap = watching.until(2)[1]
        self.assertEqual((gap.event, json.loads(gap.data)), ("gap", {"from": watching.events[0].id}))
        self.database.sql("insert into changing values (32)")
        self.assertEqual(json.loads(watching.until(3)[2].data)["row"]["id"], 32)


@unittest.skipUnless(programs(), "needs a PostgreSQL server")
class AtTheEnd(unittest.TestCase):
    def test_a_server_that_goes_leaves_nothing_behind(self):
        database = Database()
        self.addCleanup(database.close)
        endpoints = {"/slow": {"source": {"postgres": {"url": database.url, "query": "select pg_sleep(1000)"}}},
                     "/changes": {"source": {"postgres": {"url": database.url, "listen": "x"}}, "share": {"start": "at_once"}}}
        with Server(endpoints, {"drain": "100ms"}) as server:
            client = server.connect()
            client.ask("/slow")
            self.assertTrue(wait_until(lambda: database.busy() >= 1))
            server.signal()
            self.assertEqual(server.wait(), 0)
            client.close()
        self.assertTrue(wait_until(lambda: database.connections() == 0))


if __name__ == "__main__":
    unittest.main()
