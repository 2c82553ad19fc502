# SPDX-License-Identifier: Apache-2.0
"""Watches as bytes on two kinds of connection: many streams of HTTP/2 on one, or one HTTP/1.1 request on one.

Written out here because the client runs on the machine that it measures: it must cost little for each event, and needs
no more of HTTP/2 (RFC 9113) than requests without a body, and of HPACK (RFC 7541) than literal fields.
"""
import asyncio
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK, PADDED = 0x1, 0x4, 0x1, 0x8
WIDEST = 2**31 - 1
STATUS_200 = 0x88          # the eighth field of HPACK's static table


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A header field that no table remembers, without Huffman's code."""
    return b"\x00" + length(name) + name + length(value) + value


def length(text):
    count = len(text)
    if count < 127:
        return bytes([count])
    rest, out = count - 127, [127]
    while rest >= 128:
        out.append(rest % 128 + 128)
        rest //= 128
    return bytes([*out, rest])


class Lines:
    """The events of one watch, each a line of JSON, cut out of what comes in pieces."""

    def __init__(self, watcher):
        self.watcher, self.rest = watcher, b""

    def feed(self, data, now):
        if self.rest:
            data = self.rest + data
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            self.watcher.event(data[start:end], now)
            start = end + 1
        self.rest = data[start:]


class HTTP2Watches(asyncio.Protocol):
    """Some watches as the streams of one connection."""

    def __init__(self, host, watchers, clock):
        self.host, self.watchers, self.clock = host, watchers, clock
        self.buffer, self.unread = b"", 0
        self.lines = {}

    def connection_made(self, transport):
        self.transport = transport
        settings = struct.pack(">HIHI", 0x4, WIDEST, 0x2, 0)      # INITIAL_WINDOW_SIZE; ENABLE_PUSH off
        window = struct.pack(">I", WIDEST - 65_535)
        requests = [PREFACE, frame(SETTINGS, 0, 0, settings), frame(WINDOW_UPDATE, 0, 0, window)]
        for index, watcher in enumerate(self.watchers):
            stream = 2 * index + 1
            self.lines[stream] = Lines(watcher)
            fields = literal(b":method", b"GET") + literal(b":scheme", b"https") + literal(b":path", watcher.path) \
                + literal(b":authority", self.host) + literal(b"accept", b"application/json")
            requests.append(frame(HEADERS, END_STREAM | END_HEADERS, stream, fields))
        transport.write(b"".join(requests))

    def data_received(self, data):
        now = self.clock()
        buffer = self.buffer + data if self.buffer else data
        at, end = 0, len(buffer)
        while end - at >= 9:
            size = int.from_bytes(buffer[at:at + 3], "big")
            if end - at < 9 + size:
                break
            kind, flags = buffer[at + 3], buffer[at + 4]
            stream = int.from_bytes(buffer[at + 5:at + 9], "big")
            payload = buffer[at + 9:at + 9 + size]
            at += 9 + size
            if kind == DATA and not flags & PADDED:
                self.unread += size
                self.lines[stream].feed(payload, now)
                if flags & END_STREAM:
                    self.lines[stream].watcher.ended("the stream ended")
            else:
                self.other(kind, flags, stream, payload)
        self.buffer = buffer[at:]
        if self.unread > 2**29:
            self.transport.write(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", self.unread)))
            self.unread = 0

    def other(self, kind, flags, stream, payload):
        if kind == HEADERS:
            if payload[0] == STATUS_200:
                self.lines[stream].watcher.begun()
            if flags & END_STREAM or payload[0] != STATUS_200:
                self.lines[stream].watcher.ended(f"answered with {payload[:8].hex()}")
        elif kind == SETTINGS and not flags & ACK:
            self.transport.write(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.transport.write(frame(PING, ACK, 0, payload))
        elif kind == RST_STREAM:
            self.lines[stream].watcher.ended(f"reset with {payload.hex()}")
        elif kind == GOAWAY:
            self.end(f"told to go away: {payload[4:].hex()}")
        elif kind in (CONTINUATION, DATA):
            self.end("a frame that this client does not read")
            self.transport.close()

    def connection_lost(self, error):
        self.end(f"the connection ended: {error}")

    def end(self, why):
        for lines in self.lines.values():
            lines.watcher.ended(why)


class HTTP1Watch(asyncio.Protocol):
    """One watch on a connection of its own, its answer in chunks (RFC 9112, section 7.1)."""

    def __init__(self, host, watchers, clock):
        self.host, self.clock = host, clock
        [self.watcher] = watchers
        self.lines = Lines(self.watcher)
        self.buffer, self.isBody = b"", False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"GET " + self.watcher.path + b" HTTP/1.1\r\nHost: " + self.host
                        + b"\r\nAccept: application/json\r\n\r\n")

    def data_received(self, data):
        now = self.clock()
        self.buffer += data
        if not self.isBody:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 200"):
                self.watcher.ended(f"answered with {head.splitlines()[0].decode()}")
                return
            self.isBody, self.buffer = True, rest
            self.watcher.begun()
        while True:
            size, found, rest = self.buffer.partition(b"\r\n")
            count = int(size, 16) if found else 0
            if not found or len(rest) < count + 2:
                return
            if count == 0:
                return self.watcher.ended("the answer ended")
            self.lines.feed(rest[:count], now)
            self.buffer = rest[count + 2:]

    def connection_lost(self, error):
        self.watcher.ended(f"the connection ended: {error}")
