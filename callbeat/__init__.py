"""callbeat: recurring voice-AI call campaigns, each call placed once. Knows neither Celery nor Redis."""

__version__ = "0.1.0"
