"""From what the platform knows to what programs are shown: one function for each shape of `wire`.

The HTTP API and the commands with `--json` tell the same by it. Nothing is read or decided here.
"""
