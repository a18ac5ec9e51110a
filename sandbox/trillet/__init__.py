"""Trillet, pretended: its batch-call API as its public documents describe it, contradictions included."""
