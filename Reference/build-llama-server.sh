#!/usr/bin/env bash
# Builds llama.cpp's server and a tiny model with random weights, so that the end-to-end tests can speak to a real
# model server. The source is that of the llama-cpp-python package. Takes 10 to 25 minutes on two cores.
#
# Usage: Reference/build-llama-server.sh [FOLDER]     default: .build/llama
# Leaves FOLDER/llama-server and FOLDER/tiny.gguf, where the tests look for them; TURNOUT_LLAMA_SERVER=FOLDER points
# them elsewhere. JOBS=N sets how many compilers run at once.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$root/.build/llama}
package='llama-cpp-python==0.3.36'
jobs=${JOBS:-$(nproc)}

command -v c++ >/dev/null || command -v clang++ >/dev/null || {
    echo "llama-server: no C++ compiler on the PATH; install g++ or clang and run this again" >&2
    exit 1
}
mkdir -p "$folder/source"
cd "$folder"
[ -x tools/bin/pip ] || python3 -m venv tools
tools/bin/pip install --quiet --disable-pip-version-check cmake ninja gguf==0.19.0 numpy

if [ ! -d source/vendor/llama.cpp ]; then
    # The build back end that pip needs to name the package is fetched into an isolation of its own.
    tools/bin/pip download --quiet --disable-pip-version-check --no-binary llama-cpp-python --no-deps --dest . "$package"
    tar -xzf llama_cpp_python-*.tar.gz --strip-components 1 -C source
fi

export PATH="$folder/tools/bin:$PATH"
compiler=$(command -v c++ || command -v clang++)
nice -n 19 cmake -S source/vendor/llama.cpp -B build -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$compiler" -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DLLAMA_CURL=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON >cmake.log
nice -n 19 cmake --build build --target llama-server -j "$jobs"
cp build/bin/llama-server llama-server
tools/bin/python "$root/Reference/make_tiny_gguf.py" tiny.gguf
echo "llama-server: $folder/llama-server -m $folder/tiny.gguf --port 8080"
