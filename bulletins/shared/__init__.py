"""Bulletins that several machines share, at an address such as `s3://bucket/prefix`.

Owns how they lie there, and the copying between there and a home. Needs obstore, which the extra
`shared` brings: import it only where an address is named.

Where do I go to ...?

* see how bulletins lie there, and which of two publishers wins: `bulletins.py`
* read and write what lies at an address: `address.py`
"""
