"""The files that the how-tos of deployment show, and that `segue new` brings: each is used as it is meant."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from process_rig import PATIENCE, Segue, segue, until
from websockets.sync.client import connect as connect_websocket

from segue.cli import main
from segue.server import ServerConfig

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "deploy"
HOST = "shop.example"
APP = """
import asyncio
from collections.abc import AsyncIterator
from segue import App, EventStream, Proxies, Request, RequestIds, WebSocket

app = App("behind a proxy")
app.middleware(Proxies(["127.0.0.1"]))
app.middleware(RequestIds())


@app.get("/who")
async def who(request: Request) -> dict[str, str | None]:
    return {"client": request.client[0], "scheme": request.scheme, "host": request.host, "route": ",".join(request.access_route)}


@app.post("/upload")
async def upload(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}


@app.get("/metrics")
async def metrics() -> str:
    return "secret"


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)


@app.get("/events")
async def events() -> EventStream[str]:
    yield "first"
    await asyncio.sleep(3600)
"""


def block(page: str, start: str) -> str:
    """The block of a page that begins with a line."""
    text = (HOWTO / page).read_text(encoding="utf-8")
    found = re.search(rf"^```{re.escape(start)}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert found, f"{page} has no block ```{start}"
    return found[1]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


# --- proxies ---------------------------------------------------------------------------------------------------------


class Proxy:
    """A proxy in front of the app, reached over TLS."""

    def __init__(self, port: int, plain: int, trusting: ssl.SSLContext) -> None:
        self.port = port
        self.plain = plain
        self.trusting = trusting

    def connect(self) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        return self.trusting.wrap_socket(raw, server_hostname=HOST)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(HOST)
        connection.sock = self.connect()
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()


@contextlib.contextmanager
def nginx(folder: Path, app: int, port: int, plain: int) -> Iterator[None]:
    """nginx with the configuration of the page; only its ports and certificate are ours."""
    conf = block("proxies.md", "nginx")
    for old, new in (
        ("127.0.0.1:8000", f"127.0.0.1:{app}"),
        ("listen 443 ssl http2", f"listen 127.0.0.1:{port} ssl http2"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("/etc/ssl/shop.pem", f"{folder}/pem"),
        ("/etc/ssl/shop.key", f"{folder}/pem"),
    ):
        assert old in conf
        conf = conf.replace(old, new)
    (folder / "shop.conf").write_text(conf)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{ access_log off; {paths} include {folder}/shop.conf; }}\n"
    )
    program = shutil.which("nginx") or "nginx"
    words = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    tried = subprocess.run([*words, "-t"], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr, tried.stderr
    with running(words, port, {}):
        yield


@contextlib.contextmanager
def caddy(folder: Path, app: int, port: int, plain: int) -> Iterator[None]:
    """Caddy with the Caddyfile of the page; only its ports and certificate are ours."""
    text = block("proxies.md", 'text title="Caddyfile"')
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    (folder / "as-it-is").write_text(text)
    adapted = subprocess.run(
        ["caddy", "adapt", "--adapter", "caddyfile", "--config", str(folder / "as-it-is")],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert adapted.returncode == 0, adapted.stderr
    assert json.loads(adapted.stdout)["apps"]["http"]["servers"]
    assert "warn" not in adapted.stderr.lower(), adapted.stderr
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{app}")
    text = text.replace(
        f"{HOST} {{", f"https://{HOST}:{port} {{\n    tls {folder}/chain {folder}/key\n    bind 127.0.0.1", 1
    )
    (folder / "Caddyfile").write_text(
        f"{{\n    admin off\n    http_port {plain}\n    https_port {port}\n}}\n{text}"
    )
    with running(
        ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], port, environment
    ):
        yield


@contextlib.contextmanager
def running(words: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        words, env=environment or None, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

    def listens() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        assert process.poll() is None, process.communicate()[0]
        return False

    try:
        until(listens, words[0])
        yield
    finally:
        process.terminate()
        process.communicate(timeout=10)


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.requires(name)) for name in PROXIES],
)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is absent")  # fixtures of a module are made before marks are looked at
    folder = tmp_path_factory.mktemp(request.param)
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "pem"))
    certificate.private_key_pem.write_to_path(str(folder / "key"))
    certificate.cert_chain_pems[0].write_to_path(str(folder / "chain"))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    (folder / "app.py").write_text(APP)
    port, plain = free_port(), free_port()
    with segue("serve", "--port", "0", cwd=folder) as server:
        server.ready()
        with PROXIES[request.param](folder, server.port, port, plain):
            yield Proxy(port, plain, trusting)


def test_the_app_knows_its_clients_and_nobody_can_claim_to_be_another(proxy: Proxy) -> None:
    forged = {"x_forwarded_for": "6.6.6.6", "x_forwarded_proto": "gopher", "x_forwarded_host": "evil.example"}
    _, headers, body = proxy.ask("GET", "/who", **forged, forwarded="for=6.6.6.6", x_request_id="forged")
    told = json.loads(body)
    assert told["client"] == "127.0.0.1"
    assert told["scheme"] == "https"
    assert told["host"].partition(":")[0] == HOST
    assert "6.6.6.6" not in told["route"]
    assert headers["x-request-id"] not in ("forged", None)


def test_websockets_and_events_pass_at_once(proxy: Proxy) -> None:
    with connect_websocket(
        f"wss://{HOST}/echo", sock=socket.create_connection(("127.0.0.1", proxy.port)), ssl=proxy.trusting
    ) as websocket:
        websocket.send("round trip")
        assert websocket.recv(PATIENCE) == "round trip"
    with proxy.connect() as sock:
        sock.sendall(f"GET /events HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        received = b""
        while b"first" not in received:  # the stream goes on for an hour
            data = sock.recv(4096)
            assert data, received
            received += data
    assert received.startswith(b"HTTP/1.1 200 ")


def test_uploads_pass_and_metrics_do_not(proxy: Proxy) -> None:
    assert json.loads(proxy.ask("POST", "/upload", b"x" * 500_000)[2]) == {"bytes": 500_000}
    assert proxy.ask("GET", "/metrics")[0] == 404


def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain, timeout=PATIENCE)
    connection.request("GET", "/who?a=1", headers={"host": HOST})
    reply = connection.getresponse()
    assert reply.status in (301, 308)
    assert (reply.getheader("location") or "").startswith(f"https://{HOST}")
    connection.close()


# --- what `segue new` brings -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    done = subprocess.run(
        [sys.executable, "-m", "segue", "new", "shop", "--api"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "shop"


def command_of(folder: Path) -> Path:
    """A folder with the command `segue`, as an installation has it."""
    (folder / "bin").mkdir(exist_ok=True)
    command = folder / "bin" / "segue"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m segue "$@"\n')
    command.chmod(0o755)
    (folder / "bin" / "python").unlink(missing_ok=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder / "bin"


def test_the_dockerfile_makes_what_serves_and_is_healthy(project: Path, tmp_path: Path) -> None:
    """Its steps but for those of the system (the user, the packages of an index), as commands."""
    steps = re.findall(r"^([A-Z]+) (.*)$", (project / "Dockerfile").read_text(), re.MULTILINE)
    assert [word for word, _ in steps if word in ("FROM", "USER", "CMD", "HEALTHCHECK")] == [
        "FROM",
        "USER",
        "CMD",
        "HEALTHCHECK",
    ]
    image = tmp_path / "image"
    ignored = shutil.ignore_patterns(*(project / ".dockerignore").read_text().split(), "__pycache__")
    shutil.copytree(project, image, ignore=ignored)
    assert not (image / ".env").exists()
    port = free_port()
    said = dict(step.split("=", 1) for word, step in steps if word == "ENV")
    environment = {
        "PATH": f"{command_of(tmp_path)}:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE_URL": said["DATABASE_URL"].replace("/data/", f"{tmp_path}/"),
        "SECURITY_KEY": "4Fz-0qLx8N2bY7cR1vKjH6sWtU3mPdGeAaXoQyZiJ5lB9nEhTfVwOk",
        "SECURITY_HOSTS": "localhost",
    }
    command = json.loads(next(step for word, step in steps if word == "CMD"))
    exposed = next(step for word, step in steps if word == "EXPOSE")
    assert exposed == "8000"
    assert command[:2] == ["sh", "-c"]
    process = subprocess.Popen(
        [*command[:2], command[2] + f" --port {port}"],
        cwd=image,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        health = json.loads(next(step for word, step in steps if word == "HEALTHCHECK").removeprefix("CMD "))
        health[-1] = health[-1].replace(":8000", f":{port}")

        def healthy() -> bool:
            assert process.poll() is None, process.communicate()[0]
            return subprocess.run(health, env=environment, capture_output=True).returncode == 0

        until(healthy, "a healthy container", 60)
        assert (tmp_path / "app.db").is_file()
    finally:
        process.terminate()  # what `docker stop` sends, to the process that CMD has become
        told = process.communicate(timeout=40)[0]
    assert process.returncode == 0, told


def test_compose_knows_what_the_app_needs(project: Path) -> None:
    services = yaml.safe_load((project / "compose.yaml").read_text())["services"]
    app = services["app"]
    assert app["ports"] == ["8000:8000"]
    assert set(app["depends_on"]) <= set(services)
    assert {"DATABASE_URL", "SECURITY_KEY", "SECURITY_HOSTS"} <= app["environment"].keys()


@pytest.mark.requires("systemd-analyze")
def test_systemd_takes_the_units(project: Path, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.symlink_to(sys.executable)
    shown = block("by-ssh.md", "ini")
    (tmp_path / "deployed.service").write_text(shown.replace("/usr/bin/python3", str(python)))
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(command_of(tmp_path))
    for kind in ("service", "socket"):
        text = (project / "deploy" / f"shop.{kind}").read_text()
        (tmp_path / f"shop.{kind}").write_text(text.replace("/srv/shop", str(tmp_path)))
    for unit in ("shop.service", "shop.socket", "deployed.service"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert str(tmp_path) not in done.stderr, done.stderr  # nothing to say about ours


@pytest.mark.parametrize(
    ("text", "key"), [("by-ssh.md", "ExecStart"), ("by-ssh.md", "ExecReload"), ("project", "ExecStart")]
)
def test_the_commands_of_units_are_those_of_segue(project: Path, text: str, key: str) -> None:
    unit = (project / "deploy" / "shop.service").read_text() if text == "project" else block(text, "ini")
    words = shlex.split(re.search(rf"^{key}=(.*)$", unit, re.MULTILINE)[1])  # type: ignore[index]
    start = next(index for index, word in enumerate(words) if word in main.commands)
    accepted(words[start:])


def accepted(words: list[str]) -> None:
    """Whether the command line is one that Segue takes: it is read, and not run. A bundle knows its app."""
    if words[0] == "serve" and (len(words) == 1 or words[1].startswith("-")):
        words = ["serve", "app:app", *words[1:]]
    command = main.commands[words[0]]
    command.make_context(words[0], words[1:])


# --- Kubernetes ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    found = list(yaml.safe_load_all(block("kubernetes.md", "yaml")))
    return {one["kind"]: one for one in found}


def test_the_manifests_fit_together(manifests: dict[str, Any]) -> None:
    spec = manifests["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == manifests["Service"]["spec"]["selector"]
    [container] = spec["template"]["spec"]["containers"]
    [port] = container["ports"]
    assert manifests["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    [rule] = manifests["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifests["Service"]["metadata"]["name"]
    assert backend["port"]["name"] == manifests["Service"]["spec"]["ports"][0]["name"]
    [job] = manifests["Job"]["spec"]["template"]["spec"]["containers"]
    assert job["image"] == container["image"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > pause + ServerConfig().grace
    assert container["args"][container["args"].index("--port") + 1] == str(port["containerPort"])
    accepted([*container["command"][1:], *container["args"]])


def test_the_probes_are_answered_by_a_new_project(
    manifests: dict[str, Any], project: Path, tmp_path: Path
) -> None:
    [container] = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/app.db",
        **{one["name"]: one["value"] for one in container["env"]},
    }
    args = [*container["args"]]
    args[args.index("--port") + 1] = "0"
    args[args.index("--host") + 1] = "127.0.0.1"
    args[args.index("--workers") + 1] = "1"
    with segue(*container["command"][1:], *args, cwd=project, env=environment) as server:
        until(lambda: "serves at" in server.output, "the server")
        for name in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container[name]["httpGet"]
            assert probed(server, probe["path"]) == 200, name
        assert '"path"' in server.output or "/health" in server.output  # the access log is there, as objects


def probed(server: Segue, path: str) -> int:
    """Asked as Kubernetes does: by an address that is no host of the app."""
    port = int(re.search(r"127\.0\.0\.1:([0-9]+)", server.output)[1])  # type: ignore[index]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"host": "10.1.2.3:8000"})
    try:
        return connection.getresponse().status
    finally:
        connection.close()
