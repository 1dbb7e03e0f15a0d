"""MLflow: the store, the runs, and the registry of model versions.

Where do I go to ...?

* open the store: `store.py`
* log a training: `runs.py`; the data that it learned from: `dataset.py`
* hash what is stored, and check it: `artifacts.py`
* store a model that loads without Tocsin: `portable.py`
* register, promote or load a champion: `registry.py`
"""
