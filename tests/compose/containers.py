"""A Compose project of our own for `compose_test.py`: needs only Python and docker, and leaves nothing behind."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IMAGES = Path(__file__).parent / "images"
OURS = ("CALLBEAT_", "COMPOSE_", "BOLNA_", "CARTESIA_", "TRILLET_", "FLOWER_")
FOREIGN = {  # what a service's image lets its own user write to, when it is the official one
    "valkey": ("valkey/valkey:8", "test -w /data"),
    "postgres": ("postgres:17", 'test -w "$PGDATA" && grep -q _FILE "$(command -v docker-entrypoint.sh)"'),
}
Ended = subprocess.CompletedProcess[str]


class Failed(Exception):
    """What is not as it should be."""


class Project:
    """Containers, volumes, images and ports that are nobody else's."""

    def __init__(self, compose: list[str], config: Path) -> None:
        self.name = f"callbeat-compose-test-{os.getpid()}"
        self.images = [self.name]
        flower, sandbox = free_ports(2)
        self._command = [*compose, "--env-file", "docker-compose.sandbox.env", "--project-name", self.name]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | {
            "CALLBEAT_IMAGE": self.name,
            "CALLBEAT_CONFIG": str(config),
            "CALLBEAT_FLOWER_PORT": str(flower),
            "CALLBEAT_SANDBOX_PORT": str(sandbox),
        }

    def compose(self, *words: str, timeout: float = 300) -> str:
        return output(self.try_compose(*words, timeout=timeout), words)

    def try_compose(self, *words: str, timeout: float = 300) -> Ended:
        return run([*self._command, *words], timeout, self._environment)

    def callbeat(self, *words: str) -> Any:
        """A command in a worker, its answer as JSON."""
        return json.loads(self.compose("exec", "-T", "worker", "callbeat", *words, "--format", "json"))

    def ids(self, service: str) -> list[str]:
        """The containers of a service, the first one first."""
        labels = [f"label=com.docker.compose.{name}" for name in (f"project={self.name}", f"service={service}")]
        ids = docker("ps", "--all", "--quiet", *(word for label in labels for word in ("--filter", label))).split()
        return sorted(ids, key=lambda one: inspect(one)["Name"])

    def stand_in(self, service: str) -> bool:
        """Where the image of that name here is not the official one: one that keeps what that one promises."""
        base, promise = FOREIGN[service]
        kept = run(["docker", "run", "--rm", "--user", service, "--entrypoint", "sh", base, "-c", promise], 300)
        if kept.returncode == 0:
            return False
        image = f"{self.name}-{service}"
        words = ("--build-arg", f"BASE={base}", "--file", str(IMAGES / f"{service}.Dockerfile"), str(IMAGES))
        self.images.append(image)
        output(run(["docker", "build", "--quiet", "--tag", image, *words], 300), ("docker build", image))
        self._environment[f"CALLBEAT_{service.upper()}_IMAGE"] = image
        return True

    def told(self, services: Iterable[str]) -> str:
        """The last words of each service."""
        asked = (("ps",), *(("logs", "--no-color", "--tail=40", service) for service in services))
        ended = {words[-1]: self.try_compose(*words) for words in asked}
        return "".join(f"--- {name}\n{one.stdout}{one.stderr}" for name, one in ended.items())

    def remove(self) -> list[str]:
        """Take down what is ours. What could not be removed is returned."""
        self.try_compose("down", "--volumes", "--remove-orphans", "--timeout", "20", timeout=300)
        run(["docker", "image", "rm", *self.images], 120)
        mine = f"label=com.docker.compose.project={self.name}"
        kinds = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        left = [line for kind in kinds for line in docker(*kind, "--quiet", "--filter", mine).split()]
        return left + [one for image in self.images for one in docker("image", "ls", "--quiet", image).split()]


def run(argv: list[str], timeout: float, environment: dict[str, str] | None = None) -> Ended:
    try:
        return subprocess.run(argv, cwd=ROOT, env=environment, timeout=timeout, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(argv)}: not done after {timeout:.0f} s") from None


def docker(*words: str) -> str:
    return output(run(["docker", *words], 120), ("docker", *words))


def inspect(container: str) -> Any:
    (told,) = json.loads(docker("inspect", container))
    return told


def output(ended: Ended, words: Iterable[str]) -> str:
    if ended.returncode:
        raise Failed(f"{' '.join(words)}: exit {ended.returncode}: {ended.stderr.strip()[-2000:]}")
    return ended.stdout


def find_compose() -> list[str]:
    """The command for Compose on this machine: the plugin, or the older program."""
    if shutil.which("docker") is None:
        raise Failed("docker is not installed here")
    if run(["docker", "version"], 30).returncode:
        raise Failed("docker is installed here, but no engine answers: start it, or set DOCKER_HOST")
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and run([*command, "version"], 30).returncode == 0:
            return command
    raise Failed("neither `docker compose` nor docker-compose is installed here")


def free_ports(how_many: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(how_many)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
