"""Where records are scored: in processes of this machine, by a running service, or on Ray. One file an engine."""
