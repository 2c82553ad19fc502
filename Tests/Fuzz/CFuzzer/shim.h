// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stddef.h>
#include <stdint.h>

// The library's own loop (compiler-rt, FuzzerInterface.h, which Swift's toolchain does not ship).
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*decode)(const uint8_t *bytes, size_t count));
