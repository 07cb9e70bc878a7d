"""A server to be asked: a stand-in for whatever a source has in front of it.

    with Upstream({"/events": events}) as upstream:
        ...upstream.url("/events")...

A handler is a function of a `Question`, which has the request in it and writes the answer.
"""

import http.server
import pathlib
import socket
import socketserver
import ssl
import subprocess
import threading


class Question:
    """A request, and the way to answer it."""

    def __init__(self, handler, body):
        self._handler = handler
        self.method = handler.command
        self.target = handler.path
        self.headers = handler.headers
        self.body = body

    def answer(self, status=200, fields=(), body=None):
        """The head; with a `body` all of it."""
        self._handler.send_response(status)
        for name, value in fields:
            self._handler.send_header(name, value)
        if body is not None:
            self._handler.send_header("Content-Length", str(len(body)))
        self._handler.end_headers()
        if body is not None:
            self.write(body)

    def stream(self, kind, fields=()):
        self.answer(200, [("Content-Type", kind), ("Transfer-Encoding", "chunked"), *fields])

    def chunk(self, data):
        self.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.write(b"0\r\n\r\n")

    def event(self, data, event_id=None):
        identity = f"id: {event_id}\n" if event_id is not None else ""
        self.chunk(f"{identity}data: {data}\n\n".encode())

    def write(self, data):
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def cut(self):
        """Closes without an end."""
        self._handler.close_connection = True
        self._handler.connection.close()

    def reset(self):
        """Closes as one does that has died."""
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.cut()

    def wait_until_left(self, seconds=20):
        """Whether the other side closes in time."""
        self._handler.connection.settimeout(seconds)
        try:
            return self._handler.connection.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        request, _ = super().get_request()
        return request, ("unix", 0)


class Upstream:
    def __init__(self, handlers, tls=None, unix=None):
        upstream = self
        self.questions = []
        self._lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, ValueError, OSError):
                    self.close_connection = True

            def respond(self):
                question = Question(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))
                with upstream._lock:
                    upstream.questions.append(question)
                path = self.path.partition("?")[0]
                handler = handlers.get(path) or handlers.get(path.rpartition("/")[0] + "/*")
                if handler:
                    handler(question)
                else:
                    question.answer(404, body=b"")

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815

            def log_message(self, *_):
                pass

        self._scheme = "https" if tls else "http"
        if unix:
            self._server = _UnixServer(str(unix), Handler)
        else:
            self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            self._server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._server.handle_error = lambda *_: None
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def port(self):
        return self._server.server_address[1]

    def url(self, target, host="127.0.0.1"):
        return f"{self._scheme}://{host}:{self.port}{target}"

    def count(self):
        with self._lock:
            return len(self.questions)

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def certificate(directory, name, alternatives):
    """A key and a certificate that is its own authority, for hosts such as `DNS:localhost`."""
    key, chain = pathlib.Path(directory) / f"{name}.key", pathlib.Path(directory) / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={alternatives}", "-keyout", str(key), "-out", str(chain)],
                   check=True, capture_output=True)
    return str(chain), str(key)


def unused_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
