"""Cartesia: its rules, its words, its API."""
