"""Runs the real program: `Server` starts it, listens to its log and stops it; `ServerCase` is a test case with one.

The program is the one that the environment variable COYIELD names. Every server that a test starts must go when it
is told to, with exit code 0, and without a word from a sanitizer.

    COYIELD=build/release/server/coyield python3 -m unittest -v http_test

COYIELD_TEST_THREADS gives the servers more than one thread; COYIELD_TEST_PATIENCE is how many seconds a test waits for
what has to come (20).
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import wire
from wire import PATIENCE

PROGRAM = os.environ.get("COYIELD", "coyield")
THREADS = int(os.environ.get("COYIELD_TEST_THREADS", "1"))

def is_sanitized():
    """Whether the program is built with a sanitizer, which has its own way with memory and descriptors."""
    path = pathlib.Path(shutil.which(PROGRAM) or PROGRAM)
    return path.exists() and any(name in path.read_bytes() for name in (b"__asan_init", b"__tsan_init", b"__ubsan_handle"))


SANITIZED = is_sanitized()
SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:|Assertion .* failed")


def environment(**extra):
    """This one's, without what could change the program's mind."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("COYIELD") and "proxy" not in k.lower()}
    return {**kept, **extra}


def run(*arguments, **options):
    """Runs the program to its end. Gives what `subprocess.run` gives, with text."""
    options.setdefault("env", environment())
    options.setdefault("timeout", PATIENCE)
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, **options)


def wait_until(condition, seconds=PATIENCE, step=0.005):
    """Polls `condition` until it holds; gives its value, or the last false one when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(step)


class Server:
    """The program, serving `endpoints` with `settings` on a port of its own choice.

        with Server({"/count": {"source": {"counter": 5}}}) as server:
            response = server.get("/count")
    """

    def __init__(self, endpoints, settings=None, wrapper=()):
        settings = {"listen": "127.0.0.1:0", "threads": THREADS, **(settings or {})}
        self._directory = tempfile.TemporaryDirectory(prefix="coyield-")
        self.file = pathlib.Path(self._directory.name) / "coyield.json"
        self.file.write_text(json.dumps({"server": settings, "endpoints": endpoints}))
        self.process = subprocess.Popen([*wrapper, PROGRAM, "serve", str(self.file)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        errors="replace", env=environment())
        self.pid = self.process.pid
        self._lines = []
        self._news = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self.address = self._address()
            self._idle_sockets = self.sockets()
        except BaseException:
            self.kill()
            raise

    def _listen(self):
        for line in self.process.stderr:
            with self._news:
                self._lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def _address(self):
        where = self.wait_for_log(r"listening address=(\S+)|\"event\":\"listening\",\"address\":\"([^\"]+)\"")
        text = where.group(1) or where.group(2)
        if text.startswith("unix:"):
            return text[len("unix:"):]
        host, _, port = text.rpartition(":")
        return host.strip("[]"), int(port)

    def log(self):
        with self._news:
            return list(self._lines)

    def wait_for_log(self, pattern, seconds=PATIENCE):
        """The match of the first line that has `pattern` in it."""
        def find():
            return next(filter(None, (re.search(pattern, line) for line in self._lines)), None)
        with self._news:
            found = self._news.wait_for(lambda: find() or self.process.poll() is not None, seconds)
        self._listener.join(0.5 if self.process.poll() is not None else 0)
        found = find()
        if not found:
            raise AssertionError(f"no line with {pattern!r} in the log:\n" + "\n".join(self.log()))
        return found

    # Clients.

    def connect(self, **options):
        return wire.Connection(self.address, **options)

    def get(self, target, *fields, **options):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.get(target, *fields, **options)

    def health(self):
        return self.get("/.coyield/health").status

    @property
    def authority(self):
        return "%s:%d" % self.address

    # What the system says of the process.

    def sockets(self):
        """How many sockets the process has open, its own for listening included."""
        return self._descriptors("socket:")

    def connections(self):
        """How many connections the process has."""
        return self.sockets() - self._idle_sockets

    def alone(self, seconds=PATIENCE):
        """Waits until it has no connection any more; false if it keeps one."""
        return wait_until(lambda: self.connections() == 0, seconds, step=0.001)

    def files(self, path):
        return self._descriptors(str(path))

    def _descriptors(self, prefix):
        directory = f"/proc/{self.pid}/fd"
        count = 0
        for name in os.listdir(directory):
            with contextlib.suppress(FileNotFoundError):
                count += os.readlink(f"{directory}/{name}").startswith(prefix)
        return count

    def resident_bytes(self):
        """Of its own: pages of programs and libraries come and go."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status).group(1)) * 1024

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # Its end.

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, seconds=PATIENCE):
        """Its exit code, once it has gone by itself."""
        code = self.process.wait(seconds)
        self._listener.join(PATIENCE)
        return code

    def stop(self):
        """Tells it to go (twice, as streams may be left) and checks that it went as it should."""
        try:
            if self.process.poll() is None:
                self.signal()
                try:
                    self.wait(1)
                except subprocess.TimeoutExpired:
                    self.signal()
            code = self.wait()
        finally:
            self.kill()
        log = "\n".join(self.log())
        if code == -signal.SIGTERM and re.search(r"\bstopped\b.*\Z|\"event\":\"stopped\".*\Z", log):
            code = 0  # it was on its way already, and listened to no signals any more
        if code != 0 or SANITIZER.search(log):
            raise AssertionError(f"the server went with {code}, saying:\n{log}")

    def kill(self):
        """Ends it as the system would: nothing that it might do at its end is done."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._listener.join(PATIENCE)
        self.process.stderr.close()
        self._directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            with contextlib.suppress(AssertionError):
                self.stop()


class ServerCase(unittest.TestCase):
    """One server for all tests of a class. It has to be well at the end of each."""

    endpoints = {}
    settings = {}

    @classmethod
    def prepare(cls):
        """Here a class fills `cls.directory` and `cls.endpoints`."""

    @classmethod
    def setUpClass(cls):
        cls._temporary = tempfile.TemporaryDirectory(prefix="coyield-files-")
        cls.addClassCleanup(cls._temporary.cleanup)
        cls.directory = pathlib.Path(cls._temporary.name)
        cls.prepare()
        cls.server = Server(cls.endpoints, cls.settings)
        cls.addClassCleanup(cls.server.stop)

    def tearDown(self):
        self.assertEqual(self.server.health(), 200, "the server is not well")
