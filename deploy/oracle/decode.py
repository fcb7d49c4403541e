"""What cantools makes of DBC files: the judge over our own decoding.

usage: decode.py [--frames N] [--seed N] FILE.dbc ...

Prints one JSON document a file and line: every message with its signals, value tables and some frames of
random bytes, of all lengths up to 64, with the physical values that cantools decodes from them. The Rust
tests decode the same bytes. Needs cantools 45.1 (deploy/test.sh installs it).
"""

import argparse
import json
import math
import random
import re
from pathlib import Path

import cantools
from cantools.database.can import Message


def text_of(path):
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def repaired(text):
    """Without the two habits of real files that cantools' grammar refuses."""
    text = re.sub(r"^BS_:.*$", "BS_:", text, flags=re.M)
    return re.sub(r"([(,])(-?)\.(\d)", r"\g<1>\g<2>0.\3", text)


def load(text):
    """The database, and whether cantools found it consistent."""
    error = None
    for attempt in (text, repaired(text)):
        for strict in (True, False):
            try:
                return cantools.database.load_string(attempt, "dbc", strict=strict), strict, None
            except Exception as refusal:  # noqa: BLE001 - whatever it refuses a file with
                error = error or str(refusal)
    return None, False, error


def set_bits(payload, signal, value):
    """Writes a raw value bit by bit (to give multiplexors values that exist)."""
    position = signal.start
    for index in range(signal.length):
        if signal.byte_order == "little_endian":
            byte, bit, weight = (signal.start + index) // 8, (signal.start + index) % 8, index
        else:
            byte, bit, weight = position // 8, position % 8, signal.length - 1 - index
            position += 15 if bit == 0 else -1
        if byte < len(payload):
            payload[byte] = payload[byte] & ~(1 << bit) | (value >> weight & 1) << bit


def switch(payload, tree, message, rng):
    for entry in tree:
        if isinstance(entry, dict):
            for name, branches in entry.items():
                value = rng.choice(list(branches))
                set_bits(payload, message.get_signal_by_name(name), value)
                switch(payload, branches[value], message, rng)


def plain(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def end_byte(signal):
    first = signal.start
    if signal.byte_order == "big_endian":
        first = 8 * (first // 8) + 7 - first % 8
    return -(-(first + signal.length) // 8)


def decode_one_by_one(message, payload):
    """For messages whose signals overlap: cantools' codec wants them apart."""
    values = {}
    for signal in message.signals:
        length = max(message.length, end_byte(signal))
        alone = Message(message.frame_id, message.name, length, [signal],
                        is_extended_frame=message.is_extended_frame, strict=False)
        values.update(alone.decode(payload, decode_choices=False, allow_truncated=True))
    return values


def decode(message, payload, consistent):
    if not consistent and not message.is_multiplexed():
        return decode_one_by_one(message, payload)
    try:
        return message.decode(payload, decode_choices=False, allow_truncated=True)
    except cantools.database.errors.DecodeError:
        return None  # a multiplexor value that the file does not define


def frames(message, consistent, count, rng):
    lengths = {message.length, min(message.length + 1, 64), 0, 1, 64}
    lengths.update(rng.randint(0, 64) for _ in range(count))
    lengths.update(rng.randint(0, message.length) for _ in range(count))
    for length in sorted(length for length in lengths if length <= 64):
        payload = bytearray(rng.randbytes(length))
        switch(payload, message.signal_tree, message, rng)
        values = decode(message, bytes(payload), consistent)
        if values is not None:
            yield {"payload": payload.hex(), "values": {name: plain(value) for name, value in values.items()}}


def describe(message, consistent, count, rng):
    return {
        "id": message.frame_id | (0x80000000 if message.is_extended_frame else 0),
        "name": message.name,
        "length": message.length,
        "signals": [
            {
                "name": signal.name,
                "unit": signal.unit,
                "labels": [[raw, str(label)] for raw, label in (signal.choices or {}).items()],
            }
            for signal in message.signals
        ],
        "frames": list(frames(message, consistent, count, rng)),
    }


def judge(path, count, seed):
    text = text_of(path)
    database, consistent, error = load(text)
    verdict = {"tool": f"cantools {cantools.__version__}", "file": path.name, "refused": error}
    if database is not None:
        rng = random.Random(f"{seed} {path.name}")
        verdict["consistent"] = consistent
        verdict["messages"] = [describe(m, consistent, count, rng) for m in database.messages]
    return verdict


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--frames", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("files", nargs="+", type=Path)
    options = arguments.parse_args()
    for path in options.files:
        print(json.dumps(judge(path, options.frames, options.seed), ensure_ascii=False))


main()
