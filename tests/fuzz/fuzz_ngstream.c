/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: a stream in pieces. The first byte says how long the pieces are. Every message
 * found must lie in the bytes seen, and a bare bencode message must be what the reader reads to
 * its end.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bencode.h"
#include "fuzz.h"
#include "ng_frame.h"

static bool inside(struct str part, struct str whole)
{
	return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

static void check_message(const struct ng_frame *f, struct str text)
{
	struct arena *a = arena_new();
	const struct ng_value *v;
	struct str cookie, body;

	ng_frame_parts(f, text, &cookie, &body);
	if (f->at > text.n || !inside(body, text) || body.n < 2 ||
	    (body.p[0] != 'd' && body.p[0] != '{'))
		abort();
	if (cookie.p && (!inside(cookie, text) || cookie.n == 0 || cookie.n > NG_COOKIE_MAX_BYTES))
		abort();
	/*
	 * without its last byte the reader still takes it (a missing 'e'), with one less it may
	 * not
	 */
	if (body.p[0] == 'd' && bencode_decode(a, body, &v) == 0 && body.p[body.n - 1] != 'e')
		abort();
	arena_free(a);
}

/* Takes all messages that are complete in text. Bytes consumed, or all of them after an error. */
static size_t scan(struct ng_frame *f, struct str text)
{
	size_t done = 0;
	int rc;

	for (;;) {
		struct str rest = { text.p + done, text.n - done };

		rc = ng_frame_scan(f, rest);
		if (rc < 0 && !f->why)
			abort();
		if (rc < 0)
			return text.n;
		if (rc == 0)
			return done;
		check_message(f, rest);
		done += f->at;
		*f = (struct ng_frame){ 0 };
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? data[0] % 32 + 1 : 1, begin = 1, seen = 1;
	struct str cookie, body, text = { (const char *)data, size };
	struct ng_frame f = { 0 };

	while (seen < size) {
		seen = seen + piece < size ? seen + piece : size;
		begin += scan(&f, (struct str){ (const char *)data + begin, seen - begin });
		if (f.why)
			break;
	}
	ng_frame_unfinished(&f);
	if (ng_frame_datagram(text, size & 1, &cookie, &body) == 0 && !inside(body, text))
		abort();
	return 0;
}
