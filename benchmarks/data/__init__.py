"""The data layer beside its peers: the same rows, the same work, the processor time that each needs for it."""
