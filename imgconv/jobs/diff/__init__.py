"""Two pictures, or two folders of pictures, compared."""
