"""The fake Tinker API without a transport: a request goes in, a reply or a fault comes out."""
