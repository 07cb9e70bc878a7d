"""The servers of the benchmarks: how each is built, started and stopped."""
import os
import pathlib
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
SERVER_CORE, CLIENT_CORE, BOTH_CORES = "0", "1", "0,1"


class Missing(Exception):
    """Something has to be installed first; the text says what."""


def call(*command, **options):
    """Runs a command of the build, quietly unless it fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise Missing(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}")


class Build:
    """The directory in which the client and the peers are made; each is made when it is first asked for."""

    def __init__(self, directory, coyield, file):
        self.directory = directory
        self.coyield_path = coyield
        self.file = file
        self.configured = False

    def program(self, target):
        """Builds a target of tests/bench/CMakeLists.txt and gives its path."""
        if not self.configured:
            compiler = os.environ.get("CXX") or shutil.which("clang++-19") or "c++"
            call("cmake", "-S", HERE, "-B", self.directory, "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_CXX_COMPILER={compiler}")
            self.configured = True
        call("cmake", "--build", self.directory, "--target", target)
        return self.directory / target

    def coyield(self, port):
        if not self.coyield_path or not os.access(self.coyield_path, os.X_OK):
            raise Missing("coyield: say where the program is with --coyield PATH")
        return [self.coyield_path, "serve", HERE / "coyield.json", "--listen", f"127.0.0.1:{port}"]

    def coyield_2t(self, port):
        """With two threads instead of one."""
        return ["env", "COYIELD_BENCH_THREADS=2", *self.coyield(port)]

    def coyield_file(self, port):
        """The same, where the row asks it for a file."""
        return self.coyield(port)

    def limit_pipe(self, port):
        return [self.program("limit_pipe"), port, self.file]

    def limit_ready(self, port):
        return [self.program("limit_ready"), port, self.file]

    def limit_format(self, port):
        return [self.program("limit_format"), port, self.file]

    def beast(self, port):
        return [self.program("beast_server"), port, self.file]

    def go(self, port):
        if not shutil.which("go") or not os.path.isdir("/usr/share/gocode/src/github.com/gorilla/websocket"):
            raise Missing("go: apt-get install golang-go golang-github-gorilla-websocket-dev")
        program = self.directory / "go_server"
        source = HERE / "peers" / "go" / "server.go"
        if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
            environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                           "GOCACHE": str((self.directory / "gocache").resolve())}
            call("go", "build", "-o", program, source, env=environment)
        return [program, port, self.file]

    def node(self, port):
        if not shutil.which("node") or not (self.directory / "node_modules" / "ws").is_dir():
            raise Missing(f"node: install Node 20, and npm install --prefix {self.directory} ws")
        return ["node", HERE / "peers" / "node" / "server.js", port, self.file]

    def nchan(self, port):
        nginx, module = "/usr/sbin/nginx", "/usr/lib/nginx/modules/ngx_nchan_module.so"
        if not os.access(nginx, os.X_OK) or not os.path.exists(module):
            raise Missing("nchan: apt-get install nginx-light libnginx-mod-nchan")
        directory = self.directory / "nchan"
        directory.mkdir(exist_ok=True)
        text = (HERE / "peers" / "nchan" / "nginx.conf").read_text(encoding="ascii")
        configuration = directory / "nginx.conf"
        configuration.write_text(text.replace("@PORT@", str(port)).replace("@DIRECTORY@", str(directory)), encoding="utf-8")
        return [nginx, "-p", directory, "-e", "stderr", "-c", configuration]

    def starlette(self, port):
        python = "/usr/bin/python3"
        wanted = "import httptools, starlette, uvicorn, uvloop, websockets"
        if subprocess.run([python, "-c", wanted], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            raise Missing("starlette: apt-get install python3-uvicorn python3-starlette python3-websockets python3-httptools "
                          "python3-uvloop")
        return [python, HERE / "peers" / "starlette" / "server.py", port, self.file]


NAMES = ["shell", "shell_2t", "limit_pipe", "limit_ready", "limit_format", "coyield", "coyield_2t", "coyield_file", "go", "node", "starlette", "beast", "nchan"]
# Those that have no items of their own: what they send is published to the same path, by the client.
FED = ["nchan"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server on its cores, from `with` to its end. A fresh one for each measurement."""

    def __init__(self, build, name, cores=SERVER_CORE, environment=()):
        self.port = free_port()
        self.name = name
        self.command = ["taskset", "-c", cores, *map(str, getattr(build, name)(self.port))]
        self.environment = {**os.environ, "COYIELD_BENCH_FILE": str(build.file),
                            "NODE_PATH": str(build.directory.resolve() / "node_modules"), **dict(environment)}
        self.log = build.directory / f"{name}.log"

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise Missing(f"{self.name} does not start; see {self.log}") from None
                time.sleep(0.05)

    def __exit__(self, *_):
        # Not asked politely: some wait for their clients, and what is measured has been measured.
        self.process.kill()
        self.process.wait()
