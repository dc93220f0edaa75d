"""What runs inside a sandbox or on its threshold: standard library alone, so that any Python 3.11 can run it.

It is started by the path of its folder, apart from the rest of the package: modules here import one another relatively
and nothing else of Interlock.
"""
