#!/usr/bin/env bash
# Replays policies on the 29 models of MMLU-Pro at the catalogue's prices (docs/policies/README.md).
# Usage: Scripts/replay-mmlu-pro.sh FILE [further options of turnout replay]
# Prices are dollars per million tokens, input and output, of the built-in catalogue: of the model, or of its chat version
# where only that is sold.
set -euo pipefail
data=$1; shift
prices=(
    gemini-1.5-pro-002=1.25,5                   # google
    gemini-1.5-flash-002=0.075,0.3              # google
    Meta-Llama-3_1-70B-Instruct=0.34,0.39       # novita
    Meta-Llama-3_1-70B=0.34,0.39                # novita, chat
    Meta-Llama-3_1-8B-Instruct=0.05,0.05        # novita
    Meta-Llama-3_1-8B=0.05,0.05                 # novita, chat
    Meta-Llama-3-70B=0.51,0.74                  # novita, chat
    Meta-Llama-3-8B=0.04,0.04                   # novita, chat
    Llama-2-70b-hf=0.9,0.9                      # openrouter, chat
    Llama-2-13b-hf=0.22,0.22                    # openrouter, chat
    Llama-2-7b-hf=0.2,0.2                       # together, chat
    Mistral-7B-Instruct-v0.1=0.25,0.25          # mistral
    Mistral-7B-Instruct-v0.2=0.25,0.25          # mistral
    Mistral-7B-v0.1=0.25,0.25                   # mistral
    Mistral-7B-v0.2-hf=0.25,0.25                # mistral
    Mixtral-8x7B-Instruct-v0.1=0.7,0.7          # mistral
    Mixtral-8x7B-v0.1=0.7,0.7                   # mistral
    Phi-3-mini-4k-instruct=0.1,0.1              # azure, with the longer window
    Qwen1.5-72B-Chat=0.9,0.9                    # together
    Qwen1.5-7B-Chat=0.2,0.2                     # together
    Yi-34B=0.8,0.8                              # together
    Yi-6B=0.2,0.2                               # together
    Yi-6b-Chat=0.2,0.2                          # together
    c4ai-command-r-v01=0.5,1.5                  # openrouter
    gemma-7b=0.07,0.07                          # groq, chat
    jamba-1.5-large=2,8                         # openrouter
    # Not listed, so a price for the size: 0.9 from 32 billion parameters on, 0.2 from 7 to 14.
    Qwen1.5-110B=0.9,0.9
    DeepSeek-Coder-V2=0.9,0.9
    mathstral-7B=0.2,0.2
)
exec "${TURNOUT:-turnout}" replay --data "$data" "${prices[@]/#/--price=}" "$@"
