#!/bin/bash -eu
# SPDX-License-Identifier: MIT
#
# The fuzz targets for OSS-Fuzz and ClusterFuzzLite, by their contract and nothing else:
# $CC $CXX $CFLAGS $CXXFLAGS $LIB_FUZZING_ENGINE $OUT $SRC $WORK $SANITIZER $ARCHITECTURE
# $FUZZING_ENGINE.
#
# Leaves in $OUT, for each target: the program fuzz_NAME, its seeds, dictionary and options.
# ci/oss_fuzz_local runs this script without a container and checks what it leaves.
build=$WORK/sunpath-$ARCHITECTURE-$FUZZING_ENGINE-$SANITIZER

# canary and empty are there to measure engines with; fidelity and subject act on the machine they
# run on, which a fuzzing farm should not have to expect.
targets=$(sed -n 's/^\([a-z_]\{1,\}\) *|.*/\1/p' "$SRC/sunpath/fuzz/targets.list" |
    grep -vx -e canary -e empty -e fidelity -e subject)

cmake -S "$SRC/sunpath" -B "$build" -G Ninja \
    -DCMAKE_BUILD_TYPE=None \
    -DSUNPATH_CHECKS=ON -DSUNPATH_TESTS=OFF -DSUNPATH_COMMAND=OFF -DSUNPATH_SHARED=OFF \
    -DSUNPATH_ENGINE=external \
    -DSUNPATH_EXTERNAL_ENGINE="$FUZZING_ENGINE" \
    -DSUNPATH_EXTERNAL_SANITIZER="$SANITIZER" \
    -DSUNPATH_EXTERNAL_LIBRARY="$LIB_FUZZING_ENGINE"
for name in $targets; do
    echo "fuzz_$name"
    # What has no text has seeds as they are.
    [ ! -d "$SRC/sunpath/corpus/$name/text" ] || echo "corpus_$name"
done | xargs cmake --build "$build" --target

for name in $targets; do
    corpus=$SRC/sunpath/corpus/$name
    seeds=$WORK/seeds-$name
    rm -rf "$seeds"
    mkdir -p "$seeds"
    for folder in "$build/fuzz/seeds/$name" "$corpus/seeds" "$corpus/crashes"; do
        [ ! -d "$folder" ] || cp "$folder"/* "$seeds"
    done
    (cd "$seeds" && cmake -E tar cf "$OUT/fuzz_${name}_seed_corpus.zip" --format=zip -- *)
    cp "$build/fuzz/fuzz_$name" "$OUT"
    cp "$corpus/$name.dict" "$OUT/fuzz_$name.dict"
    cp "$corpus/$name.options" "$OUT/fuzz_$name.options"
done
