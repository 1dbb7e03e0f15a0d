"""The pages for people: the map of the current bulletin, and the description of the API."""
