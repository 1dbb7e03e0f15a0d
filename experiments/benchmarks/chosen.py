"""Which forecasters the benchmarks judge: put another in its place here."""

from experiments.benchmarks.country_pool import CountryPool
from experiments.benchmarks.subforecast import UnitForecaster
from experiments.benchmarks.subforecast_forecaster import UnitEnsemble
from experiments.benchmarks.views import CountryForecaster

COUNTRY_FORECASTER: CountryForecaster = CountryPool()
UNIT_FORECASTER: UnitForecaster = UnitEnsemble()
SEED = 1
