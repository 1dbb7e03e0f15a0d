"""The types of arrays, for all rooms."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
ObjectArray = npt.NDArray[np.object_]

MonthArray = IntArray  # [months since 1970-01]
RegionNumbers = IntArray  # the place of each row's region in a table of regions
Matrix = npt.NDArray[np.float32]  # indicators, (n rows, k columns)
