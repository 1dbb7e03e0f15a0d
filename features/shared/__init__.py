"""What several machines share, at an address such as `s3://bucket/prefix`.

Owns the copying between there and a home, and which of two machines comes first; what a bulletin or
a release is, it does not know. Needs obstore, which the extra `shared` brings: import it only where
an address is named.

Where do I go to ...?

* see how folders lie there: `folders.py`; share another kind of them: `SharedFolders`
* read and write what lies at an address: `address.py`
"""
