/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as text without printf: replies and SDP are made of them, and printf would cost more than all else that is done
 * for a request. Pure; any thread.
 */
#ifndef RTPWIRE_CONTROL_DECIMAL_H
#define RTPWIRE_CONTROL_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DECIMAL_MAX 20 /* digits of the largest uint64_t */

/* Writes the digits, without a 0 behind them; returns how many. */
static inline size_t decimal_put(char out[static DECIMAL_MAX], uint64_t v)
{
	char text[DECIMAL_MAX], *at = text + sizeof(text);
	size_t n;

	if (v < 10) { /* most are */
		*out = (char)('0' + v);
		return 1;
	}
	do
		*--at = (char)('0' + v % 10);
	while (v /= 10);
	n = (size_t)(text + sizeof(text) - at);
	memcpy(out, at, n);
	return n;
}

#endif
