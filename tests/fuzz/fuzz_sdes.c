/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: one a=crypto line. What is read can be used, prints within bounds, and reads again as the same.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "sdes.h"

static void require(bool held)
{
	if (!held)
		abort();
}

static void check_style(const struct sdes_line *line, struct sdes_style style)
{
	char text[SDES_TEXT_BYTES];
	size_t n = sdes_print(line, style, text);
	struct sdes_line again;

	require(n < SDES_TEXT_BYTES && text[n] == '\0');
	require(sdes_parse((struct str){ text, n }, &again));
	require(again.tag == line->tag && rw_srtp_key_equal(&again.key, &line->key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sdes_line line;

	if (!sdes_parse((struct str){ (const char *)data, size }, &line))
		return 0;
	require(rw_srtp_key_valid(&line.key) && line.key.suite && line.key.suite <= SDES_SUITES);
	for (unsigned int i = 0; i < 4; i++)
		check_style(&line, (struct sdes_style){ .pad = i & 1, .lifetime = i & 2 });
	return 0;
}
