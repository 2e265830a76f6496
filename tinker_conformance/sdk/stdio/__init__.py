"""SDKs in any language, driven by an adapter program over stdin and stdout."""
