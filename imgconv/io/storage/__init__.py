"""Files and folders, on this machine and behind URLs: listing, atomic writes, durability."""
