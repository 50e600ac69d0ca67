"""The text wire of the TWS socket API, without any I/O: frames and layout combinators.

Knows no message. `frames` cuts bytes into fields, `kinds` spell single values, `layouts`
put them in order, `messages` gives them ids.
"""

from simulator.wire.errors import DecodeError, FrameError, WireError
from simulator.wire.frames import MAX_FRAME_BYTES, FrameBuffer, frame, join_fields, split_fields
from simulator.wire.kinds import (
    BOOL,
    FLOAT,
    FLOAT_OR_EMPTY,
    FLOAT_OR_MAX,
    INT,
    INT_OR_EMPTY,
    INT_OR_MAX,
    LONG,
    LONG_OR_MAX,
    NUMBER_NAMES,
    OFFSET,
    SIZE,
    SIZE_OR_MIN,
    TAGS,
    TEXT,
    WHOLE_SIZE,
    Kind,
)
from simulator.wire.layouts import (
    Constant,
    CountedOptions,
    Element,
    Field,
    Layout,
    Many,
    ManyValues,
    Maybe,
    Tagged,
    When,
)
from simulator.wire.messages import Codec, Message

__all__ = [
    "BOOL",
    "FLOAT",
    "FLOAT_OR_EMPTY",
    "FLOAT_OR_MAX",
    "INT",
    "INT_OR_EMPTY",
    "INT_OR_MAX",
    "LONG",
    "LONG_OR_MAX",
    "MAX_FRAME_BYTES",
    "NUMBER_NAMES",
    "OFFSET",
    "SIZE",
    "SIZE_OR_MIN",
    "TAGS",
    "TEXT",
    "WHOLE_SIZE",
    "Codec",
    "Constant",
    "CountedOptions",
    "DecodeError",
    "Element",
    "Field",
    "FrameBuffer",
    "FrameError",
    "Kind",
    "Layout",
    "Many",
    "ManyValues",
    "Maybe",
    "Message",
    "Tagged",
    "When",
    "WireError",
    "frame",
    "join_fields",
    "split_fields",
]
