"""Works through a queue."""
