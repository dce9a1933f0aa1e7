"""Clinic-days under a seed: the real engine and store between in-memory sides, with people and faults.

Theory of operation. A `World` holds clock, sides, store and engine. `People` act on the sides, `play` interleaves them
with cycles, passing time, faults and kills, and `judge` says what is wrong in the end. Everything is drawn from one
seed, so a day can be played again exactly.
"""

from calbridge.testing.simulation.day import Day, play
from calbridge.testing.simulation.judge import judge
from calbridge.testing.simulation.world import World

__all__ = ["Day", "World", "judge", "play"]
