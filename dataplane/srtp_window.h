/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replay window (RFC 3711 section 3.3.2) as a ring of words that is cleared word by word as it moves on, so that
 * nothing is ever shifted (RFC 6479). words is a power of two; the window spans (words - 1) * 64 numbers at least.
 * Pure; one thread per window.
 */
#ifndef RTPWIRE_DATAPLANE_SRTP_WINDOW_H
#define RTPWIRE_DATAPLANE_SRTP_WINDOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SRTP_WINDOW_WORD 64u

static inline uint64_t *srtp_window_word(uint64_t *window, unsigned int words, uint64_t index)
{
	return &window[(index / SRTP_WINDOW_WORD) & (words - 1)];
}

static inline uint64_t srtp_window_bit(uint64_t index)
{
	return 1ull << (index % SRTP_WINDOW_WORD);
}

/* True when index was seen, or is size or more behind highest. */
static inline bool srtp_window_has(uint64_t *window, unsigned int words, unsigned int size,
				   uint64_t highest, uint64_t index)
{
	if (index > highest)
		return false;
	return highest - index >= size ||
	       *srtp_window_word(window, words, index) & srtp_window_bit(index);
}

/* Notes index as seen. Returns the highest now. */
static inline uint64_t srtp_window_add(uint64_t *window, unsigned int words, uint64_t highest,
				       uint64_t index)
{
	uint64_t from = highest / SRTP_WINDOW_WORD, to = index / SRTP_WINDOW_WORD;

	if (index > highest) {
		if (to - from > words)
			from = to - words;
		while (from < to)
			window[++from & (words - 1)] = 0;
		highest = index;
	}
	*srtp_window_word(window, words, index) |= srtp_window_bit(index);
	return highest;
}

/* Begins anew: nothing was seen. */
static inline void srtp_window_clear(uint64_t *window, unsigned int words)
{
	memset(window, 0, words * sizeof(*window));
}

/* Begins anew: all before index were seen. Numbers above it share its word and must not look like that. */
static inline void srtp_window_fill(uint64_t *window, unsigned int words, uint64_t index)
{
	memset(window, 0xff, words * sizeof(*window));
	*srtp_window_word(window, words, index) = srtp_window_bit(index) - 1;
}

#endif
