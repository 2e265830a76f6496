"""What the kit found in published SDKs: recorded runs, which pages are made from and CI repeats."""
