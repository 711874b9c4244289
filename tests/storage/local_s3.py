"""What a storage says to the local S3."""

__all__ = ["KEYS"]

KEYS = {"access_key_id": "films", "secret_access_key": "secret", "region": "us-east-1"}
