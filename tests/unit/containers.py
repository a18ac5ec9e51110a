"""docker-compose.yml and deploy/kubernetes as they are read, for the tests that hold them."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.unit.variables import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
MANIFESTS = sorted(KUBERNETES.rglob("*.yaml"))
TRIAL = {"sandbox"}  # only where nobody is called
WITH_PODS = ("Deployment", "StatefulSet", "Job")


@lru_cache
def compose(name: str = "docker-compose.yml") -> Any:
    """A Compose file, each variable at its default."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))


def services() -> dict[str, Any]:
    return dict(compose()["services"])


@lru_cache
def documents(path: Path) -> tuple[Any, ...]:
    return tuple(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def every_document() -> list[Any]:
    return [document for path in MANIFESTS for document in documents(path)]


def workloads() -> dict[str, Any]:
    """What has pods, by its name."""
    return {one["metadata"]["name"]: one for one in every_document() if one["kind"] in WITH_PODS}


def container(workload: Any) -> Any:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def command(of: Any) -> list[str]:
    """What a container is told to run: a service of Compose, or a container of Kubernetes."""
    told = of.get("command") or of["args"]
    return told.split() if isinstance(told, str) else list(told)


def bytes_of(size: str) -> int:
    """512m as Compose writes it, 512Mi as Kubernetes does."""
    number, unit = re.fullmatch(r"(\d+)([mg])i?", size.lower()).groups()
    return int(number) * 1024 ** {"m": 2, "g": 3}[unit]
