"""`make compose-test`: docker-compose.yml for real, with the sandbox: image, health, one run until it has finished.

Needs nothing but Python and docker. It has a project, an image, ports and campaigns of its own, and leaves nothing.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SERVICES = ("valkey", "sandbox", "beat", "worker", "flower")
NUMBERS = ("+12025550120", "+12025550121", "+12025550122", "+12025550168")  # the last is busy at the sandbox
OURS = ("CALLBEAT_", "COMPOSE_", "BOLNA_", "CARTESIA_", "TRILLET_")
Ended = subprocess.CompletedProcess[str]
FINAL = ("finished", "failed", "cancelled", "skipped", "missed")
CAMPAIGN = """\
name: compose-check
provider: trillet
agent: 64f0c2a1b7d94e3f9a1c5d20
schedule: {{cron: "0 3 {day} {month} *", timezone: UTC}}
contacts: {{source: contacts/lines.csv}}
hours: any
"""
A_REAL_ACCOUNT = "CALLBEAT_ACCOUNTS__TRILLET__BASE_URL=https://trillet.invalid"
STATES = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"


class Failed(Exception):
    """What is not as it should be."""


class Project:
    """A Compose project of our own."""

    def __init__(self, compose: list[str], config: Path) -> None:
        self.name = f"callbeat-compose-test-{os.getpid()}"
        flower, sandbox = free_ports(2)
        self._command = [*compose, "--env-file", "docker-compose.sandbox.env", "--project-name", self.name]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | {
            "CALLBEAT_IMAGE": self.name,
            "CALLBEAT_CONFIG": str(config),
            "CALLBEAT_FLOWER_PORT": str(flower),
            "CALLBEAT_SANDBOX_PORT": str(sandbox),
        }

    def compose(self, *words: str, timeout: float = 120) -> str:
        return output(self.try_compose(*words, timeout=timeout), words)

    def try_compose(self, *words: str, timeout: float = 120) -> Ended:
        return run([*self._command, *words], timeout, self._environment)

    def callbeat(self, *words: str) -> Any:
        """A command in a worker, its answer as JSON."""
        return json.loads(self.compose("exec", "-T", "worker", "callbeat", *words, "--format", "json"))

    def states(self, service: str) -> list[str]:
        """Of each container of a service: is it up, and in good health?"""
        labels = [f"label=com.docker.compose.{name}" for name in (f"project={self.name}", f"service={service}")]
        ids = docker("ps", "--all", "--quiet", *(word for label in labels for word in ("--filter", label)))
        return [docker("inspect", "--format", STATES, one).strip() for one in ids.split()]

    def remove(self) -> list[str]:
        """Take down what is ours. What could not be removed is returned."""
        self.try_compose("down", "--volumes", "--remove-orphans", "--timeout", "20", timeout=180)
        run(["docker", "image", "rm", self.name], 60)
        mine = f"label=com.docker.compose.project={self.name}"
        kinds = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
        left = [line for kind in kinds for line in docker(*kind, "--quiet", "--filter", mine).split()]
        return left + docker("image", "ls", "--quiet", self.name).split()


def run(argv: list[str], timeout: float, environment: dict[str, str] | None = None) -> Ended:
    try:
        return subprocess.run(argv, cwd=ROOT, env=environment, timeout=timeout, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(argv)}: not done after {timeout:.0f} s") from None


def docker(*words: str) -> str:
    return output(run(["docker", *words], 60), ("docker", *words))


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


BEGAN = time.monotonic()


def say(words: str) -> None:
    """A step, and when."""
    sys.stdout.write(f"{time.monotonic() - BEGAN:5.0f} s  {words}\n")
    sys.stdout.flush()


def expect(fact: bool, words: str) -> None:
    if not fact:
        raise Failed(f"not so: {words}")
    say(words)


def wait_for_health(project: Project, service: str, how_many: int = 1, seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while (states := project.states(service)) != ["running healthy"] * how_many:
        if time.monotonic() > end:
            raise Failed(f"after {seconds:.0f} s {service} is {states}")
        time.sleep(2)
    say(f"{service} is healthy" + (f", all {how_many}" if how_many > 1 else ""))


@contextmanager
def a_config() -> Iterator[Path]:
    """A campaign that the user in the container can read; due next week, so that only a hand starts it."""
    with tempfile.TemporaryDirectory(prefix="callbeat-compose-") as name:
        config, due = Path(name), datetime.now(UTC) + timedelta(days=7)
        files = {
            "campaigns/compose-check.yaml": CAMPAIGN.format(day=due.day, month=due.month),
            "contacts/lines.csv": "\n".join(["phone_number,line", *(f"{one},check" for one in NUMBERS), ""]),
        }
        for path, text in files.items():
            (config / path).parent.mkdir()
            (config / path).write_text(text)
        for path in (config, *config.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield config


def follow(project: Project, key: str, seconds: float) -> dict[str, Any]:
    """Tell each step of a run until it is over, or needs somebody."""
    told, end = "", time.monotonic() + seconds
    while time.monotonic() < end:
        found = project.callbeat("runs")
        if [one["run"] for one in found] != [key]:
            raise Failed(f"there is more, or less, than one run: {found}")
        (one,) = found
        batches = ", ".join(batch["state"] for batch in one["batches"]) or "no batch yet"
        now = f"the run is {one['state']}, {batches}: {counted(one['outcomes'])}"
        if now != told:
            say(now)
        told = now
        if one["state"] in FINAL or one["needs_attention"]:
            return one
        time.sleep(10)
    raise Failed(f"not over after {seconds:.0f} s: {told}")


def counted(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in outcomes.items() if n) or "no calls yet"


def check(project: Project) -> None:
    """The promise of docs/compose.md, step by step."""
    project.compose("build", "worker", timeout=900)  # all of ours run the same image
    size = int(docker("image", "inspect", "--format", "{{.Size}}", project.name))
    say(f"the image is built: {size / 1e6:.0f} MB with its base")
    project.compose("up", "-d", timeout=300)
    say("started, without any key")
    for service in SERVICES:
        wait_for_health(project, service)
    user = project.compose("exec", "-T", "worker", "id", "-u").strip()
    expect(user == "10001", f"processes run as user {user}")

    key = project.callbeat("run", "compose-check", "--yes")["run"]
    say(f"made {key}")
    project.compose("up", "-d", "--no-recreate", "--scale", "worker=2", "worker")
    wait_for_health(project, "worker", how_many=2)
    project.compose("restart", "beat")
    say("beat was restarted")
    wait_for_health(project, "beat")
    over = follow(project, key, seconds=480)
    expect(over["state"] == "finished", f"the run ended as {over['state']}: {counted(over['outcomes'])}")
    expect(over["outcomes"].get("answered") == 3, "three were answered, and one was busy")
    expect(over["calls"] == len(NUMBERS), f"{over['calls']} calls for {len(NUMBERS)} contacts")
    check_dials(project)
    check_world(project)


def check_dials(project: Project) -> None:
    asked = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8700/_sandbox/dials').read().decode())"
    dials = json.loads(project.compose("exec", "-T", "sandbox", "python", "-c", asked))
    once = Counter(dial["number"] for dial in dials) == Counter(NUMBERS)
    expect(once, f"the sandbox's own account: {len(dials)} dials, each contact once")


def check_world(project: Project) -> None:
    """The trial's ledger must not be taken on by accounts that reach real people."""
    command = ("callbeat", "run", "compose-check", "--yes")
    ended = project.try_compose("exec", "-T", "-e", A_REAL_ACCOUNT, "worker", *command)
    expect(ended.returncode == 1 and "trial" in ended.stderr, "the trial's ledger refuses a real account")


def show_logs(project: Project) -> None:
    for words in (("ps",), *(("logs", "--no-color", "--tail=40", service) for service in SERVICES)):
        ended = project.try_compose(*words)
        sys.stderr.write(f"--- {words[-1]}\n{ended.stdout}{ended.stderr}")


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        compose = find_compose()
    except Failed as why:
        sys.stderr.write(f"compose-test: {why}\n")
        return 1
    code, left = 1, []
    with a_config() as config:
        project = Project(compose, config)
        say(f"{' '.join(compose)}, project {project.name}")
        try:
            check(project)
            code = 0
        except Failed as why:
            show_logs(project)
            sys.stderr.write(f"compose-test: {why}\n")
        except KeyboardInterrupt:
            sys.stderr.write("compose-test: interrupted\n")
        finally:
            left = project.remove()
    say("everything is taken down" if not left else f"could not be removed: {' '.join(left)}")
    say("passed" if code == 0 and not left else "FAILED")
    return 1 if left else code


if __name__ == "__main__":
    raise SystemExit(main())
