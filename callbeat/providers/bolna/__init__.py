"""Bolna: a batch is uploaded, then given a start; nothing dials before that."""
