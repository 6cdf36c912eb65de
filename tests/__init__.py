"""The tests; a package of its own name, since some distributions install a top-level ``tests`` too."""
