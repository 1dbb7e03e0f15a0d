"""Who may ask, how often and how much; and what is kept of every request: log, metrics, id."""
