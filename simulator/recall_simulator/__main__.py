"""`python -m recall_simulator` is `recallsim`."""

from recall_simulator.cli import main

if __name__ == "__main__":
    main()
