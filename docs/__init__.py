"""The documentation, and the studies it shows (``python -m docs.studies``)."""
