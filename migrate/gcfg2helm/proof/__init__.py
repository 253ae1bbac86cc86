"""The proof: what the pod will read is what the server read."""
