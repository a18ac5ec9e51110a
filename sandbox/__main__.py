"""`python -m sandbox`: the pretended providers as a process."""

from sandbox.app import main

if __name__ == "__main__":
    raise SystemExit(main())
