"""A recipe on an image, whole or in bands of rows."""
