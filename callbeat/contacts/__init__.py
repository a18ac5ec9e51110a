"""Whom to call: sources, numbers, screening, division into batches."""
