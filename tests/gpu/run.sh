#!/bin/sh
# Everything that needs a GPU, in eight minutes at most, on a machine that has PyTorch, transformers and NumPy only:
#
#   sh tests/gpu/run.sh            the claims and the table; writes tests/benchmarks/GPU.md, or $OUT (file or folder)
#   sh tests/gpu/run.sh --cpu      the same code with tiny networks on the CPU; prints, writes only where OUT is set
#
# PYTHON names the interpreter (python3). Ends with 0, with 1 where a claim does not hold, or with 69 (EX_UNAVAILABLE)
# where there is no GPU that torch can use.
cd "$(dirname "$0")/../.." || exit 1
exec env PYTHONPATH=. "${PYTHON:-python3}" -m tests.gpu.measure "$@"
