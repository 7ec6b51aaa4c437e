"""One picture: read, filtered whole or in bands, written."""
