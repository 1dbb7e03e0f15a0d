"""Promotion by hand: a person overrides the gate, and says why."""

from dataclasses import dataclass

from experiments.registry import (
    CHAMPION,
    Registered,
    champion,
    load_forecaster,
    refuse_mixed_events,
    registered,
)
from experiments.store import Store, model_name
from features.errors import InputError
from features.places.regions import Level

LONGEST_REASON = 5000
"""No store of MLflow keeps a longer tag for certain [characters]."""


@dataclass(frozen=True)
class Promoted:
    """The version that is champion now, and the one that was before (None: there was none)."""

    model: Registered
    previous: Registered | None

    @property
    def is_new(self) -> bool:
        """Has anything changed?"""
        return self.previous is None or self.previous.version != self.model.version


def promote(store: Store, level: Level, version: int, reason: str, *, by: str) -> Promoted:
    """Name a version champion of its level, and keep why and by what means as its tags.

    A version that is champion already stays as it is. Raises InputError for a reason that is empty
    or too long, and ModelError for a version that is not there, that learned from other events than
    the rest of the store, or that cannot be loaded.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InputError(
            f"a promotion needs a reason of 1 to {LONGEST_REASON:,} characters: say why the gate "
            "is overridden"
        )
    model = registered(store, level, version)
    refuse_mixed_events(store, model)
    load_forecaster(store, model)
    previous = champion(store, level)
    promoted = Promoted(model, previous)
    if promoted.is_new:
        # The alias comes last: whatever breaks, no champion is without its reason.
        tags = {
            "promoted_reason": reason,
            "promoted_by": by,
            "previous_champion": "none" if previous is None else previous.label,
        }
        client, name = store.client(), model_name(level)
        for key, value in tags.items():
            client.set_model_version_tag(name, str(version), key, value)
        client.set_registered_model_alias(name, CHAMPION, str(version))
    return promoted
