"""The monthly cycle: new data, what became known, retraining, bulletin, and what was decided why.

Owns the order of the steps and the journal; what a step does is in the rooms that it calls. Where
do I go to ...?

* change what a cycle does, and in which order         `cycle.py`
* see or set what can be set                           `settings.py`, `default.toml`
* add a source that is asked for new events            `intake.py`
* find out what a cycle did, or resume one             `journal.py`
* change what a person reads of a cycle                `report.py`
"""
