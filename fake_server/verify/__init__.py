"""What a test asks an engine afterwards: polls, gaps, order, requests and connections."""
