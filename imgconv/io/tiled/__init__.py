"""Pictures read and written by rows, for those that memory does not hold.

TIFF needs nothing more than imgconv does. OME-Zarr, and through libvips every other format, come
with ``pip install 'imgconv[huge]'``.
"""
