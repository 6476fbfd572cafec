#!/usr/bin/env bash
# Trains under Slurm: slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [train.py options]
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS as in OpenMMLab's scripts.
set -euo pipefail
usage='usage: slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [options]'
PARTITION=${1:?$usage} JOB_NAME=${2:?$usage} CONFIG=${3:?$usage} WORK_DIR=${4:?$usage}
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-$((GPUS < 8 ? GPUS : 8))}
# shellcheck disable=SC2086  # SRUN_ARGS holds several words
srun -p "$PARTITION" --job-name="$JOB_NAME" --gres="gpu:$GPUS_PER_NODE" \
    --ntasks="$GPUS" --ntasks-per-node="$GPUS_PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    python -u "$(dirname "$0")/train.py" "$CONFIG" \
    --work-dir="$WORK_DIR" --launcher=slurm "${@:5}"
