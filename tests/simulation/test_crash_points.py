"""Killed right before and right after each thing that others can notice: nothing is lost, nothing happens twice."""

import os

import pytest

import tasks.runs
from tests.simulation.crash_points import each_name_once, every_point, play, stall, without_changes
from tests.simulation.scenarios import SCENARIOS

STORIES = [(name, provider) for name, scenario in SCENARIOS.items() for provider in scenario.providers]
PROVIDERS = ["bolna", "cartesia", "trillet"]
PARTS = [("bolna", 0, 3), ("bolna", 1, 3), ("cartesia", 0, 2), ("trillet", 1, 2)]  # make crash-points: all
MANY, FEW = 20, 8
# The sandbox leaves the temporary files of uploads to the collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.mark.parametrize(("provider", "part", "parts"), PARTS)
def test_every_place_in_the_code_survives_a_crash(provider, part, parts):
    """Places are found by running: a new commit, request or message is crashed here without a word from anybody."""
    stories, known = [name for name, of in STORIES if of == provider], set[str]()
    if (
        provider != "bolna"
    ):  # what changes nothing at a provider is the same everywhere; make crash-points has it all
        known = without_changes([point for name in stories for point in play(name, provider).points])
    played = [play(name, provider, each_name_once(known, name, part, parts)) for name in stories]
    crashes, wrong = sum(one.copies for one in played), [wrong for one in played for wrong in one.wrong]
    print(f"{provider}: {sum(len(one.points) for one in played)} points, {crashes} crashes")
    assert not wrong, "\n\n".join(wrong[:3])
    assert crashes > MANY  # a harness that sees no seams would find nothing wrong


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_process_that_sleeps_past_its_lease_before_a_request_does_no_harm(provider):
    """Meanwhile another one has taken over what it was about to do; then it wakes, and sends."""
    known: set[str] = set()
    played = [stall(name, provider, known) for name, of in STORIES if of == provider]
    wrong = [wrong for one in played for wrong in one.wrong]
    assert not wrong, "\n\n".join(wrong[:3])
    assert len(known) > FEW


@pytest.mark.skipif("CRASH_POINTS" not in os.environ, reason="make crash-points")
@pytest.mark.parametrize(("name", "provider"), STORIES)
def test_every_point_of_every_story_survives_a_crash(name, provider):
    """Each single point, restarted at once and after the lease: hours of wall time on two cores."""
    played = play(name, provider, every_point)
    print(f"{name} at {provider}: {len(played.points)} points, {played.copies} crashes")
    assert not played.wrong, "\n\n".join(played.wrong[:3])


def test_every_task_is_reached_by_the_stories():
    """A task that no story reaches would be exempt."""
    left = {name.removeprefix("runs.") for name in vars(tasks.runs) if _is_task(getattr(tasks.runs, name))}
    for name, of in SCENARIOS.items():
        if left:
            reached = [
                point.removeprefix("tick ") for point in play(name, of.providers[-1]).points
            ]  # beat sweeps too
            left -= {point.partition(":")[0].partition(" ")[0] for point in reached}
    assert not left


def _is_task(thing: object) -> bool:
    return hasattr(thing, "apply_async")
