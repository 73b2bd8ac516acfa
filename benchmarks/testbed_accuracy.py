"""Real hardware: engines as they are, and models that learned from the testbed, beside what was measured.

    python benchmarks/testbed_accuracy.py --data ../shared/data                    # everything
    python benchmarks/testbed_accuracy.py --data ../shared/data --parts windows    # one section made again, the others kept

Sections: ``learned`` trains on folds 0 and 1 of both families of testbed2023 (into --output, where a finished training is used again)
and is scored on fold 2; ``bound`` says how good any model could be; ``counts`` what packet counts tell about bursts; ``tuned`` fine-tunes
the neural twin; of testbed-windows (``windows``) the training files calibrate the latency of the devices, and the test files score it.
"""

import argparse
from dataclasses import asdict

import torch

from testbed_parts import bound, counts, learned, tuned, windows
from testbed_parts.data import PARTS, Args

SECTIONS = {
    "learned": learned.section,
    "bound": bound.section,
    "counts": counts.section,
    "tuned": tuned.section,
    "windows": windows.section,
}


def main() -> None:
    args = parsed()
    torch.set_num_threads(1)
    args.output.mkdir(parents=True, exist_ok=True)
    for part in args.parts.split(","):
        (args.output / f"section-{part}.md").write_text("\n".join(SECTIONS[part](args)) + "\n")
    kept = [args.output / f"section-{part}.md" for part in PARTS]
    head = "# Real hardware\n\nMade by `python benchmarks/testbed_accuracy.py`. Errors of mean delays in %.\n"
    text = "\n".join([head, *(path.read_text() for path in kept if path.exists())])
    args.table.write_text(text.rstrip("\n") + "\n")
    print(text)


def parsed() -> Args:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in asdict(Args()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    args = Args(**vars(parser.parse_args()))
    if unknown := set(args.parts.split(",")) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return args


if __name__ == "__main__":
    main()
