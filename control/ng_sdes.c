/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of `SDES` and `OSRTP` (ng_sdes.h). Pure; control's only thread.
 */
#include "ng_sdes.h"

#include <ctype.h>

#include "sdes.h"

#define NAME_BYTES 48 /* no suite and no word is longer */

/* "only-AES CM-128.." with its separators as in SDP: "only_aes_cm_128..". False when it is too long. */
static bool fold(struct str s, char out[static NAME_BYTES])
{
	if (s.n >= NAME_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[i] = (char)(c == ' ' || c == '-' ? '_' : tolower(c));
	}
	out[s.n] = '\0';
	return true;
}

/* What follows a prefix (as folded); p NULL when the word does not start with it. */
static struct str behind(struct str word, const char *prefix)
{
	size_t n = strlen(prefix);
	char head[NAME_BYTES];

	if (word.n < n || !fold((struct str){ word.p, n }, head) || strcmp(head, prefix) != 0)
		return (struct str){ NULL, 0 };
	return (struct str){ word.p + n, word.n - n };
}

static enum rw_srtp_suite suite_of(struct str name)
{
	char folded[NAME_BYTES];

	return fold(name, folded) ? sdes_suite_from(str_from(folded)) : RW_SRTP_NONE;
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
		const char *end = memchr(names.p, ';', names.n);
		size_t n = end ? (size_t)(end - names.p) : names.n;
		enum rw_srtp_suite suite = suite_of((struct str){ names.p, n });

		if (suite && out->count < NG_SDES_LIST_MAX)
			out->suites[out->count++] = (uint8_t)suite;
		n += end ? 1 : 0;
		names = (struct str){ names.p + n, names.n - n };
	}
}

static bool parameter_word(struct ng_sdes *s, const char *name)
{
	static const struct {
		const char *name;
		uint8_t add, remove;
	} rows[] = {
		{ "unencrypted_srtp", RW_SRTP_UNENCRYPTED_SRTP, 0 },
		{ "unencrypted_srtcp", RW_SRTP_UNENCRYPTED_SRTCP, 0 },
		{ "unauthenticated_srtp", RW_SRTP_UNAUTHENTICATED_SRTP, 0 },
		{ "encrypted_srtp", 0, RW_SRTP_UNENCRYPTED_SRTP },
		{ "encrypted_srtcp", 0, RW_SRTP_UNENCRYPTED_SRTCP },
		{ "authenticated_srtp", 0, RW_SRTP_UNAUTHENTICATED_SRTP },
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
	char name[NAME_BYTES];

	if (!fold(word, name) || parameter_word(s, name))
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

	if ((rest = behind(word, "no_")).p) {
		s->no |= suite_bit(rest);
	} else if ((rest = behind(word, "only_")).p) {
		s->has_only = true;
		s->only |= suite_bit(rest);
	} else if ((rest = behind(word, "order:")).p) {
		list_read(rest, &s->order);
	} else if ((rest = behind(word, "offerer_pref:")).p) {
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
		{ "offer_rfc", NG_OSRTP_OFFER },
		{ "offer_legacy", NG_OSRTP_OFFER_LEGACY },
		{ "accept", NG_OSRTP_ACCEPT },
		{ "accept_rfc", NG_OSRTP_ACCEPT },
		{ "accept_legacy", NG_OSRTP_ACCEPT_LEGACY },
	};
	char name[NAME_BYTES];

	for (size_t i = 0; fold(word, name) && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(name, rows[i].name) == 0)
			*bits |= rows[i].bit;
	}
}
