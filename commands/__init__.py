"""The commands, thin: each reads its options, calls one function of the other folders, and prints.

The clock, the environment and the machine are read in `environment.py` and nowhere below. Imports
stand inside the commands, so that `tocsin --help` need not load what it does not use.

Where do I go to ...?

* fill or look into the archive: `ingest.py`, `archive.py`
* train, judge and review models: `models.py`
* issue, repeat and judge bulletins: `bulletins.py`
* compare with what others have published: `benchmarks.py`
* show or serve what was published: `service.py`; the whole path at once: `demo.py`
* see whether all is well: `status.py`, `verify.py`; back a home up: `home/`
* open the archive, the MLflow store, or what machines share: `stores.py`
* see what may be set: `settings.py`, `default.toml`
"""
