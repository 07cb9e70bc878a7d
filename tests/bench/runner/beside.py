"""What a row needs beside the server, and what is measured without one."""
import contextlib
import os
import pathlib
import resource
import subprocess
import sys
import time

from .servers import BOTH_CORES, CLIENT_CORE, HERE, SERVER_CORE, Missing, Server

UPSTREAM_RATE = 100_000


def query(rows):
    """Two columns, made while they are read: the database keeps nothing."""
    return f"select i, 'row ' || i as name from (select generate_series(1, {rows}) as i) as numbers"


@contextlib.contextmanager
def nothing(build, rows):
    yield {}


@contextlib.contextmanager
def upstream(build, rows):
    """limit_format, on the client's core as part of the load, with an SSE stream that many may read."""
    with Server(build, "limit_format", CLIENT_CORE) as running:
        yield {"COYIELD_BENCH_UPSTREAM": f"http://127.0.0.1:{running.port}/fan{UPSTREAM_RATE}?format=sse"}


@contextlib.contextmanager
def database(build, rows):
    """The PostgreSQL of the integration tests, on either core."""
    sys.path.insert(0, str(HERE.parent / "integration"))
    import database as own  # pylint: disable=import-outside-toplevel
    if own.programs() is None:
        raise Missing("postgres: apt-get install postgresql")
    running = own.Database()
    try:
        yield {"COYIELD_BENCH_DATABASE": running.url, "COYIELD_BENCH_QUERY": query(rows), "ROWS": str(rows)}
    finally:
        running.close()


NEEDS = {"": nothing, "upstream": upstream, "database": database}


def read_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines():
        if line.startswith("rchar:"):
            return int(line.split()[1])
    raise Missing("the kernel does not count what a process reads")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def shell_pipe(cores, seconds):
    """`yes | cat > /dev/null`."""
    source = subprocess.Popen(["taskset", "-c", cores, "yes"], stdout=subprocess.PIPE)
    sink = subprocess.Popen(["taskset", "-c", cores, "cat"], stdin=source.stdout, stdout=subprocess.DEVNULL)
    source.stdout.close()

    def look():
        return time.monotonic(), read_bytes(sink.pid), cpu_seconds(source.pid), cpu_seconds(sink.pid)

    try:
        time.sleep(1)  # as the client does
        before = look()
        time.sleep(seconds)
        took, size, server, client = (b - a for a, b in zip(before, look()))
    finally:
        for process in (sink, source):
            process.kill()
            process.wait()
    return {"seconds": took, "bytes": size, "bytes_per_s": size / took, "server_cpu_s": server, "client_cpu_s": client}


def shell_copy(environment, seconds):
    """The same rows by psql, as JSON that the database makes."""
    copy = f"copy (select row_to_json(t) from ({environment['COYIELD_BENCH_QUERY']}) as t) to stdout"
    used, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(["taskset", "-c", BOTH_CORES, "psql", "-XAtq", environment["COYIELD_BENCH_DATABASE"], "-c", copy],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    took, now = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        return {"error": done.stderr.strip()}
    return {"seconds": took, "items": int(environment["ROWS"]), "client_cpu_s": 0,
            "server_cpu_s": now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime}


SHELL = {("exec-bytes", "shell"): lambda environment, seconds: shell_pipe(SERVER_CORE, seconds),
         ("exec-bytes", "shell_2t"): lambda environment, seconds: shell_pipe(BOTH_CORES, seconds),
         ("postgres", "shell"): shell_copy}
