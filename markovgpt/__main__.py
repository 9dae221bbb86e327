"""Run the program as ``python -m markovgpt``."""

from markovgpt.cli import main

if __name__ == "__main__":
    main(prog_name="markovgpt")
