"""The protobuf wire format, as far as the Tinker API uses it."""
