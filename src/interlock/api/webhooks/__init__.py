"""Webhooks over HTTP: deliveries that are taken by their signatures, and which webhooks there are."""
