"""A PostgreSQL server of one's own: made when it is needed, in a temporary directory, gone at the end."""

import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

import harness
from upstream import unused_port


def programs():
    """Where the server's programs are; None where there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return pathlib.Path(found[-1]).parent if found else None


class Database:
    def __init__(self):
        self._bin = programs()
        self._directory = tempfile.mkdtemp(prefix="coyield-postgres-")
        self.port = unused_port()
        self._as_user = []
        if os.geteuid() == 0:  # it refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self._directory, user.pw_uid, user.pw_gid)
            self._as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "test", "--no-sync", "-E", "UTF8", "--locale=C")
        self.process = None
        self.start()

    @property
    def _data(self):
        return self._directory + "/data"

    @property
    def url(self):
        return f"postgresql://test@127.0.0.1:{self.port}/postgres"

    def _run(self, program, *arguments):
        subprocess.run([*self._as_user, self._bin / program, *arguments], check=True, capture_output=True,
                       cwd=self._directory, env=harness.environment())

    def start(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self._directory,
                    "wal_level": "logical", "fsync": "off", "max_connections": 50, "wal_sender_timeout": "2s"}
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen([*self._as_user, self._bin / "postgres", "-D", self._data, *options],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._directory,
                                        env=harness.environment())
        deadline = time.monotonic() + harness.PATIENCE
        while self._psql("select 1").returncode != 0:
            if time.monotonic() > deadline:
                raise AssertionError("PostgreSQL does not start")
            time.sleep(0.02)

    def stop(self):
        self.process.send_signal(2)  # a fast shutdown
        self.process.wait(harness.PATIENCE)

    def _psql(self, sql):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, "-c", sql], capture_output=True,
                              text=True, check=False, env=harness.environment())

    def sql(self, text):
        result = self._psql(text)
        if result.returncode != 0:
            raise AssertionError(result.stderr)
        return result.stdout.strip()

    def busy(self):
        """Queries of the server's clients that run, but for the one that asks."""
        return int(self.sql("select count(*) from pg_stat_activity where application_name = 'coyield' "
                            "and state = 'active' and backend_type = 'client backend'"))

    def connections(self):
        return int(self.sql("select count(*) from pg_stat_activity where application_name = 'coyield'"))

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)
