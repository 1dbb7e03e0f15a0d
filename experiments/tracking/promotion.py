"""Champions: what follows the registration of a version, and what a person promotes."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from experiments.tracking.registry import (
    CARD_FILE,
    CHALLENGER,
    CHAMPION,
    ModelVersion,
    champion,
    documents_of,
    load_forecaster,
    model_version,
    refuse_mixed_events,
)
from experiments.tracking.store import MlflowStore, model_name
from features.errors import InputError
from features.months import format_month
from features.words import Level

LONGEST_TEXT = 5000
"""The longest tag or description that every store of MLflow keeps [characters]."""


@dataclass(frozen=True)
class Promotion:
    """The present champion, and the one before it (None: there was none)."""

    model: ModelVersion
    previous: ModelVersion | None

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
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_TEXT:
        raise InputError(
            f"a promotion needs a reason of 1 to {LONGEST_TEXT:,} characters: say why the gate "
            "is overridden"
        )
    model = model_version(store, level, version)
    refuse_mixed_events(store, model)
    load_forecaster(store, model)
    previous = champion(store, level)
    promotion = Promotion(model, previous)
    if promotion.is_new:
        # The alias comes last, so that every champion has its reason even after a failure.
        tags = {
            "promoted_reason": reason,
            "promoted_by": by,
            "previous_champion": "none" if previous is None else previous.label,
        }
        client, name = store.client(), model_name(level)
        for key, value in tags.items():
            client.set_model_version_tag(name, str(version), key, value)
        client.set_registered_model_alias(name, CHAMPION, str(version))
    return promotion


def registered_version(store: MlflowStore, level: Level, tags: Mapping[str, str]) -> int | None:
    """Return the last version of a level that has these tags, None if there is none."""
    entities = store.client().search_model_versions(f"name = '{model_name(level)}'")
    versions = [int(e.version) for e in entities if tags.items() <= e.tags.items()]
    return max(versions, default=None)


def settle_version(store: MlflowStore, level: Level, version: int) -> ModelVersion | None:
    """Do what follows the registration of a version by its tags; return the champion after it.

    The same again changes nothing, so that what a kill left undone can be done later.
    """
    client, name = store.client(), model_name(level)
    entity = client.get_model_version(name, str(version))
    tags, best, own = entity.tags, champion(store, level), model_version(store, level, version)
    run_id = str(entity.run_id)
    parent = client.get_run(run_id).data.tags.get(MLFLOW_PARENT_RUN_ID, run_id)
    client.update_model_version(name, str(version), description=_description(store, own, tags))
    client.update_registered_model(name, f"Scores of every {level} region")
    client.set_registered_model_alias(name, CHALLENGER, str(version))
    if own.passed and (best is None or best.trained_to <= own.trained_to):
        client.set_registered_model_alias(name, CHAMPION, str(version))
        best = own
    for run in (parent, run_id):
        client.set_tag(run, "registered_as", f"{name}/{version}")
        client.set_tag(run, "gate", f"{tags['gate']}: {tags['gate_reason']}")
    return best


def _description(store: MlflowStore, model: ModelVersion, tags: dict[str, str]) -> str:
    """Return the verdict and the model card, cut where a description is as long as it may be."""
    mark = "SIMULATED events. " if model.simulated else ""
    month = format_month(model.trained_to)
    about = f"{mark}{model.learner}, trained to {month}. Gate: {tags['gate_reason']}."
    card = documents_of(store, model).get(CARD_FILE, b"").decode()
    text = f"{about}\n\n{card}"
    if len(text) <= LONGEST_TEXT:
        return text
    rest = f"...\n\nThe rest is in {CARD_FILE} at the run of the training."
    return text[: LONGEST_TEXT - len(rest)] + rest
