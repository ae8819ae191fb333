"""One module a resource: each parses a request, calls one use case and answers."""
