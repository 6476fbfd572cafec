#!/usr/bin/env bash
# wsml-mm dist-train, from a checkout: the options are its.
exec python "$(dirname "$0")/dist_train.py" "$@"
