"""Links to receipts: a customer keeps them for years."""

from __future__ import annotations

import os
import subprocess
import sys

from receipts.links import link


def test_no_two_of_many_orders_share_a_link() -> None:
    """A customer must not find another customer's receipt."""
    orders = 100_000

    assert len({link(f"A-{number}", "key") for number in range(orders)}) == orders


def test_a_link_does_not_tell_the_order() -> None:
    """Mails are forwarded, and links with them."""
    assert "A-1001" not in link("A-1001", "key")


def test_a_link_is_the_same_in_every_process() -> None:
    """The link in a mail has to lead somewhere after the next deployment."""
    assert link_in_a_new_process() == link_in_a_new_process()


def link_in_a_new_process() -> str:
    """The link as the next deployment would make it."""
    program = "from receipts.links import link; print(link('A-1001', 'key'))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
