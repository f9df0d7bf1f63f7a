"""`python -m tinygen`: the command where the console script is not on PATH."""

from tinygen.cli.main import main

if __name__ == "__main__":
    main()
