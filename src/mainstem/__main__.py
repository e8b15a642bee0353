"""`python -m mainstem`, for where the script is not on the path."""

from mainstem.cli import main

if __name__ == "__main__":
    main()
