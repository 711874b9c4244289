"""Small programs run in a fresh interpreter, each printing one number."""
