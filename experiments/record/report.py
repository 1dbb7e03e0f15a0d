"""The track record to be read: in rows, and in Markdown."""

import numpy as np
import pandas as pd

from bulletins.record import FEWEST_ATTEMPTS, SCORE, Edition, coup_caution, rival_of
from experiments.judging.skill import FEWEST_ORIGINS
from features.markdown import markdown_table
from features.words import OF_COUPS, SPECS

Row = dict[str, object]


def overall_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """Return how scores came out, a row a level, target and state, from a summary.

    Columns: level, target, state, n, origins, hindsight, observed, forecasted, loss (CRPS or Brier
    score), first_loss, log_score, attempts, rival, and the skill over it with its interval.
    """
    overall = summary[summary["by"] == "all"]
    keys = ["level", "target", "state"]
    own = overall[overall["forecast"] == SCORE].set_index(keys)
    is_rival = overall["forecast"] == overall["target"].map(rival_of)
    rival = overall[is_rival].rename(columns={"forecast": "rival"}).set_index(keys)
    loss = own["crps"].fillna(own["brier"]).rename("loss")
    columns = ["n", "origins", "hindsight", "observed", "forecasted"]
    parts = [own[columns], loss, own[["first_loss", "log_score", "attempts"]]]
    skill = rival[["rival", "skill", "skill_low", "skill_high"]]
    table: pd.DataFrame = pd.concat([*parts, skill], axis=1).reset_index()
    return table


def plain_rows(table: pd.DataFrame) -> list[Row]:
    """Return the rows of a table as mappings, None for what is not a number."""
    content = table.astype(object).where(table.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in content.to_dict("records")]


def cautions_of(summary: pd.DataFrame) -> list[str]:
    """Return what a summary proves nothing about, in sentences: coups, of too few attempts."""
    own = summary[(summary["by"] == "all") & (summary["forecast"] == SCORE)]
    own = own[(own["state"] == "first") & own["target"].isin(OF_COUPS)]
    counts = own[["attempts", "origins"]].astype("int64").to_numpy().tolist()
    return [text for attempts, origins in counts if (text := coup_caution(attempts, origins))]


def record_markdown(edition: Edition, summary: pd.DataFrame) -> str:
    """Return what an edition of the track record says, as Markdown."""
    mark = "SIMULATED. " if edition.simulated else ""
    begin = f"{mark}The track record as known on {edition.as_of}, edition {edition.number}"
    note = (
        "Losses are Brier scores, of deaths CRPS [deaths/month]. Skill is the share of the loss of "
        f"the rival that is saved; its 95 % interval needs {FEWEST_ORIGINS} origins, and of coups "
        f"{FEWEST_ATTEMPTS} attempts."
    )
    news = f"{edition.first:,} outcomes became known and {edition.final:,} final"
    text = [f"{begin}: {news}.", note]
    rows = []
    for row in overall_rows(summary).to_dict("records"):
        low, high = row["skill_low"], row["skill_high"]
        interval = "" if np.isnan(low) else f" ({low:+.3f} to {high:+.3f})"
        skill = "not told" if np.isnan(row["skill"]) else f"{row['skill']:+.3f}{interval}"
        unit = "" if SPECS[row["target"]].is_distribution else " %"
        scale = 100 if unit else 1
        means = [f"{scale * row[name]:.1f}{unit}" for name in ("forecasted", "observed")]
        counts = [f"{row['n']:,}", str(row["origins"])]
        about = [row["level"], row["target"], row["state"]]
        rows.append([*about, *counts, *means, f"{row['loss']:.4f}", row["rival"], skill])
    head = ["level", "target", "outcomes", "scores", "origins", "forecast", "came", "loss"]
    text.append(markdown_table([*head, "rival", "skill"], rows, texts=3).rstrip("\n"))
    text += cautions_of(summary)
    text += [f"Left out: {reason}" for reason in edition.left_out.values()]
    return "\n\n".join(text)
