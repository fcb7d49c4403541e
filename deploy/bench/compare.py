"""Whole-process speed of `dataviewer convert` against asammdf, on the same frames, in one run.

    cargo run --release -p canlog --example synth -- /tmp/drive            # 5.46 M frames, 140 signals
    python deploy/bench/compare.py /tmp/drive target/release/dataviewer

asammdf gets the frames as an MF4 bus log (written here, not timed), decodes it with the same DBC and writes
Parquet, by its own export and by hand; python-can with cantools decodes the first 200,000 frames. Prints frames per second and the ratios.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import can
import cantools
import numpy as np
from asammdf import MDF, Signal
from asammdf.blocks.v4_blocks import SourceInformation
from asammdf.blocks.v4_constants import BUS_TYPE_CAN, SOURCE_BUS

FRAME = np.dtype(
    [
        ("CAN_DataFrame.BusChannel", "<u1"),
        ("CAN_DataFrame.ID", "<u4"),
        ("CAN_DataFrame.IDE", "<u1"),
        ("CAN_DataFrame.DLC", "<u1"),
        ("CAN_DataFrame.DataLength", "<u1"),
        ("CAN_DataFrame.DataBytes", "(8,)u1"),
        ("CAN_DataFrame.Dir", "<u1"),
        ("CAN_DataFrame.EDL", "<u1"),
        ("CAN_DataFrame.BRS", "<u1"),
        ("CAN_DataFrame.ESI", "<u1"),
    ]
)


def frames_of(log):
    """The candump log as (times, frames) arrays."""
    times, frames = [], []
    for line in open(log, "rb"):
        stamp, _bus, frame = line.split()
        frame_id, payload = frame.split(b"#")
        times.append(float(stamp[1:-1]))
        frames.append((int(frame_id, 16), len(frame_id) > 3, bytes.fromhex(payload.decode())))
    samples = np.zeros(len(frames), dtype=FRAME)
    samples["CAN_DataFrame.BusChannel"] = 1
    samples["CAN_DataFrame.ID"] = [frame[0] for frame in frames]
    samples["CAN_DataFrame.IDE"] = [frame[1] for frame in frames]
    lengths = np.array([len(frame[2]) for frame in frames], dtype="u1")
    samples["CAN_DataFrame.DLC"] = samples["CAN_DataFrame.DataLength"] = lengths
    payloads = b"".join(frame[2].ljust(8, b"\0") for frame in frames)
    samples["CAN_DataFrame.DataBytes"] = np.frombuffer(payloads, dtype="u1").reshape(-1, 8)
    return np.array(times), samples


def write_mf4(log, path):
    times, samples = frames_of(log)
    source = SourceInformation(source_type=SOURCE_BUS, bus_type=BUS_TYPE_CAN)
    mdf = MDF(version="4.10")
    mdf.append(Signal(name="CAN_DataFrame", samples=samples, timestamps=times - times[0], source=source))
    mdf.save(path, compression=0, overwrite=True)
    mdf.close()
    return len(times)


def by_export(decoded, folder):
    """What its users call: all signals on the union of their times, in one file."""
    decoded.export("parquet", filename=folder / "asammdf.parquet", single_time_base=False)


def by_message(decoded, folder):
    """The same work as ours, by hand: one file a message, each on its own times."""
    for number, message in enumerate(decoded.iter_groups(ignore_value2text_conversions=True)):
        message.to_parquet(folder / f"asammdf{number}.parquet", compression="zstd")


def asammdf_seconds(mf4, dbc, write):
    begun = time.perf_counter()
    with MDF(mf4) as mdf:
        write(mdf.extract_bus_logging(database_files={"CAN": [(str(dbc), 0)]}))
    return time.perf_counter() - begun


def cantools_seconds(log, dbc, frames):
    database = cantools.database.load_file(dbc, strict=False)
    begun = time.perf_counter()
    for message, _ in zip(can.CanutilsLogReader(log), range(frames)):
        try:
            database.decode_message(message.arbitration_id, message.data)
        except (KeyError, cantools.database.DecodeError):
            pass
    return time.perf_counter() - begun


# A child's peak counts what its parent held when it was forked, so a small parent starts ours.
LAUNCH = """
import resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def ours(binary, log, dbc, folder):
    """Seconds and peak MiB of one conversion."""
    shutil.rmtree(folder, ignore_errors=True)
    convert = [binary, "convert", log, "--dbc", dbc, "--out", folder]
    launched = subprocess.run([sys.executable, "-S", "-c", LAUNCH, *convert], check=True, capture_output=True, text=True)
    return tuple(map(float, launched.stdout.split()))


def main(drive, binary):
    drive = pathlib.Path(drive)
    dbc = next(drive.glob("*.dbc"))
    log = next(drive.glob("*.log"))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        runs = [ours(binary, log, dbc, scratch / "ours") for _ in range(5)]
        size = sum(file.stat().st_size for file in (scratch / "ours").rglob("*") if file.is_file())
        frames = write_mf4(log, scratch / "drive.mf4")
        theirs = {
            name: asammdf_seconds(scratch / "drive.mf4", dbc, lambda decoded: write(decoded, scratch))
            for name, write in [("asammdf by message", by_message), ("asammdf's export", by_export)]
        }
    few = min(frames, 200_000)
    slow = cantools_seconds(log, dbc, few) / few
    best, peak = min(run[0] for run in runs), max(run[1] for run in runs)
    print(f"{frames:,} frames, {log.stat().st_size / 1e6:,.0f} MB of candump")
    print(f"dataviewer convert   {best:6.2f} s  {frames / best / 1e6:6.2f} M frames/s  {size / 1e6:.1f} MB out, {peak:.0f} MiB RSS (runs: {', '.join(f'{s:.2f}' for s, _ in runs)})")
    for name, seconds in theirs.items():
        print(f"{name:20} {seconds:6.2f} s  {frames / seconds / 1e6:6.2f} M frames/s  ratio {seconds / best:.1f}")
    print(f"python-can, cantools        {1 / slow / 1e6:10.3f} M frames/s  ratio {slow * frames / best:.0f}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
