"""What holds for every test: properties try the same examples everywhere, and nobody's own settings leak in."""

from __future__ import annotations

import gc
import os

import hypothesis

# The suite answers the same question on every machine and each time, so a red run is about the change and nothing else.
# To look further than that: make test's pytest with --hypothesis-profile=explore.
hypothesis.settings.register_profile("suite", derandomize=True, database=None, deadline=None, max_examples=60)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("suite")

pytest_plugins = ["tests.postgres"]

# Which server to take is said to the tests, not to Interlock; under another name, which those who run tests beside this
# process inherit.
if "INTERLOCK_TEST_POSTGRES" in os.environ:
    os.environ["TEST_POSTGRES"] = os.environ.pop("INTERLOCK_TEST_POSTGRES")

# Before any test module is imported: a developer's exported settings would otherwise decide what the tests see.
for name in [name for name in os.environ if name.startswith("INTERLOCK_")]:
    del os.environ[name]


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not look through all of it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
