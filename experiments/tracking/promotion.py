"""Champions: what follows the registration of a version, and what a person promotes."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from experiments.tracking.registry import (
    CARD_FILE,
    CHALLENGER,
    CHAMPION,
    Version,
    champion,
    champion_entity,
    documents_of,
    load_forecaster,
    model_version,
    refuse_mixed_events,
)
from experiments.tracking.store import MlflowStore, model_name
from features.errors import InputError
from features.months import parse_month
from features.words import LEVELS, Level

LONGEST_TEXT = 5000
"""The longest tag or description that every store of MLflow keeps [characters]."""


@dataclass(frozen=True)
class Promotion:
    """The present champion, and the one before it (None: there was none)."""

    model: Version
    previous: Version | None

    @property
    def is_new(self) -> bool:
        """Whether the champion changed."""
        return self.previous is None or self.previous.version != self.model.version


def promote_version(
    store: MlflowStore, level: Level, version: int, reason: str, *, by: str
) -> Promotion:
    """Name a version champion of its level unless it is, with the reason and the means as its tags.

    Raises InputError for an empty or too long reason, and ModelError for a version that is not
    there, cannot be loaded, or learned from other events than the rest of the store.
    """
    reason = reason_of(reason)
    model = model_version(store, level, version)
    refuse_mixed_events(store, model)
    load_forecaster(store, model)
    return name_champion(store, model, champion(store, level), reason, by=by)


def reason_of(text: str) -> str:
    """Return the reason of a promotion; raises InputError for an empty or too long one."""
    reason = text.strip()
    if not 0 < len(reason) <= LONGEST_TEXT:
        raise InputError(
            f"a promotion needs a reason of 1 to {LONGEST_TEXT:,} characters: say why the gate "
            "is overridden"
        )
    return reason


def name_champion(
    store: MlflowStore, model: Version, previous: Version | None, reason: str, *, by: str
) -> Promotion:
    """Name a version champion unless it is, with the reason and the means as its tags."""
    promotion = Promotion(model, previous)
    if promotion.is_new:
        # The alias comes last, so that every champion has its reason even after a failure.
        tags = {
            "promoted_reason": reason,
            "promoted_by": by,
            "previous_champion": "none" if previous is None else previous.label,
        }
        client, version = store.client(), str(model.version)
        for key, value in tags.items():
            client.set_model_version_tag(model.name, version, key, value)
        client.set_registered_model_alias(model.name, CHAMPION, version)
    return promotion


def registered_version(store: MlflowStore, level: Level, tags: Mapping[str, str]) -> int | None:
    """Return the last version of a level that has these tags, None if there is none."""
    entities = store.client().search_model_versions(f"name = '{model_name(level)}'")
    versions = [int(e.version) for e in entities if tags.items() <= e.tags.items()]
    return max(versions, default=None)


def settle_version(store: MlflowStore, of: str, version: int) -> int | None:
    """Do what follows the registration of a version by its tags; return the champion after it.

    `of` is a level or coups. The same again changes nothing, so that what a kill left undone can
    be done later.
    """
    client, name = store.client(), model_name(of)
    entity = client.get_model_version(name, str(version))
    tags, best, run_id = entity.tags, champion_entity(store, of), str(entity.run_id)
    champion_version = None if best is None else int(best.version)
    parent = client.get_run(run_id).data.tags.get(MLFLOW_PARENT_RUN_ID, run_id)
    client.update_model_version(name, str(version), description=_description(store, run_id, tags))
    scores = f"every {of} region" if of in LEVELS else f"{of} by country"
    client.update_registered_model(name, f"Scores of {scores}")
    client.set_registered_model_alias(name, CHALLENGER, str(version))
    passed, trained_to = tags["gate"] == "passed", parse_month(tags["trained_to"])
    if passed and (best is None or parse_month(best.tags["trained_to"]) <= trained_to):
        client.set_registered_model_alias(name, CHAMPION, str(version))
        champion_version = version
    for run in (parent, run_id):
        client.set_tag(run, "registered_as", f"{name}/{version}")
        client.set_tag(run, "gate", f"{tags['gate']}: {tags['gate_reason']}")
    return champion_version


def _description(store: MlflowStore, run_id: str, tags: dict[str, str]) -> str:
    """Return the verdict and the model card, cut where a description is as long as it may be."""
    mark = "SIMULATED events. " if tags["simulated"] == "true" else ""
    about = (
        f"{mark}{tags['learner']}, trained to {tags['trained_to']}. Gate: {tags['gate_reason']}."
    )
    card = documents_of(store, run_id).get(CARD_FILE, b"").decode()
    text = f"{about}\n\n{card}"
    if len(text) <= LONGEST_TEXT:
        return text
    rest = f"...\n\nThe rest is in {CARD_FILE} at the run of the training."
    return text[: LONGEST_TEXT - len(rest)] + rest
