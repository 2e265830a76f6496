"""SDKs written in Python, driven by an adapter class in a worker process."""
