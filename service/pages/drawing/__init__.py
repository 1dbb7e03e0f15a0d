"""Maps and charts as text and pictures: pure functions from data to SVG, and one to PNG.

Knows no request, no template and no script.

Where do I go to ...?

* see how degrees become places on a map: `projection.py`
* change what a map is made of: `shapes.py`; which names it bears, and from which zoom: `labels.py`
* change how a map is written: `map.py`; how it is painted for a preview: `picture.py`
* change a chart: `charts.py`
"""
