"""Fails when the shipped model is worse on labels that it was not trained on than its card says."""

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
#: So much may other processors and libraries cost.
MARGIN = 0.01

card = json.loads((PROJECT / "ingest/tone/model/card.json").read_text(encoding="utf-8"))
command = [
    sys.executable,
    "-m",
    "ingest",
    "tone",
    "evaluate",
    sys.argv[1],
    "--scorer",
    "encoder",
    "--held-out",
    "--json",
]
found = json.loads(subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout)
print(f"{found['scorer']}: macro-F1 {found['macro_f1']:.4f} on {found['n']} held-out targets", end="; ")
print(f"its card says {card['macro_f1']:.4f}")
sys.exit(found["macro_f1"] < card["macro_f1"] - MARGIN)
