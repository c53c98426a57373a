/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random numbers of the kernel, fetched in blocks: glibc's arc4random() makes a system call for each, and an offer takes
 * some fifteen. Fit for keys. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_RANDOM_H
#define RTPWIRE_CONTROL_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Fills out. What was given out is wiped here. What was not yet stays in memory, as the state of any generator does; the
 * process can neither be dumped nor traced (privs.c).
 */
void random_bytes(void *out, size_t bytes);

/* One of 0 to bound - 1, all equally likely; bound > 0. */
uint32_t random_below(uint32_t bound);

#endif
