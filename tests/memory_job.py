"""Work for a process of its own; imports nothing, so that the process starts at once."""


def hold(megabytes: int) -> dict[str, float]:
    """Takes memory."""
    return {'length': float(len(bytearray(megabytes << 20)))}
