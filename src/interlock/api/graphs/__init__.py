"""Graphs over HTTP: checked while they are written, drafted, published, compared, drawn."""
