"""The shared layer of the data mesh registry.

Imports go one way: models <- storage <- tables <- services <- http <- functions.
This module stays empty but for the version, so that the authorizer can import the package cheaply.
"""

__version__ = "0.1.0"
