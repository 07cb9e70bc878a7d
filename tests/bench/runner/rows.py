"""The rows of the table: what is asked of the load client, which figure counts, and what coyield has to reach."""
import dataclasses
import statistics
import typing


# Who takes part where the row does not say.
ALL = ("limit_ready", "limit_format", "coyield", "go", "node", "starlette", "beast")


@dataclasses.dataclass(frozen=True)
class Row:
    title: str
    mode: str
    path: str
    key: str  # of the client's report
    unit: str
    scale: float = 1.0
    more_is_better: bool = True
    arguments: tuple = ()
    clients: bool = False  # with --clients connections
    seconds: typing.Optional[float] = None  # instead of --seconds
    servers: tuple = ALL
    paths: typing.Mapping[str, str] = dataclasses.field(default_factory=dict)  # of servers that are asked for another path
    needs: str = ""  # "upstream" or "database": what runs beside the server
    beside: str = "limit_format"  # whose figure the ratios are to
    both_cores: bool = False  # server and client may run on either
    notes: tuple = ()  # further figures: (key, text with {})
    goal: str = ""
    # Given the median, that of `beside` (None where it did not run), and all the client's reports.
    reached: typing.Optional[typing.Callable] = None


PER_CPU = (("per_cpu_s", "{:.3g} M items per second of CPU"),)
SERVED = (*PER_CPU, ("served", "{:.0f} clients served"), ("least_items", "least {:.0f} items"), ("most_items", "most {:.0f}"))
MEMORY = (("bytes_per_connection", "{:.0f} bytes a client"),)
LATE = (("late_us_p50", "late by {:.0f} µs"), ("late_us_p99", "p99 {:.0f} µs"), ("unevenness", "unevenness {:.1f}"))


def part_of_limit(portion):
    return lambda value, limit, reports: limit is not None and value >= portion * limit


def at_most(bound):
    return lambda value, limit, reports: value <= bound


def at_most_times(portion):
    return lambda value, limit, reports: limit is not None and value <= portion * limit


def at_least(bound):
    return lambda value, limit, reports: value >= bound


def served_and_part_of_limit(portion):
    return lambda value, limit, reports: (part_of_limit(portion)(value, limit, reports)
                                          and all(report["served"] == report["connections"] for report in reports))


def idle_goal(value, limit, reports):
    return value <= 0.2 and all(r["bytes_per_connection"] <= 2500 and r["late_us_p99"] <= 5000 for r in reports)


SIXTY_FOUR = ("--connections", "64", "--expect-items", "10")
RAMP = ("--ramp", "3")
THOUSAND = ("--connections", "1000", "--ramp", "1")
FAN = (("delivered", "{:.3f} of all delivered"), ("late_us_p50", "late by {:.0f} µs"), ("late_us_p99", "p99 {:.0f} µs"),
       ("server_bytes_more", "{:.0f} bytes more"))
MOST = (("late_us_p99", "p99 {:.0f} µs"), ("least_items", "least {:.0f} items"), ("most_items", "most {:.0f}"))


FANS = (*ALL, "nchan")
TWO_THREADS = ("limit_format", "coyield", "coyield_2t", "go")
RESUME = ("--connections", "100", "--rate", "1000", "--feed", "/topic", "--behind", "100000")
RESUMED = (("resumes", "{:.0f} times"), ("took_us_p99", "p99 {:.0f} µs for all"), ("alone_us_p99", "the others' p99 {:.0f} µs"),
           ("beside_us_p99", "beside it {:.0f} µs"), ("beside_to_alone", "which is {:.2f} of the former"))


def delivered_within(milliseconds):
    return lambda value, limit, reports: (all(r["delivered"] >= 0.99 for r in reports)
                                          and statistics.median(r["late_us_p99"] for r in reports) <= milliseconds * 1000)


def fan100_goal(value, limit, reports):
    return value <= 5.5 and delivered_within(8)(value, limit, reports)


def most_goal(value, limit, reports):
    return value >= 10e6 and all(r["late_us_p99"] <= 1e6 for r in reports)


def resume_goal(value, limit, reports):
    return value >= 2e6 and statistics.median(r["beside_to_alone"] for r in reports) <= 1.5


def relay_goal(value, limit, reports):
    return all(r["delivered"] >= 0.99 for r in reports)


def postgres_goal(value, limit, reports):
    return at_most_times(1.3)(value, limit, reports) and all(r["server_bytes_most"] < 20e6 and r["complete"] for r in reports)


def resume_row(how, path, *arguments):
    return Row(f"one that goes on 100,000 items behind, over {how}, beside 100 WebSocket subscribers at 1,000 items/s", "resume", path,
               "resumed_items_per_s", "M items/s", 1e-6, arguments=(*RESUME, *arguments), servers=("coyield",), notes=RESUMED,
               goal="at least 2 M items/s, the others' p99 at most 1.5 times", reached=resume_goal)


ROWS = {
    "ndjson": Row("one NDJSON stream", "ndjson", "/ndjson", "items_per_s", "M items/s", 1e-6, notes=PER_CPU,
                  goal="at least 0.8 of limit_format", reached=part_of_limit(0.8)),
    "ws": Row("one WebSocket stream", "websocket", "/ws", "items_per_s", "M items/s", 1e-6, notes=PER_CPU,
              goal="at least 0.8 of limit_format", reached=part_of_limit(0.8)),
    "ndjson256": Row("256 NDJSON streams", "ndjson", "/ndjson", "items_per_s", "M items/s", 1e-6,
                     arguments=("--connections", "256"), notes=SERVED,
                     goal="at least 0.7 of limit_format, every client served", reached=served_and_part_of_limit(0.7)),
    "short": Row("streams of 10 items, kept-alive, 64 at a time", "short", "/short", "cpu_us_per_stream",
                 "µs of CPU a stream", more_is_better=False, arguments=SIXTY_FOUR,
                 notes=(("streams_per_s", "{:.0f} streams/s"), ("time_us_p99", "p99 {:.0f} µs")),
                 goal="at most 12 µs", reached=at_most(12)),
    "short-new": Row("streams of 10 items, a new connection each, 64 at a time", "short", "/short", "cpu_us_per_stream",
                     "µs of CPU a stream", more_is_better=False, arguments=(*SIXTY_FOUR, "--new-connections"),
                     notes=(("streams_per_s", "{:.0f} streams/s"), ("time_us_p99", "p99 {:.0f} µs")),
                     goal="at most 40 µs", reached=at_most(40)),
    "idle-ws": Row("many WebSocket clients, 1 item/s each", "idle-ws", "/tick", "cores", "cores", more_is_better=False,
                   arguments=RAMP, clients=True, seconds=10, notes=LATE + MEMORY,
                   goal="at most 0.2 cores, 2500 bytes each, p99 at most 5 ms late (10,000 clients)", reached=idle_goal),
    "fan100-ws": Row("1,000 WebSocket subscribers of one stream, 100 items/s", "fan", "/fan100", "cpu_s_per_million",
                     "CPU s per million items", more_is_better=False, arguments=(*THOUSAND, "--websocket", "--rate", "100"),
                     notes=FAN, servers=FANS, goal="at most 5.5 s, p99 at most 8 ms", reached=fan100_goal),
    "fan1000-ws": Row("1,000 WebSocket subscribers of one stream, 1,000 items/s", "fan", "/fan1000", "cpu_s_per_million",
                      "CPU s per million items", more_is_better=False, arguments=(*THOUSAND, "--websocket", "--rate", "1000"),
                      notes=FAN, servers=FANS, goal="all delivered, p99 at most 14 ms", reached=delivered_within(14)),
    "fan1000-sse": Row("1,000 SSE subscribers of one stream, 1,000 items/s", "fan", "/fan1000?format=sse", "cpu_s_per_million",
                       "CPU s per million items", more_is_better=False, arguments=(*THOUSAND, "--rate", "1000"),
                       notes=FAN, servers=FANS, goal="all delivered, p99 at most 25 ms", reached=delivered_within(25)),
    "fan-silent": Row("1,000 WebSocket subscribers of one stream, 1,000 items/s, 100 of whom never read", "fan", "/fan1000",
                      "late_us_p99", "µs late, p99", more_is_better=False,
                      arguments=(*THOUSAND, "--websocket", "--rate", "1000", "--silent", "100"), notes=FAN,
                      goal="the other 900 get all", reached=lambda value, limit, reports: all(r["delivered"] >= 0.99 for r in reports)),
    "fan-ws": Row("1,000 WebSocket subscribers of one stream, as fast as it goes", "fan", "/fan", "items_per_cpu_s",
                  "M deliveries per second of CPU", 1e-6, arguments=(*THOUSAND, "--websocket"), notes=MOST,
                  goal="at least 10 M, p99 under 1 s", reached=most_goal),
    "fan-sse": Row("1,000 SSE subscribers of one stream, as fast as it goes", "fan", "/fan?format=sse", "items_per_cpu_s",
                   "M deliveries per second of CPU", 1e-6, arguments=THOUSAND, notes=MOST,
                   goal="at least 10 M, p99 under 1 s", reached=most_goal),
    "fan1000-ws-2t": Row("1,000 WebSocket subscribers of one stream, 1,000 items/s; server and client on both cores", "fan", "/fan1000",
                         "late_us_p99", "µs late, p99", more_is_better=False,
                         arguments=(*THOUSAND, "--websocket", "--rate", "1000"), servers=TWO_THREADS, both_cores=True,
                         notes=(("delivered", "{:.3f} of all delivered"), ("cpu_s_per_million", "{:.3g} CPU s per million items"))),
    "fan-ws-2t": Row("1,000 WebSocket subscribers of one stream, as fast as it goes; server and client on both cores", "fan", "/fan",
                     "items_per_s", "M deliveries/s", 1e-6, arguments=(*THOUSAND, "--websocket"), servers=TWO_THREADS, both_cores=True,
                     notes=(*PER_CPU, *MOST)),
    "topic1000-ws": Row("1,000 WebSocket subscribers of a topic, to which 1,000 items/s are published, one a request", "fan", "/topic",
                        "cpu_s_per_million", "CPU s per million items", more_is_better=False,
                        arguments=(*THOUSAND, "--websocket", "--rate", "1000", "--feed", "/topic"), servers=("coyield", "nchan"),
                        beside="nchan", notes=FAN),
    "resume100k-ws": resume_row("WebSocket", "/topic", "--websocket"),
    "resume100k-ndjson": resume_row("NDJSON", "/topic?format=ndjson"),
    "resume100k-sse": resume_row("SSE", "/topic?format=sse"),
    "publish": Row("lines published in one request, as fast as they are answered", "publish", "/publish", "items_per_s", "M items/s", 1e-6,
                   servers=("coyield", "node"), beside="node", notes=PER_CPU),
    "publish-read": Row("the same, and one NDJSON reader for whom the publisher waits", "publish", "/publish", "items_per_s", "M items/s",
                        1e-6, arguments=("--readers", "1"), servers=("coyield",), notes=(*PER_CPU, ("read_items_per_s", "{:.3g} items/s read"))),
    "publish-one": Row("one item a request, kept-alive, 64 connections", "post", "/publish", "streams_per_s", "requests/s",
                       arguments=("--connections", "64"), servers=("coyield", "nchan", "go", "node"), beside="nchan",
                       notes=(("cpu_us_per_stream", "{:.3g} µs of CPU a request"), ("time_us_p99", "p99 {:.0f} µs"))),
    "file-text": Row("a file of 100-byte lines as text", "file", "/file?format=text", "file_bytes_per_s", "GB/s", 1e-9,
                     seconds=30, notes=(("complete", "complete: {:.0f}"),), goal="at least 1 GB/s", reached=at_least(1e9)),
    "file-ndjson": Row("a file of 100-byte lines as NDJSON", "file", "/file?format=ndjson", "file_bytes_per_s", "GB/s", 1e-9,
                       seconds=30, notes=(("complete", "complete: {:.0f}"),), goal="at least 0.6 GB/s", reached=at_least(0.6e9)),
    "exec-bytes": Row("what `yes` writes, as bytes", "bytes", "/exec-bytes?format=bytes", "bytes_per_s", "GB/s", 1e-9,
                      servers=("shell", "shell_2t", "limit_pipe", "coyield", "node"), beside="shell",
                      goal="at least 0.3 of `yes | cat > /dev/null` on one core", reached=part_of_limit(0.3)),
    "exec-text": Row("the lines that `cat` writes of that file, as text", "file", "/exec-lines?format=text", "file_bytes_per_s", "GB/s", 1e-9,
                     seconds=30, servers=("coyield_file", "coyield", "node"), paths={"coyield_file": "/file?format=text"},
                     beside="coyield_file", notes=(("complete", "complete: {:.0f}"),), goal="at least 0.8 of the source `file`",
                     reached=part_of_limit(0.8)),
    "exec-lines": Row("the lines that `cat` writes of that file, as NDJSON", "file", "/exec-lines?format=ndjson", "file_bytes_per_s", "GB/s",
                      1e-9, seconds=30, servers=("coyield_file", "coyield", "node"), paths={"coyield_file": "/file?format=ndjson"},
                      beside="coyield_file", notes=(("complete", "complete: {:.0f}"),), goal="at least 0.8 of the source `file`",
                      reached=part_of_limit(0.8)),
    "exec-lines-ws": Row("the same over a WebSocket, a message a line", "file", "/exec-lines", "file_bytes_per_s", "GB/s", 1e-9,
                         arguments=("--websocket",), seconds=15, servers=("coyield_file", "coyield", "node"),
                         paths={"coyield_file": "/file"}, beside="node", notes=(("complete", "complete: {:.0f}"),),
                         goal="at least 5 times Node with ws", reached=part_of_limit(5)),
    "postgres": Row("the rows of a query as NDJSON; in the shell, psql with COPY of what `row_to_json` makes", "file",
                    "/postgres?format=ndjson", "seconds", "s", more_is_better=False, seconds=120, servers=("shell", "coyield"),
                    beside="shell", needs="database", notes=(("server_bytes_most", "at most {:.3g} bytes of memory"),),
                    goal="at most 1.3 times, under 20 MB", reached=postgres_goal),
    "relay": Row("an SSE stream of 100,000 items/s, relayed to 100 who read SSE", "fan", "/relay?format=sse",
                 "cpu_s_per_million", "CPU s per million items", more_is_better=False,
                 arguments=("--connections", "100", "--rate", "100000", "--complete"), servers=("coyield",), needs="upstream", notes=FAN, goal="all delivered, none missing",
                 reached=relay_goal),
    "hold-ndjson": Row("an idle NDJSON connection", "hold", "/quiet", "bytes_per_connection", "bytes", more_is_better=False,
                       arguments=RAMP, clients=True, seconds=2),
    "hold-sse": Row("an idle SSE connection", "hold", "/quiet?format=sse", "bytes_per_connection", "bytes",
                    more_is_better=False, arguments=RAMP, clients=True, seconds=2),
    "hold-ws": Row("an idle WebSocket connection", "hold", "/quiet", "bytes_per_connection", "bytes", more_is_better=False,
                   arguments=(*RAMP, "--websocket"), clients=True, seconds=2),
    "hold-fan-sse": Row("an idle SSE subscriber of one stream", "hold", "/fan-quiet?format=sse", "bytes_per_connection", "bytes",
                        more_is_better=False, arguments=RAMP, clients=True, servers=FANS, seconds=2, goal="at most 1.5 KB",
                        reached=at_most(1536)),
    "hold-fan-ws": Row("an idle WebSocket subscriber of one stream", "hold", "/fan-quiet", "bytes_per_connection", "bytes",
                       more_is_better=False, arguments=(*RAMP, "--websocket"), clients=True, servers=FANS, seconds=2, goal="at most 1.5 KB",
                       reached=at_most(1536)),
}
