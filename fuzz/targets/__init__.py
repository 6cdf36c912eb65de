"""One module a target: ``SUMMARY``, ``TOKENS``, ``LONGEST``, ``seeds()``, and ``run(data)``, which raises what is wrong."""
