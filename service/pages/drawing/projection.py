"""From degrees to a flat map: equal-area everywhere, so that no place looks larger than it is."""

from dataclasses import dataclass

import numpy as np

from features.arrays import FloatArray

WORLD = 140.0
"""The width of what is mapped from which on it is a map of the world [degrees]."""

_FAR = 80.0
"""Farther than this from its middle, a map of a part of the world shows nothing [degrees]."""

_HALF_TURN = 180.0
_EQUAL_EARTH = (1.340264, -0.081106, 0.000893, 0.003796)
_POWERS = (1, 3, 7, 9)


@dataclass(frozen=True)
class Projection:
    """A view of the earth from above a point, or of all of it.

    A part is in Lambert's azimuthal equal-area projection (Snyder 1987, p. 185), the whole in Equal
    Earth (Savric et al. 2019).
    """

    longitude: float
    latitude: float
    is_whole: bool

    @classmethod
    def of(cls, west: float, south: float, east: float, north: float) -> "Projection":
        """Return the projection for what lies between some edges [degrees]."""
        if east - west > WORLD:
            return cls(0.0, 0.0, is_whole=True)
        return cls((west + east) / 2, (south + north) / 2, is_whole=False)

    def place(self, degrees: FloatArray) -> FloatArray:
        """Return places (n, 2) on the map, y downwards, of longitudes and latitudes (n, 2)."""
        east = degrees[:, 0] - self.longitude
        around = np.where(np.abs(east) > _HALF_TURN, east - np.sign(east) * 2 * _HALF_TURN, east)
        longitude = np.radians(around)
        latitude = np.radians(degrees[:, 1])
        x, y = (_equal_earth if self.is_whole else self._from_above)(longitude, latitude)
        return np.column_stack([x, -y])

    def box_around(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Return the edges of what is drawn around the middle [degrees]."""
        if self.is_whole:
            return -180.0, -60.0, 180.0, 84.0
        reach = min(_FAR, 1.1 * max(width, height))
        west, east = self.longitude - reach, self.longitude + reach
        return west, max(-84.0, self.latitude - reach), east, min(84.0, self.latitude + reach)

    def _from_above(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        middle = np.radians(self.latitude)
        upright = np.sin(middle) * np.sin(y) + np.cos(middle) * np.cos(y) * np.cos(x)
        scale = np.sqrt(2 / (1 + upright))
        across = np.cos(middle) * np.sin(y) - np.sin(middle) * np.cos(y) * np.cos(x)
        return scale * np.cos(y) * np.sin(x), scale * across


def _equal_earth(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    angle = np.arcsin(np.sqrt(3) / 2 * np.sin(y))
    terms = list(zip(_EQUAL_EARTH, _POWERS, strict=True))
    up = sum((factor * angle**power for factor, power in terms), np.zeros_like(angle))
    slope = sum((factor * power * angle ** (power - 1) for factor, power in terms), 0 * angle)
    return 2 * np.sqrt(3) * x * np.cos(angle) / (3 * slope), up
