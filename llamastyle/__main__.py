"""``python -m llamastyle``: the same as the command ``llamastyle``."""

from llamastyle.cli import main

if __name__ == "__main__":
    main()
