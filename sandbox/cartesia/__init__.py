"""Cartesia, pretended: its call batch API as its public documents describe it, contradictions included."""
