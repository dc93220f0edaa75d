"""Drawing graphs: for a terminal, as Mermaid, as SVG. All draw one picture, which is made of the compiled graph."""
