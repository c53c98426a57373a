/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of `SDES` and `OSRTP` (ng_sdes.h). Pure; control's only thread.
 */
#include "ng_sdes.h"

#include "ng_word.h"
#include "sdes.h"
#include "sdp_scan.h"

/* In SDP it has underscores. */
static enum rw_srtp_suite suite_of(struct str name)
{
	char folded[NG_WORD_BYTES];

	return ng_word_fold(name, '_', folded) ? sdes_suite_from(str_from(folded)) : RW_SRTP_NONE;
}

static uint16_t suite_bit(struct str name)
{
	/* an unknown name sets bit 0, which is no suite */
	return (uint16_t)(1u << suite_of(name));
}

/* "S1;S2;" */
static void list_read(struct str names, struct ng_sdes_list *out)
{
	while (names.n) {
		enum rw_srtp_suite suite = suite_of(scan_until(&names, ';', NULL));

		if (suite && out->count < NG_SDES_LIST_MAX)
			out->suites[out->count++] = (uint8_t)suite;
	}
}

static bool parameter_word(struct ng_sdes *s, const char *name)
{
	static const struct {
		const char *name;
		uint8_t add, remove;
	} rows[] = {
		{ "unencrypted-srtp", RW_SRTP_UNENCRYPTED_SRTP, 0 },
		{ "unencrypted-srtcp", RW_SRTP_UNENCRYPTED_SRTCP, 0 },
		{ "unauthenticated-srtp", RW_SRTP_UNAUTHENTICATED_SRTP, 0 },
		{ "encrypted-srtp", 0, RW_SRTP_UNENCRYPTED_SRTP },
		{ "encrypted-srtcp", 0, RW_SRTP_UNENCRYPTED_SRTCP },
		{ "authenticated-srtp", 0, RW_SRTP_UNAUTHENTICATED_SRTP },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		s->add |= rows[i].add;
		s->remove |= rows[i].remove;
		return true;
	}
	return false;
}

/* "prefer" is read by nobody: SDES is all there is, so it is preferred to DTLS in any case. */
static void plain_word(struct ng_sdes *s, struct str word)
{
	char name[NG_WORD_BYTES];

	if (!ng_word_fold(word, '-', name) || parameter_word(s, name))
		return;
	if (strcmp(name, "off") == 0 || strcmp(name, "no") == 0 || strcmp(name, "disable") == 0)
		s->off = true;
	else if (strcmp(name, "nonew") == 0)
		s->no_new = true;
	else if (strcmp(name, "pad") == 0)
		s->pad = true;
	else if (strcmp(name, "lifetime") == 0)
		s->lifetime = true;
	else if (strcmp(name, "static") == 0)
		s->keep_suite = true;
}

void ng_sdes_word(struct ng_sdes *s, struct str word)
{
	struct str rest;

	if ((rest = ng_word_behind(word, "no-")).p) {
		s->no |= suite_bit(rest);
	} else if ((rest = ng_word_behind(word, "only-")).p) {
		s->has_only = true;
		s->only |= suite_bit(rest);
	} else if ((rest = ng_word_behind(word, "order:")).p) {
		list_read(rest, &s->order);
	} else if ((rest = ng_word_behind(word, "offerer-pref:")).p) {
		list_read(rest, &s->preferred);
	} else {
		plain_word(s, word);
	}
}

void ng_osrtp_word(unsigned int *bits, struct str word)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} rows[] = {
		{ "offer", NG_OSRTP_OFFER },
		{ "offer-rfc", NG_OSRTP_OFFER },
		{ "offer-legacy", NG_OSRTP_OFFER_LEGACY },
		{ "accept", NG_OSRTP_ACCEPT },
		{ "accept-rfc", NG_OSRTP_ACCEPT },
		{ "accept-legacy", NG_OSRTP_ACCEPT_LEGACY },
	};
	char name[NG_WORD_BYTES];

	if (!ng_word_fold(word, '-', name))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(name, rows[i].name) == 0)
			*bits |= rows[i].bit;
	}
}
