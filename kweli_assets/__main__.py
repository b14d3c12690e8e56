"""`python -m kweli_assets` is `kweli`."""

from kweli_assets.cli import main

if __name__ == "__main__":
    main()
