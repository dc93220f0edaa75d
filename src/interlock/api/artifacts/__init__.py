"""Files over HTTP: uploaded and kept, downloaded whole or in part, and those that runs have made."""
