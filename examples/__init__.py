"""An example mesh of real orders, and a tour of the API."""
