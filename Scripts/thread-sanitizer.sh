#!/usr/bin/env bash
# Runs the gateway's tests and a soak under ThreadSanitizer; fails at the first race.
# Usage: Scripts/thread-sanitizer.sh [MINUTES OF SOAK, 2 unless given]
#
# Works on a copy in .build-tsan, in which every Synchronization.Mutex is a pthread mutex: ThreadSanitizer on Linux does
# not understand the former and calls each use a race.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-2}
copy=.build-tsan/source
mkdir -p "$copy"
rm -rf "$copy"/Sources "$copy"/Tests "$copy"/docs
cp -a Package.swift Sources Tests docs "$copy"/
grep -rlE '\bMutex[<(]' "$copy"/Sources "$copy"/Tests --include='*.swift' | while read -r file; do
    sed -i -E 's/^(package |public |private |internal )?import Synchronization$//' "$file"
    module=$(cut -d/ -f1-4 <<<"$file")
    cp -p Scripts/ThreadSanitizer/Mutex.swift "$module/Mutex.swift"
done

cd "$copy"
# A race ends the process at once, so that none is lost among other output.
export TSAN_OPTIONS="halt_on_error=1 exitcode=66 second_deadlock_stack=1"
swift build --sanitize=thread --build-tests
# The sixteen faults run on their own clocks, for which this is too slow; the soak has them all.
swift test --sanitize=thread --skip-build --skip FaultReportTests \
    --filter 'TurnoutGatewayTests|TurnoutProvidersTests|TurnoutServerTests'
.build/debug/turnout bench soak --minutes "$minutes" --callers 50
