#!/usr/bin/env bash
# wsml-mm slurm-train, from a checkout: the options are its.
exec python "$(dirname "$0")/slurm_train.py" "$@"
