#!/bin/sh
# Arguments: flock with its options, and the lock file. Prints `held` once it holds the lock, and holds it until stdin ends. Prints
# flock's exit code if it does not get the lock.
"$@" sh -c 'echo held; exec cat' || echo $?
