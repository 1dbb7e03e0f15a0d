"""What is done to a home as a whole.

Where do I go to ...?

* see where everything lies, back it up, restore it: `home.py`, the commands
* bring its MLflow store up to date: `store.py`, a command
* change how a backup lies on its disk: `backup.py`
"""
