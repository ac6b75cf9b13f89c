#!/bin/bash -eu
# SPDX-License-Identifier: MIT
# The same as for OSS-Fuzz.
exec "$SRC/sunpath/ci/oss-fuzz/build.sh"
