/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a fuzz target offers: to libFuzzer (clang) or to replay.c, which runs the seeds only.
 */
#ifndef RTPWIRE_TESTS_FUZZ_H
#define RTPWIRE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Runs one input; ends the program when something is broken. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
