"""`make compose-test`: docker-compose.yml for real, with the sandbox, until runs have finished.

What dies comes back, four workers share the work, and nobody is dialled twice. It says what it saw, and when.
"""

import json
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from containers import ROOT, Failed, Project, docker, find_compose, inspect, run

SECRETS = ROOT / "deploy" / "compose" / "sandbox-secrets"
LONGEST = 45 * 60  # seconds, whatever happens
STAY = {"valkey": 1, "postgres": 1, "sandbox": 1, "beat": 2, "worker": 1, "flower": 1, "dashboard": 1}
WORKERS = 4
FINAL = ("finished", "failed", "cancelled", "skipped", "missed")
EARLY, LATE = ("early-trillet", "early-cartesia"), tuple(f"late-{n}" for n in range(1, 5))
NUMBERS = {name: [f"+1202555{100 + 3 * n + k:04}" for k in range(3)] for n, name in enumerate((*EARLY, *LATE))}
BUSY = "+12025550168"  # at the sandbox
NUMBERS[EARLY[0]].append(BUSY)
CAMPAIGN = """\
name: {name}
provider: {provider}
agent: {agent}
schedule: {{cron: "0 3 {day} {month} *", timezone: UTC}}
contacts: {{source: contacts/{name}.csv, phone: number}}
hours: any
{more}
"""
AT = {
    "trillet": {"agent": "64f0c2a1b7d94e3f9a1c5d20", "more": ""},
    "cartesia": {"agent": "agent_7b1e44c052a64a0c", "more": "from_numbers: [pn_frontdesk]"},
}
A_REAL_ACCOUNT = "CALLBEAT_ACCOUNTS__TRILLET__BASE_URL=https://trillet.invalid"
DIALS = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8700/_sandbox/dials').read().decode())"
BEGAN = time.monotonic()


def say(words: str) -> None:
    """A step, and when."""
    sys.stdout.write(f"{time.monotonic() - BEGAN:5.0f} s  {words}\n")
    sys.stdout.flush()


def expect(fact: bool, words: str) -> None:
    if not fact:
        raise Failed(f"not so: {words}")
    say(words)


def state(container: str) -> str:
    told = inspect(container)["State"]
    return " ".join([told["Status"], *([told["Health"]["Status"]] if "Health" in told else [])])


def wait_for(wanted: str, containers: list[str], words: str, seconds: float = 600) -> None:
    end = time.monotonic() + seconds
    while (states := [state(one) for one in containers]) != [wanted] * len(containers):
        if time.monotonic() > end:
            raise Failed(f"after {seconds:.0f} s, not so: {words}, but {states}")
        time.sleep(2)
    say(words)


def wait_for_health(project: Project, service: str, how_many: int) -> None:
    found = project.ids(service)
    expect(len(found) == how_many, f"{service}: {how_many} of it")
    wait_for("running healthy", found, f"{service} is healthy")


@contextmanager
def a_config() -> Iterator[Path]:
    """Campaigns that the user in the container can read; due next week, so that only a hand starts them."""
    with tempfile.TemporaryDirectory(prefix="callbeat-compose-") as name:
        config, due = Path(name), datetime.now(UTC) + timedelta(days=7)
        for folder in ("campaigns", "contacts"):
            (config / folder).mkdir()
        for campaign, numbers in NUMBERS.items():
            provider = "cartesia" if "cartesia" in campaign else "trillet"
            words = {"name": campaign, "provider": provider, "day": due.day, "month": due.month, **AT[provider]}
            (config / "campaigns" / f"{campaign}.yaml").write_text(CAMPAIGN.format(**words))
            (config / "contacts" / f"{campaign}.csv").write_text("\n".join(["number", *numbers, ""]))
        for path in (config, *config.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield config


def build(project: Project) -> None:
    for service in ("valkey", "postgres"):
        if project.stand_in(service):
            say(f"{service}: the image here is not the official one; it is made to keep what that promises")
    project.compose("build", "worker", timeout=1200)  # all of ours run the same image
    size = int(docker("image", "inspect", "--format", "{{.Size}}", project.name))
    say(f"the image is built: {size / 1e6:.0f} MB with its base")


def start(project: Project) -> None:
    project.compose("up", "-d", timeout=600)
    say("started, without any key")
    (migrate,) = project.ids("migrate")
    told = inspect(migrate)["State"]
    expect((told["Status"], told["ExitCode"]) == ("exited", 0), "migrate has made the tables, and ended")
    for service, how_many in STAY.items():
        wait_for_health(project, service, how_many)


def check_rights(project: Project) -> None:
    """Of each container as the engine has it, not as the file says it."""
    for service in (*STAY, "migrate"):
        for container in project.ids(service):
            told = inspect(container)
            host = told["HostConfig"]
            limits = (host["Memory"], host["NanoCpus"], host["PidsLimit"])
            closed = host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and not host["CapAdd"]
            if not (closed and all(limits) and "no-new-privileges:true" in host["SecurityOpt"]):
                raise Failed(f"{service} has more rights than it should: {host}")
            if told["Config"]["User"] in ("", "0", "root"):
                raise Failed(f"{service} runs as root")
            if (SECRETS / "postgres_password").read_text().strip() in json.dumps(told["Config"]):
                raise Failed(f"{service} has the password where `docker inspect` tells it")
    say("none runs as root; all are read-only, without capabilities, limited in memory, processors and processes")
    (valkey,) = project.ids("valkey")
    asked = docker("exec", valkey, "valkey-cli", "config", "get", "maxmemory-policy").split()
    expect(asked[1:] == ["noeviction"], "Valkey throws nothing away")


def signal_all(container: str, name: str) -> None:
    """To all processes but the first, from inside: what `docker kill` ends stays down, as a person's word."""
    run(["docker", "exec", container, "sh", "-c", f"kill -s {name} -- -1"], 120)  # it may be ended with them


def kill_one(project: Project, service: str) -> None:
    victim = project.ids(service)[-1]
    before = inspect(victim)["State"]["StartedAt"]
    signal_all(victim, "KILL")
    say(f"a {service} was killed")
    end = time.monotonic() + 120
    while inspect(victim)["State"]["StartedAt"] == before:
        if time.monotonic() > end:
            raise Failed(f"the {service} that was killed does not come back: {state(victim)}")
        time.sleep(1)
    wait_for("running healthy", [victim], f"it came back by itself, and is healthy: {service}")


def freeze_a_beat(project: Project) -> None:
    """The other one goes on writing heartbeats, and must not hide it."""
    one, other = project.ids("beat")
    signal_all(one, "STOP")
    say("a beat hangs")
    wait_for("running unhealthy", [one], "the beat that hangs is unhealthy")
    expect(state(other) == "running healthy", "the other beat is healthy")
    signal_all(one, "CONT")
    wait_for("running healthy", [one], "it goes on, and is healthy")


def scale(project: Project) -> None:
    project.compose("up", "-d", "--no-recreate", "--no-deps", "--scale", f"worker={WORKERS}", "worker")
    wait_for_health(project, "worker", WORKERS)


def wait_for_work(project: Project, seconds: float = 300) -> None:
    """Until each worker has done something, as they themselves tell."""
    end = time.monotonic() + seconds
    while len(done := tasks_done(project)) != WORKERS or not all(done.values()):
        if time.monotonic() > end:
            raise Failed(f"not each of the {WORKERS} workers has done something: {done}")
        time.sleep(10)
    say("each worker works: " + ", ".join(f"{name} {n} tasks" for name, n in sorted(done.items())))


def tasks_done(project: Project) -> dict[str, int]:
    asked = ("python", "-m", "celery", "-A", "worker.app", "inspect", "--json", "--timeout", "10", "stats")
    ended = project.try_compose("exec", "-T", "worker", *asked)
    told = json.loads(ended.stdout) if ended.returncode == 0 else {}
    return {name.partition("@")[0]: sum(stats["total"].values()) for name, stats in told.items()}


def begin(project: Project, campaigns: tuple[str, ...]) -> None:
    each = " && ".join(f"callbeat run {campaign} --yes --format json" for campaign in campaigns)
    told = project.compose("exec", "-T", "worker", "sh", "-c", each, timeout=600)
    say("made " + ", ".join(re.findall(r'"run": "([^"]+)"', told)))


def follow(project: Project, seconds: float) -> list[dict[str, Any]]:
    """Tell each step of the runs until all are over, or one needs somebody."""
    told, end = "", time.monotonic() + seconds
    while time.monotonic() < end:
        found = project.callbeat("runs")
        now = ", ".join(f"{n} {what}" for what, n in sorted(Counter(one["state"] for one in found).items()))
        if now != told:
            say(f"runs: {now}")
        told = now
        if all(one["state"] in FINAL for one in found) or any(one["needs_attention"] for one in found):
            return list(found)
        time.sleep(10)
    raise Failed(f"not over after {seconds:.0f} s: {told}")


def check_runs(project: Project) -> None:
    over = follow(project, seconds=1200)
    expect(sorted(one["campaign"] for one in over) == sorted(NUMBERS), f"{len(over)} runs, one of each campaign")
    expect({one["state"] for one in over} == {"finished"}, "all runs finished")
    outcomes = sum((Counter(one["outcomes"]) for one in over), Counter[str]())
    contacts = [number for numbers in NUMBERS.values() for number in numbers]
    told = (outcomes["answered"], outcomes["busy"], outcomes.total())
    expect(told == (len(contacts) - 1, 1, len(contacts)), f"{len(contacts)} contacts: all answered but one, busy")
    dials = json.loads(project.compose("exec", "-T", "sandbox", "python", "-c", DIALS))
    once = Counter(dial["number"] for dial in dials) == Counter(contacts)
    expect(once, f"the sandbox's own account: {len(dials)} dials, each contact once")


def check_world(project: Project) -> None:
    """The trial's ledger must not be taken on by accounts that reach real people."""
    command = ("callbeat", "run", LATE[0], "--yes")
    ended = project.try_compose("exec", "-T", "-e", A_REAL_ACCOUNT, "worker", *command)
    expect(ended.returncode == 1 and "trial" in ended.stderr, "the trial's ledger refuses a real account")


def check_backup(project: Project) -> None:
    """As docs/compose.md has it."""
    asked = ("pg_dump", "--username=callbeat", "--dbname=callbeat", "--table=runs", "--data-only", "--inserts")
    dump = project.compose("exec", "-T", "postgres", *asked)
    expect(dump.count("INSERT INTO") == len(NUMBERS), "pg_dump has every run")


def check(project: Project) -> None:
    """The promise of docs/compose.md, step by step."""
    build(project)
    start(project)
    check_rights(project)
    begin(project, EARLY)
    kill_one(project, "worker")
    kill_one(project, "beat")
    scale(project)
    begin(project, LATE)
    wait_for_work(project)
    freeze_a_beat(project)
    check_runs(project)
    check_world(project)
    check_backup(project)


def too_long(*_: object) -> NoReturn:
    raise Failed(f"not over after {LONGEST} s")


def main() -> int:
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST)
    try:
        compose = find_compose()
    except Failed as why:
        sys.stderr.write(f"compose-test: {why}\n")
        return 1
    with a_config() as config:
        return tried(Project(compose, config), " ".join(compose))


def tried(project: Project, compose: str) -> int:
    """The exit code; nothing of it is left, however it ended."""
    code = 1
    say(f"{compose}, project {project.name}")
    try:
        check(project)
        code = 0
    except Failed as why:
        sys.stderr.write(f"compose-test: {why}\n")
        sys.stderr.write(project.told((*STAY, "migrate")))
    except KeyboardInterrupt:
        sys.stderr.write("compose-test: interrupted\n")
    finally:
        signal.alarm(0)
        left = project.remove()
    say("everything is taken down" if not left else f"could not be removed: {' '.join(left)}")
    say("passed" if code == 0 and not left else "FAILED")
    return 1 if left else code


if __name__ == "__main__":
    raise SystemExit(main())
