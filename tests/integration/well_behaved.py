"""A client that does what it should while others do not: reads a stream of a 10 ms clock, and says how late it was.

It is a process of its own, so that an attack that this process makes does not slow it down.

    with WellBehaved(server) as client:
        ...
    client.figures  # {"items": 100, "p50": 0.4, "p99": 1.9, "max": 3.1}: milliseconds
"""

import json
import pathlib
import subprocess
import sys
import time

import wire

TICKS = {"/well-behaved": {"source": {"clock": "10ms"}}}


class WellBehaved:
    """`server` serves the endpoints of `TICKS`. `figures` are there behind the end of the block."""

    def __init__(self, server):
        self._address = server.address
        self.figures = None

    def __enter__(self):
        self._process = subprocess.Popen([sys.executable, pathlib.Path(__file__), json.dumps(self._address)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process.stdout.readline()  # its first item has come
        return self

    def __exit__(self, *_):
        output, _ = self._process.communicate("", wire.PATIENCE)
        self.figures = json.loads(output or "null")


def percentile(values, share):
    return round(sorted(values)[min(int(len(values) * share), len(values) - 1)], 2)


def figures(late):
    return {"items": len(late), "p50": percentile(late, 0.5), "p99": percentile(late, 0.99), "max": percentile(late, 1)}


def main(address):
    import select

    late = []
    with wire.Connection(address if isinstance(address, str) else tuple(address)) as connection:
        connection.ask("/well-behaved")
        assert connection.head().status == 200
        for line in connection.items():
            late.append((time.time_ns() - json.loads(line)["ts"]) / 1e6)
            if len(late) == 1:
                print("begun", flush=True)
            if select.select([sys.stdin], [], [], 0)[0]:
                break
        else:
            raise AssertionError("the stream has ended")
    print(json.dumps(figures(late)))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
