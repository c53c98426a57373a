/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * a=crypto lines (sdes.h):
 *     TAG SUITE inline:BASE64[|LIFETIME][|MKI:LENGTH][;inline:...] [PARAMETER ...]
 * Pure but for the random numbers; control's only thread.
 */
#include "sdes.h"

#include <inttypes.h>
#include <stdio.h>

#include "decimal.h"
#include "random.h"
#include "sdp_scan.h"

#define LIFETIME_BITS_MAX 48 /* RFC 3711 section 9.2 */

static const struct {
	const char *name;
	uint8_t flag;
} parameters[] = {
	{ "UNENCRYPTED_SRTP", RW_SRTP_UNENCRYPTED_SRTP },
	{ "UNENCRYPTED_SRTCP", RW_SRTP_UNENCRYPTED_SRTCP },
	{ "UNAUTHENTICATED_SRTP", RW_SRTP_UNAUTHENTICATED_SRTP },
};
#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

enum rw_srtp_suite sdes_suite_from(struct str name)
{
	for (unsigned int i = RW_SRTP_NONE + 1; i <= SDES_SUITES; i++) {
		if (str_case_is(name, rw_srtp_suite_info(i)->name))
			return i;
	}
	return RW_SRTP_NONE;
}

static size_t key_bytes(unsigned int suite)
{
	const struct rw_srtp_suite_info *s = rw_srtp_suite_info(suite);

	return (size_t)s->key_bytes + s->salt_bytes;
}

/* --- base64, RFC 4648 section 4 --- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Exactly n bytes, with all of the padding or none of it. */
static bool base64_read(struct str s, uint8_t *out, size_t n)
{
	size_t digits = (n * 8 + 5) / 6, padded = (n + 2) / 3 * 4, at = 0;
	unsigned int bits = 0;
	uint32_t word = 0;

	if (s.n != digits && s.n != padded)
		return false;
	for (size_t i = digits; i < s.n; i++) {
		if (s.p[i] != '=')
			return false;
	}
	for (size_t i = 0; i < digits; i++) {
		int value = digit_value(s.p[i]);

		if (value < 0)
			return false;
		word = word << 6 | (uint32_t)value;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		out[at++] = (uint8_t)(word >> bits);
	}
	return at == n;
}

static size_t base64_write(const uint8_t *in, size_t n, bool pad, char *out)
{
	size_t at = 0;
	unsigned int bits = 0;
	uint32_t word = 0;

	for (size_t i = 0; i < n; i++) {
		word = word << 8 | in[i];
		for (bits += 8; bits >= 6; bits -= 6)
			out[at++] = alphabet[word >> (bits - 6) & 63];
	}
	if (bits)
		out[at++] = alphabet[word << (6 - bits) & 63];
	while (pad && at % 4)
		out[at++] = '=';
	return at;
}

/* --- reading --- */

/* The next word; false when there is none, or more than one blank before it. */
static bool next_word(struct str *rest, struct str *word)
{
	*word = scan_until(rest, ' ', NULL);
	return word->n != 0;
}

/* "2^48" or a number of packets. What it says is not needed: no call lasts that long. */
static bool lifetime_valid(struct str s)
{
	uint64_t n;

	if (str_starts(s, "2^"))
		return scan_whole_number(scan_skip(s, 2), LIFETIME_BITS_MAX, &n);
	return scan_whole_number(s, (uint64_t)1 << LIFETIME_BITS_MAX, &n) && n;
}

/* "VALUE:BYTES". Whether the value fits is checked with the whole key. */
static bool mki_read(struct str s, struct rw_srtp_key *key)
{
	struct str value = scan_until(&s, ':', NULL);
	uint64_t bytes;

	if (!scan_whole_number(value, UINT64_MAX - 1, &key->mki) ||
	    !scan_whole_number(s, RW_SRTP_MKI_BYTES_MAX, &bytes))
		return false;
	key->mki_bytes = (uint8_t)bytes;
	return bytes != 0;
}

/* The first of the keys; further ones behind ";" would need an MKI to be told from it, and nobody sends them. */
static bool key_read(struct str s, struct rw_srtp_key *key)
{
	struct str first = scan_until(&s, ';', NULL), part;
	bool more;

	if (first.n < 7 || strncasecmp(first.p, "inline:", 7) != 0)
		return false;
	first = scan_skip(first, 7);
	part = scan_until(&first, '|', &more);
	if (!base64_read(part, key->key, key_bytes(key->suite)))
		return false;
	if (!more)
		return true;
	part = scan_until(&first, '|', &more);
	if (!memchr(part.p, ':', part.n)) {
		if (!lifetime_valid(part))
			return false;
		if (!more)
			return true;
		part = scan_until(&first, '|', &more);
	}
	return !more && mki_read(part, key);
}

/*
 * Parameters that are not known here are dropped, as by the incumbent. Of these only KDR would change packets; no
 * peer is known to derive its keys more than once.
 */
static void parameter_read(struct str word, struct rw_srtp_key *key)
{
	for (unsigned int i = 0; i < PARAMETERS; i++) {
		if (str_is(word, parameters[i].name))
			key->flags |= parameters[i].flag;
	}
}

bool sdes_parse(struct str value, struct sdes_line *out)
{
	struct str word;
	uint64_t tag;

	*out = (struct sdes_line){ 0 };
	while (value.n && value.p[value.n - 1] == ' ')
		value.n--;
	if (!next_word(&value, &word) || !scan_whole_number(word, SDES_TAG_MAX, &tag))
		return false;
	out->tag = (uint32_t)tag;
	if (!next_word(&value, &word))
		return false;
	out->key.suite = (uint8_t)sdes_suite_from(word);
	if (!out->key.suite || !next_word(&value, &word) || !key_read(word, &out->key))
		return false;
	while (value.n) {
		if (!next_word(&value, &word))
			return false;
		parameter_read(word, &out->key);
	}
	return rw_srtp_key_valid(&out->key);
}

/* --- printing --- */

size_t sdes_print(const struct sdes_line *line, struct sdes_style style,
		  char out[static SDES_TEXT_BYTES])
{
	const struct rw_srtp_key *k = &line->key;
	struct str suite = str_from(rw_srtp_suite_info(k->suite)->name);
	size_t at = decimal_put(out, line->tag);

	out[at++] = ' ';
	memcpy(out + at, suite.p, suite.n);
	at += suite.n;
	memcpy(out + at, " inline:", 8);
	at += 8;
	at += base64_write(k->key, key_bytes(k->suite), style.pad, out + at);
	out[at] = '\0';
	if (style.lifetime)
		at += (size_t)snprintf(out + at, SDES_TEXT_BYTES - at, "|2^31");
	if (k->mki_bytes)
		at += (size_t)snprintf(out + at, SDES_TEXT_BYTES - at, "|%" PRIu64 ":%u", k->mki,
				       k->mki_bytes);
	for (unsigned int i = 0; i < PARAMETERS; i++) {
		if (k->flags & parameters[i].flag)
			at += (size_t)snprintf(out + at, SDES_TEXT_BYTES - at, " %s",
					       parameters[i].name);
	}
	return at;
}

/* --- keys and lists --- */

void sdes_new_key(enum rw_srtp_suite suite, struct rw_srtp_key *out)
{
	*out = (struct rw_srtp_key){ .suite = (uint8_t)suite };
	random_bytes(out->key, key_bytes(suite));
}

const struct sdes_line *sdes_find(const struct sdes_line *lines, unsigned int count,
				  enum rw_srtp_suite suite)
{
	for (unsigned int i = 0; i < count; i++) {
		if (lines[i].key.suite == suite)
			return &lines[i];
	}
	return NULL;
}
