"""``python -m segue``: the same as the command ``segue``."""

from segue.cli import main

main()
