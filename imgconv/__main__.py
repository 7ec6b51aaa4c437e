"""`python -m imgconv`: the same as the command `imgconv`."""

from imgconv.cli.main import entry

if __name__ == "__main__":
    entry()
