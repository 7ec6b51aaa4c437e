"""What differs between operating systems, and nothing else in the package names.

Each module has one subject. A call that some system lacks has an equivalent here, and what is there
decides, not the name of the system; so the tests can take calls away and run the equivalents.
"""
