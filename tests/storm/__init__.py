"""A storm on real processes: see docs/storm.md."""
