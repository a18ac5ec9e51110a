"""Pretended voice-AI providers over real HTTP; an outside party that imports nothing of the product."""
