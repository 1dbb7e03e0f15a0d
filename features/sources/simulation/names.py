"""Names of the simulated actors: plainly invented, and each says that it is simulated."""

_FORMS = ("Front", "Army", "Brigade", "Movement")
_EMBLEMS = (
    "Copper Heron",
    "Paper Moon",
    "Glass River",
    "Seventh Kite",
    "Salt Lantern",
    "Blue Anvil",
    "Wandering Drum",
    "Tin Baobab",
    "Silver Gourd",
    "Upside-down Umbrella",
    "Amber Compass",
    "Hollow Bell",
    "Striped Teapot",
    "Iron Dragonfly",
    "Midnight Acacia",
    "Chalk Pelican",
    "Velvet Scorpion",
    "Broken Sundial",
    "Yellow Ladder",
    "Cork Elephant",
)
MOST_GROUPS = len(_FORMS) * len(_EMBLEMS)

CIVILIANS = "Simulated civilians"

WESTERN_AFRICA = (
    *("BEN", "BFA", "CIV", "CPV", "GHA", "GIN", "GMB", "GNB"),
    *("LBR", "MLI", "MRT", "NER", "NGA", "SEN", "SLE", "TGO"),
)
"""UN M49 Western Africa without Saint Helena [ISO 3166-1 alpha-3]."""


def group_names(number: int) -> list[str]:
    """Return the names of the first groups, at most MOST_GROUPS of them."""
    places = (divmod(n, len(_EMBLEMS)) for n in range(number))
    return [
        f"Simulated {_FORMS[(form + n) % len(_FORMS)]} of the {_EMBLEMS[n]}" for form, n in places
    ]


def forces_of(country_name: str) -> str:
    """Return the name of a country's government side."""
    return f"Simulated forces of {country_name}"
