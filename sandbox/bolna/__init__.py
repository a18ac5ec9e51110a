"""Bolna, pretended: its batch API as its public documents describe it, contradictions included."""
