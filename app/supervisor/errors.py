"""Why the service did not start. Each message says what to do."""


class StartFailed(Exception):
    """A part of the service did not come up. The message has the end of its log."""


class DataDirInUse(Exception):
    """Another service runs in this data folder."""


class NoRedis(Exception):
    """This machine has no server that Assay can start. The message says what to install."""
