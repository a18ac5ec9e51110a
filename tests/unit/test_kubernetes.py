"""deploy/kubernetes fits Kubernetes' own schema, and starts the same as docker-compose.yml does."""

import re
import shlex

import kubernetes_validate
import pytest

import callbeat
from callbeat.settings import Settings
from tests.unit.cli.command_lines import parse
from tests.unit.containers import (
    KUBERNETES,
    MANIFESTS,
    TRIAL,
    bytes_of,
    command,
    container,
    documents,
    every_document,
    services,
    workloads,
)
from tests.unit.variables import ROOT, unknown
from worker.config import configuration

OLDEST, NEWEST = "1.30", kubernetes_validate.latest_version()
KEDA = "ScaledObject"  # a kind of KEDA's own: Kubernetes has no schema for it
OURS = [name for name, workload in workloads().items() if container(workload)["image"].startswith("callbeat:")]

every_workload = pytest.mark.parametrize("workload", workloads().values(), ids=list(workloads()))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_manifest_fits_the_schema(path, version):
    """A misspelt field is left out in silence by a cluster, or refused on a Monday."""
    for document in documents(path):
        if document["kind"] != KEDA:
            kubernetes_validate.validate(document, version, strict=True)
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "callbeat"


def test_a_wrong_field_is_seen():
    """The check itself."""
    wrong = workloads()["beat"] | {"spec": workloads()["beat"]["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_the_same_services_as_in_compose():
    """What runs in one and not in the other is missed by whoever moves."""
    assert set(workloads()) == set(services()) - TRIAL
    for name, workload in workloads().items():
        one, service = container(workload), services()[name]
        assert command(one) == command(service), name
        assert bytes_of(one["resources"]["limits"]["memory"]) == bytes_of(service["mem_limit"]), name
        image = f"callbeat:{callbeat.__version__}" if name in OURS else service["image"]
        assert one["image"] == image
    assert workloads()["beat"]["spec"]["replicas"] == services()["beat"]["scale"]


def test_every_command_is_one_that_there_is():
    """Also those of the probes."""
    for name in OURS:
        one = container(workloads()[name])
        asked = [one[probe]["exec"]["command"] for probe in _probes(one) if "exec" in one[probe]]
        assert all(parse(shlex.join(words)) for words in [one["command"], *asked])


def test_every_variable_is_one_that_is_read():
    """And the settings can be loaded as they stand."""
    assert [name for path in MANIFESTS for name in unknown(path.read_text(encoding="utf-8"))] == []
    (given,) = [one["data"] for one in every_document() if one["kind"] == "ConfigMap"]
    fields = {name.removeprefix("CALLBEAT_").lower(): value for name, value in given.items()}
    fields.pop("secrets_dir")
    loaded = Settings(**fields)
    assert loaded.redis_url.get_secret_value() == services()["worker"]["environment"]["CALLBEAT_REDIS_URL"]


@every_workload
def test_every_pod_has_few_rights(workload):
    """As the namespace demands: a pod that asks for more is refused there."""
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert container(workload)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"cpu", "memory"} <= set(container(workload)["resources"]["requests"])


def test_the_image_runs_as_the_user_that_pods_are_given():
    """By its number: of a name Kubernetes cannot tell that it is not root."""
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name in OURS:
        given = workloads()[name]["spec"]["template"]["spec"]["securityContext"]
        assert (str(given["runAsUser"]), str(given["runAsGroup"])) == user.groups()


def test_what_stays_up_is_looked_after_and_may_end_in_peace():
    """A worker ends its requests first."""
    for name in set(workloads()) - {"migrate"}:
        assert {"readinessProbe", "livenessProbe"} <= set(_probes(container(workloads()[name])))
    grace = workloads()["worker"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace == int(services()["worker"]["stop_grace_period"].removesuffix("s"))
    assert grace >= Settings.model_fields["request_timeout"].default + 15


def test_every_volume_is_there_and_every_name_is_known():
    """A pod that waits for a volume waits without a word in its log."""
    labels = {one["spec"]["template"]["metadata"]["labels"]["app"] for one in workloads().values()}
    for workload in workloads().values():
        pod, claimed = workload["spec"]["template"]["spec"], workload["spec"].get("volumeClaimTemplates", [])
        there = {one["name"] for one in pod.get("volumes", [])} | {one["metadata"]["name"] for one in claimed}
        assert there == {mount["name"] for mount in container(workload)["volumeMounts"]}
        assert workload["spec"]["template"]["metadata"]["labels"]["app"] == workload["metadata"]["name"]
    for one in every_document():
        for selector in re.findall(r"'app': '(\w+)'", str(one)):
            assert selector in labels


def test_the_dashboard_reads_what_a_run_reads():
    """It counts whom a run would call: on the same sources, by the same rules, and changes none of them."""
    worker, dashboard = (
        {mount["mountPath"]: mount.get("readOnly") for mount in container(workloads()[name])["volumeMounts"]}
        for name in ("worker", "dashboard")
    )
    read = {path for path in worker if path.startswith("/app/config/")}
    assert len(read) == 4
    assert all(dashboard.get(path) for path in read)


def test_never_two_versions_on_one_ledger():
    """A rolling update would have both at once."""
    for name in ("beat", "worker"):
        assert workloads()[name]["spec"]["strategy"] == {"type": "Recreate"}


def test_workers_are_counted_by_what_waits_in_every_queue():
    """KEDA's own kind, by its shape: the lists are the queues, and the server is the broker of the settings."""
    (scaled,) = [one for one in every_document() if one["kind"] == KEDA]
    spec, given = scaled["spec"], configuration()
    assert scaled["apiVersion"] == "keda.sh/v1alpha1"
    assert set(spec) <= {
        "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod", "triggers",
    }  # fmt: skip
    assert spec["scaleTargetRef"] == {"name": "worker"}
    assert 0 < spec["minReplicaCount"] <= spec["maxReplicaCount"]
    read = [trigger["metadata"] for trigger in spec["triggers"] if trigger["type"] == "redis"]
    queues = {given["task_default_queue"], *(queue.name for queue in given.get("task_queues", ()))}
    assert queues <= {one["listName"] for one in read}
    assert all(set(one) == {"address", "listName", "listLength"} and int(one["listLength"]) > 0 for one in read)
    assert {one["address"] for one in read} == {"valkey.callbeat.svc:6379"}


def test_the_folder_can_be_applied_as_it_is():
    """`kubectl apply -f` takes every file of it, and none of what is optional."""
    assert [path.suffix for path in KUBERNETES.iterdir() if path.is_file()] == [".yaml"] * 9
    page = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    for path in MANIFESTS:
        assert path.name in page


def _probes(one):
    return [name for name in one if name.endswith("Probe")]
