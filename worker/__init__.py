"""Where it happens: the Celery app, the beat scheduler, the broker's settings."""
