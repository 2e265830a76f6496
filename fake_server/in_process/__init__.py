"""The engine for httpx clients in this process: mounted on respx, or as a transport."""
