"""The texts by which runs and batches are named, here and at the providers."""

from datetime import datetime

from callbeat.providers.port import BatchSeen


def due_text(due_at: datetime) -> str:
    """`20261201T0430Z`."""
    return f"{due_at:%Y%m%dT%H%MZ}"


def run_key(campaign: str, due_at: datetime, manual: int) -> str:
    """`renewal-reminders@20261201T0430Z`, or `renewal-reminders+manual-3`."""
    return f"{campaign}+manual-{manual}" if manual else f"{campaign}@{due_text(due_at)}"


def label(site: str, campaign: str, due_at: datetime, manual: int, n: int) -> str:
    """`cb-<site>-<campaign>-<due>-<n>`. A site has no dash, so no two batches share a label."""
    by_hand = f"manual-{manual}-" if manual else ""
    return f"cb-{site}-{campaign}-{by_hand}{due_text(due_at)}-{n}"


def bears(seen: BatchSeen, label_text: str) -> bool:
    """Whether a provider's batch bears exactly this label (as a file name it ends in .csv)."""
    return seen.label in {label_text, f"{label_text}.csv"}
