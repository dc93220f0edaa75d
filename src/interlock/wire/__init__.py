"""What programs read of Interlock, over HTTP and from commands with `--json`: plain shapes, and nothing else.

Instants are whole microseconds since 1970 in UTC, money is in millionths of a US dollar. What is not there is left out.
It imports nothing of Interlock, so a program that only speaks to a server carries none of it.
"""
