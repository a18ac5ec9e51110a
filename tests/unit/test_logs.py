"""One stream and one form: our lines, those of libraries, warnings and exceptions; and nothing secret in any."""

import json
import logging
import sys
import warnings

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from callbeat import logs
from callbeat.settings import AccountSettings, Settings

log = structlog.get_logger("callbeat")
NUMBER = "+12025550123"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Logging as other tests expect it."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(logs, "_mask", logs.Mask())
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("callbeat", *logs.QUIET):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(False)
    structlog.configure(**before)


@pytest.fixture
def told(capsys):
    """Every line so far, each as JSON."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def settle(**wishes):
    logs.settle_logs("worker", Settings(_env_file=None, **wishes))
    return structlog.get_logger("callbeat")


def test_a_line_says_when_what_and_where(told):
    """In this order: it is read by people as well."""
    settle(site="eu").info("batch.created", run="r@20261201T0430Z", why="because", **{"from": "creating"})
    (line,) = told()
    assert list(line) == ["timestamp", "level", "event", "process", "site", "run", "why", "from", "logger"]
    assert (line["level"], line["event"], line["process"], line["site"]) == (
        "info",
        "batch.created",
        "worker",
        "eu",
    )
    assert line["timestamp"].endswith("Z")


def test_lines_of_libraries_and_warnings_have_the_same_form(told):
    """A collector that meets one line of plain text loses it, or stops."""
    settle()
    logging.getLogger("kombu").warning("the broker at %s is away", "127.0.0.1:6379")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("an old way\nof two lines", ResourceWarning, stacklevel=1)
    first, second = told()
    assert (first["event"], first["level"], first["logger"]) == (
        "the broker at 127.0.0.1:6379 is away",
        "warning",
        "kombu",
    )
    assert "an old way\nof two lines" in second["event"]


def test_what_is_bound_stands_in_every_line_also_of_libraries(told):
    """Or a warning of the HTTP client could not be laid to a batch."""
    ours = settle()
    with bound_contextvars(task="poll", run="r@20261201T0430Z", batch="r@20261201T0430Z/1"):
        logging.getLogger("kombu").warning("slow")
        ours.info("batch.note")
    ours.info("after")
    first, second, third = told()
    assert (first["task"], first["run"], first["batch"]) == ("poll", "r@20261201T0430Z", "r@20261201T0430Z/1")
    assert (second["task"], second["run"], second["batch"]) == ("poll", "r@20261201T0430Z", "r@20261201T0430Z/1")
    assert not {"task", "run", "batch"} & set(third)


def test_an_exception_is_one_field_without_local_variables(told):
    """Local variables are where the contacts are."""
    ours = settle()
    try:
        contact = {"secret_of_the_frame": NUMBER}
        raise ValueError(f"cannot call {contact['secret_of_the_frame']}")
    except ValueError:
        ours.exception("task.failed", id=7)
        logging.getLogger("celery").error("it raised", exc_info=True)
    for line in told():
        assert "Traceback" in line["exception"]
        assert "ValueError: cannot call •••" in line["exception"]
        assert NUMBER[1:] not in json.dumps(line)


def test_the_secrets_of_the_settings_are_in_no_line(told):
    """Whichever setting they come from, and whoever repeats them."""
    settle(
        accounts={"eu": AccountSettings(provider="trillet", api_key="a-key-of-eu"), "bolna": AccountSettings()},
        bolna_api_key="a-key-of-bolna",
        redis_url="redis://me:pass%2Fword@10.0.0.1:6379/0",
    )
    for secret in ("a-key-of-eu", "a-key-of-bolna", "pass/word", "pass%2Fword"):
        logging.getLogger("httpx").warning("refused: %s", {"header": secret})
        (line,) = told()
        assert secret not in json.dumps(line)
    logging.getLogger("kombu").error("no connection to 10.0.0.1:6379")
    assert "10.0.0.1:6379" in told()[0]["event"]


@pytest.mark.parametrize(
    ("level", "wanted"),
    [
        ("debug", ["ours 10", "ours 20", "ours 40", "theirs 20", "theirs 40"]),
        ("info", ["ours 20", "ours 40", "theirs 40"]),
        ("warning", ["ours 40", "theirs 40"]),
        ("error", ["ours 40", "theirs 40"]),
    ],
)
def test_the_level_decides_what_is_told(told, level, wanted):
    """Of libraries only what is wrong: theirs are many. What an HTTP client says of its headers never."""
    settle(log_level=level)
    for name, said in (("callbeat", "ours"), ("kombu", "theirs"), ("httpcore", "headers")):
        for least in (10, 20, 40):
            logging.getLogger(name).log(least, "%s %s", said, least)
    assert [line["event"] for line in told() if "headers" not in line["event"]] == wanted
    settle(log_level=level)
    logging.getLogger("httpcore").info("headers")
    assert told() == []


def test_for_people_it_is_a_line_to_read(capsys):
    """No braces, and in no colours where nobody looks."""
    settle(log="console").warning("batch.held", why=f"look for {NUMBER}")
    told = capsys.readouterr().err
    assert "batch.held" in told
    assert "look for •••" in told
    assert "{" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    ("form", "terminal", "json_wanted"),
    [("auto", True, False), ("auto", False, True), ("json", True, True), ("console", False, False)],
)
def test_auto_is_console_on_a_terminal_and_json_elsewhere(monkeypatch, form, terminal, json_wanted):
    """Nobody sets it in a terminal, and nobody should have to in a container."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert logs.as_json(form) is json_wanted


@pytest.mark.parametrize("variables", [{}, {"CALLBEAT_LOG": "xml", "CALLBEAT_LOG_LEVEL": "loud"}])
def test_the_log_comes_up_before_the_settings_do(monkeypatch, tmp_path, told, variables):
    """What is wrong with a setting must be readable, also with those of the log itself."""
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    logs.begin_logs("beat")
    structlog.get_logger("callbeat").error("process.refused", why="CALLBEAT_LOG: …")
    (line,) = told()
    assert (line["event"], line["process"]) == ("process.refused", "beat")
    assert "site" not in line


def test_the_log_comes_up_as_the_environment_or_the_file_says(monkeypatch, tmp_path, capsys):
    """And not only once all settings are read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("CALLBEAT_LOG=json\nCALLBEAT_LOG_LEVEL=error\n")
    monkeypatch.setenv("CALLBEAT_LOG", "CONSOLE")
    logs.begin_logs("beat")
    structlog.get_logger("callbeat").warning("hidden")
    structlog.get_logger("callbeat").error("shown")
    assert "hidden" not in (told := capsys.readouterr().err)
    assert "shown" in told
    assert "{" not in told
