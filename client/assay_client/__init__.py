"""Client of the Assay reward service."""
