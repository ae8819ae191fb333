"""Instances drawn like those that are measured."""

import pytest

from bench import jcs
from bench.drawn import KINDS, instance_of


@pytest.mark.parametrize("name", ["S-loose", "S-tight", "M-loose", "M-tight"])
def test_the_same_seed_draws_the_same_term_where_every_session_has_places(name: str) -> None:
    drawn = instance_of(name, seed=3)
    assert drawn == instance_of(name, seed=3) != instance_of(name, seed=4)
    activities = jcs.state(drawn).activities
    assert len(activities) == KINDS[name].sessions
    assert all(activity.places for activity in activities)


def test_a_tight_term_leaves_four_times_as_many_places_as_a_loose_one() -> None:
    per_session = {
        name: len(jcs.state(instance_of(name, seed=3)).places) / KINDS[name].sessions
        for name in ("M-loose", "M-tight")
    }
    assert 3 <= per_session["M-loose"] <= 6
    assert 15 <= per_session["M-tight"] <= 25
