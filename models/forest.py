"""A forest whose leaves are the predictive distribution of deaths.

What followed the past region-months of a leaf, as a multiple of their recent scale, may follow now.
Multiples carry what small wars taught to a war larger than any on record.
"""

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesRegressor

from features.arrays import FloatArray, IntArray, Matrix, RegionNumbers

Draws = npt.NDArray[np.float32]

EDGES = (1.0, 6.0, 26.0, 101.0, 501.0)
"""Deaths whose being reached the trees also learn to tell apart."""

_EDGE_WEIGHT = 2.0
_ONE_DEATH = 1.0  # added to every scale, so that quiet regions have one too
_GOLDEN = (5**0.5 - 1) / 2


class DeathsForest(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Extremely randomised trees that keep what came of the rows in each leaf.

    Splits are chosen for the logarithm of deaths over scale and for whether deaths reach EDGES: the
    first alone spends its splits among the quiet. A tree is grown on `share_of_rows` of the rows,
    but all stand in its leaves, where a region counts as the root of its number of rows. No draw is
    above the largest deaths in the rows. Sources: Geurts, Ernst & Wehenkel (2006), Extremely
    randomized trees, Machine Learning 63; Meinshausen (2006), Quantile regression forests, JMLR 7.
    """

    def __init__(
        self,
        *,
        trees: int = 50,
        draws_per_tree: int = 20,
        smallest_leaf: int = 40,
        share_of_columns: float = 0.6,
        share_of_rows: float = 0.5,
        seed: int = 0,
    ) -> None:
        self.trees = trees
        self.draws_per_tree = draws_per_tree
        self.smallest_leaf = smallest_leaf
        self.share_of_columns = share_of_columns
        self.share_of_rows = share_of_rows
        self.seed = seed

    def fit(
        self, indicators: Matrix, deaths: FloatArray, scale: FloatArray, regions: RegionNumbers
    ) -> "DeathsForest":
        """Learn from (n, k) indicators, the deaths that followed, scale and region, (n,) each.

        Deaths and scale in [deaths/month].
        """
        multiple = deaths / (scale + _ONE_DEATH)
        rise = np.log1p(deaths) - np.log(scale + _ONE_DEATH)
        reached = [_EDGE_WEIGHT * (deaths >= edge) for edge in EDGES]
        spread = rise.std() or 1.0
        self.forest = ExtraTreesRegressor(
            self.trees,
            min_samples_leaf=self.smallest_leaf,
            max_features=self.share_of_columns,
            max_samples=max(1, round(self.share_of_rows * len(deaths))),
            bootstrap=True,
            random_state=self.seed,
        ).fit(indicators, np.column_stack([rise / spread, *reached]))
        self.largest = float(deaths.max())
        leaf = self.forest.apply(indicators)
        # By leaf and within it from the smallest multiple up: a quantile is then one look-up.
        order = np.lexsort((np.broadcast_to(multiple, leaf.T.shape), leaf.T))
        self.multiples = multiple[order].astype(np.float32)
        weights = [
            _row_weights(column[row], regions[row])
            for column, row in zip(leaf.T, order, strict=True)
        ]
        self.cumulative = np.cumsum(np.stack(weights), axis=1)
        nodes = max(tree.tree_.node_count for tree in self.forest.estimators_)
        counts = [np.bincount(column, minlength=nodes) for column in leaf.T]
        self.ends = np.cumsum(np.stack(counts), axis=1)
        return self

    @property
    def size(self) -> int:
        """How many draws it makes of a row."""
        return int(self.trees * self.draws_per_tree)

    def draw(self, indicators: Matrix, scale: FloatArray) -> Draws:
        """Return sorted, equally likely deaths (n, size) [deaths/month].

        For (n, k) indicators and scales (n,) [deaths/month]. Quantiles are staggered from tree to
        tree, so that together they reach into the tails.
        """
        if len(indicators) == 0:  # which scikit-learn refuses
            return np.empty((0, self.size), np.float32)
        leaf = self.forest.apply(indicators)
        draws = np.empty((len(indicators), self.trees, self.draws_per_tree), np.float32)
        for tree, column in enumerate(leaf.T):
            draws[:, tree] = self._from_leaves(tree, column)
        draws *= (scale + _ONE_DEATH).astype(np.float32)[:, None, None]
        whole = np.minimum(np.rint(draws.reshape(len(indicators), -1)), np.float32(self.largest))
        return np.sort(whole, axis=1)

    def _from_leaves(self, tree: int, leaf: IntArray) -> Draws:
        """Return quantiles of the multiples in leaves (n,) of a tree, (n, draws_per_tree)."""
        end = self.ends[tree][leaf][:, None]
        begin = np.where(leaf > 0, self.ends[tree][leaf - 1], 0)[:, None]
        cumulative = np.append(0.0, self.cumulative[tree])
        offset = (tree + 1) * _GOLDEN % 1
        share = (np.arange(self.draws_per_tree) + offset) / self.draws_per_tree
        reach = cumulative[begin] + share * (cumulative[end] - cumulative[begin])
        place = np.searchsorted(self.cumulative[tree], reach, side="right")
        multiples: Draws = self.multiples[tree][np.clip(place, begin, end - 1)]
        return multiples


def _row_weights(leaf: IntArray, regions: RegionNumbers) -> FloatArray:
    """Return each row's weight in its leaf, (n,): a region's sum to the root of its number."""
    pair = leaf * (int(regions.max()) + 1) + regions
    _, which, count = np.unique(pair, return_inverse=True, return_counts=True)
    return np.asarray(1 / np.sqrt(count[which]))
