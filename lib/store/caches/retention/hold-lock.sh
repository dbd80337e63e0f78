#!/bin/sh
# Gets the words of flock and the lock's file. Prints `held` once it has the lock and holds it until its input ends; prints flock's
# exit code where it does not get it.
"$@" sh -c 'echo held; exec cat' || echo $?
