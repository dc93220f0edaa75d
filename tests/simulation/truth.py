"""What really took place, whatever was told of it: the one thing that no log can show."""

from __future__ import annotations

from collections import Counter

from interlock.core.plan import EffectClass
from tests.simulation.broken_rule import BrokenRule


class Truth:
    """Every effect that took place. Says at once when one did that must not."""

    def __init__(self) -> None:
        self._took_place: dict[str, bool] = {}
        self._times: Counter[str] = Counter()
        self.broken: BrokenRule | None = None
        """The first thing that must not have happened: who calls a tool takes what it raises for a failure of it."""

    def knows(self, effect: str) -> bool:
        """Whether an effect has taken place."""
        return self._took_place.get(effect, False)

    def happens(self, effect: str, name: str, effect_class: EffectClass) -> None:
        """An effect takes place. An idempotent one does so once under its id, however often it is called.

        A node's effect is named by its path: it takes place once, whichever attempt it is. A step is named by its id,
        since a new attempt makes it anew.
        """
        is_new = not self.knows(effect)
        self._took_place[effect] = True
        if effect_class == "read" or (effect_class == "idempotent" and not is_new):
            return
        self._times[name] += 1
        if self._times[name] > 1:
            self.broken = self.broken or BrokenRule(5, f"the effect of {name} ({effect_class}) took place twice")
            raise self.broken

    def is_asked_for_anew(self, name: str) -> None:
        """A person has edited what is asked for, and so it is another effect."""
        del self._times[name]
