"""How files become events: one module a source, and the pipeline that they share.

Owns reading, refusing and accepting rows. Keeps nothing: releases lie in `features/archive`.

Where do I go to ...?

* add a source: a module like `table.py`, behind the protocol in `source.py`
* read another kind of file: `csvfile.py`, `jsonfile.py`, `parquetfile.py`, `unpack.py`
* see how rows are accepted or rejected: `ingestion.py`, `delivered.py`
* read history that is already counted: `counts_file.py`, `counts_form.py`
* know what should be public by now: `publication.py`; download it: `fetching/`
* simulate a world of invented groups: `simulation/`
"""
