"""Which forecasters the benchmarks judge: put another in its place here."""

from experiments.benchmarks.simple import RecentMonths
from experiments.benchmarks.subforecast import UnitForecaster
from experiments.benchmarks.subforecast_forecaster import UnitEnsemble
from experiments.benchmarks.views import CountryForecaster

COUNTRY_FORECASTER: CountryForecaster = RecentMonths()
UNIT_FORECASTER: UnitForecaster = UnitEnsemble()
SEED = 1
