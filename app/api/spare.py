"""Buffers of large bodies, used again: to get fresh memory from the kernel takes as long as to read a body into it."""

_KEPT_BYTES = 32 << 20
"""In all: two bodies of 512 completions of 32 KB."""
_LEAST_BYTES = 1 << 17


class Spare:
    """Buffers that nobody needs any more. They hold what they held: whoever takes one writes over it."""

    def __init__(self) -> None:
        self._buffers: list[bytearray] = []

    def take(self, size: int) -> bytearray:
        """A buffer of so many bytes."""
        if not self._buffers:
            return bytearray(size)
        buffer = self._buffers.pop()  # the one that was in use last
        if len(buffer) > size:
            del buffer[size:]
        else:
            buffer += bytes(size - len(buffer))
        return buffer

    def give(self, buffer: bytes | bytearray) -> None:
        """Keep a buffer for the next body, unless somebody looks at it still."""
        if not isinstance(buffer, bytearray) or len(buffer) < _LEAST_BYTES:
            return
        if len(buffer) + sum(map(len, self._buffers)) > _KEPT_BYTES:
            return
        try:
            buffer.append(0)
        except BufferError:  # a view of it is somewhere
            return
        self._buffers.append(buffer)


spare = Spare()
"""Those of this process."""
