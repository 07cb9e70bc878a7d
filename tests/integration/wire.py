"""What goes over the wire, byte for byte: HTTP/1.x responses, chunks, server-sent events and WebSocket frames.

Written from the RFCs alone, with nothing of the server in it, and strict: whatever is not as the RFC has it, raises.
"""

import base64
import dataclasses
import enum
import json
import os
import re
import socket
import struct


# Long enough for a loaded machine and a sanitizer; no test waits for it unless something is broken.
PATIENCE = float(os.environ.get("COYIELD_TEST_PATIENCE", "20"))  # seconds


class Ending(enum.Enum):
    COMPLETE = "as its framing says: all of Content-Length, or the last chunk"
    CLOSED = "by closing, where the framing has no other end (HTTP/1.0)"
    CUT = "by closing, before the end that the framing announced"
    RESET = "by a reset"


@dataclasses.dataclass
class Response:
    version: str
    status: int
    reason: str
    fields: list
    body: bytes = b""
    ending: Ending = None
    chunks: list = dataclasses.field(default_factory=list)

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def field(self, name):
        """The value of a field that is there at most once; None where it is not."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} is there {len(values)} times")
        return values[0] if values else None

    def listed(self, name):
        """The elements of a list field, in lower case."""
        return [element.strip().lower() for value in self.all(name) for element in value.split(",")]

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def type(self):
        return (self.field("Content-Type") or "").partition(";")[0]

    def json(self):
        return json.loads(self.text)

    def lines(self):
        """The JSON texts of NDJSON."""
        if self.body and not self.body.endswith(b"\n"):
            raise AssertionError("the last line has no end")
        return [json.loads(line) for line in self.text.split("\n")[:-1]]


STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) (\d{3}) ([\t -~\x80-\xff]*)")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")


def parse_head(head):
    first, *lines = head.split(b"\r\n")
    status = STATUS_LINE.fullmatch(first)
    if not status:
        raise AssertionError(f"no status line: {first!r}")
    fields = []
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if not field:
            raise AssertionError(f"no field line: {line!r}")
        fields.append(tuple(part.decode("latin-1") for part in field.groups()))
    version, code, reason = (part.decode("latin-1") for part in status.groups())
    return Response(version, int(code), reason, fields)


class Connection:
    """A client's end of a connection. An address is (host, port), or the path of a Unix socket."""

    def __init__(self, address, timeout=PATIENCE, receive_buffer=None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.socket.connect(address)
            if family != socket.AF_UNIX:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.socket.close()
            raise
        self.buffer = b""
        self.end = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Bytes.

    def send(self, data):
        self.socket.sendall(data)

    def send_slowly(self, data, pieces):
        """In about so many writes. Stops when the server has closed."""
        size = max(1, len(data) // pieces)
        try:
            for at in range(0, len(data), size):
                self.socket.sendall(data[at:at + size])
        except (ConnectionResetError, BrokenPipeError):
            pass

    def more(self, size=65536):
        """Takes what comes into the buffer; False at the end, which `end` describes then."""
        if self.end:
            return False
        try:
            data = self.socket.recv(size)
        except ConnectionResetError:
            self.end = Ending.RESET
            return False
        if not data:
            self.end = Ending.CLOSED
            return False
        self.buffer += data
        return True

    def exactly(self, size):
        """So many bytes, or None where they do not come any more."""
        while len(self.buffer) < size:
            if not self.more():
                return None
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def until(self, mark):
        """What is before `mark`, which is taken too; None where it does not come any more."""
        while mark not in self.buffer:
            if not self.more():
                return None
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def rest(self):
        """All that comes, to the end."""
        while self.more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    # HTTP.

    def ask(self, target, *fields, method="GET", version="HTTP/1.1", body=b""):
        lines = [f"{method} {target} {version}", "Host: localhost", *fields]
        self.send("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body)

    def get(self, target, *fields, **options):
        self.ask(target, *fields, **options)
        return self.response(method=options.get("method", "GET"))

    def head(self):
        """The head of the next response; None where the connection ends instead."""
        head = self.until(b"\r\n\r\n")
        return None if head is None else parse_head(head)

    def response(self, method="GET"):
        response = self.head()
        if response is None:
            raise AssertionError(f"no response: {self.end}, {self.buffer!r}")
        length = response.field("Content-Length")
        coding = response.field("Transfer-Encoding")
        if length is not None and coding is not None:
            raise AssertionError("both Content-Length and Transfer-Encoding")
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            response.ending = Ending.COMPLETE
        elif coding is not None:
            if coding != "chunked":
                raise AssertionError(f"Transfer-Encoding: {coding}")
            self._chunked(response)
        elif length is not None:
            body = self.exactly(int(length))
            response.ending = Ending.CUT if body is None else Ending.COMPLETE
            response.body = self.buffer if body is None else body
        else:
            response.body = self.rest()
            response.ending = self.end
        return response

    def _chunked(self, response):
        while (chunk := self.chunk()) is not None:
            response.chunks.append(chunk)
            if not chunk:
                break
        response.body = b"".join(response.chunks)
        if response.chunks and not response.chunks[-1]:
            response.chunks.pop()
            response.ending = Ending.COMPLETE
        else:
            response.ending = Ending.CUT if self.end == Ending.CLOSED else self.end

    def chunk(self):
        """The next chunk; empty: the last; None: the connection has ended before."""
        size = self.until(b"\r\n")
        if size is None:
            if self.buffer:
                raise AssertionError(f"the connection ended within the header of a chunk: {self.buffer!r}")
            return None
        if not re.fullmatch(rb"[0-9A-Fa-f]+", size):
            raise AssertionError(f"no chunk header: {size!r}")
        data = self.exactly(int(size, 16))
        if data is None or self.exactly(2) != b"\r\n":
            raise AssertionError(f"a chunk of {size!r} bytes is not whole")
        return data

    def items(self):
        """The lines of a chunked response behind its head, as they come, to its end."""
        pending = b""
        while chunk := self.chunk():
            *lines, pending = (pending + chunk).split(b"\n")
            yield from lines

    # WebSocket.

    def open_websocket(self, target, *fields):
        """Asks for a WebSocket; gives the response, and checks a 101."""
        key = base64.b64encode(os.urandom(16)).decode()
        self.ask(target, "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Key: {key}", *fields)
        response = self.head()
        if response is not None and response.status == 101:
            if response.field("Upgrade").lower() != "websocket" or "upgrade" not in response.listed("Connection"):
                raise AssertionError(f"a 101 to what? {response.fields}")
        elif response is not None:
            response.body = self.exactly(int(response.field("Content-Length") or 0))
        return response

    def frame(self):
        """(opcode, payload, final, reserved bits) of the next frame; None at the end of the connection."""
        head = self.exactly(2)
        if head is None:
            return None
        size = head[1] & 0x7F
        if head[1] & 0x80:
            raise AssertionError("a server's frame is masked")
        if size >= 126:
            size = int.from_bytes(self.exactly(2 if size == 126 else 8), "big")
        payload = self.exactly(size)
        if payload is None:
            raise AssertionError("a frame is not whole")
        return head[0] & 0x0F, payload, bool(head[0] & 0x80), head[0] >> 4 & 7

    def close_frame(self):
        """Passes over data up to the close frame. Gives its code and reason."""
        while (frame := self.frame()) is not None:
            if frame[0] == CLOSE:
                return parse_close(frame[1])
        return None


CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def parse_close(payload):
    return (None, "") if not payload else (int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8"))


def client_frame(opcode, payload=b"", final=True, reserved=0, masked=True, length=None):
    """A frame as a client sends it; `length` is what its header claims, if it lies."""
    size = len(payload) if length is None else length
    first = (0x80 if final else 0) | reserved << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, mask_bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + payload
    key = b"\x12\x34\x56\x78"
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def client_close(code, reason=b""):
    return client_frame(CLOSE, struct.pack("!H", code) + reason)


@dataclasses.dataclass
class Event:
    data: str
    event: str = "message"
    id: str = ""


@dataclasses.dataclass
class EventStream:
    """What a browser's EventSource makes of a text/event-stream (WHATWG HTML, 9.2.6)."""
    events: list = dataclasses.field(default_factory=list)
    comments: list = dataclasses.field(default_factory=list)
    last_id: str = ""
    retry: int = None


def parse_event_stream(body):
    stream = EventStream()
    text = body.decode("utf-8")
    data, event = [], ""
    for line in re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))[:-1]:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                stream.events.append(Event("\n".join(data), event or "message", stream.last_id))
            data, event = [], ""
        elif not name:
            stream.comments.append(value)
        elif name == "data":
            data.append(value)
        elif name == "event":
            event = value
        elif name == "id" and "\0" not in value:
            stream.last_id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            stream.retry = int(value)
        else:
            raise AssertionError(f"a line that no client knows: {line!r}")
    return stream


class EventReader:
    """One client of an event stream, that reads as far as it is told to."""

    def __init__(self, server, target, last_id=None):
        self.connection = server.connect()
        fields = [f"Last-Event-ID: {last_id}"] if last_id else []
        separator = "&" if "?" in target else "?"
        self.connection.ask(f"{target}{separator}format=sse", *fields)
        self.head = self.connection.head()
        self.text = b""
        self.events = []
        self.last_id = last_id or ""

    def read(self):
        """What comes next; False at the end."""
        chunk = self.connection.chunk()
        if not chunk:
            return False
        self.text += chunk
        whole, mark, self.text = self.text.rpartition(b"\n\n")
        stream = parse_event_stream(whole + mark)
        self.events += stream.events
        self.last_id = stream.last_id or self.last_id
        return True

    def until(self, count):
        while len(self.events) < count and self.read():
            pass
        return self.events

    def numbers(self, count):
        return [json.loads(event.data)["i"] for event in self.until(count)]

    def close(self):
        self.connection.close()
