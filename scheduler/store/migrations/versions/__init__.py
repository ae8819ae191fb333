"""One module a change; its number says when."""
