# SPDX-License-Identifier: Apache-2.0
"""Just enough HTTP/2 (RFC 9113) to be a bad client: frames by hand, headers without compression."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = \
    0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def integer(value, prefix_bits):
    """HPACK's integer (RFC 7541, 5.1), the flags of its first byte left zero."""
    limit = (1 << prefix_bits) - 1
    if value < limit:
        return bytes([value])
    out = bytearray([limit])
    value -= limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def field(name, value):
    """A literal header field that is never indexed."""
    name, value = name.encode(), value.encode()
    return b"\x10" + integer(len(name), 7) + name + integer(len(value), 7) + value


def request_headers(path, **extra):
    fields = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
              "te": "trailers", "content-type": "application/grpc", **extra}
    return b"".join(field(name, value) for name, value in fields.items())


def message(data=b""):
    """gRPC's length-prefixed message."""
    return b"\0" + struct.pack(">I", len(data)) + data


class Connection:
    """A connection whose every byte is the caller's own."""

    def __init__(self, path, settings=b"", greet=True):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.pending = b""
        self.next_stream = 1
        if greet:
            self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    def send(self, data):
        self.socket.sendall(data)

    def open(self, path, body=b"", flags=END_STREAM, **extra):
        """Begins a request with a whole body; returns its stream."""
        stream = self.next_stream
        self.next_stream += 2
        self.send(frame(HEADERS, END_HEADERS, stream, request_headers(path, **extra)) +
                  frame(DATA, flags, stream, body))
        return stream

    def receive(self):
        """The next frame as (kind, flags, stream, payload); None when the agent has closed."""
        while len(self.pending) < 9 or len(self.pending) < 9 + self.length():
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.pending += data
        size = self.length()
        kind, flags, stream = struct.unpack_from(">BBI", self.pending, 3)
        payload = self.pending[9:9 + size]
        self.pending = self.pending[9 + size:]
        if kind == DATA and size:  # what was read makes room for more
            try:
                self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", size)))
            except (BrokenPipeError, ConnectionResetError):
                pass
        return kind, flags, stream & 0x7fffffff, payload

    def length(self):
        return int.from_bytes(self.pending[:3], "big")

    def receive_until(self, wanted):
        """Frames until one for which wanted() holds; that frame, or None if the agent closed."""
        while (got := self.receive()) and not wanted(got):
            pass
        return got

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
