"""Load that wrk cannot make; every module runs as its own process and prints one line of JSON."""
