/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: SDP parsing and printing. The input is a body, or an offer and its answer with a NUL between
 * them. Whatever is parsed must print, and what was printed must print as itself when it comes in again.
 */
#include <stdlib.h>

#include "edit.h"
#include "fuzz.h"
#include "sdes.h"
#include "sdp_codec.h"

static void require(bool held)
{
	if (!held)
		abort();
}

/* A format list that was empty comes out as "0", which then is a format with a name: no fixed point. */
static bool has_bare_media(const struct sdp *sdp)
{
	for (unsigned int i = 0; i < sdp->media_count; i++) {
		if (sdp_proto_is_rtp(sdp->media[i].proto) && !sdp->media[i].format_count)
			return true;
	}
	return false;
}

static void check_stable(struct arena *arena, struct str printed)
{
	struct sdp again;
	const char *why;

	require(sdp_parse(arena, printed, &again, &why) == SDP_OK);
	require(str_equal(sdp_print(arena, edit_new(arena, &again)), printed));
}

/* Every kind of section has to take every media, an answer every offer. */
static void print_all_ways(struct arena *arena, const struct sdp *sdp, const struct sdp *offer)
{
	struct sdp_edit *e = edit_new(arena, sdp);

	e->original_direction = true;
	for (unsigned int i = 0; i < e->section_count; i++) {
		e->sections[i].crypto = sdp->media[i].crypto;
		e->sections[i].crypto_count = sdp->media[i].crypto_count;
	}
	for (unsigned int kind = SDP_SECTION_NORMAL; kind <= SDP_SECTION_MISSING; kind++) {
		for (unsigned int i = 0; i < e->section_count; i++) {
			e->sections[i].kind = kind;
			e->sections[i].proto = (enum sdp_proto)((kind + i) % 8);
			if (i < offer->media_count)
				e->sections[i].offered = &offer->media[i];
		}
		sdp_print(arena, e);
	}
}

static void check_media(struct arena *arena, const struct sdp *sdp)
{
	for (unsigned int i = 0; i < sdp->media_count; i++) {
		const struct sdp_media *m = &sdp->media[i];

		require(m->format_count <= SDP_FORMATS_MAX);
		require(rw_ip_valid(&m->address) && rw_ip_valid(&m->rtcp.ip));
		require(sdp_media_clock_hz(m) > 0);
		require(m->crypto_count <= SDES_LINES_MAX);
		sdp_media_codec(arena, m);
	}
}

static void run(struct arena *arena, struct str offer_text, struct str text)
{
	struct sdp offer, sdp;
	struct str printed;
	const char *why;

	sdp_parse(arena, offer_text, &offer, &why);
	if (sdp_parse(arena, text, &sdp, &why) != SDP_OK) {
		require(why != NULL);
		return;
	}
	require(why == NULL && sdp.media_count <= SDP_MEDIA_MAX);
	check_media(arena, &sdp);
	printed = sdp_print(arena, edit_new(arena, &sdp));
	if (printed.p && printed.n <= SDP_TEXT_MAX_BYTES && !has_bare_media(&sdp))
		check_stable(arena, printed);
	print_all_ways(arena, &sdp, &offer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, offer = text;
	const char *nul = size ? memchr(text.p, '\0', size) : NULL;
	struct arena *arena = arena_new();

	if (!arena)
		return 0;
	if (nul) {
		offer.n = (size_t)(nul - text.p);
		text = (struct str){ nul + 1, size - offer.n - 1 };
	}
	run(arena, offer, text);
	arena_free(arena);
	return 0;
}
