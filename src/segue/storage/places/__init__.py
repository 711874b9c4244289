"""Where the bytes of kept files are: a folder, S3, memory."""
