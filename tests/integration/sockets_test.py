"""The sources that are sockets: who is connected to, and who connects."""

import contextlib
import json
import os
import socket
import tempfile
import threading
import unittest

import wire
from harness import Server, wait_until
from upstream import unused_port


class Peer:
    """Listens, and gives what it is told to whoever connects."""

    def __init__(self, answer, path=None):
        if path:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(path)
        else:
            self._socket = socket.socket()
            self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.connections = 0
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self._socket.getsockname()[1]

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    self._answer(connection)

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def send_to(port, data, host="127.0.0.1"):
    with socket.create_connection((host, port), timeout=20) as sender:
        sender.sendall(data)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Listener:
    """A client of an endpoint, by lines."""

    def __init__(self, server, target="/"):
        self.client = server.connect()
        self.client.ask(target)

    def lines(self, count):
        if not hasattr(self, "_items"):
            self.client.head()
            self._items = self.client.items()
        return [json.loads(next(self._items)) for _ in range(count)]

    def close(self):
        self.client.close()


class Tcp(unittest.TestCase):
    def test_one_that_is_connected_to_is_read_to_its_end(self):
        with Peer(lambda c: c.sendall(b"one\r\ntwo")) as peer:
            with Server({"/": {"source": {"tcp": peer.address}}}) as server:
                response = server.get("/")
                self.assertEqual((response.lines(), response.ending), (["one", "two"], wire.Ending.COMPLETE))

    def test_one_that_breaks_off_is_no_end_and_can_be_tried_again(self):
        def talk(connection):
            connection.sendall(b"1\n")
            wait_until(lambda: False, 0.05)
            reset(connection)
        with Peer(talk) as peer:
            endpoints = {"/": {"source": {"tcp": {"connect": peer.address, "decode": "json"}}},
                         "/retry": {"source": {"tcp": {"connect": peer.address, "decode": "json"}},
                                    "pipeline": [{"retry": {"from": "1ms"}}, {"take": 5}]},
                         "/refused": {"source": {"tcp": f"127.0.0.1:{unused_port()}"}}}
            with Server(endpoints) as server:
                response = server.get("/")
                self.assertEqual((response.lines(), response.ending), ([1], wire.Ending.CUT))
                events = wire.parse_event_stream(server.get("/retry?format=sse").body).events
                self.assertEqual([event.event for event in events if event.event in ("gap", "message")][:3],
                                 ["message", "gap", "message"])
                self.assertEqual(server.get("/refused").status, 502)

    def test_all_who_connect_are_heard(self):
        port = unused_port()
        source = {"tcp": {"listen": f"127.0.0.1:{port}", "decode": "json"}}
        with Server({"/": {"source": source, "share": {"start": "at_once", "replay": 1000, "since": "earliest"}}}) as server:
            listener = Listener(server)
            self.assertTrue(wait_until(lambda: not connects_fail(port)))
            with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as other:
                one.sendall(b'{"from":1}\n{"half":')
                self.assertEqual(listener.lines(1), [{"from": 1}])
                other.sendall(b'{"from":2}\n')
                self.assertEqual(listener.lines(1), [{"from": 2}])
                one.sendall(b'true}\n')
                self.assertEqual(listener.lines(1), [{"half": True}])
                other.sendall(b"rubbish\n")
                server.wait_for_log(r"sender endpoint=/ failed=.*is not JSON")
                one.sendall(b"5\n")
                self.assertEqual(listener.lines(1), [5])
                self.assertEqual(other.recv(1), b"", "who sends rubbish is let go")
            threads = [threading.Thread(target=send_to, args=(port, b"".join(b"%d\n" % i for i in range(100)))) for _ in range(20)]
            for thread in threads:
                thread.start()
            self.assertEqual(sorted(listener.lines(2000)), sorted(list(range(100)) * 20))
            for thread in threads:
                thread.join()
            listener.close()

    def test_only_one_can_listen_at_an_address(self):
        port = unused_port()
        with Server({"/": {"source": {"tcp": {"listen": f"127.0.0.1:{port}"}}, "first_item_timeout": "0s"}}) as server:
            with server.connect() as first:
                first.ask("/")
                first.head()
                response = server.get("/")
                self.assertIn(response.status, (200, 503))
                if response.status == 200:
                    self.assertEqual(response.ending, wire.Ending.CUT)
            self.assertTrue(wait_until(lambda: connects_fail(port)), "nobody reads, and it still listens")


def connects_fail(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return False
    except OSError:
        return True


class Udp(unittest.TestCase):
    def test_each_datagram_is_an_item(self):
        port = unused_port()
        source = {"udp": {"listen": f"127.0.0.1:{port}", "decode": "json"}}
        with Server({"/": {"source": source, "share": {"start": "at_once", "replay": 100, "since": "earliest"}}}) as server:
            listener = Listener(server)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.connect(("127.0.0.1", port))

                def heard():
                    with contextlib.suppress(ConnectionRefusedError):
                        sender.send(b'{"a":1}\n')
                        return server.get("/?wait=0s").status == 200
                self.assertTrue(wait_until(heard))
                sender.send(b"rubbish")
                sender.send(b"[2]")
                lines = listener.lines(1)
                while lines[-1] != [2]:
                    lines += listener.lines(1)
                self.assertEqual(lines[0], {"a": 1})
                server.wait_for_log(r"sender endpoint=/ failed=.a datagram is not JSON")
            listener.close()

    def test_what_the_system_dropped_is_announced(self):
        port = unused_port()
        with Server({"/": {"source": {"udp": f"127.0.0.1:{port}"}}}) as server:
            with server.connect(receive_buffer=4096) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                client.ask("/?format=sse")
                sender.connect(("127.0.0.1", port))

                def first():
                    with contextlib.suppress(ConnectionRefusedError):
                        sender.send(b"first")
                        sender.send(b"first")
                        return True
                self.assertTrue(wait_until(first))
                client.head()
                client.chunk()
                for i in range(60_000):
                    sender.send(b"%08d" % i + b"x" * 500)
                text = b""
                while b"event: gap" not in text:
                    sender.send(b"the system tells it with the next one that it has room for")
                    text = text[-100:] + client.chunk()
                gap = text[text.index(b"event: gap"):].partition(b"data: ")[2].partition(b"\n")[0]
                self.assertGreater(json.loads(gap)["count"], 0)


class Unix(unittest.TestCase):
    def test_streams_and_datagrams_come_over_unix_sockets(self):
        with tempfile.TemporaryDirectory() as directory:
            for datagrams in (False, True):
                path = f"{directory}/listens-{datagrams}"
                # One that was left behind.
                left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
                left.bind(path)
                left.close()
                source = {"unix": {"listen": path, "datagrams": datagrams}}
                with Server({"/": {"source": source}}) as server:
                    listener = Listener(server)
                    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM) as sender:
                        def connected(sender=sender, path=path):
                            with contextlib.suppress(OSError):
                                sender.connect(path)
                                return True
                        self.assertTrue(wait_until(connected))
                        sender.sendall(b"one\n")
                        self.assertEqual(listener.lines(1), ["one"])
                    listener.close()
                    self.assertTrue(wait_until(lambda path=path: not os.path.exists(path)))
            path = directory + "/peer"
            with Peer(lambda c: c.sendall(b"1\n2\n"), path):
                with Server({"/": {"source": {"unix": path}}}) as server:
                    self.assertEqual(server.get("/").lines(), ["1", "2"])


class NoSocket(unittest.TestCase):
    def test_a_file_is_not_taken_for_a_socket(self):
        with tempfile.TemporaryDirectory() as directory:
            path = directory + "/precious"
            with open(path, "w", encoding="utf-8") as file:
                file.write("precious")
            os.symlink(path, directory + "/link")
            endpoints = {f"/{name}": {"source": {"unix": {"listen": f"{directory}/{name}"}}} for name in ("precious", "link")}
            with Server(endpoints) as server:
                self.assertEqual(server.get("/precious").status, 503)
                self.assertEqual(server.get("/link").status, 503)
            self.assertEqual(sorted(os.listdir(directory)), ["link", "precious"])
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "precious")


class WebSocket(unittest.TestCase):
    """Over coyield itself, and over what others wrote."""

    def test_messages_of_another_server_are_items(self):
        counter = {"/count": {"source": {"counter": {"to": 1000}}},
                   "/big": {"source": {"counter": {"to": 3}}, "pipeline": [{"batch": {"items": 3}}]},
                   "/fails": {"source": {"counter": {"to": "${query.to}"}}},
                   "/clock": {"source": {"clock": "10ms"}},
                   "/echo": {"source": "echo", "input": True}}
        other = Server(counter)
        self.addCleanup(other.kill)
        def ask(path, **options):
            return {"source": {"websocket": {"url": f"ws://{other.authority}{path}", **options}}}
        endpoints = {"/count": ask("/count"), "/big": ask("/big"), "/fails": ask("/fails"), "/missing": ask("/none"),
                     "/clock": ask("/clock", ping="20ms"), "/echo": {**ask("/echo", input=True), "input": True},
                     "/first": {**ask("/echo", send=["hello", {"a": [1]}]), "pipeline": [{"take": 2}]},
                     "/http": {"source": {"websocket": f"ws://127.0.0.1:{unused_port()}/"}}}
        with Server(endpoints) as server:
            response = server.get("/count")
            self.assertEqual((response.lines(), response.ending),
                             ([str(i) for i in range(1, 1001)], wire.Ending.COMPLETE))
            self.assertEqual(server.get("/big").lines(), [[1, 2, 3]])
            self.assertEqual(server.get("/fails").status, 502)
            self.assertEqual(server.get("/missing").status, 404)
            self.assertEqual(server.get("/http").status, 502)
            self.assertEqual(server.get("/first").lines(), ["hello", {"a": [1]}])
            with server.connect() as client:
                client.open_websocket("/echo")
                for frame in (wire.client_frame(1, "grüß".encode()), wire.client_frame(2, b"\0\xff"),
                              wire.client_frame(1, b"x" * 60_000)):
                    client.send(frame)
                self.assertEqual([client.frame()[:2] for _ in range(3)],
                                 [(1, "grüß".encode()), (2, b"\0\xff"), (1, b"x" * 60_000)])
                client.send(wire.client_close(1000))
            with server.connect() as client:
                client.ask("/clock")
                client.head()
                client.chunk()
                other.kill()
                response = client.rest()
                self.assertFalse(response.endswith(b"0\r\n\r\n"), "a server that died is no end")

    def test_silence_is_asked_about_and_then_given_up(self):
        import base64
        import hashlib
        seen = []

        def answer(connection):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            key = next(line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n\x81\x02hi")
            while data := connection.recv(4096):
                seen.append(data)
        with Peer(answer) as peer:
            source = {"websocket": {"url": f"ws://{peer.address}/", "ping": "100ms"}}
            with Server({"/": {"source": source}}) as server:
                response = server.get("/")
                self.assertEqual((response.lines(), response.ending), (["hi"], wire.Ending.CUT))
                self.assertEqual(seen[0][:2], b"\x89\x80", "a ping, masked")
        with Peer(lambda c: c.sendall(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")) as peer:
            with Server({"/": {"source": {"websocket": f"ws://{peer.address}/"}}}) as server:
                self.assertIn("has not understood", server.get("/").json()["detail"])


if __name__ == "__main__":
    unittest.main()
