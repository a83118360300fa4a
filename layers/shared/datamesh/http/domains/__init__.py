"""Routes of domains: their products, and the data that these serve."""
