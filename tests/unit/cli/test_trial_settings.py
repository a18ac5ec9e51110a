"""What a trial lends its processes: nothing of it reaches anybody whom only the settings name."""

from callbeat.settings import load_settings
from cli.station import Plan, _sandbox_settings


def test_a_trial_tells_nobody_whom_the_settings_name(tmp_path, monkeypatch):
    """The pager of the real installation stands in the same .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLBEAT_NOTIFY__URL", "https://hooks.example.com/pager")
    monkeypatch.setenv("CALLBEAT_NOTIFY__EMAIL", "ops@example.com")
    lent = _sandbox_settings(Plan(load_settings(), {}, sandbox_port=1))
    for name, value in lent.items():
        monkeypatch.setenv(name, value)
    found = load_settings()
    assert (found.notify.url, found.notify.emails) == (None, ())
    assert _sandbox_settings(Plan(found, {})) == {}
