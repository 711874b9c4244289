"""Milliseconds that ``import segue`` takes in an interpreter that has imported nothing else of note."""

import importlib
import time

started = time.perf_counter()
importlib.import_module("segue")
print((time.perf_counter() - started) * 1000)
