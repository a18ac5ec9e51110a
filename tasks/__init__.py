"""Celery tasks, ten lines each: they carry ids only, and the thinking is in callbeat.runs."""
