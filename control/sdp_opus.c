/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed form of opus parameters (RFC 7587 section 7): known keys with a number, in a fixed order, what
 * proxies have always got from the incumbent. Pure; control's only thread.
 */
#include "sdp_opus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "sdp_scan.h"

static const char *const opus_keys[] = {
	"stereo",	   "sprop-stereo",	"useinbandfec",		"usedtx",   "cbr",
	"maxplaybackrate", "maxaveragebitrate", "sprop-maxcapturerate", "minptime",
};

#define OPUS_KEYS (sizeof(opus_keys) / sizeof(opus_keys[0]))
#define OPUS_TEXT 320 /* all keys with the longest value, separators and NUL */

struct opus_params {
	bool has[OPUS_KEYS];
	uint64_t value[OPUS_KEYS]; /* at most UINT32_MAX */
};

/* One "key=value"; the last one of a key counts. */
static void params_add(struct opus_params *params, struct str item)
{
	struct str key = scan_trim(scan_until(&item, '=', NULL));

	scan_blanks(&item);
	for (unsigned int i = 0; i < OPUS_KEYS; i++) {
		if (str_case_is(key, opus_keys[i]) &&
		    scan_number(&item, UINT32_MAX, &params->value[i]))
			params->has[i] = true;
	}
}

int sdp_opus_normalise(struct arena *arena, struct str fmtp, struct str *out)
{
	struct opus_params params = { 0 };
	char text[OPUS_TEXT];
	size_t n = 0;

	while (fmtp.n)
		params_add(&params, scan_until(&fmtp, ';', NULL));
	for (unsigned int i = 0; i < OPUS_KEYS; i++) {
		if (!params.has[i])
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%" PRIu64, n ? "; " : "",
				      opus_keys[i], params.value[i]);
	}
	*out = n ? arena_str(arena, (struct str){ text, n }) : (struct str){ NULL, 0 };
	return n && !out->p ? -ENOMEM : 0;
}
