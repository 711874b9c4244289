"""The controllers of by_folder.py: what begins with an underscore is no path."""
