/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SDP of audio calls for benchmarks (sdp_probe.h). Program's only thread.
 */
#include "sdp_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 256u

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* --- writing --- */

int sdp_write(const struct sdp_audio *audio, char *out, size_t room)
{
	const char *family = strchr(audio->address, ':') ? "IP6" : "IP4";
	int n = snprintf(out, room,
			 "v=0\r\no=- 1 1 IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n"
			 "m=audio %u RTP/%s 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
			 "a=ptime:20\r\n",
			 family, audio->address, family, audio->address, audio->port,
			 audio->crypto_count ? "SAVP" : "AVP");

	for (unsigned int i = 0; i < audio->crypto_count && n >= 0 && (size_t)n < room; i++) {
		const struct sdp_crypto *c = &audio->crypto[i];
		int more =
			snprintf(out + n, room - (size_t)n, "a=crypto:%" PRIu32 " %s inline:%s\r\n",
				 c->tag, c->suite, c->key);

		n = more < 0 ? more : n + more;
	}
	return n >= 0 && (size_t)n < room ? n : -ENOSPC;
}

/* --- reading --- */

/* Copies the next line into line, terminated, without its end; cut if too long. NULL behind the last one. */
static const char *next_line(const char *at, const char *end, char line[LINE_BYTES])
{
	const char *stop;
	size_t n;

	if (at >= end)
		return NULL;
	stop = memchr(at, '\n', (size_t)(end - at));
	if (!stop)
		stop = end;
	n = (size_t)(stop - at);
	if (n && at[n - 1] == '\r')
		n--;
	if (n >= LINE_BYTES)
		n = LINE_BYTES - 1;
	memcpy(line, at, n);
	line[n] = 0;
	return stop + 1;
}

/* "c=IN IP4 192.0.2.1" with or without "/ttl" */
static void read_connection(const char *line, char address[INET6_ADDRSTRLEN])
{
	char text[64];

	if (sscanf(line, "c=IN IP%*1[46] %63[^/ ]", text) == 1 && strlen(text) < INET6_ADDRSTRLEN)
		snprintf(address, INET6_ADDRSTRLEN, "%.*s", INET6_ADDRSTRLEN - 1, text);
}

static void read_crypto(const char *line, struct sdp_audio *out)
{
	struct sdp_crypto *c = &out->crypto[out->crypto_count];

	if (out->crypto_count < SDP_CRYPTO_MAX &&
	    sscanf(line, "a=crypto:%9" SCNu32 " %31s inline:%95[A-Za-z0-9+/=]", &c->tag, c->suite,
		   c->key) == 3)
		out->crypto_count++;
}

int sdp_read(const char *sdp, size_t bytes, struct sdp_audio *out)
{
	const char *end = sdp + bytes, *at = sdp;
	bool in_audio = false, in_session = true;
	char line[LINE_BYTES];

	memset(out, 0, sizeof(*out));
	while ((at = next_line(at, end, line))) {
		if (strncmp(line, "m=", 2) == 0) {
			if (in_audio)
				break;
			in_session = false;
			in_audio = sscanf(line, "m=audio %5" SCNu16, &out->port) == 1;
		} else if (strncmp(line, "c=", 2) == 0 && (in_session || in_audio)) {
			read_connection(line, out->address);
		} else if (strncmp(line, "a=crypto:", 9) == 0 && in_audio) {
			read_crypto(line, out);
		}
	}
	return in_audio && out->address[0] ? 0 : -EINVAL;
}

/* --- keys --- */

void sdp_crypto_set(struct sdp_crypto *crypto, uint32_t tag, const struct rw_srtp_key *key)
{
	const struct rw_srtp_suite_info *suite = rw_srtp_suite_info(key->suite);
	size_t n = (size_t)suite->key_bytes + suite->salt_bytes;
	char *out = crypto->key;

	crypto->tag = tag;
	snprintf(crypto->suite, sizeof(crypto->suite), "%s", suite->name);
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)key->key[i] << 16;

		v |= i + 1 < n ? (uint32_t)key->key[i + 1] << 8 : 0;
		v |= i + 2 < n ? key->key[i + 2] : 0;
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = i + 1 < n ? alphabet[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? alphabet[v & 63] : '=';
	}
	*out = 0;
}

static unsigned int suite_of(const char *name)
{
	for (unsigned int suite = RW_SRTP_NONE + 1; suite < RW_SRTP_SUITE_MAX; suite++)
		if (strcmp(rw_srtp_suite_info(suite)->name, name) == 0)
			return suite;
	return RW_SRTP_NONE;
}

int sdp_crypto_get(const struct sdp_crypto *crypto, struct rw_srtp_key *out)
{
	const struct rw_srtp_suite_info *suite;
	size_t n = 0, want;
	uint32_t v = 0;
	unsigned int bits = 0;

	memset(out, 0, sizeof(*out));
	out->suite = (uint8_t)suite_of(crypto->suite);
	suite = rw_srtp_suite_info(out->suite);
	if (!suite)
		return -EINVAL;
	want = (size_t)suite->key_bytes + suite->salt_bytes;
	for (const char *p = crypto->key; *p && *p != '='; p++) {
		const char *digit = strchr(alphabet, *p);

		if (!digit)
			return -EINVAL;
		v = v << 6 | (uint32_t)(digit - alphabet);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == want)
			return -EINVAL;
		out->key[n++] = (uint8_t)(v >> bits);
	}
	return n == want ? 0 : -EINVAL;
}
