/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SRTP of rtpwire-peer by libsrtp2: a session per direction, because Debian's build of it gets slow with many
 * streams in one. Program's only thread.
 */
#include "srtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <srtp2/srtp.h>

#define KEY_BYTES_MAX 46u /* AES_256_CM: 32 of key, 14 of salt */
#define PACKET_BYTES_MAX 2048u
#define WINDOW_PACKETS 128u

struct secure {
	const struct suite *suite;
	bool sending;
	uint32_t ssrc;
	uint8_t key[KEY_BYTES_MAX];
	srtp_t now, old; /* old: NULL before the first change of the key, and when sending */
};

typedef void (*set_policy)(srtp_crypto_policy_t *p);

struct suite {
	const char *name;
	uint32_t key_bytes; /* with the salt */
	set_policy rtp, rtcp;
};

/* libsrtp2 has the long tag only. */
static void null_hmac_32(srtp_crypto_policy_t *p)
{
	srtp_crypto_policy_set_null_cipher_hmac_sha1_80(p);
	p->auth_tag_len = 4;
}

/*
 * An SRTCP tag is never shortened (RFC 4568 section 6.2, RFC 6188 section 4). AES_192_CM is missing: libsrtp2 2.5
 * derives its keys as if they were AES_256 ones, which nobody else understands (its issue 763).
 */
static const struct suite suites[] = {
	{ "AEAD_AES_256_GCM", 44, srtp_crypto_policy_set_aes_gcm_256_16_auth,
	  srtp_crypto_policy_set_aes_gcm_256_16_auth },
	{ "AEAD_AES_128_GCM", 28, srtp_crypto_policy_set_aes_gcm_128_16_auth,
	  srtp_crypto_policy_set_aes_gcm_128_16_auth },
	{ "AES_256_CM_HMAC_SHA1_80", 46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ "AES_256_CM_HMAC_SHA1_32", 46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
	  srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80 },
	{ "AES_CM_128_HMAC_SHA1_80", 30, srtp_crypto_policy_set_rtp_default,
	  srtp_crypto_policy_set_rtcp_default },
	{ "AES_CM_128_HMAC_SHA1_32", 30, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
	  srtp_crypto_policy_set_rtcp_default },
	{ "NULL_HMAC_SHA1_80", 30, srtp_crypto_policy_set_null_cipher_hmac_sha1_80,
	  srtp_crypto_policy_set_null_cipher_hmac_sha1_80 },
	{ "NULL_HMAC_SHA1_32", 30, null_hmac_32, srtp_crypto_policy_set_null_cipher_hmac_sha1_80 },
};

static const struct suite *find_suite(const char *name)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (strcmp(suites[i].name, name) == 0)
			return &suites[i];
	return NULL;
}

/* 0 when text is the base64 of exactly n bytes, padded or not; else -EINVAL. */
static int key_read(const char *text, uint8_t *out, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned int have = 0;
	size_t at = 0;

	for (; *text && *text != '='; text++) {
		const char *digit = strchr(digits, *text);

		if (!digit)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (at == n)
			return -EINVAL;
		out[at++] = (uint8_t)(bits >> have);
	}
	return at == n && have < 6 && text[strspn(text, "=")] == 0 ? 0 : -EINVAL;
}

/* 0 and *out; -EINVAL for a suite that this build of libsrtp2 lacks, -ENOMEM. */
static int session_open(const struct secure *s, const uint8_t *key, srtp_t *out)
{
	static bool ready;
	uint8_t copy[KEY_BYTES_MAX];
	srtp_policy_t policy = { 0 };
	srtp_err_status_t err;

	if (!ready && srtp_init() != srtp_err_status_ok)
		return -ENOMEM;
	ready = true;
	memcpy(copy, key, s->suite->key_bytes);
	s->suite->rtp(&policy.rtp);
	s->suite->rtcp(&policy.rtcp);
	policy.ssrc.type = s->sending ? ssrc_specific : ssrc_any_inbound;
	policy.ssrc.value = s->ssrc;
	policy.key = copy;
	policy.window_size = WINDOW_PACKETS;
	err = srtp_create(out, &policy);
	if (err == srtp_err_status_ok)
		return 0;
	return err == srtp_err_status_alloc_fail ? -ENOMEM : -EINVAL;
}

int secure_open(const char *suite, const char *key, bool sending, uint32_t ssrc,
		struct secure **out)
{
	struct secure *s = calloc(1, sizeof(*s));
	int ret = -EINVAL;

	if (!s)
		return -ENOMEM;
	s->suite = find_suite(suite);
	s->sending = sending;
	s->ssrc = ssrc;
	if (s->suite && key_read(key, s->key, s->suite->key_bytes) == 0)
		ret = session_open(s, s->key, &s->now);
	if (ret < 0) {
		free(s);
		return ret == -ENOMEM ? -ENOMEM : -EINVAL;
	}
	*out = s;
	return 0;
}

void secure_forget_old(struct secure *s)
{
	if (s->old)
		srtp_dealloc(s->old);
	s->old = NULL;
}

void secure_free(struct secure *s)
{
	if (!s)
		return;
	secure_forget_old(s);
	srtp_dealloc(s->now);
	free(s);
}

int secure_rekey(struct secure *s, const char *key)
{
	uint8_t bytes[KEY_BYTES_MAX] = { 0 };
	srtp_t fresh;
	int ret;

	if (key_read(key, bytes, s->suite->key_bytes) < 0)
		return -EINVAL;
	if (memcmp(bytes, s->key, sizeof(bytes)) == 0)
		return 0;
	ret = session_open(s, bytes, &fresh);
	if (ret < 0)
		return ret == -ENOMEM ? -ENOMEM : -EINVAL;
	secure_forget_old(s);
	s->old = s->now;
	s->now = fresh;
	memcpy(s->key, bytes, sizeof(bytes));
	if (s->sending)
		secure_forget_old(s);
	return 0;
}

int secure_protect(struct secure *s, bool rtcp, uint8_t *p, size_t *len_bytes)
{
	int n = (int)*len_bytes;
	srtp_err_status_t err =
		rtcp ? srtp_protect_rtcp(s->now, p, &n) : srtp_protect(s->now, p, &n);

	if (err != srtp_err_status_ok)
		return -EIO;
	*len_bytes = (size_t)n;
	return 0;
}

static enum secure_verdict session_unprotect(srtp_t session, bool rtcp, uint8_t *p,
					     size_t *len_bytes)
{
	int n = (int)*len_bytes;
	srtp_err_status_t err =
		rtcp ? srtp_unprotect_rtcp(session, p, &n) : srtp_unprotect(session, p, &n);

	switch (err) {
	case srtp_err_status_ok:
		*len_bytes = (size_t)n;
		return SECURE_OK;
	case srtp_err_status_auth_fail:
		return SECURE_AUTH_FAILED;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return SECURE_REPLAYED;
	default:
		return SECURE_BAD;
	}
}

enum secure_verdict secure_unprotect(struct secure *s, bool rtcp, uint8_t *p, size_t *len_bytes)
{
	static _Alignas(8) uint8_t copy[PACKET_BYTES_MAX];
	size_t n = *len_bytes;
	enum secure_verdict verdict;

	if (!s->old || n > sizeof(copy))
		return session_unprotect(s->now, rtcp, p, len_bytes);
	memcpy(copy, p, n);
	verdict = session_unprotect(s->now, rtcp, p, len_bytes);
	if (verdict == SECURE_OK || session_unprotect(s->old, rtcp, copy, &n) != SECURE_OK)
		return verdict;
	memcpy(p, copy, n);
	*len_bytes = n;
	return SECURE_OLD_KEY;
}
