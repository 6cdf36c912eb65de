"""Memory without the fuzzer, which itself grows: inputs over and over, some bytes changed, in a process of their own."""

from __future__ import annotations

import gc
import importlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path

from fuzz import RUNS, WORK
from fuzz.running import code_version, environment

PASSES = 4
MEMORY = RUNS / "memory.jsonl"


def replay(target: str, most: int) -> Path:
    """Replay the run's corpus, or so many of it, and keep the memory after each pass."""
    made = subprocess.run(
        [sys.executable, "-m", "fuzz.replaying", target, str(most)], env=environment(), stdout=subprocess.PIPE, check=True
    )
    record = {"target": target, "commit": code_version(), "day": time.strftime("%Y-%m-%d %H:%M", time.gmtime())}
    with MEMORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record | json.loads(made.stdout)) + "\n")
    return MEMORY


def child(target: str, most: int) -> dict[str, object]:
    """Inputs, and resident MB and Python objects after each pass over them."""
    from fuzz.checking import finding

    run = importlib.import_module(f"fuzz.targets.{target}").run
    paths = sorted((WORK / target / "corpus").glob("*"), key=lambda path: (path.stat().st_size, path.name))
    inputs = [path.read_bytes() for path in paths[:: max(1, -(-len(paths) // most))]]
    megabytes, objects = [], []
    chance = random.Random(0)
    for _ in range(PASSES):
        for data in inputs:
            finding(run, _changed(data, chance))
        gc.collect()
        megabytes.append(round(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6, 1))
        objects.append(len(gc.get_objects()))
    return {"inputs": len(inputs), "mb": megabytes, "objects": objects}


def _changed(data: bytes, chance: random.Random) -> bytes:
    """The input with up to three of its bytes changed, but for the first, which says what is done with the others."""
    made = bytearray(data)
    for _ in range(chance.randrange(4) if len(made) > 1 else 0):
        made[chance.randrange(1, len(made))] = chance.randrange(256)
    return bytes(made)


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], int(sys.argv[2]))))
