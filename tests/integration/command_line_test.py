"""The command line: what it says, what it writes where, and its exit codes."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import wire
from harness import PATIENCE, PROGRAM, SANITIZED, Server, environment, run, wait_until

COUNT = {"/count": {"source": {"counter": 3}}}


class Commands(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="coyield-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, text, name="coyield.json"):
        file = self.directory / name
        file.write_text(text if isinstance(text, str) else json.dumps(text))
        return str(file)

    def run_here(self, *arguments, **variables):
        return run(*arguments, cwd=self.directory, env=environment(**variables))

    # Words.

    def test_version_names_the_program_and_its_libraries(self):
        result = run("--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"^coyield \d+\.\d+\.\d+\n")
        for library in ("Boost", "nlohmann", "OpenSSL", "zlib"):
            self.assertIn(library, result.stdout)

    def test_help_names_every_command(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        for command in ("serve", "check", "list", "schema", "routes", "health"):
            self.assertIn(command, result.stdout)
        for command in ("serve", "check", "list", "health"):
            self.assertEqual(run(command, "--help").returncode, 0)

    def test_nonsense_is_exit_code_2_with_a_word_on_stderr(self):
        for arguments in ((), ("nonsense",), ("serve", "--nonsense"), ("check",), ("list", "fruit"),
                          ("serve", "--log-format", "xml"), ("serve", "--listen", "nowhere"),
                          ("serve", "a", "b"), ("list", "sources", "nothing")):
            with self.subTest(arguments):
                result = self.run_here(*arguments)
                self.assertEqual(result.returncode, 2)
                self.assertTrue(result.stderr.strip())
                self.assertEqual(result.stdout, "")

    def test_a_command_that_is_none_is_named_with_the_one_that_was_meant(self):
        result = run("sevre")
        self.assertEqual(result.returncode, 2)
        self.assertIn('"sevre"', result.stderr)
        self.assertIn('did you mean "serve"?', result.stderr)

    def test_an_option_that_is_none_is_named(self):
        for arguments, words in ((("--bogus",), 'there is no option "--bogus"'),
                                 (("--lisen", "127.0.0.1:1"), 'did you mean "--listen"?'),
                                 (("--log-format", "text", "sevre"), 'did you mean "serve"?')):
            with self.subTest(arguments):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(words, result.stderr)

    def test_a_variable_that_is_wrong_is_named(self):
        (self.directory / "a.log").write_text("x\n")
        for arguments, variable, value in ((("serve",), "COYIELD_LOG_FORMAT", "xml"), (("serve",), "COYIELD_LISTEN", "bad"),
                                           (("tail", "a.log"), "COYIELD_START", "foo"),
                                           (("tail", "a.log"), "COYIELD_DECODE", "xml")):
            with self.subTest(variable):
                result = self.run_here(*arguments, **{variable: value})
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertRegex(result.stderr, f'^{variable}: "{value}"')
                option = "--" + variable.removeprefix("COYIELD_").lower().replace("_", "-")
                result = self.run_here(*arguments, option, "bad", **{variable: value})
                self.assertEqual(result.returncode, 2)
                self.assertRegex(result.stderr, f'^{option}: "bad"')

    # check

    def test_the_environment_may_name_the_file_that_is_checked(self):
        file = self.write(COUNT_FILE, "other.json")
        self.assertIn("good", self.run_here("check", COYIELD_FILE=file).stdout)
        self.assertIn("/count", self.run_here("routes", COYIELD_FILE=file).stdout)
        mine = self.write({"endpoints": {"/mine": {"source": "clock"}}}, "mine.json")
        self.assertIn("/mine", self.run_here("routes", mine, COYIELD_FILE=file).stdout)
        self.assertEqual(self.run_here("routes", COYIELD_FILE=str(self.directory / "none")).returncode, 78)

    def test_a_file_without_a_name_cannot_be_read(self):
        result = run("check", "")
        self.assertEqual(result.returncode, 78)
        self.assertIn('"": cannot be read', result.stderr)

    def test_defaults_that_can_never_work_are_mistakes(self):
        source = {"/a": {"counter": {"step": "${query.step:-0}"}},
                  "/b": {"file": {"path": "/a.log", "start": "${query.s:-middle}"}}}
        operator = {"/c": {"distinct": "${query.by:-status}"},
                    "/d": {"retry": {"from": "${query.f:-10s}", "to": "1s"}}}
        file = self.write({"endpoints": {path: {"source": one} for path, one in source.items()} |
                                        {path: {"source": "clock", "pipeline": [one]} for path, one in operator.items()}})
        result = run("check", file)
        self.assertEqual(result.returncode, 78)
        for words in (r'/a\.source\.step: a counter with step 0 stands still', r'/b\.source\.start: "middle"',
                      r'/c\.pipeline\[0\]: "status"', r'/d\.pipeline\[0\]\.to: "1s" is less than "from"'):
            self.assertRegex(result.stderr, words + r".* \(by default\)")
        self.assertEqual(len(result.stderr.splitlines()), 4, result.stderr)

    # tail

    def tail(self, *arguments):
        return self.one_liner("tail", *arguments)

    def one_liner(self, command, *arguments, **options):
        process = subprocess.Popen([PROGRAM, command, "--listen", "127.0.0.1:0", *arguments], cwd=self.directory, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), **options)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_files_of_any_name_in_utf8_are_followed_at_the_address_that_is_shown(self):
        names = ["a#b", 'quo"ted', "ca\u00e9.log", "$x ${y}", "a&b;c", "plain.log"]
        for name in names:
            (self.directory / name).write_text(name + "\n")
        process = self.tail("--start", "begin", *names)
        shown = [process.stdout.readline().rstrip("\n") for _ in names]
        paths = {}
        for line in shown:
            name, host, port, path = re.fullmatch(r"(.*): http://([\d.]+):(\d+)(/[A-Za-z0-9._~%-]+)", line).groups()
            paths[name] = path
            with wire.Connection((host, int(port))) as connection:
                connection.ask(path)
                self.assertEqual(connection.head().status, 200)
                self.assertEqual(json.loads(connection.chunk()), name)
        self.assertEqual(sorted(paths), sorted(names))
        self.assertEqual(paths["a#b"], "/a_b")
        self.assertEqual(paths["ca\u00e9.log"], "/ca%C3%A9.log")
        self.end(process)

    def test_files_that_cannot_be_followed_are_exit_code_2(self):
        strange = os.fsencode(self.directory) + b"/caf\xe9.log"
        with open(strange, "w", encoding="utf-8"):
            pass
        (self.directory / "x.log.gz").write_bytes(b"")
        for name, words in ((strange, "is no UTF-8"), ("x.log.gz", '"x.log.gz" is compressed'),
                            ("missing", '"missing" does not exist'), (".", '"." is no file')):
            with self.subTest(name):
                result = self.run_here("tail", name)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn(words, result.stderr)
                self.assertNotIn("endpoints.", result.stderr)

    def test_a_place_to_start_at_that_is_none_is_exit_code_2(self):
        (self.directory / "a.log").write_text("x\n")
        for place in ("middle", "-5", "5k", "99999999999999999999", ""):
            result = self.run_here("tail", "--start", place, "a.log")
            self.assertEqual((result.returncode, result.stdout), (2, ""), place)
            self.assertIn("--start", result.stderr)

    def address_in(self, line):
        host, port, path = re.search(r"http://([\d.]+):(\d+)(/\S*)", line).groups()
        return (host, int(port)), path

    def test_all_who_follow_a_file_have_one_reader(self):
        (self.directory / "a.log").write_text("before\n")
        process = self.tail("a.log")
        address, path = self.address_in(process.stdout.readline())
        connections = [wire.Connection(address) for _ in range(5)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.ask(path)
            connection.head()
        early = wire.Connection(address)
        self.addCleanup(early.close)
        early.ask(path + "?start=begin")
        early.head()
        for line in ("one", "two"):
            with open(self.directory / "a.log", "a", encoding="utf-8") as file:
                file.write(line + "\n")
            for connection in connections:
                self.assertEqual(connection.chunk().decode(), f'"{line}"\n')
        lines = early.items()
        self.assertEqual([next(lines) for _ in range(3)], [b'"before"', b'"one"', b'"two"'])

        def readers():
            links = (f"/proc/{process.pid}/fd/{name}" for name in os.listdir(f"/proc/{process.pid}/fd"))
            return sum(os.path.realpath(link) == os.path.realpath(self.directory / "a.log") for link in links)
        self.assertTrue(wait_until(lambda: readers() == 2), "one for those at the end, one for who began elsewhere")
        self.end(process)

    # pipe

    def test_the_standard_input_is_shared_from_its_beginning_to_its_end(self):
        process = self.one_liner("pipe", "--replay", "2", stdin=subprocess.PIPE)
        address, path = self.address_in(process.stdout.readline())
        self.assertEqual(path, "/")
        process.stdin.write("one\ntwo\nthree\n")
        process.stdin.flush()

        def replayed():
            with wire.Connection(address) as connection:
                connection.ask(path)
                connection.head()
                lines = connection.items()
                return [next(lines), next(lines)] == [b'"two"', b'"three"']
        self.assertTrue(wait_until(replayed))
        connections = [wire.Connection(address) for _ in range(3)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.ask(path)
            connection.head()
        process.stdin.write("four\n")
        process.stdin.close()
        for connection in connections:
            self.assertEqual([*connection.items()][-2:], [b'"three"', b'"four"'])
        with wire.Connection(address) as connection:
            self.assertEqual(connection.get(path).lines(), ["three", "four"])
        self.end(process)

    def test_what_pipe_does_not_know_is_exit_code_2(self):
        for arguments, words in ((("--slow", "never"), '--slow: "never" is none of the choices'),
                                 (("--decode", "csv"), '--decode: "csv" is none of the choices'),
                                 (("--replay", "-1"), "--replay")):
            result = self.run_here("pipe", *arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn(words, result.stderr)

    def test_a_good_file_is_called_good(self):
        result = run("check", self.write(COUNT_FILE))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("good", result.stdout)

    def test_a_bad_file_is_exit_code_78_with_all_that_is_wrong_and_where(self):
        file = self.write('{\n  "server": { "drian": "10s", "drain": 10 },\n  "endpoints": {\n'
                          '    "/a": { "source": { "conter": 5 } },\n'
                          '    "/b": { "source": { "clock": "1 parsec" } }\n  }\n}\n')
        for command in ("check", "serve", "routes"):
            with self.subTest(command):
                result = run(command, file)
                self.assertEqual(result.returncode, 78)
                for line, words in ((2, "drian.*drain"), (2, "drain.*10s"), (4, "conter.*counter"), (5, "parsec")):
                    self.assertRegex(result.stderr, rf"(?m)^{re.escape(file)}:{line}:.*{words}")

    def test_the_format_of_websockets_is_none_for_an_endpoint(self):
        file = self.write({"endpoints": {"/a": {"source": "clock", "format": "websocket"}}})
        result = run("check", file)
        self.assertEqual(result.returncode, 78)
        self.assertRegex(result.stderr, r'endpoints\./a\.format: there is no format "websocket"; write "bytes", .*')
        self.assertNotIn('or "websocket"', result.stderr)
        schema = run("schema").stdout
        formats = [names for names in re.findall(r'"enum": \[([^\]]*)\]', schema) if '"ndjson"' in names]
        self.assertTrue(formats)
        for names in formats:
            self.assertNotIn('"websocket"', names)

    def test_files_that_cannot_be_read_are_exit_code_78(self):
        for path in (self.directory / "missing.json", self.directory):
            result = run("check", str(path))
            self.assertEqual(result.returncode, 78)
            self.assertIn(str(path), result.stderr)

    def test_texts_that_are_no_configuration_are_exit_code_78(self):
        for text in ("", "{", "[]", "nonsense", '{"endpoints": {}}', '{"endpoints": 5}', "\0", "\xff", "[" * 100_000,
                     '{"endpoints": {"/a": {"source": "echo"}, "/a": {"source": "echo"}}}',
                     '{"endpoints": {"/a/{x}": {"source": "echo"}, "/a/{y}": {"source": "echo"}}}',
                     '{"endpoints": {"/a": {"source": {"counter": {"to": "${query.format}"}}}}}'):
            with self.subTest(text[:50]):
                result = run("check", self.write(text))
                self.assertEqual(result.returncode, 78)
                self.assertRegex(result.stderr, r"coyield\.json:\d+")

    # list, schema, routes

    def test_list_says_what_there_is(self):
        everything = run("list").stdout
        for name in ("counter", "clock", "file", "echo", "take", "skip", "ndjson", "sse", "json", "text"):
            self.assertRegex(everything, rf"(?m)^\s*{name}\b")
        self.assertNotIn("ndjson", run("list", "sources").stdout)

    def test_list_says_all_about_one(self):
        result = run("list", "sources", "clock")
        self.assertEqual(result.returncode, 0)
        for word in ("interval", "count", "1s"):
            self.assertIn(word, result.stdout)

    def test_list_suggests_the_name_that_was_meant(self):
        self.assertIn("clock", run("list", "sources", "clok").stderr)

    def test_the_schema_is_json_that_knows_every_source(self):
        result = run("schema")
        self.assertEqual(result.returncode, 0)
        schema = json.loads(result.stdout)
        self.assertIn("$schema", schema)
        self.assertEqual(set(schema["properties"]) & {"server", "endpoints"}, {"server", "endpoints"})
        for name in ("counter", "clock", "file", "echo"):
            self.assertIn(f'"{name}"', result.stdout)

    def test_routes_shows_paths_and_pipelines(self):
        file = self.write({"endpoints": {"/a/{n}": {"source": {"counter": "${path.n}"}, "pipeline": [{"take": 5}],
                                                    "title": "numbers"}, "/b": {"source": "clock"}}})
        result = run("routes", file)
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"(?m)^/a/\{n\} +counter \| take  # numbers$")
        self.assertRegex(result.stdout, r"(?m)^/b +clock$")

    def test_the_examples_of_the_components_are_good_configuration(self):
        for name in ("counter", "clock", "echo", "schedule", "replay", "directory"):
            text = run("list", "sources", name).stdout
            example = re.search(r"Example:\s+(\{.*\})", text)
            self.assertTrue(example, text)
            result = run("check", self.write('{"endpoints": {"/a": {"input": true, "source": %s}}}' % example.group(1)))
            self.assertEqual(result.returncode, 0, result.stderr)

    # serve

    def serve(self, *arguments, **variables):
        process = subprocess.Popen([PROGRAM, "serve", *arguments], cwd=self.directory, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(**variables))
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def listening(self, process):
        line = process.stderr.readline()
        found = re.search(r"listening address=(\S+):(\d+)", line)
        self.assertTrue(found, line)
        return found.group(1).strip("[]"), int(found.group(2))

    def end(self, process):
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_without_a_file_it_serves_a_demonstration_whose_addresses_work(self):
        process = self.serve("--listen", "127.0.0.1:0")
        address = self.listening(process)
        self.end(process)
        text = process.stdout.read()
        targets = re.findall(r"(http|ws)://127\.0\.0\.1:(\d+)(/\S*)", text)
        self.assertGreaterEqual(len(targets), 3, text)
        self.assertEqual({int(port) for _, port, _ in targets}, {address[1]})
        process = self.serve("--listen", "127.0.0.1:0")
        address = self.listening(process)
        for scheme, _, target in targets:
            with self.subTest(target), wire.Connection(address) as connection:
                if scheme == "ws":
                    self.assertEqual(connection.open_websocket(target).status, 101)
                    connection.send(wire.client_frame(wire.TEXT, b"hello"))
                    self.assertEqual(connection.frame()[:2], (wire.TEXT, b"hello"))
                else:
                    connection.ask(target)
                    self.assertEqual(connection.head().status, 200)
                    self.assertTrue(connection.chunk())
        self.end(process)

    def test_the_file_of_this_directory_is_served_without_a_word(self):
        self.write(COUNT_FILE)
        process = self.serve("--listen", "127.0.0.1:0")
        with wire.Connection(self.listening(process)) as connection:
            self.assertEqual(connection.get("/count").lines(), [1, 2, 3])
        self.end(process)

    def test_an_option_beats_the_environment_and_that_beats_the_file(self):
        one, two = free_port(), free_port()
        file = self.write({"server": {"listen": "127.0.0.1:1"}, "endpoints": COUNT})
        process = self.serve(file, COYIELD_LISTEN=f"127.0.0.1:{one}")
        self.assertEqual(self.listening(process), ("127.0.0.1", one))
        self.end(process)
        process = self.serve(file, "--listen", f"127.0.0.1:{two}", COYIELD_LISTEN="127.0.0.1:1")
        self.assertEqual(self.listening(process), ("127.0.0.1", two))
        self.end(process)

    def test_the_environment_may_name_the_file(self):
        file = self.write(COUNT_FILE, "other.json")
        process = self.serve("--listen", "127.0.0.1:0", COYIELD_FILE=file)
        with wire.Connection(self.listening(process)) as connection:
            self.assertEqual(connection.get("/count").status, 200)
        self.end(process)

    def test_the_log_is_json_where_that_is_asked_for(self):
        for arguments, variables in ((["--log-format", "json"], {}), ([], {"COYIELD_LOG_FORMAT": "json"})):
            process = self.serve("--listen", "127.0.0.1:0", *arguments, **variables)
            line = json.loads(process.stderr.readline())
            self.assertEqual((line["event"], line["level"]), ("listening", "info"))
            self.end(process)
            for text in process.stderr:
                json.loads(text)

    def test_what_a_request_says_cannot_forge_a_line_of_the_log(self):
        for log_format in ("text", "json"):
            settings = {"log": {"format": log_format, "level": "debug"}}
            (self.directory / "bad").write_bytes(b"x\n")
            endpoints = {"/{name...}": {"source": {"file": {"path": "${path.name}", "root": str(self.directory),
                                                             "decode": "json"}}}}
            with Server(endpoints, settings) as server:
                server.get("/a%0a2026-01-01T00:00:00.000Z%20error%20forged%22%7d")
                server.get("/bad")
                with server.connect() as connection:
                    connection.send(b"GET /\r\nforged: x\nerror forged\r\n\r\n")
                    connection.rest()
            lines = server.log()  # all of it: the server is gone
            self.assertGreaterEqual(len(lines), 2)
            for line in lines:
                self.assertRegex(line, r'^(\{"ts":")?\d{4}-\d\d-\d\dT')
                if log_format == "json":
                    json.loads(line)

    def test_it_lives_on_when_nobody_reads_its_log_any_more(self):
        file = self.write({"server": {"listen": "127.0.0.1:0", "log": {"level": "debug"}}, "endpoints": COUNT})
        process = self.serve(file)
        address = self.listening(process)
        process.stderr.close()
        for _ in range(3):
            with wire.Connection(address) as connection:
                connection.send(b"nonsense\r\n\r\n")  # worth a line
                self.assertEqual(connection.response().status, 400)
        self.end(process)

    def test_a_port_in_use_is_exit_code_1_and_says_which(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for arguments in (("serve", self.write(COUNT_FILE)), ("serve",)):
                result = self.run_here(*arguments, "--listen", address)
                self.assertEqual(result.returncode, 1)
                self.assertIn(address, result.stderr)
                self.assertIn("in use", result.stderr)
                self.assertNotIn("/asio/", result.stderr, "where in a library is nothing for an operator")

    def test_several_addresses_are_served_together(self):
        process = self.serve("--listen", "127.0.0.1:0", "--listen", "[::1]:0")
        for _ in range(2):
            with wire.Connection(self.listening(process)) as connection:
                self.assertEqual(connection.get("/.coyield/health").status, 200)
        self.end(process)

    # health

    def test_health_is_0_while_a_server_is_well_and_1_when_there_is_none(self):
        with Server(COUNT) as server:
            url = f"http://{server.authority}"
            result = run("health", url)
            self.assertEqual(result.returncode, 0)
            self.assertIn("well", result.stdout)
            self.assertEqual(run("health", "--listen", server.authority).returncode, 0)
            self.assertEqual(run("health", env=environment(COYIELD_LISTEN=server.authority)).returncode, 0)
        result = run("health", url)
        self.assertEqual(result.returncode, 1)
        self.assertIn("refused", result.stdout + result.stderr)

    def test_health_of_a_server_that_says_nothing_is_1_in_some_seconds(self):
        with socket.create_server(("127.0.0.1", 0)) as mute:
            result = run("health", "http://127.0.0.1:%d" % mute.getsockname()[1])
            self.assertEqual(result.returncode, 1)
            self.assertIn("time", result.stdout + result.stderr)

    def test_health_of_something_else_is_2(self):
        for url in ("nonsense", "localhost", "ftp://127.0.0.1", "https://127.0.0.1:1"):
            result = run("health", url)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn(url, result.stderr)
        result = run("health", env=environment(COYIELD_LISTEN="bad"))
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, '^COYIELD_LISTEN: "bad"')

    def test_health_of_a_configuration_that_is_none_is_78(self):
        file = str(self.directory / "none.json")
        for result in (run("health", "--config", file), self.run_here("health", COYIELD_FILE=file)):
            self.assertEqual(result.returncode, 78)
            self.assertIn(file, result.stderr)


COUNT_FILE = json.dumps({"server": {"listen": "127.0.0.1:0"}, "endpoints": COUNT})


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class UnixSockets(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="coyield-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / "coyield.sock"
        self.settings = {"listen": f"unix:{self.path}"}

    def test_streams_and_websockets_run_over_one(self):
        with Server({**COUNT, "/echo": {"source": "echo", "input": True}}, self.settings) as server:
            self.assertEqual(server.get("/count").lines(), [1, 2, 3])
            with server.connect() as connection:
                self.assertEqual(connection.open_websocket("/echo").status, 101)
                connection.send(wire.client_frame(wire.TEXT, b"hello"))
                self.assertEqual(connection.frame()[1], b"hello")

    @unittest.skipUnless(shutil.which("curl"), "needs curl")
    def test_curl_reads_from_one(self):
        with Server(COUNT, self.settings):
            result = subprocess.run(["curl", "-sSN", "--unix-socket", str(self.path), "http://x/count"], check=False,
                                    capture_output=True, timeout=PATIENCE)
            self.assertEqual((result.returncode, result.stdout), (0, b"1\n2\n3\n"))

    def test_it_is_gone_when_the_server_is(self):
        with Server(COUNT, self.settings):
            self.assertTrue(self.path.is_socket())
        self.assertFalse(self.path.exists())

    def test_one_that_a_dead_server_left_is_taken_over(self):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(self.path))
        with Server(COUNT, self.settings) as server:
            self.assertEqual(server.health(), 200)

    def test_one_that_is_served_already_is_left_alone(self):
        with Server(COUNT, self.settings) as server:
            result = run("serve", "--listen", f"unix:{self.path}", cwd=self.path.parent)
            self.assertEqual(result.returncode, 1)
            self.assertIn(str(self.path), result.stderr)
            self.assertEqual(server.health(), 200)

    def test_a_file_that_is_no_socket_is_left_alone(self):
        self.path.write_text("precious")
        result = run("serve", "--listen", f"unix:{self.path}", cwd=self.path.parent)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(self.path.read_text(), "precious")


class Descriptors(unittest.TestCase):
    """A server that has run out of file descriptors."""

    @unittest.skipIf(SANITIZED, "UBSan opens a pipe for its checks, and takes its failing for a fault of the program")
    def test_it_refuses_without_spinning_and_recovers(self):
        with Server({"/clock": {"source": {"clock": "3600s"}}, **COUNT}, {"limits": {"max_connections": 1000}},
                    wrapper=("prlimit", "--nofile=40:40")) as server:
            connections = []
            for _ in range(100):
                connection = server.connect()
                self.addCleanup(connection.close)
                connections.append(connection)
                try:
                    connection.ask("/clock")
                except (ConnectionResetError, BrokenPipeError):
                    pass
            server.wait_for_log("warning accept")
            served = [c for c in connections if self.head(c)]
            self.assertGreater(len(served), 10)
            self.assertLess(len(served), 40)
            before = server.processor_seconds()
            begin = time.monotonic()
            wait_until(lambda: False, 1)
            self.assertLess(server.processor_seconds() - before, 0.3 * (time.monotonic() - begin))
            for connection in connections:
                connection.close()
            self.assertTrue(wait_until(lambda: self.health(server) == 200))
            self.assertEqual(len([line for line in server.log() if "warning accept" in line]), 1)

    def head(self, connection):
        connection.socket.settimeout(PATIENCE)
        try:
            return connection.head()
        except (ConnectionResetError, BrokenPipeError):
            return None

    def health(self, server):
        try:
            return server.health()
        except (AssertionError, ConnectionResetError, BrokenPipeError):
            return None

    def test_the_limit_is_raised_to_what_is_allowed(self):
        with Server(COUNT, wrapper=("prlimit", "--nofile=64:200")) as server:
            limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
            self.assertRegex(limits, r"Max open files\s+200\s+200")


if __name__ == "__main__":
    unittest.main()
