"""Names of countries and regions as sources write them, and the bundled regions that they mean."""
