"""A small self-hosted booking site that serves the calbridge portal protocol."""
