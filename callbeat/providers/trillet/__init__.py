"""Trillet: its rules, its words, its API."""
