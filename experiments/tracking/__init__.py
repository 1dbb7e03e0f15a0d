"""MLflow: the store, the runs, and the registry of model versions.

Where do I go to ...?

* open the store: `store.py`
* log a training: `runs.py`
* register, promote or load a champion: `registry.py`
"""
