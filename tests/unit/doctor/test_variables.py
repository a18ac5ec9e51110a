"""What is said of the settings themselves: whom they limit calls to, and who may read the file with the keys."""

from pathlib import Path

import pytest

from callbeat.clock import Clock
from callbeat.doctor.notices import Told
from callbeat.doctor.subject import Subject
from callbeat.doctor.variables import check_settings, open_env_file
from callbeat.settings import Settings


@pytest.mark.parametrize(
    ("mode", "text", "expected"),
    [
        (0o600, "BOLNA_API_KEY=bn-1\n", []),
        (0o640, "BOLNA_API_KEY=bn-1\n", []),
        (0o644, "BOLNA_API_KEY=bn-1\n", ["chmod 640"]),
        (0o666, "CALLBEAT_REDIS_URL=redis://:p@h\n", ["chmod 660"]),
        (0o644, "CALLBEAT_SITE=main\n", []),
    ],
)
def test_an_env_file_with_keys_that_anybody_may_read_is_told(tmp_path, mode, text, expected):
    """An editor makes files readable for all; a file without a key may be."""
    file = tmp_path / ".env"
    file.write_text(text)
    file.chmod(mode)
    told = list(open_env_file(file))
    assert [one.fix for one in told] == [f"{fix} {file}" for fix in expected]
    assert [one.level for one in told] == ["warning"] * len(expected)


def test_where_there_is_no_env_file_nothing_is_said(tmp_path):
    """Many have none."""
    assert list(open_env_file(tmp_path / ".env")) == []


def test_a_trial_that_calls_only_a_few_numbers_says_so(monkeypatch, tmp_path):
    """Forgotten in a real installation, it excludes everybody else in silence."""
    monkeypatch.chdir(tmp_path)
    plain = Settings(_env_file=None, home=Path("var"))
    limited = Settings(_env_file=None, home=Path("var"), allow_numbers="+12025550101,+442079460101")
    told = [next(_well(settings)) for settings in (plain, limited)]
    assert ["nobody but 2 numbers" in words for words in told] == [False, True]
    assert "2025550101" not in told[1]


def _well(settings):
    notices = check_settings(Subject(settings, Clock(), (), "somebody"))
    return (one.words for one in notices if isinstance(one, Told))
